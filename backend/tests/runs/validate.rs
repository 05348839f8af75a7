//! Validations: what they say decides, and nothing of them remains.

use std::time::Duration;

use studio_backend::pg::target::Settings;
use studio_kernel::run::{RunKind, RunState};

use crate::bench::{Bench, on_runtime, said};

#[test]
fn a_validation_is_undone_and_judged_by_its_lines() {
    on_runtime(async {
        let bench = Bench::new("judged").await;
        for (text, state, summary) in [
            (
                "do $$ begin raise notice '✅ one'; raise notice '✅ two'; end $$;",
                RunState::Done,
                "All 2 checks passed.",
            ),
            (
                "do $$ begin raise notice '✅ one'; raise notice '❌ two'; end $$;",
                RunState::Failed,
                "1 of 2 checks failed.",
            ),
            (
                "do $$ begin raise notice 'hello'; end $$;",
                RunState::Failed,
                "Inconclusive: the script ran to its end without an error and asserted nothing (no ✅ or ❌ line).",
            ),
            (
                "create table public.left_over (id int); do $$ begin raise notice '✅ one'; end $$;",
                RunState::Done,
                "All 1 checks passed.",
            ),
            (
                "do $$ begin raise notice '✅ one'; raise exception 'broken'; end $$;",
                RunState::Failed,
                "1 of 2 checks failed. validate/validate_it.sql failed at line 1, column 7. Nothing of the validation remains.",
            ),
        ] {
            let view = bench.validate(text).await;
            assert_eq!(said(&view), (state, summary), "{text}");
            let compared = &view.steps[0].progress[0];
            assert!(
                compared.starts_with("Compared with before: ")
                    && compared.ends_with("no sequence has moved."),
                "{compared}"
            );
        }
        assert_eq!(bench.ask("select to_regclass('public.left_over') is null").await, "true");
        assert_eq!(bench.ask("select to_regnamespace('supabase_migrations') is null").await, "true");
    });
}

/// What a text can try to make last, with the SQLSTATE of the server's refusal; none where its end undoes it.
const TRIES: [(&str, &str); 20] = [
    ("insert into public.kept values (2)", "25006"),
    ("create table public.left_over ()", "25006"),
    ("create temp table left_over ()", "25006"),
    ("drop table public.kept", "25006"),
    ("select nextval('public.counter')", "25006"),
    ("select setval('public.counter', 900)", "25006"),
    ("select lo_from_bytea(0, 'x')", "25006"),
    ("alter database runs_tries set search_path = evil", "25006"),
    ("alter role current_user set search_path = evil", "25006"),
    ("do $$ begin insert into public.kept values (2); end $$", "25006"),
    ("do $$ begin execute 'com' || 'mit'; end $$", "0A000"),
    ("do $$ begin call public.committing(); end $$", "2D000"),
    ("select set_config('transaction_read_only', 'off', true)", "25001"),
    ("do $$ begin execute 'set transaction read ' || 'write'; end $$", "25001"),
    (
        "select set_config('default_transaction_read_only', 'off', false); insert into public.kept values (2)",
        "25006",
    ),
    ("savepoint a; select set_config('transaction_read_only', 'off', true)", "25001"),
    ("select pg_advisory_lock(7)", ""),
    ("select pg_notify('noise', 'x'); listen noise", ""),
    ("select set_config('search_path', 'evil', false)", ""),
    ("prepare evil as insert into public.kept values (2)", ""),
];

#[test]
fn who_may_only_read_leaves_nothing_whatever_the_text_tries() {
    on_runtime(async {
        let bench = Bench::new("tries").await;
        let planted = "create table public.kept (id int); create sequence public.counter; \
                       create procedure public.committing() language plpgsql as $$ begin commit; end $$";
        bench.client.batch_execute(planted).await.unwrap();
        for (text, state) in TRIES {
            let view =
                bench.validate_reading(&format!("{text};\ndo $$ begin raise notice '✅ one'; end $$;")).await;
            let statements = view.steps[0].segments.iter().flat_map(|segment| &segment.statements);
            let refused = statements.filter_map(|statement| statement.error.as_ref()).next();
            assert_eq!(refused.map_or("", |error| &error.sqlstate), state, "{text}: {}", view.summary);
            assert_eq!(view.state == RunState::Done, state.is_empty(), "{text}: {}", view.summary);
            let compared = &view.steps[0].progress[0];
            assert!(compared.ends_with("no sequence has moved."), "{text}: {compared}");
        }
        assert_eq!(bench.ask("select count(*) from public.kept").await, "0");
        assert_eq!(bench.ask("select is_called from public.counter").await, "false");
        assert_eq!(bench.ask("select count(*) from pg_largeobject_metadata").await, "0");
        assert_eq!(bench.ask("select count(*) from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = current_database())").await, "0");
        assert_eq!(
            bench.ask("select count(*) from pg_locks where locktype = 'advisory' and objid = 7").await,
            "0"
        );
    });
}

#[test]
fn who_may_only_read_does_so_for_so_long_whatever_the_text_tries() {
    on_runtime(async {
        let bench = Bench::new("reads_within").await;
        bench.client.batch_execute("create table public.kept (id int)").await.unwrap();
        // It has no timeout, holds a lock, and goes on when its statement is cancelled.
        let text = "set statement_timeout = 0;
            lock table public.kept in access exclusive mode;
            do $$ begin loop begin perform pg_sleep(600); exception when query_canceled then null; end; end loop; end $$;";
        let run = bench.prepare(RunKind::Validate, &[("validate/validate_it.sql", text)]).await;
        let reads_within = Duration::from_secs(1);
        let view = run.go_with(Settings { read_only: true, reads_within, ..Settings::default() }).await;
        assert_eq!(view.state, RunState::Failed);
        assert!(view.summary.contains("It took longer than 1 s"), "{}", view.summary);
        // The backend notices that its client is gone, and its lock goes with it.
        bench
            .until("select not exists (select from pg_locks where relation = 'public.kept'::regclass)")
            .await;
        // Whoever may run SQL there is not kept to it.
        let run = bench
            .prepare(
                RunKind::Validate,
                &[(
                    "validate/validate_it.sql",
                    "select pg_sleep(1.2);\ndo $$ begin raise notice '✅ one'; end $$;",
                )],
            )
            .await;
        let view = run.go_with(Settings { reads_within, ..Settings::default() }).await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
    });
}

#[test]
fn what_a_validation_cannot_undo_is_said() {
    on_runtime(async {
        let bench = Bench::new("moved").await;
        bench.client.batch_execute("create sequence public.counter").await.unwrap();
        let text = "select nextval('public.counter');\ndo $$ begin raise notice '✅ one'; end $$;";
        let view = bench.validate(text).await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        let compared = &view.steps[0].progress[0];
        assert!(
            compared.ends_with("sequences have moved, which nothing undoes: public.counter."),
            "{compared}"
        );
    });
}
