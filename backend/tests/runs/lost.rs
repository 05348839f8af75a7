//! Connections that are lost behind an answer nobody has heard: what a run says is what the database has.

use std::sync::Arc;

use studio_kernel::run::{RunKind, RunState};

use crate::{
    bench::{Bench, connect, engine_url, on_runtime, sleeping},
    cut::{Cut, cutting},
};

const PATH: &str = "20260101000000_lost.sql";

/// What became of it: the run's state and whether its words have this in them, the rows of `marks`, the ledger's rows.
struct Wanted {
    state: RunState,
    said: &'static str,
    marks: &'static str,
    recorded: bool,
}

/// Two marks, each in a transaction, and an index between them.
const THREE: &str = "insert into public.marks values (1);\n\
    create index concurrently marks_seq on public.marks (seq);\n\
    insert into public.marks values (2);\n";

const INDEX_LAST: &str = "insert into public.marks values (1);\n\
    create index concurrently marks_seq on public.marks (seq);\n";

const BY_STATEMENT: &str = "-- Marks.\n-- transaction: none because the test counts commits\n\
    insert into public.marks values (1);\ninsert into public.marks values (2);\ninsert into public.marks values (3);\n";

#[test]
fn what_a_lost_run_says_is_what_the_database_has() {
    let applied = |marks| Wanted {
        state: RunState::Done,
        said: "20260101000000_lost.sql is applied and recorded in the ledger.",
        marks,
        recorded: true,
    };
    let part = |said, marks| Wanted { state: RunState::Failed, said, marks, recorded: false };
    let nothing = || part("Nothing of this run is in the database.", "0");
    let of_three = "the first 1 of 3 segments of 20260101000000_lost.sql";
    on_runtime(async {
        for (name, text, cut_at, nth, wanted) in [
            ("only_end", "insert into public.marks values (1);\n", "commit\0", 1, applied("1")),
            ("statement", "insert into public.marks values (1);\n", "insert into public.marks", 1, nothing()),
            ("first_end", THREE, "commit\0", 1, part(of_three, "1")),
            ("last_end", THREE, "commit\0", 2, applied("2")),
            ("index", INDEX_LAST, "create index concurrently", 1, applied("1")),
            ("behind_index", INDEX_LAST, "string_agg(name", 1, applied("1")),
            ("index_recorded", INDEX_LAST, "commit\0", 2, applied("1")),
            ("second_of_three", BY_STATEMENT, "commit\0", 2, part("the first 2 of 3 segments", "2")),
            ("third_statement", BY_STATEMENT, "values (3)", 1, part("the first 2 of 3 segments", "2")),
            ("third_of_three", BY_STATEMENT, "commit\0", 3, applied("3")),
        ] {
            let bench = Bench::new(&format!("lost_{name}")).await;
            bench.client.batch_execute("create table public.marks (seq int)").await.unwrap();
            let prepared = bench.prepare(RunKind::Apply, &[(PATH, text)]).await;
            let view = prepared.through(cutting(&bench, cut_at, nth, Cut::Answered).await).go().await;
            assert_eq!(view.state, wanted.state, "{name}: {}", view.summary);
            assert!(view.summary.contains(wanted.said), "{name}: {}", view.summary);
            let was_cut = |text: &String| text.contains("The connection broke");
            assert!(
                was_cut(&view.summary) || view.steps[0].progress.iter().any(was_cut),
                "{name}: the relay has not cut anything: {}",
                view.summary
            );
            assert_eq!(bench.ask("select count(*) from public.marks").await, wanted.marks, "{name}");
            assert_eq!(bench.versions().await.len(), usize::from(wanted.recorded), "{name}");
        }
    });
}

#[test]
fn a_commit_that_is_under_way_is_waited_for_whatever_its_session_is_called() {
    on_runtime(async {
        let bench = Bench::new("lost_slowly").await;
        // A pooler gives its own name to every session, and so may a file.
        let text = "set application_name = 'somebody';\ninsert into public.marks values (1);\n";
        let slow = "create table public.marks (seq int); create function public.slow() returns trigger language plpgsql as \
                    $$ begin perform pg_sleep(2); return null; end $$; \
                    create constraint trigger slow after insert on public.marks deferrable initially deferred \
                    for each row execute function public.slow()";
        bench.client.batch_execute(slow).await.unwrap();
        let prepared = bench.prepare(RunKind::Apply, &[(PATH, text)]).await;
        let view = prepared.through(cutting(&bench, "commit\0", 1, Cut::Sent).await).go().await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(bench.ask("select count(*) from public.marks").await, "1");
        assert_eq!(bench.versions().await, ["20260101000000"]);
    });
}

#[test]
fn a_statement_alone_does_not_go_on_behind_the_back_of_its_run_whatever_its_session_is_called() {
    on_runtime(async {
        let bench = Bench::new("lost_hidden").await;
        bench.client.batch_execute("create table public.marks (seq int)").await.unwrap();
        let other = connect(&engine_url(&bench.database)).await;
        other.batch_execute("begin; insert into public.marks values (1)").await.unwrap();
        let text = "set application_name = 'somebody';\ncreate index concurrently marks_seq on public.marks (seq);\n";
        let prepared = bench.prepare(RunKind::Apply, &[(PATH, text)]).await;
        let relay = cutting(&bench, "create index concurrently", 1, Cut::Sent).await;
        let view = prepared.through(relay).go().await;
        let left = "select count(*) from pg_stat_activity where application_name = 'somebody'";
        assert_eq!(bench.ask(left).await, "0");
        other.batch_execute("rollback").await.unwrap();
        assert_eq!(view.state, RunState::Unknown, "{}", view.summary);
        assert!(
            view.summary.contains("The index public.marks_seq exists and is invalid."),
            "{}",
            view.summary
        );
    });
}

#[test]
fn what_became_of_a_run_is_known_when_another_has_begun_since() {
    on_runtime(async {
        let bench = Bench::new("lost_followed").await;
        bench.client.batch_execute("create table public.marks (seq int)").await.unwrap();
        let first = bench.prepare(RunKind::Apply, &[(PATH, "insert into public.marks values (1);\n")]).await;
        assert_eq!(first.go().await.state, RunState::Done);
        let second =
            bench.run(&[("20260101000001_second.sql", "insert into public.marks values (2);\n")]).await;
        assert_eq!(second.state, RunState::Done, "{}", second.summary);
        let kept = format!(
            "select step || ' ' || segment from supabase_migrations.studio_runs where run = '{}'",
            first.run.id()
        );
        assert_eq!(bench.ask(&kept).await, "0 0");
    });
}

#[test]
fn what_a_server_has_lost_that_it_had_confirmed_is_not_claimed() {
    on_runtime(async {
        let bench = Bench::new("lost_again").await;
        bench.client.batch_execute("create table public.marks (seq int)").await.unwrap();
        let text = format!("{BY_STATEMENT}select pg_sleep(600);\n");
        let prepared = Arc::new(bench.prepare(RunKind::Apply, &[(PATH, &text)]).await);
        let running = prepared.begin();
        let run = prepared.run.id();
        bench.until(&sleeping(run)).await;
        // As after a failover to a copy that was one segment behind.
        bench.client.batch_execute("delete from public.marks where seq = 3; update supabase_migrations.studio_fence set segment = 1").await.unwrap();
        bench
            .ask(&format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{run}'"
            ))
            .await;
        let view = running.await.unwrap();
        assert_eq!(view.state, RunState::Unknown, "{}", view.summary);
        let said = "The target had confirmed segment 3 of step 1 and does not have it any more: it was restored, or another \
                    server took its place. Look at what is there. In the database, but not recorded in the ledger: \
                    the first 2 of 4 segments of 20260101000000_lost.sql.";
        assert!(view.summary.ends_with(said), "{}", view.summary);
    });
}

#[test]
fn a_statement_of_a_file_without_transactions_waits_no_longer_for_a_lock_than_another() {
    on_runtime(async {
        let bench = Bench::new("lost_patience").await;
        bench.client.batch_execute("create table public.busy (id int)").await.unwrap();
        bench.client.batch_execute("begin; lock table public.busy in access share mode").await.unwrap();
        let text =
            "-- A.\n-- transaction: none because it is long\nalter table public.busy add column more int;\n";
        let view = bench.run(&[(PATH, text)]).await;
        assert_eq!(view.state, RunState::Failed, "{}", view.summary);
        let waited =
            view.steps[0].progress.iter().filter(|line| line.contains("Another session is in the way"));
        assert_eq!(waited.count(), 4, "{:?}", view.steps[0].progress);
        bench.client.batch_execute("rollback").await.unwrap();
    });
}

#[test]
fn a_ledger_that_is_locked_is_waited_for_no_longer_behind_a_statement_alone() {
    on_runtime(async {
        let bench = Bench::new("lost_ledger").await;
        bench.client.batch_execute("create table public.marks (seq int)").await.unwrap();
        let first = bench.run(&[("20250101000000_first.sql", "select 1;\n")]).await;
        assert_eq!(first.state, RunState::Done, "{}", first.summary);
        let lock = "begin; lock table supabase_migrations.schema_migrations in share mode";
        bench.client.batch_execute(lock).await.unwrap();
        let view = bench.run(&[(PATH, "set lock_timeout = 0;\nvacuum public.marks;\n")]).await;
        bench.client.batch_execute("rollback").await.unwrap();
        assert_eq!(view.state, RunState::Failed, "{}", view.summary);
        let said = "All statements of 20260101000000_lost.sql took effect, but its version is not recorded: \
                    canceling statement due to lock timeout.";
        assert!(view.summary.starts_with(said), "{}", view.summary);
    });
}
