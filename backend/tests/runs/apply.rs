//! Applying files: what is in the database afterwards is what the run says.

use studio_kernel::run::{RunState, SegmentState};

use crate::bench::{Bench, on_runtime, said};

const MARKS: (&str, &str) = (
    "20260101000000_marks.sql",
    "create table public.marks (seq int);\ninsert into public.marks values (1), (2);\n",
);

#[test]
fn the_ledger_row_comes_with_the_file() {
    on_runtime(async {
        let bench = Bench::new("ledger").await;
        let view = bench.run(&[MARKS]).await;
        assert_eq!(
            said(&view),
            (RunState::Done, "20260101000000_marks.sql is applied and recorded in the ledger.")
        );
        let rows: Vec<_> = view.steps[0].statements().map(|statement| statement.rows).collect();
        assert_eq!(rows, [None, Some(2)]);
        let row = "select version || ' ' || name || ' ' || array_to_string(statements, ' | ') \
                   from supabase_migrations.schema_migrations";
        assert_eq!(
            bench.ask(row).await,
            "20260101000000 marks create table public.marks (seq int) | insert into public.marks values (1), (2)"
        );
    });
}

#[test]
fn a_failing_statement_leaves_nothing_and_says_where() {
    on_runtime(async {
        let bench = Bench::new("failing").await;
        let text = "create table public.added (id int);\n-- äöü 😀\nselect 'ß😀', missing_column\nfrom public.added;\n";
        let view = bench.run(&[("20260101000000_added.sql", text)]).await;
        assert_eq!(
            said(&view),
            (
                RunState::Failed,
                "20260101000000_added.sql failed at line 3, column 14. Nothing of this run is in the database."
            )
        );
        let (_, failed) = view.failure().unwrap();
        let error = failed.error.as_ref().unwrap();
        assert_eq!((error.sqlstate.as_str(), error.line, error.column, error.exact), ("42703", 3, 14, true));
        assert_eq!(error.span.of(text), "missing_column");
        assert_eq!(bench.ask("select to_regclass('public.added') is null").await, "true");
        assert_eq!(bench.versions().await, Vec::<String>::new());
    });
}

#[test]
fn an_error_inside_a_body_is_found_in_the_file() {
    on_runtime(async {
        let bench = Bench::new("body").await;
        let text = "select 1;\ndo $x$\nbegin\n  perform 1;\n  raise exception 'no';\nend\n$x$;\n";
        let view = bench.run(&[("20260101000000_body.sql", text)]).await;
        let (_, failed) = view.failure().unwrap();
        let error = failed.error.as_ref().unwrap();
        assert_eq!((error.sqlstate.as_str(), error.line, error.exact), ("P0001", 5, false));
        assert_eq!(error.span.of(text), "raise exception 'no';");
    });
}

#[test]
fn a_concurrent_index_in_the_middle_splits_the_file() {
    on_runtime(async {
        let bench = Bench::new("split").await;
        let text = "create table public.split (id int);\n\
                    create index concurrently split_id on public.split (id);\n\
                    insert into public.split values (1);\n\
                    select 1 / 0;\n";
        let view = bench.run(&[("20260101000000_split.sql", text)]).await;
        assert_eq!(
            said(&view),
            (
                RunState::Failed,
                "20260101000000_split.sql failed at line 4, column 1. In the database, but not recorded in the \
                 ledger: the first 2 of 3 segments of 20260101000000_split.sql."
            )
        );
        let states: Vec<_> = view.steps[0].segments.iter().map(|segment| segment.state).collect();
        assert_eq!(states, [SegmentState::Committed, SegmentState::Committed, SegmentState::RolledBack]);
        assert_eq!(bench.ask("select count(*) from public.split").await, "0");
        assert_eq!(
            bench.ask("select indisvalid from pg_index where indexrelid = 'public.split_id'::regclass").await,
            "true"
        );
        assert_eq!(bench.versions().await, Vec::<String>::new());
    });
}

#[test]
fn a_file_that_ends_outside_a_transaction_is_recorded_too() {
    on_runtime(async {
        let bench = Bench::new("ends_outside").await;
        let view = bench.run(&[MARKS, ("20260101000001_vacuum.sql", "vacuum public.marks;\n")]).await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(bench.versions().await, ["20260101000000", "20260101000001"]);
    });
}

#[test]
fn an_invalid_index_is_never_a_success() {
    on_runtime(async {
        let bench = Bench::new("carcass").await;
        bench
            .client
            .batch_execute("create table public.twice (id int); insert into public.twice values (1), (1)")
            .await
            .unwrap();
        let file = (
            "20260101000000_twice.sql",
            "create unique index concurrently if not exists twice_id on public.twice (id);\n",
        );
        let first = bench.run(&[file]).await;
        assert_eq!(first.state, RunState::Failed);
        assert!(
            first.summary.contains("drop it with DROP INDEX CONCURRENTLY public.twice_id"),
            "{}",
            first.summary
        );
        let second = bench.run(&[file]).await;
        assert_eq!(second.state, RunState::Failed);
        assert!(second.summary.contains("public.twice_id exists and is invalid"), "{}", second.summary);
        assert_eq!(bench.versions().await, Vec::<String>::new());
    });
}

#[test]
fn a_version_is_applied_once_and_undone_once() {
    on_runtime(async {
        let bench = Bench::new("once").await;
        let first = bench.prepare(studio_kernel::run::RunKind::Apply, &[MARKS]).await;
        let second = bench.prepare(studio_kernel::run::RunKind::Apply, &[MARKS]).await;
        assert_eq!(first.go().await.state, RunState::Done);
        assert_eq!(
            said(&second.go().await),
            (
                RunState::Failed,
                "20260101000000_marks.sql: version 20260101000000 is recorded in the ledger already. \
                 Nothing of this run is in the database."
            )
        );
        assert_eq!(bench.ask("select count(*) from public.marks").await, "2");
    });
}

#[test]
fn a_deferred_constraint_speaks_at_commit_and_nothing_remains() {
    on_runtime(async {
        let bench = Bench::new("deferred").await;
        let text = "create table public.parent (id int primary key);\n\
                    create table public.child (id int references public.parent deferrable initially deferred);\n\
                    insert into public.child values (1);\n";
        let view = bench.run(&[("20260101000000_deferred.sql", text)]).await;
        assert_eq!(view.state, RunState::Failed);
        let (_, failed) = view.failure().unwrap();
        let error = failed.error.as_ref().unwrap();
        assert_eq!((error.sqlstate.as_str(), error.line), ("23503", 3));
        assert!(error.context.as_deref().unwrap_or_default().ends_with("at COMMIT"));
        assert_eq!(bench.ask("select to_regclass('public.child') is null").await, "true");
        assert_eq!(bench.versions().await, Vec::<String>::new());
    });
}

#[test]
fn notices_belong_to_their_statement_in_order() {
    on_runtime(async {
        let bench = Bench::new("notices").await;
        let text = "do $$ begin for i in 1..3 loop raise notice 'a%', i; end loop; end $$;\n\
                    select 1;\n\
                    do $$ begin raise warning 'b' using hint = 'look'; end $$;\n";
        let view = bench.run(&[("20260101000000_notices.sql", text)]).await;
        let said: Vec<Vec<String>> = view.steps[0]
            .statements()
            .map(|statement| {
                statement
                    .notices
                    .iter()
                    .map(|notice| format!("{} {}", notice.severity, notice.message))
                    .collect()
            })
            .collect();
        assert_eq!(said, [vec!["NOTICE a1", "NOTICE a2", "NOTICE a3"], vec![], vec!["WARNING b"]]);
    });
}

#[test]
fn a_warning_is_kept_after_thousands_of_notices() {
    on_runtime(async {
        let bench = Bench::new("warning").await;
        let text = "do $$ begin for i in 1..5000 loop raise notice '%', i; end loop; raise warning 'last'; end $$;\n";
        let view = bench.run(&[("20260101000000_loud.sql", text)]).await;
        let last = view.steps[0].statements().next().unwrap().notices.last().unwrap();
        assert_eq!((last.severity.as_str(), last.message.as_str()), ("WARNING", "last"));
        assert_eq!(view.steps[0].progress, ["Line 1: 4,000 more messages were not kept."]);
    });
}

#[test]
fn what_a_file_sets_does_not_reach_the_next_one() {
    on_runtime(async {
        let bench = Bench::new("settings").await;
        let view = bench
            .run(&[
                ("20260101000000_sets.sql", "set statement_timeout = '50s';\nset search_path = '';\n"),
                (
                    "20260101000001_asks.sql",
                    "create table seen as select current_setting('statement_timeout') as it;\n",
                ),
            ])
            .await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(bench.ask("select it from public.seen").await, "15min");
    });
}

#[test]
fn a_file_without_transactions_may_hold_what_a_set_does_not_show() {
    on_runtime(async {
        let bench = Bench::new("none").await;
        let made = "create table public.parted (id int primary key) partition by range (id); \
                    create table public.part partition of public.parted for values from (0) to (9); \
                    create procedure public.commits() language plpgsql as $$ begin commit; end $$";
        bench.client.batch_execute(made).await.unwrap();
        let text = "-- Works on what others have made.\n-- transaction: none because partitions are worked on one by one\n\
                    reindex table public.parted;\ncluster public.parted using parted_pkey;\ncall public.commits();\n\
                    insert into public.parted values (1);\n";
        let view = bench.run(&[("20260101000000_none.sql", text)]).await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(bench.ask("select count(*) from public.parted").await, "1");
    });
}
