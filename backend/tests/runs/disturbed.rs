//! Runs that others stand in the way of: locks, cancels, broken connections.

use std::sync::Arc;

use studio_backend::services::runs::registry;
use studio_kernel::run::{RunEventKind, RunKind, RunState, RunView};

use crate::bench::{Bench, connect, engine_url, on_runtime, said, sleeping};

const SLEEPS: &str = "create table public.slept (id int);\nselect pg_sleep(600);\n";

#[test]
fn a_second_run_waits_and_names_the_first() {
    on_runtime(async {
        let bench = Bench::new("two").await;
        let first = Arc::new(bench.prepare(RunKind::Apply, &[("20260101000000_sleeps.sql", SLEEPS)]).await);
        let running = first.begin();
        bench.until(&sleeping(first.run.id())).await;
        let second = Arc::new(
            bench
                .prepare(RunKind::Validate, &[("validate/v.sql", "do $$ begin raise notice '✅ 1'; end $$;")])
                .await,
        );
        let waiting = second.begin();
        let mut newest = second.run.newest();
        newest.wait_for(|seq| *seq >= 2).await.unwrap();
        let events = second.run.after(1);
        let RunEventKind::Waiting { holder } = &events[0].kind else { panic!("{events:?}") };
        assert!(holder.contains(first.run.id()), "{holder}");
        // Who waits holds no snapshot, or CREATE INDEX CONCURRENTLY would wait for the waiter.
        let idle = format!(
            "select coalesce(bool_and(backend_xmin is null), false) from pg_stat_activity where application_name = '{}' and state = 'idle'",
            second.run.id()
        );
        bench.until(&idle).await;
        registry::stop(Arc::clone(&first.run), "Bea");
        assert_eq!(
            said(&running.await.unwrap()),
            (RunState::Cancelled, "The run was stopped. Nothing of this run is in the database.")
        );
        assert_eq!(waiting.await.unwrap().state, RunState::Done);
    });
}

#[test]
fn a_cancelled_run_leaves_nothing() {
    on_runtime(async {
        let bench = Bench::new("cancelled").await;
        let prepared =
            Arc::new(bench.prepare(RunKind::Apply, &[("20260101000000_sleeps.sql", SLEEPS)]).await);
        let running = prepared.begin();
        bench.until(&sleeping(prepared.run.id())).await;
        registry::stop(Arc::clone(&prepared.run), "Bea");
        assert_eq!(running.await.unwrap().state, RunState::Cancelled);
        assert_eq!(bench.ask("select to_regclass('public.slept') is null").await, "true");
        assert_eq!(bench.versions().await, Vec::<String>::new());
        bench.until("select not exists (select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database()))").await;
    });
}

#[test]
fn a_killed_backend_fails_the_run_and_nothing_remains() {
    on_runtime(async {
        let bench = Bench::new("killed").await;
        let view = killed(&bench, SLEEPS, &sleeping).await;
        assert_eq!(view.state, RunState::Failed);
        assert!(view.summary.ends_with("Nothing of this run is in the database."), "{}", view.summary);
        assert_eq!(bench.ask("select to_regclass('public.slept') is null").await, "true");
    });
}

#[test]
fn a_lost_statement_that_commits_itself_is_not_claimed_to_be_absent() {
    on_runtime(async {
        let bench = Bench::new("unknown").await;
        let text = "do $$ begin create table public.kept (id int); commit; perform pg_sleep(600); end $$;\n";
        let view = killed(&bench, text, &sleeping).await;
        assert_eq!(view.state, RunState::Unknown);
        assert!(
            view.summary.ends_with("Apart from that segment, nothing of this run is in the database."),
            "{}",
            view.summary
        );
        assert_eq!(bench.ask("select to_regclass('public.kept') is not null").await, "true");
    });
}

#[test]
fn a_lost_index_is_looked_for_along_the_files_path() {
    on_runtime(async {
        let bench = Bench::new("lost_index").await;
        bench.client.batch_execute("create schema app; create table app.busy (id int)").await.unwrap();
        let other = connect(&engine_url(&bench.database)).await;
        other.batch_execute("begin; insert into app.busy values (1)").await.unwrap();
        let text = "set search_path = app;\ncreate index concurrently busy_id on busy (id);\n";
        let waiting = |run: &str| {
            format!(
                "select exists (select from pg_stat_activity where application_name = '{run}' and wait_event_type = 'Lock')"
            )
        };
        let view = killed(&bench, text, &waiting).await;
        assert_eq!(view.state, RunState::Unknown);
        assert!(view.summary.contains("The index busy_id exists and is invalid."), "{}", view.summary);
        other.batch_execute("rollback").await.unwrap();
    });
}

#[test]
fn a_lock_that_comes_free_is_only_a_delay() {
    on_runtime(async {
        let bench = Bench::new("retried").await;
        bench.client.batch_execute("create table public.busy (id int)").await.unwrap();
        bench.client.batch_execute("begin; lock table public.busy").await.unwrap();
        let prepared = Arc::new(bench.prepare(RunKind::Apply, &[("20260101000000_busy.sql", "create table public.marks (seq int);\ninsert into public.marks values (1);\nalter table public.busy add column more int;\n")]).await);
        let running = prepared.begin();
        let mut newest = prepared.run.newest();
        while !prepared.run.after(0).iter().any(|event| matches!(event.kind, RunEventKind::Progress { .. })) {
            newest.changed().await.unwrap();
        }
        bench.client.batch_execute("rollback").await.unwrap();
        let view = running.await.unwrap();
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(bench.ask("select count(*) from public.marks").await, "1");
        assert_eq!(bench.versions().await, ["20260101000000"]);
    });
}

/// What becomes of a run of one file whose backend ends once `reached` holds.
async fn killed(bench: &Bench, text: &str, reached: &dyn Fn(&str) -> String) -> RunView {
    let prepared = Arc::new(bench.prepare(RunKind::Apply, &[("20260101000000_killed.sql", text)]).await);
    let running = prepared.begin();
    bench.until(&reached(prepared.run.id())).await;
    let kill = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{}'",
        prepared.run.id()
    );
    bench.ask(&kill).await;
    running.await.unwrap()
}
