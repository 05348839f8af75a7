//! What a file leaves in its session: it holds to the file's end, and no further.

use std::sync::Arc;

use studio_backend::pg::target::{Failure, Settings};
use studio_kernel::run::{RunEventKind, RunKind, RunState};

use crate::bench::{Bench, connect, engine_url, on_runtime, said};

#[test]
fn what_a_file_sets_holds_beyond_a_statement_that_stands_alone() {
    on_runtime(async {
        let bench = Bench::new("holds").await;
        let planted = "create schema app; create table public.kept (id int); create table app.kept (id int); \
                       drop role if exists runs_holder; create role runs_holder; \
                       grant runs_holder to current_user; grant all on schema app to runs_holder";
        bench.client.batch_execute(planted).await.unwrap();
        let text = "set search_path = app, public;\nset role runs_holder;\nset lock_timeout = '7s';\n\
                    create table made as select 1 as id;\n\
                    vacuum app.made;\n\
                    create table seen as select current_user::text as who, current_setting('lock_timeout') as lock, \
                    current_setting('statement_timeout') as statement;\n";
        let view = bench.run(&[("20260101000000_holds.sql", text)]).await;
        assert_eq!(
            said(&view),
            (RunState::Done, "20260101000000_holds.sql is applied and recorded in the ledger.")
        );
        let seen = "select who || ' ' || lock || ' ' || statement from app.seen";
        assert_eq!(bench.ask(seen).await, "runs_holder 7s 15min");
        bench.client.batch_execute("drop owned by runs_holder; drop role runs_holder").await.unwrap();
    });
}

#[test]
fn a_files_own_patience_is_not_that_of_the_ledger() {
    on_runtime(async {
        let bench = Bench::new("patience").await;
        let first = bench.run(&[("20260101000000_first.sql", "select 1;\n")]).await;
        assert_eq!(first.state, RunState::Done, "{}", first.summary);
        let share = "begin; lock table supabase_migrations.schema_migrations in share mode";
        bench.client.batch_execute(share).await.unwrap();
        let text = "set statement_timeout = '150ms';\nselect 1;\n";
        let prepared = Arc::new(bench.prepare(RunKind::Apply, &[("20260101000001_hasty.sql", text)]).await);
        let mut running = prepared.begin();
        let mut newest = prepared.run.newest();
        while !prepared.run.after(0).iter().any(|event| matches!(event.kind, RunEventKind::Progress { .. })) {
            tokio::select! {
                ended = &mut running => panic!("it did not wait for the ledger: {}", ended.unwrap().summary),
                changed = newest.changed() => changed.unwrap(),
            }
        }
        bench.client.batch_execute("rollback").await.unwrap();
        let view = running.await.unwrap();
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(bench.versions().await, ["20260101000000", "20260101000001"]);
    });
}

#[test]
fn without_a_transaction_a_setting_holds_too() {
    on_runtime(async {
        let bench = Bench::new("holds_alone").await;
        let text = "-- Asks.\n-- transaction: none because each commits\n\
                    set statement_timeout = 0;\nset lock_timeout = '7s';\ncreate schema app;\nset search_path = app;\n\
                    create table seen as select current_setting('lock_timeout') as lock, \
                    current_setting('statement_timeout') as statement;\n\
                    begin;\ncreate table later as select current_setting('statement_timeout') as statement;\ncommit;\n";
        let view = bench.run(&[("20260101000000_holds.sql", text)]).await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(bench.ask("select lock || ' ' || statement from app.seen").await, "7s 0");
        assert_eq!(bench.ask("select statement from app.later").await, "0");
    });
}

#[test]
fn the_runs_own_timeouts_are_lifted_for_a_statement_alone_and_put_back() {
    on_runtime(async {
        let bench = Bench::new("lifted").await;
        let text = "do $$ begin create table public.alone as select current_setting('statement_timeout') as it; commit; end $$;\n\
                    create table public.together as select current_setting('statement_timeout') as it;\n";
        let view = bench.run(&[("20260101000000_lifted.sql", text)]).await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(
            bench.ask("select (select it from public.alone) || ' ' || it from public.together").await,
            "0 15min"
        );
    });
}

#[test]
fn nothing_of_a_files_session_reaches_the_next_file() {
    on_runtime(async {
        let bench = Bench::new("fresh").await;
        bench.client.batch_execute("create table public.tasks (id int)").await.unwrap();
        let first = "create temp table tasks (id int);\nprepare them as select 1;\nlisten noise;\n\
                     declare them cursor with hold for select 1;\n";
        let second = "insert into tasks values (1);\n\
                      create table public.seen as select (select count(*) from pg_prepared_statements where from_sql) as prepared, \
                      (select count(*) from pg_cursors where is_holdable) as cursors, \
                      (select count(*) from pg_listening_channels()) as channels;\n";
        let view =
            bench.run(&[("20260101000000_first.sql", first), ("20260101000001_second.sql", second)]).await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(bench.ask("select count(*) from public.tasks").await, "1");
        let seen = "select prepared || ' ' || cursors || ' ' || channels from public.seen";
        assert_eq!(bench.ask(seen).await, "0 0 0");
    });
}

#[test]
fn a_file_that_keeps_another_role_is_recorded() {
    on_runtime(async {
        // SET SESSION AUTHORIZATION is a superuser's.
        let bench = Bench::for_superuser("role_kept").await;
        bench.client.batch_execute("drop role if exists runs_keeper; create role runs_keeper").await.unwrap();
        for (path, role) in [
            ("20260101000000_role.sql", "set role runs_keeper;\ncreate temp table mine (id int);\n"),
            (
                "20260101000001_session.sql",
                "set session authorization runs_keeper;\nselect 1;\nvacuum pg_class;\nselect 2;\n",
            ),
        ] {
            let view = bench.run(&[(path, role)]).await;
            assert_eq!(view.state, RunState::Done, "{}", view.summary);
        }
        assert_eq!(bench.versions().await, ["20260101000000", "20260101000001"]);
        bench.client.batch_execute("drop role runs_keeper").await.unwrap();
    });
}

#[test]
fn an_answer_that_the_driver_cannot_follow_ends_the_session_in_its_words() {
    on_runtime(async {
        let bench = Bench::new("unfollowed").await;
        bench.client.batch_execute("create table public.lines (line text)").await.unwrap();
        for sql in ["copy (select 1) to stdout", "copy public.lines from stdin"] {
            let mut session = bench.target.open("unfollowed").await.unwrap();
            let refused = session.execute(sql, &mut |_| {}).await;
            let Err((Failure::Lost(heard), _)) = refused else { panic!("{refused:?}") };
            assert_eq!(heard, "the driver gave it up (unexpected message from server)", "{sql}");
            assert!(session.command("select 1").await.is_err());
        }
    });
}

#[test]
fn a_role_that_a_function_takes_on_keeps_no_file_from_being_recorded() {
    on_runtime(async {
        let bench = Bench::for_superuser("role_hidden").await;
        let planted = "drop role if exists runs_hidden; create role runs_hidden; \
                       create function public.hide() returns void language plpgsql as \
                       $$ begin perform set_config('ro' || 'le', 'runs_hidden', false); end $$";
        bench.client.batch_execute(planted).await.unwrap();
        for (path, text) in [
            ("20260101000000_together.sql", "select public.hide();\nselect 1;\n"),
            (
                "20260101000001_each.sql",
                "-- Each.\n-- transaction: none because each commits\nselect public.hide();\nselect 1;\n",
            ),
        ] {
            let view = bench.run(&[(path, text)]).await;
            assert_eq!(view.state, RunState::Done, "{}", view.summary);
        }
        assert_eq!(bench.versions().await, ["20260101000000", "20260101000001"]);
        bench.client.batch_execute("drop role runs_hidden").await.unwrap();
    });
}

#[test]
fn a_run_that_another_has_passed_commits_nothing_more() {
    const PASSED: &str =
        "Another run has begun on this target meanwhile, so this one may not write any more. ";
    on_runtime(async {
        let bench = Bench::new("passed").await;
        bench.client.batch_execute("create table public.marks (seq int)").await.unwrap();
        let other = connect(&engine_url(&bench.database)).await;
        let wait = "select pg_advisory_xact_lock(42);";
        let each = "-- Each.\n-- transaction: none because each commits\n";
        for (text, remains, marks) in [
            (
                format!("insert into public.marks values (1);\n{wait}\n"),
                "Nothing of this run is in the database.",
                "0",
            ),
            (
                format!(
                    "{each}insert into public.marks values (1);\n{wait}\ninsert into public.marks values (2);\n"
                ),
                "In the database, but not recorded in the ledger: the first 1 of 3 segments of 20260101000000_passed.sql.",
                "1",
            ),
        ] {
            other.batch_execute("select pg_advisory_lock(42)").await.unwrap();
            let prepared =
                Arc::new(bench.prepare(RunKind::Apply, &[("20260101000000_passed.sql", &text)]).await);
            let running = tokio::spawn({
                let prepared = Arc::clone(&prepared);
                async move { prepared.go_with(Settings::default()).await }
            });
            let waits = format!(
                "select exists (select from pg_stat_activity where application_name = '{}' and wait_event = 'advisory')",
                prepared.run.id()
            );
            bench.until(&waits).await;
            let pass = "update supabase_migrations.studio_fence set epoch = epoch + 1, run = 'another', step = -1; \
                        select pg_advisory_unlock(42)";
            other.batch_execute(pass).await.unwrap();
            let view = running.await.unwrap();
            assert_eq!(said(&view), (RunState::Failed, format!("{PASSED}{remains}").as_str()));
            assert_eq!(bench.ask("select count(*) from public.marks").await, marks);
        }
        assert_eq!(bench.versions().await, Vec::<String>::new());
    });
}

#[test]
fn a_fence_that_an_older_studio_has_made_is_made_whole() {
    on_runtime(async {
        let bench = Bench::new("older_fence").await;
        let older = "create schema supabase_migrations; create table supabase_migrations.studio_fence \
                     (one boolean primary key default true check (one), epoch bigint not null); \
                     insert into supabase_migrations.studio_fence (epoch) values (7)";
        bench.client.batch_execute(older).await.unwrap();
        let view = bench.run(&[("20260101000000_first.sql", "select 1;\n")]).await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        let fence = "select epoch || ' ' || step || ' ' || segment from supabase_migrations.studio_fence";
        assert_eq!(bench.ask(fence).await, "8 0 0");
    });
}
