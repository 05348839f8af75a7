//! The ledger as others left it: another owner's schema, another tool's table.

use studio_backend::pg::target::Target;
use studio_kernel::run::{RunKind, RunState};

use crate::bench::{Bench, engine_url, on_runtime, said};

const MARKS: (&str, &str) = ("20260101000000_marks.sql", "create table public.marks (seq int);\n");

#[test]
fn a_role_that_may_not_create_schemas_runs_in_one_that_is_there() {
    on_runtime(async {
        let mut bench = Bench::new("no_create").await;
        let role = "drop role if exists runs_guest; create role runs_guest login password 'guest'; \
                    grant runs_guest to current_user; \
                    create schema supabase_migrations; \
                    grant all on schema supabase_migrations, public to runs_guest";
        bench.client.batch_execute(role).await.unwrap();
        bench.target = Target::new(&as_role(&bench.database, "runs_guest"), None, true).unwrap();
        let view = bench.run(&[MARKS]).await;
        assert_eq!(
            said(&view),
            (RunState::Done, "20260101000000_marks.sql is applied and recorded in the ledger.")
        );
        bench.client.batch_execute("drop owned by runs_guest; drop role runs_guest").await.unwrap();
    });
}

#[test]
fn a_ledger_of_another_shape_is_refused_before_the_first_statement() {
    on_runtime(async {
        let bench = Bench::new("other_shape").await;
        let table = "create schema supabase_migrations; create table supabase_migrations.schema_migrations \
                     (version bigint primary key, statements jsonb, name text)";
        let prepared = bench.prepare(RunKind::Apply, &[MARKS]).await;
        bench.client.batch_execute(table).await.unwrap();
        assert_eq!(
            said(&prepared.go().await),
            (
                RunState::Failed,
                "The ledger supabase_migrations.schema_migrations has another shape: its column version is of \
                 type bigint and not text. Change the column's type to text, as the Supabase CLI creates it, or \
                 move the table out of the way. Nothing of this run is in the database."
            )
        );
        assert_eq!(bench.ask("select to_regclass('public.marks') is null").await, "true");
    });
}

#[test]
fn a_column_that_changes_its_type_in_the_run_is_named_by_the_server() {
    on_runtime(async {
        let bench = Bench::new("changed_shape").await;
        let table = "create schema supabase_migrations; create table supabase_migrations.schema_migrations \
                     (version varchar(14) primary key, statements text[], name varchar)";
        bench.client.batch_execute(table).await.unwrap();
        let text = "alter table supabase_migrations.schema_migrations alter column statements type jsonb using null;\n";
        let view = bench.run(&[("20260101000000_changed.sql", text)]).await;
        assert_eq!(view.state, RunState::Failed);
        assert!(
            view.summary.contains("is of type jsonb but expression is of type text[] (SQLSTATE 42804)"),
            "{}",
            view.summary
        );
        assert_eq!(bench.run(&[MARKS]).await.state, RunState::Done);
    });
}

/// The address of a database, for a guest with the password `guest`.
fn as_role(database: &str, role: &str) -> String {
    let url = engine_url(database);
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, host) = rest.split_once('@').unwrap();
    format!("{scheme}://{role}:guest@{host}")
}
