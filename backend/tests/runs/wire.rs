//! How statements are sent: one command each, with everything that a server can say about one.

use std::collections::BTreeSet;

use studio_backend::pg::target::{Failure, Place, Refusal, Session};
use studio_kernel::{
    migration::{MigrationSet, SourceFile},
    plan::plan,
    run::RunState,
};

use crate::bench::{Bench, on_runtime};

/// Rows, or what the server refuses.
async fn send(session: &mut Session, sql: &str) -> Result<u64, Refusal> {
    match session.execute(sql, &mut |_| {}).await {
        Ok(executed) => Ok(executed.rows),
        Err((Failure::Refused(refusal), _)) => Err(refusal),
        Err((Failure::Lost(heard), _)) => panic!("{sql}: {heard}"),
    }
}

#[test]
fn a_second_command_in_a_text_is_refused_before_anything_runs() {
    on_runtime(async {
        let bench = Bench::new("second").await;
        let mut session = bench.target.connect("second").await.unwrap();
        for sql in [
            "create table public.one (); create table public.two ()",
            "select 1; select 2",
            "insert into public.none values (1); commit",
            "do $$ begin create table public.three (); end $$; select 1",
            "commit; begin",
            "vacuum; select 1",
            "select 1 union all select 2; delete from public.none returning 1",
        ] {
            assert_eq!(send(&mut session, sql).await.unwrap_err().sqlstate, "42601", "{sql}");
        }
        let made = "select count(*) from pg_tables where schemaname = 'public'";
        assert_eq!(bench.ask(made).await, "0");
        assert_eq!(send(&mut session, "select 1;").await.unwrap(), 1, "the session goes on");

        // A simple query is what would have run them all.
        session.command("create table public.one (); create table public.two ()").await.unwrap();
        assert_eq!(bench.ask(made).await, "2");
    });
}

#[test]
fn every_kind_of_statement_says_how_many_rows_it_took() {
    on_runtime(async {
        let bench = Bench::new("kinds").await;
        let mut session = bench.target.connect("kinds").await.unwrap();
        for (sql, rows) in [
            ("", 0),
            ("-- nothing", 0),
            ("create type public.mood as enum ('glad', 'sad')", 0),
            ("create table public.t (id int, mood public.mood)", 0),
            ("insert into public.t select n, 'sad' from generate_series(1, 5) as n", 5),
            ("update public.t set mood = 'glad' where id < 3", 2),
            ("delete from public.t where id = 5 returning id, mood", 1),
            ("with gone as (delete from public.t where id = 4 returning *) select * from gone", 1),
            ("select * from public.t", 3),
            ("table public.t", 3),
            ("(select row(t) from public.t) union all select null", 4),
            ("values (1), (2)", 2),
            ("select relacl, array[relacl], row(relacl) from pg_class where relname = 'pg_class'", 1),
            ("analyze public.t", 0),
            ("select most_common_vals from pg_stats where schemaname = 'public' and tablename = 't'", 2),
            ("select proacl from pg_proc where false", 0),
            ("prepare asked (int) as select $1, relacl from pg_class limit 2", 0),
            ("execute asked (7)", 2),
            ("explain select 1", 0),
            ("show work_mem", 0),
            ("select pg_notify('a', 'b')", 1),
            ("create table public.kept as select * from public.t", 3),
            ("vacuum public.t", 0),
            ("create index concurrently on public.t (id)", 0),
            ("reindex index concurrently public.t_id_idx", 0),
            ("drop index concurrently public.t_id_idx", 0),
            ("create database runs_kinds_more template template0", 0),
            ("drop database runs_kinds_more", 0),
            ("create procedure public.p(out a aclitem[]) language sql as 'select null::aclitem[]'", 0),
            ("do $$ begin insert into public.t values (9); commit; perform 1; rollback; end $$", 0),
            ("create function public.f(int) returns int language sql return $1 + 1", 0),
            ("select public.f(1)", 1),
            ("create procedure public.q() language plpgsql as $$ begin commit; end $$", 0),
            ("call public.q()", 0),
        ] {
            assert_eq!(
                send(&mut session, sql).await.unwrap_or_else(|no| panic!("{sql}: {no:?}")),
                rows,
                "{sql}"
            );
        }
        session.command("begin").await.unwrap();
        for (sql, rows) in [
            ("declare them cursor for select relacl from pg_class limit 4", 0),
            ("fetch 3 from them", 3),
            ("move 1 in them", 1),
            ("select * from public.t", 4),
            ("alter table public.t add column more public.mood", 0),
            ("select * from public.t", 4),
            ("alter table public.t drop column mood", 0),
            ("select * from public.t", 4),
        ] {
            assert_eq!(
                send(&mut session, sql).await.unwrap_or_else(|no| panic!("{sql}: {no:?}")),
                rows,
                "{sql}"
            );
        }
    });
}

#[test]
fn a_statement_with_a_parameter_is_refused_at_its_place() {
    on_runtime(async {
        let bench = Bench::new("parameter").await;
        let mut session = bench.target.connect("parameter").await.unwrap();
        session.command("create table public.t (id int)").await.unwrap();
        for (sql, place) in [
            ("select $1::int", 8),
            ("select 'ä' || $1", 15),
            ("select $2", 8),
            ("insert into public.t values ($1)", 30),
            ("insert into public.t values ($1) returning id", 30),
            ("explain select $1::int", 16),
        ] {
            let refused = send(&mut session, sql).await.unwrap_err();
            assert_eq!((refused.sqlstate.as_str(), refused.place), ("42P02", Place::Sent(place)), "{sql}");
        }
        assert_eq!(send(&mut session, "select '$1'").await.unwrap(), 1, "the session goes on");
    });
}

#[test]
fn what_the_parser_says_is_heard_once() {
    on_runtime(async {
        let bench = Bench::new("once").await;
        let long = "a".repeat(70);
        for sql in [format!("select 1 as {long};\n"), format!("create table public.t ({long} int);\n")] {
            let view = bench.run(&[("20260101000000_once.sql", &sql)]).await;
            assert_eq!(view.state, RunState::Done, "{}", view.summary);
            let notices = &view.steps[0].segments[0].statements[0].notices;
            assert_eq!(notices.len(), 1, "{sql}");
            bench.client.batch_execute("drop schema supabase_migrations cascade").await.unwrap();
        }
    });
}

/// Files that hide a command from who reads them, and the statement that hides it. Each needs another reading.
const ATTACKS: [(&str, &str, &str); 4] = [
    (
        "standard_conforming_strings = off",
        "set local standard_conforming_strings = off;\n",
        "select 'it\\'' as note; drop table public.kept; --'",
    ),
    (
        "client_encoding = 'SJIS'",
        "set client_encoding = 'SJIS';\n",
        "select E'ā\\' ; drop table public.kept; --'",
    ),
    (
        "standard_conforming_strings = off",
        "select set_config('standard_conforming_strings', 'off', false);\n",
        "select 'it\\''; rollback; begin; create table public.left_over (); commit; begin; --'",
    ),
    (
        "standard_conforming_strings = off",
        "alter database runs_attacks set standard_conforming_strings = off;\n",
        "select 'it\\''; alter role current_user set search_path = evil; --'",
    ),
];

#[test]
fn a_hidden_command_is_refused_by_the_plan_and_by_the_server() {
    on_runtime(async {
        let bench = Bench::new("attacks").await;
        bench.client.batch_execute("create table public.kept ()").await.unwrap();
        let paths = "select count(*) from pg_db_role_setting where setconfig::text ~ 'evil'";
        assert_eq!(bench.ask(paths).await, "0");
        for (reading, file, hiding) in ATTACKS {
            let text = format!("{file}{hiding};\n");
            for path in ["20260101000000_attack.sql", "validate/attack.sql"] {
                let set = MigrationSet::new([SourceFile { path: path.to_owned(), text: text.clone() }]);
                let refusals = plan(&set, &[path], &BTreeSet::new()).refusals;
                assert_eq!(
                    refusals.iter().map(|refusal| &refusal.code).collect::<Vec<_>>(),
                    ["text-setting"]
                );
            }
            // Had the plan not refused it, and nobody noticed the setting.
            let mut session = bench.target.connect("attack").await.unwrap();
            session.command(&format!("set {reading}")).await.unwrap();
            assert_eq!(send(&mut session, hiding).await.unwrap_err().sqlstate, "42601", "{hiding}");
            let kept =
                "select to_regclass('public.kept') is not null and to_regclass('public.left_over') is null";
            assert_eq!(bench.ask(kept).await, "true");
            assert_eq!(bench.ask(paths).await, "0");
        }
    });
}

/// What a file can do at run time to how the texts behind it are read, and what it hides there.
const HIDDEN: [&str; 5] = [
    "do $$ begin execute 'set standard_conforming' || '_strings = off'; end $$;\n\
     select 'it\\'' as note; drop table public.kept; --';\n",
    "do $$ begin execute 'set local client_' || 'encoding = latin1'; end $$;\ndrop table public.kept;\n",
    "select set_config('backslash_' || 'quote', 'on', false);\ndrop table public.kept;\n",
    "do $$ begin execute 'set transform_null' || '_equals = on'; end $$;\ndelete from public.kept where id = null;\n",
    "-- One by one.\n-- transaction: none because each commits\n\
     select set_config('standard_conforming' || '_strings', 'off', false);\ndrop table public.kept;\n",
];

#[test]
fn a_setting_that_changes_how_texts_are_read_ends_the_run_and_nothing_remains() {
    on_runtime(async {
        let bench = Bench::new("reading").await;
        bench
            .client
            .batch_execute("create table public.kept (id int); insert into public.kept values (null)")
            .await
            .unwrap();
        for text in HIDDEN {
            let view = bench.run(&[("20260101000000_hidden.sql", text)]).await;
            assert_eq!(view.state, RunState::Failed, "{text}");
            assert!(view.summary.contains("decides how the server reads"), "{}", view.summary);
            assert_eq!(bench.ask("select count(*) from public.kept where id is null").await, "1", "{text}");
            assert_eq!(bench.versions().await, [""; 0]);
        }
    });
}

#[test]
fn defaults_of_role_and_database_do_not_change_how_texts_are_read() {
    on_runtime(async {
        let bench = Bench::new("defaults").await;
        let strange = "alter database runs_defaults set standard_conforming_strings = off; \
                       alter database runs_defaults set backslash_quote = on; \
                       alter database runs_defaults set transform_null_equals = on; \
                       create table public.kept ()";
        bench.client.batch_execute(strange).await.unwrap();
        let text = "reset standard_conforming_strings;\nreset all;\nset standard_conforming_strings to default;\n\
                    create table public.seen as select 'it\\' as note, null = null as same;\n\
                    discard all;\nselect 'it\\'; select 'drop table public.kept; --';\n";
        let view = bench.run(&[("20260101000000_strange.sql", text)]).await;
        assert_eq!(view.state, RunState::Done, "{}", view.summary);
        assert_eq!(bench.ask("select note || (same is null) from public.seen").await, "it\\true");
        assert_eq!(bench.ask("select to_regclass('public.kept') is not null").await, "true");
    });
}
