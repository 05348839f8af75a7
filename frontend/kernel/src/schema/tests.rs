//! What the model says beyond what a database could: where things were made, changed and dropped, what is
//! conditional, unknown or wrong. That the objects themselves are right is proved against a real PostgreSQL.

use super::*;
use crate::migration::SourceFile;

fn fold(texts: &[&str]) -> Schema {
    let file = |(at, text): (usize, &&str)| SourceFile::from((format!("{at}.sql"), *text));
    Schema::of(&MigrationSet::new(texts.iter().enumerate().map(file)))
}

fn table(schema: &Schema, name: &str) -> Oid {
    schema.find(ObjectKind::Table, &QualifiedName::from_sql(name)).unwrap()
}

/// `file:statement`, by the text of the statement.
fn shown(place: &Place, texts: &[&str]) -> String {
    let text = texts[place.file.trim_end_matches(".sql").parse::<usize>().unwrap()];
    format!("{} {}", place.file, place.span.of(text))
}

#[test]
fn objects_know_where_they_were_made_changed_and_dropped() {
    let texts = [
        "create table t (a int); create table u ()",
        "alter table t rename to v; alter table v add column b int",
        "drop table u; alter table v drop column a",
    ];
    let schema = fold(&texts);
    let v = schema.get(table(&schema, "v")).unwrap();
    assert_eq!(shown(v.made.as_ref().unwrap(), &texts), "0.sql create table t (a int)");
    let changed: Vec<String> = v.changed.iter().map(|place| shown(place, &texts)).collect();
    assert_eq!(
        changed,
        [
            "1.sql alter table t rename to v",
            "1.sql alter table v add column b int",
            "2.sql alter table v drop column a"
        ]
    );
    let gone: Vec<String> =
        schema.gone().map(|(_, gone)| format!("{} by {}", gone.name, shown(&gone.dropped, &texts))).collect();
    assert_eq!(
        gone,
        ["a on public.v by 2.sql alter table v drop column a", "public.u by 2.sql drop table u"]
    );
}

#[test]
fn what_may_not_have_run_is_conditional() {
    let schema =
        fold(&["do $$ begin create table a (); if x then create table b (); drop table a; end if; end $$;
        create function f() returns void language plpgsql as $$ begin create table never (); end $$"]);
    let b = schema.get(table(&schema, "b")).unwrap();
    assert!(b.conditional);
    let gone: Vec<bool> = schema.gone().map(|(_, gone)| gone.conditional).collect();
    assert_eq!(gone, [true]);
    assert_eq!(schema.find(ObjectKind::Table, &QualifiedName::from_sql("never")), None);
}

/// psql alone knows `\if`; a server never sees it.
#[test]
fn what_psql_may_pass_over_is_conditional() {
    let text = "create table a (x int);\n\\if :new\n\\if :deep\ncreate table b ();\n\\endif\ncreate table c ();\n\\else\n\
        create table c ();\ndrop table a;\n\\endif\n\\endif\ncreate table d (); alter table d add e int, drop f;";
    let schema = fold(&[text]);
    let made = ["b", "c", "d"].map(|name| schema.get(table(&schema, name)).unwrap().conditional);
    assert_eq!(made, [true, true, false]);
    assert_eq!(schema.gone().next().map(|(_, gone)| gone.conditional), Some(true));
    let problems: Vec<_> = schema.problems().iter().map(|problem| problem.name.to_string()).collect();
    assert_eq!(problems, ["f"], "a second table c is no problem");
}

#[test]
fn maintain_comes_with_the_version_that_has_it() {
    for (version, expected) in [(None, true), (Some(16), false), (Some(17), true)] {
        let mut schema = Schema::from(&Snapshot { version, ..Schema::default().snapshot() });
        let text = "create table t (); grant all on t to r";
        schema.apply(&Migration::read(("1.sql", text).into()));
        let grants = &schema.get(table(&schema, "public.t")).unwrap().grants;
        assert_eq!(grants.iter().any(|grant| grant.right == "MAINTAIN"), expected, "{version:?}");
    }
}

#[test]
fn what_is_known_only_at_run_time_is_said() {
    let schema = fold(&["do $$ begin execute a || b; end $$; do $$ begin execute format('drop table %I', a); end $$;
        create function f() returns void language plpgsql as $$ begin execute a; end $$; import foreign schema s from server x into y;
        create schema s create table t (a int)"]);
    assert_eq!(schema.unknown().len(), 3);
}

/// The certain problems of a text, as `kind object name`.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let schema = fold(&[text]);
    let problems = schema.problems().iter().filter(|problem| !problem.conditional);
    let said: Vec<String> = problems
        .map(|problem| {
            let of = problem.of.as_ref().map_or(String::new(), |of| format!(" on {of}"));
            format!("{} {} {}{of} at {}", problem.kind, problem.object, problem.name, problem.span.of(text))
        })
        .collect();
    assert_eq!(said, expected, "{text}");
}

#[test]
fn statements_that_postgres_refuses_are_problems() {
    check("create table t (); create table T ()", &["exists table public.t at T"]);
    check("create view v as select 1; create or replace view v as select 2", &[]);
    check("create table if not exists t (); create table if not exists t ()", &[]);
    check("drop table a, if_not", &["missing table public.a at a", "missing table public.if_not at if_not"]);
    check("drop table if exists a; drop function if exists f(int)", &[]);
    check("create table t (a int); alter table t drop column b", &["missing column b on public.t at b"]);
    check("create table t (); drop policy p on t", &["missing policy p on public.t at p"]);
    check(
        "create function f(int) returns int language sql as ''; drop function f(text)",
        &["missing function public.f at f"],
    );
    check("comment on function f(int) is 'x'", &["missing function public.f at f"]);
    check(
        "create table t (a int primary key); create table u (a int references t); drop table t",
        &["needed constraint u_a_fkey on public.u at drop table t"],
    );
    check("create table t (a int primary key); create table u (a int references t); drop table t, u", &[]);
    check(
        "select * from pg_catalog.pg_class, information_schema.tables, pg_type, elsewhere",
        &["missing table public.elsewhere at elsewhere"],
    );
    check("begin; create table t (); rollback; create table t ()", &[]);
}

#[test]
fn the_search_path_decides_where_things_are() {
    let schema = fold(&[
        "create schema app; set local search_path = app, public; create table t ();",
        "create table t (); set search_path to app; create table u (); select set_config('search_path', 'public', false); create table w ()",
    ]);
    let names: Vec<String> = schema
        .objects()
        .filter(|(_, object)| object.kind == ObjectKind::Table)
        .map(|(oid, _)| schema.full_name(oid))
        .collect();
    assert_eq!(names, ["app.t", "public.t", "app.u", "public.w"]);
}

#[test]
fn tables_do_not_inherit_in_circles() {
    let schema = fold(&["create table a (x int primary key) partition by list (x);
        create table b partition of a for values in (1) partition by list (x);
        alter table b attach partition a for values in (1);
        alter table a attach partition a for values in (2);
        alter table a add unique (x)"]);
    assert_eq!(schema.children(table(&schema, "b")), []);
    assert_eq!(schema.children(table(&schema, "a")), [table(&schema, "b")]);
}

#[test]
fn what_a_parent_has_alone_stays_alone_when_it_gets_more() {
    let names = |text: &str| -> Vec<String> {
        let schema = fold(&[text]);
        let made = schema
            .objects()
            .filter(|(_, object)| matches!(object.kind, ObjectKind::Index | ObjectKind::Constraint));
        made.map(|(oid, _)| schema.full_name(oid)).collect()
    };
    let parted = "create table p (x int, y int) partition by list (x);
        create table c partition of p for values in (1);";
    assert_eq!(
        names(&format!("{parted} create index i on only p (x); create index j on p (y);")),
        ["public.i", "public.j", "public.c_y_idx"]
    );
    let inherited = "create table p (x int); create table c () inherits (p);";
    assert_eq!(
        names(&format!(
            "{inherited} alter table p add constraint a check (x > 0) no inherit;
            alter table p add constraint b check (x > 1);"
        )),
        ["a on public.p", "b on public.p", "b on public.c"]
    );
}

/// A number that was given is not given again, so that what comes later stands behind all others.
#[test]
fn attributes_of_a_type_keep_their_order() {
    let schema = fold(&[
        "create type c as (a int, b int, d int); alter type c drop attribute a;
        alter type c add attribute a text; alter type c drop attribute b; alter type c add attribute b text",
    ]);
    let entries = schema.snapshot().entries;
    let place = |wanted: &str| {
        let found = entries.iter().find(|entry| entry.name.name.as_str() == wanted && entry.of.is_some());
        match found.map(|entry| &entry.shape) {
            Some(Shape::Column { position, .. }) => *position,
            _ => 0,
        }
    };
    assert_eq!(["d", "a", "b"].map(place), [1, 2, 3]);
}

#[test]
fn a_routine_is_found_by_its_own_types_before_those_that_are_called_alike() {
    let schema = fold(&["create function f(other.t) returns int language sql as '';
        create function f(another.t) returns int language sql as ''; drop function f(another.t)"]);
    let gone: Vec<&str> = schema.gone().map(|(_, gone)| gone.name.as_str()).collect();
    assert_eq!(gone, ["public.f(another.t)"]);
}

#[test]
fn a_rollback_takes_all_back() {
    let before = "create schema app; create table t (id serial primary key, a int check (a > 0));
        create view v as select a from t; create table u (t int references t); grant select on t to r;";
    let inside = "drop table t cascade; create table t (b int); alter table u rename to w;
        alter table w set schema app; savepoint s; drop table app.w; create temp table x (); rollback to s;
        create index on t (b); alter default privileges grant select on tables to r; create table y ();";
    let then = "drop view v; alter table t rename a to c; create table y (); create table x ();
        create index on t (c); drop table u; drop table t;";
    let plain = fold(&[before]);
    let undone = fold(&[&format!("{before} begin; {inside} rollback")]);
    assert!(plain.objects().eq(undone.objects()));
    assert_eq!(undone.gone().count(), 0);
    // All is found again, too, by name and by what hangs together.
    let plain = fold(&[&format!("{before} {then}")]);
    let undone = fold(&[&format!("{before} begin; {inside} rollback; {then}")]);
    assert!(plain.snapshot().differences(&undone.snapshot()).is_empty());
    let gone =
        |schema: &Schema| -> Vec<String> { schema.gone().map(|(_, gone)| gone.name.clone()).collect() };
    assert_eq!(gone(&plain), gone(&undone));
    assert_eq!(undone.problems(), []);
}

#[test]
fn what_comes_and_goes_before_a_rollback_was_never_there() {
    let gone =
        |texts: &[&str]| -> Vec<String> { fold(texts).gone().map(|(_, gone)| gone.name.clone()).collect() };
    let inside = "create table t (a int primary key); alter table t add b int; drop table t;
        create role r; drop role r;";
    assert_eq!(gone(&[&format!("begin; {inside} rollback")]), [""; 0]);
    assert_eq!(gone(&[&format!("begin; savepoint s; {inside} rollback to s; commit; rollback")]), [""; 0]);
    // What went before is gone for good, whatever is said of it then.
    let before = "create table t (); drop table t;";
    let on = "drop table if exists t; alter table if exists t add c int; comment on table t is 'x';";
    assert_eq!(gone(&[&format!("{before} begin; {on} {inside} rollback")]), ["public.t"]);
    assert_eq!(
        gone(&["create table t ()", "begin; drop table t; savepoint s; rollback to s; commit"]),
        ["public.t"]
    );
}

#[test]
fn a_savepoint_keeps_what_stands_before_it() {
    let schema = fold(&["begin; create table a (); savepoint s; create table b (); drop table a;
        rollback to s; create table c (); commit; rollback"]);
    let names: Vec<&str> = schema.objects().map(|(_, object)| object.name.as_str()).collect();
    assert_eq!(names, ["public", "a", "c"]);
}
