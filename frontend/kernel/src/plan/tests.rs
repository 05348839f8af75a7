//! Plans of small files, drawn as text: one line per segment.

use std::collections::BTreeSet;

use super::{Plan, plan, preview};
use crate::migration::{MigrationSet, SourceFile};

pub(super) fn set(files: &[(&str, &str)]) -> MigrationSet {
    MigrationSet::new(files.iter().copied().map(SourceFile::from))
}

/// `transaction 0 1 | standalone 2` and the refusals' codes behind `!`.
fn drawn(plan: &Plan) -> String {
    let segments = plan.files.iter().flat_map(|file| &file.segments).map(|segment| {
        let numbers = segment.statements.iter().map(|statement| format!(" {}", statement.index));
        format!("{}{}", segment.kind, numbers.collect::<String>())
    });
    let refusals = plan.refusals.iter().map(|refusal| format!("! {}", refusal.code));
    segments.chain(refusals).collect::<Vec<_>>().join(" | ")
}

#[track_caller]
fn check(path: &str, text: &str, expected: &str) {
    let plan = plan(&set(&[(path, text)]), &[path], &BTreeSet::new());
    assert_eq!(drawn(&plan), expected, "{text}");
}

#[test]
fn neighbours_share_a_transaction() {
    check("1_a.sql", "create table t (); alter table t add a int;", "transaction 0 1");
    check("1_a.sql", "-- nothing\n", "");
}

#[test]
fn what_postgres_refuses_in_a_block_stands_alone() {
    for statement in [
        "create index concurrently i on t (a)",
        "drop index concurrently i",
        "reindex table concurrently t",
        "reindex schema public",
        "vacuum t",
        "alter system set work_mem = '1MB'",
        "create database d",
        "alter table t detach partition p concurrently",
        "cluster",
        "discard all",
        "discard/**/all",
        "do $$ begin commit; end $$",
        "alter database d set tablespace s",
        "create subscription s connection '' publication p",
        "alter subscription s refresh publication",
    ] {
        let text = format!("select 1; {statement}; select 2;");
        check("1_a.sql", &text, "transaction 0 | standalone 1 | transaction 2");
    }
    check("1_a.sql", "select 'vacuum'; -- vacuum\ncreate index i on t (a)", "transaction 0 1");
    for statement in [
        "create subscription s connection 'x' publication p with (connect = off)",
        "create subscription s connection 'x' publication p with (connect = 'FALSE', slot_name = none)",
        "create subscription s connection 'x' publication p with (create_slot=0)",
        "alter subscription s set publication p with (refresh = Off)",
        "discard plans /* not all */",
    ] {
        check("1_a.sql", &format!("begin; {statement}; commit;"), "transaction 1");
    }
}

#[test]
fn the_authors_transactions_are_boundaries_and_keep_the_numbering() {
    let text = "select 0; begin; select 2; select 3; commit; select 5;";
    check("1_a.sql", text, "transaction 0 | transaction 2 3 | transaction 5");
    check("1_a.sql", "begin; commit;", "");
    check("1_a.sql", "begin; select 1; commit and chain; select 3; end", "transaction 1 | transaction 3");
    check(
        "1_a.sql",
        "begin; select 1; commit/**/and -- on\nchain; select 3; end",
        "transaction 1 | transaction 3",
    );
    check("1_a.sql", "begin; select 1; commit and no chain; select 3", "transaction 1 | transaction 3");
}

#[test]
fn unbalanced_transactions_are_refused() {
    check("1_a.sql", "begin; select 1;", "transaction 1 | ! unbalanced-transaction");
    check("1_a.sql", "select 0; commit;", "transaction 0 | ! unbalanced-transaction");
    check("1_a.sql", "begin; begin; commit;", "! unbalanced-transaction");
    check(
        "1_a.sql",
        "begin; select 1; rollback;",
        "transaction 1 | ! unbalanced-transaction | ! unbalanced-transaction",
    );
    check("1_a.sql", "prepare transaction 'x';", "! unbalanced-transaction");
    check("1_a.sql", "commit and chain;", "! unbalanced-transaction");
    check("1_a.sql", "begin; commit and chain;", "! unbalanced-transaction");
    check("1_a.sql", "begin; vacuum; commit;", "! outside-transaction-only");
}

#[test]
fn a_validation_runs_in_one_transaction_that_is_rolled_back() {
    check("validate/a.sql", "begin; select 1; rollback;", "transaction 1");
    check("validate/a.sql", "select 0; vacuum;", "transaction 0 | ! outside-transaction-only");
    check("tests/a.sql", "-- transaction: none\nselect 0; select 1;", "transaction 0 1");
}

#[test]
fn the_header_can_ask_for_no_transaction() {
    let header = "-- A.\n-- transaction: none because it is long\n";
    check("1_a.sql", &format!("{header}select 0; select 1;"), "transaction 0 | transaction 1");
    check("1_a.sql", &format!("{header}begin; select 1; select 2; commit;"), "transaction 1 2");
    check("1_a.sql", &format!("{header}set local a = 1;"), "! inside-transaction-only");
    check("1_a.sql", &format!("{header}call p(); vacuum;"), "standalone 0 | standalone 1");
}

#[test]
fn runners_markers_can_ask_for_no_transaction() {
    for marker in ["-- no-transaction", "-- +goose NO TRANSACTION", "-- migrate:up transaction:false"] {
        check("1_a.sql", &format!("{marker}\nselect 0; select 1;"), "transaction 0 | transaction 1");
    }
    let down = "-- migrate:up\nselect 0; select 1;\n-- migrate:down transaction:false";
    check("1_a.sql", down, "transaction 0 1");
}

#[test]
fn the_way_back_in_the_same_file_is_never_run() {
    for (up, down) in [
        ("-- +goose Up", "-- +goose Down"),
        ("-- migrate:up", "-- migrate:down"),
        ("-- +migrate Up", "-- +migrate Down"),
    ] {
        let text = format!("{up}\ncreate table t (a int);\n{down}\ndrop table t; drop type u;");
        check("1_a.sql", &text, "transaction 0 | ! down-section");
        check("rollback/undo.sql", &text, "transaction 0 | ! no-forward-file | ! down-section");
        let empty = format!("{up}\ncreate table t (a int);\n{down}\n");
        check("1_a.sql", &empty, "transaction 0");
    }
}

#[test]
fn a_call_of_a_procedure_that_commits_stands_alone() {
    let made = "create procedure p() language plpgsql as $$ begin commit; end $$;";
    check("1_a.sql", &format!("{made} call p(); call q();"), "transaction 0 | standalone 1 | transaction 2");
    check(
        "1_a.sql",
        &format!("{made} begin; call p(); commit;"),
        "transaction 0 | ! outside-transaction-only",
    );
    check("1_a.sql", &format!("call p(); {made}"), "transaction 0 1");
}

/// The segments of the last file.
fn cut(files: &[(&str, &str)]) -> String {
    drawn(&plan(&set(files), &[files[files.len() - 1].0], &BTreeSet::new()))
}

#[test]
fn earlier_files_tell_which_procedures_commit() {
    let made = "create procedure p() language plpgsql as $$ begin commit; end $$;";
    let kept = "create or replace procedure p() language plpgsql as $$ begin perform 1; end $$;";
    let other = "create procedure p(n int) language plpgsql as $$ begin perform 1; end $$;";
    let through = "create procedure q() language plpgsql as $$ begin if 1 = 2 then call p(); end if; end $$;";
    let call = ("3_c.sql", "select 0; call p(); select 2;");
    let alone = "transaction 0 | standalone 1 | transaction 2";
    assert_eq!(cut(&[("1_a.sql", made), call]), alone);
    assert_eq!(cut(&[("1_a.sql", made), ("2_b.sql", kept), call]), "transaction 0 1 2");
    assert_eq!(cut(&[("1_a.sql", made), ("2_b.sql", other), call]), alone, "another one of that name");
    assert_eq!(cut(&[("4_d.sql", made), call]), "transaction 0 1 2", "it is made later");
    assert_eq!(cut(&[("1_a.sql", made), ("3_c.sql", "select 0; call public.p(); select 2;")]), alone);
    let block = "select 0; do $$ begin call p(); end $$; select 2;";
    assert_eq!(cut(&[("1_a.sql", made), ("3_c.sql", block)]), alone);
    let calls = [("1_a.sql", made), ("2_b.sql", through), ("3_c.sql", "select 0; call q(); select 2;")];
    assert_eq!(cut(&calls), alone);
    let endless = "create procedure r() language plpgsql as $$ begin call r(); call r(); end $$;";
    assert_eq!(cut(&[("1_a.sql", endless), ("3_c.sql", "call r();")]), "transaction 0");
    let undo = [("1_a.sql", made), ("maintenance/x.sql", "select 0; call p(); select 2;")];
    assert_eq!(cut(&undo), alone);
}

#[test]
fn work_on_each_partition_stands_alone() {
    let made = "create table parts (id int primary key, region text) partition by list (id);
                create table parts_1 partition of parts for values in (1);
                create index on parts (region); create index parts_named on parts (id, region);
                create table plain (id int); create index plain_id on plain (id);";
    for (statement, stands_alone) in [
        ("reindex table parts", true),
        ("reindex (verbose) table public.parts", true),
        ("reindex index parts_named", true),
        ("reindex index parts_region_idx", true),
        ("reindex index parts_pkey", true),
        ("cluster parts using parts_named", true),
        ("reindex table parts_1", false),
        ("reindex index parts_1_region_idx", false),
        ("cluster parts_1 using parts_1_pkey", false),
        ("reindex table plain", false),
        ("reindex index plain_id", false),
        ("cluster plain using plain_id", false),
        ("reindex table stranger", false),
    ] {
        let text = format!("select 0; {statement}; select 2;");
        let expected =
            if stands_alone { "transaction 0 | standalone 1 | transaction 2" } else { "transaction 0 1 2" };
        assert_eq!(cut(&[("1_a.sql", made), ("2_b.sql", &text)]), expected, "{statement}");
    }
}

#[test]
fn modes_that_a_run_does_not_have_are_refused() {
    check(
        "1_a.sql",
        "begin isolation level serializable; select 1; commit;",
        "transaction 1 | ! transaction-mode",
    );
    check("1_a.sql", "start transaction read only; commit;", "! transaction-mode");
    check("1_a.sql", "begin isolation level read committed, read write; select 1; commit;", "transaction 1");
    check("1_a.sql", "begin; set transaction isolation level repeatable read; commit;", "! transaction-mode");
    check("1_a.sql", "set transaction read write; select 1", "transaction 0 1");
    check(
        "1_a.sql",
        "-- A.\n-- transaction: none\nset session characteristics as transaction read only;",
        "transaction 0",
    );
    check(
        "1_a.sql",
        "-- A.\n-- transaction: none\nset constraints all deferred;",
        "! inside-transaction-only",
    );
    check(
        "1_a.sql",
        "-- A.\n-- transaction: none\ndeclare c cursor with hold for select 1;",
        "transaction 0",
    );
}

#[test]
fn a_new_enum_value_is_committed_before_its_use() {
    let add = "alter type mood add value 'fine';";
    check("1_a.sql", &format!("{add} update t set m = 'fine';"), "transaction 0 | transaction 1");
    check("1_a.sql", &format!("{add} update t set m = 'bad';"), "transaction 0 1");
    check("1_a.sql", &format!("{add} select enum_range(null::mood);"), "transaction 0 | transaction 1");
    // Before PostgreSQL 17 that the type itself is new is no help.
    let made = "create type mood as enum ();";
    let text = format!("{made} {add} update t set m = 'fine';");
    check("1_a.sql", &text, "transaction 0 1 | transaction 2");
    check("1_a.sql", &format!("{add} comment on table t is 'fine';"), "transaction 0 1");
    for used in [
        "insert into t values (E'f\\x69ne')",
        "insert into t values ($$fine$$)",
        "select ENUM_LAST(null::mood)",
        "create function f(m mood default 'fine') returns int language plpgsql as $$ begin return 1; end $$",
        "do $$ begin perform 'fine'::mood; end $$",
    ] {
        check("1_a.sql", &format!("{add} {used};"), "transaction 0 | transaction 1");
    }
    let kept = "create function f() returns int language plpgsql as $$ begin perform 'fine'::mood; end $$";
    check("1_a.sql", &format!("{add} {kept};"), "transaction 0 1");
}

#[test]
fn a_literal_that_only_starts_as_a_new_enum_value_does_is_no_use_of_it() {
    let add = "alter type mood add value 'fine'; alter type mood add value 'it''s';";
    for unused in [
        "update t set m = 'finest'",
        "update t set m = 'fine day'",
        "update t set m = 'it'",
        "do $$ begin perform 'it''s not'; end $$",
        "do 'begin perform ''finest''; end'",
    ] {
        check("1_a.sql", &format!("{add} {unused};"), "transaction 0 1 2");
    }
    for used in ["do 'begin perform ''fine''::mood; end'", "do $$ begin perform 'it''s'::mood; end $$"] {
        check("1_a.sql", &format!("{add} {used};"), "transaction 0 1 | transaction 2");
    }
}

#[test]
fn what_must_not_run_is_refused_with_its_place() {
    check("1_a.sql", "\\i other.sql\nselect 1;", "transaction 1 | ! psql-command");
    check("1_a.sql", "select 0; select :'x', 1;", "transaction 0 1 | ! psql-command");
    check("1_a.sql", "drop table :\"x\";", "transaction 0 | ! psql-command");
    check("1_a.sql", "select 0; select * from :t;", "transaction 0 1 | ! psql-command");
    check("1_a.sql", "select a[1:b], a::b, f(a := b), c[:d], ':e' -- :f", "transaction 0");
    check("1_a.sql", "select 0; create table {{ t }} (a int);", "transaction 0 | ! template");
    check("1_a.sql", "select '{{ a }}', $${% b %}$$, '${c}';", "transaction 0");
    check("1_a.sql", "create table ${t} (a int);", "! template");
    check("1_a.sql", "select a::\"char\", b[1:'2'], ':''x', $$:'x'$$, f(a:='x') -- :'x'", "transaction 0");
    check("a.sql", "select 1;", "transaction 0 | ! no-version");
    check("rollback/a.sql", "select 1;", "transaction 0 | ! no-forward-file");
    let broken = plan(&set(&[("1_a.sql", "select (1;")]), &["1_a.sql"], &BTreeSet::new());
    let refusal = &broken.refusals[0];
    assert_eq!((refusal.code.as_str(), refusal.span.map(|span| span.start)), ("syntax-error", Some(7)));
    let missing = plan(&set(&[]), &["1_a.sql"], &BTreeSet::new());
    assert_eq!(drawn(&missing), "! missing-file");
    let twice = set(&[("1_a.sql", "select 1"), ("1_b.sql", "select 2")]);
    assert_eq!(drawn(&plan(&twice, &["1_a.sql"], &BTreeSet::new())), "transaction 0 | ! duplicate-version");
}

#[test]
fn rows_that_only_a_client_could_send_or_take_are_refused() {
    for copy in [
        "copy t from stdin;\n1\n\\.\n",
        "COPY public.t (a, b) FROM STDIN WITH (format csv);\n\\.\n",
        "copy binary t to stdout;",
        "copy (select 'from stdin' from t) to stdout csv;",
    ] {
        check("1_a.sql", &format!("select 0; {copy} select 2;"), "transaction 0 2 | ! client-copy");
    }
    for copy in
        ["copy t from '/data/stdin';", "copy stdin from program 'cat';", "copy (table stdout) to '/x';"]
    {
        check("1_a.sql", copy, "transaction 0");
    }
}

#[test]
fn purposes_follow_roles_and_what_is_applied() {
    let set = set(&[
        ("1_a.sql", "-- rollback: undo_a\nselect 1"),
        ("rollback/undo_a.sql", "select 2"),
        ("validate/a.sql", "select 3"),
        ("maintenance/reset.sql", "select 4"),
    ]);
    let purposes = |paths: &[&str], applied: &[&str]| {
        let applied = applied.iter().map(|version| (*version).to_owned()).collect();
        let plan = plan(&set, paths, &applied);
        plan.files.iter().map(|file| file.purpose.as_str()).collect::<Vec<_>>().join(" ")
    };
    let others = ["rollback/undo_a.sql", "validate/a.sql", "maintenance/reset.sql"];
    assert_eq!(purposes(&["1_a.sql", others[0], others[1]], &[]), "apply keep keep");
    assert_eq!(purposes(&["1_a.sql", others[0]], &["1"]), "keep keep");
    assert_eq!(purposes(&others, &["1"]), "rollback validate maintain");
    let undo = plan(&set, &[others[0]], &BTreeSet::new());
    assert_eq!(undo.files[0].version.as_deref(), Some("1"), "the ledger's row of the forward file");
}

#[test]
fn a_version_that_was_recorded_as_another_file_is_refused() {
    let set = set(&[("1_a.sql", "-- rollback: undo_a\nselect 1"), ("rollback/undo_a.sql", "select 2")]);
    for (name, expected) in [("b", "! other-name"), ("a", ""), ("", "")] {
        let recorded = [("1".to_owned(), name.to_owned())].into();
        let mut known = plan(&set, &["1_a.sql"], &BTreeSet::from(["1".to_owned()]));
        known.refuse_other_names(&set, &recorded);
        assert_eq!(drawn(&known), expected, "{name}");
        let mut undone = plan(&set, &["rollback/undo_a.sql"], &BTreeSet::from(["1".to_owned()]));
        undone.refuse_other_names(&set, &recorded);
        assert_eq!(undone.refusals.is_empty(), expected.is_empty(), "{name}");
    }
}

#[test]
fn statements_have_lines_summaries_and_locks_on_what_existed() {
    let text = "create table t ();\ncreate index i on t (a);\n\nalter table old\n  add a int, drop b;\n\
                do $$ begin create type mood as enum ('a'); end $$;";
    let plan = plan(&set(&[("1_a.sql", text)]), &["1_a.sql"], &BTreeSet::new());
    let statements = &plan.files[0].segments[0].statements;
    let rows: Vec<(usize, &str)> =
        statements.iter().map(|statement| (statement.line, statement.summary.as_str())).collect();
    assert_eq!(
        rows,
        [
            (1, "create table t"),
            (2, "create index i on t"),
            (4, "alter table old: add a int (+1)"),
            (6, "do: create type mood")
        ]
    );
    assert!(statements[1].locks.is_empty(), "the table is new");
}

#[test]
fn a_preview_is_the_plan_but_for_the_bytes_it_means() {
    let text = "create table t (a int);\ncreate index concurrently i on t (a);\n";
    let path = "20250101000000_t.sql";
    let set = set(&[(path, text)]);
    let mut whole = plan(&set, &[path], &BTreeSet::new());
    let sha256 = std::mem::take(&mut whole.files[0].sha256);
    assert_eq!(sha256, crate::migration::sha256_hex(text.as_bytes()));
    assert_eq!(preview(&set, path, None), whole);
}

#[test]
fn another_reading_of_texts_is_refused() {
    check(
        "1_a.sql",
        "set client_encoding = 'UTF8'; set standard_conforming_strings = on;",
        "transaction 0 1",
    );
    let text = "select 1; alter database d set client_encoding = 'SJIS';";
    check("1_a.sql", text, "transaction 0 1 | ! text-setting");
    check("validate/a.sql", "do $$ begin set backslash_quote = on; end $$", "transaction 0 | ! text-setting");
    let plan = plan(&set(&[("1_a.sql", text)]), &["1_a.sql"], &BTreeSet::new());
    assert_eq!(plan.refusals[0].span.unwrap().of(text), "set");
}
