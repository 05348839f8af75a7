//! What the last of several statements locks, in the light of those before it.

use std::collections::BTreeSet;

use crate::plan::{plan, tests::set};

/// What the plan of the last file says of its statements' work: `t rewrites`, `t scans?`, `t`.
fn works(files: &[(&str, &str)]) -> String {
    let set = set(files);
    let plan = plan(&set, &[files[files.len() - 1].0], &BTreeSet::new());
    let segments = plan.files.iter().flat_map(|file| &file.segments);
    let locks = segments.flat_map(|segment| &segment.statements).flat_map(|statement| &statement.locks);
    let words = locks.map(|lock| {
        let work = match (lock.rewrites, lock.scans) {
            (true, _) => " rewrites",
            (_, true) => " scans",
            _ => "",
        };
        format!("{}{work}{}", lock.subject().replace("public.", ""), if lock.certain { "" } else { "?" })
    });
    words.collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(before: &str, statement: &str, expected: &str) {
    assert_eq!(works(&[("1_a.sql", before), ("2_b.sql", statement)]), expected, "{before} {statement}");
}

const UNKNOWN: &str = "t rewrites?";

#[test]
fn a_column_has_the_last_type_before_the_statement() {
    let text = "alter table t alter a type text";
    check("create table t (a varchar(3));", text, "t");
    check("create table t (a int);", text, "t rewrites");
    check("create table t (); alter table t add a varchar(3);", text, "t");
    check("create table t (a int); alter table t alter a type varchar(3);", text, "t");
    check("create table t (a varchar(3)); alter table t alter a type int using 1;", text, "t rewrites");
    check("create table t (a int, b varchar); alter table t drop a; alter table t rename b to a;", text, "t");
    check("create table t (a int); drop table t; create table t (a varchar);", text, "t");
    check("create table t (a varchar); create table if not exists t (a int);", text, "t");
    check("create table t (a varchar); alter table t add column if not exists a int;", text, "t");
    check("create table u (a varchar); alter table u rename to t;", text, "t");
    check("create table app.t (a varchar); alter table app.t set schema public;", text, "t");
    check("create table s (a varchar); create table t () inherits (s);", text, "t");
    check("do $$ begin create table t (a varchar); end $$;", text, "t");
    check("create table t (a varchar); alter table t inherit t;", text, "t");
    check("create table t (n int, a int generated always as (n) virtual);", text, UNKNOWN);
    let nested = format!("{text} using {}a{}", "(".repeat(9999), ")".repeat(9999));
    check("create table t (a varchar);", &nested, UNKNOWN);
    check("create table \"T\" (a int); create table t (a varchar);", text, "t");
    check("", text, "t rewrites?, the tables t refers to scans?, the tables that refer to t scans?");
    check("create table t (b int);", text, UNKNOWN);
    check("create table t as select 1 as a;", text, UNKNOWN);
    check("create table t (a app.unheard_of);", text, "t rewrites?");
    check("create temp table t (a varchar);", text, UNKNOWN);
    let branch = "do $$ begin if x() then alter table t alter a type int; end if; end $$;";
    check(&format!("create table t (a varchar); {branch}"), text, UNKNOWN);
    assert_eq!(works(&[("1_a.sql", "create table t (a int);"), ("0_b.sql", text)]), UNKNOWN);
}

#[test]
fn files_that_go_back_find_all_that_was_made() {
    let files =
        [("1_a.sql", "create table t (a int);"), ("2_b.sql", "alter table t alter a type varchar(9);")];
    let back = "alter table t alter a type int using a::int";
    assert_eq!(works(&[files[0], files[1], ("rollback/b.sql", back)]), "t rewrites");
    let only_longer = "alter table t alter a type varchar(12)";
    assert_eq!(works(&[files[0], files[1], ("rollback/b.sql", only_longer)]), "t");
}

/// A text that may run again asks first, and the file that makes the table may have both names already.
#[test]
fn a_column_keeps_its_type_where_another_cannot_take_its_name() {
    let rename = "alter table t rename b to a;";
    let branch = format!("do $$ begin if x() then {rename} end if; end $$;");
    for between in [rename, &branch] {
        let before = format!("create table t (a numeric(10, 2), b text); {between}");
        let longer = works(&[("1_a.sql", &before), ("2_b.sql", "alter table t alter a type numeric(12, 2)")]);
        assert!(["t", "t scans?"].contains(&longer.as_str()), "{between} {longer}");
        check(&before, "alter table t alter a type numeric(12, 3)", "t rewrites");
    }
}

#[test]
fn a_type_that_gets_another_name_is_no_other_type_with_a_similar_name() {
    let types = "create type mood as enum ('a'); create type moody as enum ('b');
        create table t (a moody, b MOOD); alter type mood rename to humour;";
    check(types, "alter table t alter a type moody", "t");
    check(types, "alter table t alter b type mood", UNKNOWN);
}

#[test]
fn indexes_and_constraints_come_and_go() {
    let longer = "alter table t alter a type varchar(9)";
    let with = |uses: &str| format!("create table t (id int, a varchar(3), b int); {uses}");
    for (uses, expected) in [
        ("create index i on t (lower(a));", "t scans"),
        ("create index i on t (lower(a)); drop index i;", "t"),
        ("create index on t (lower(a)); drop index t_lower_idx;", "t scans?"),
        ("create index i on t (lower(a)); drop index concurrently if exists i, j;", "t"),
        ("create index i on t (lower(a)); alter index i rename to j; drop index j;", "t"),
        (
            "create index i on t (lower(a)); alter index i rename to j; create index i on t (b); drop index i;",
            "t scans",
        ),
        ("create index i on t (b) where a is not null;", "t scans"),
        ("create index i on t (b) where b > 0 and 'a' <> '';", "t"),
        ("alter table t add constraint c check (a <> '');", "t scans"),
        ("alter table t add constraint c check (a <> ''); alter table t drop constraint c;", "t"),
        ("alter table t add check (a <> ''); alter table t drop constraint t_a_check;", "t scans?"),
        (
            "alter table t add constraint c check (a <> ''); alter table t rename constraint c to d;
          alter table t drop constraint d;",
            "t",
        ),
        ("alter table t add constraint c check (b::a is null and a(b) and a.b is null);", "t"),
        // What was called `a` when it was written is now another column.
        (
            "alter table t add check (a <> ''); alter table t rename a to z; alter table t add a varchar(3);",
            "t",
        ),
        (
            "alter table t rename a to z; alter table t rename z to a; alter table t add check (a <> '');",
            "t scans",
        ),
        ("alter table t add check (a <> ''); alter table t drop a; alter table t add a varchar(3);", "t"),
        ("create table u (x varchar(3) references t (a));", "t, u"),
        (
            "alter table t rename a to z; alter table t add primary key (z); alter table t rename z to a;
          create table u (x varchar(3) references t);",
            "t, u",
        ),
        ("create table u (x varchar(3) references t (b));", "t"),
        ("create table u (x varchar(3) references t (a)); drop table u;", "t"),
        ("alter table t add primary key (a); create table u (x varchar references t);", "t, u"),
    ] {
        check(&with(uses), longer, expected);
    }
    let parts = "create table t (id int, a varchar(3)) partition by list (id);
                 create table t_1 partition of t for values in (1);";
    check(parts, longer, "t, t_1");
    check(&format!("{parts} create index on t (a);"), longer, "t scans, t_1 scans");
    check(
        &format!("{parts} alter table t detach partition t_1;"),
        "alter table t_1 alter a type varchar(9)",
        "t_1 scans?",
    );
}

#[test]
fn domains_demand_what_their_statements_have_left() {
    let add = "alter table t add a d";
    let with = |types: &str| format!("create table t (id int); {types}");
    for (types, expected) in [
        ("create domain d as int;", "t"),
        ("create domain d as int check (value > 0);", "t rewrites"),
        ("create domain d as int not null;", "t rewrites"),
        ("create domain c as int not null; create domain d as c;", "t rewrites"),
        ("create domain d as int; alter domain d add check (value > 0);", "t rewrites"),
        ("create domain d as int constraint c check (value > 0); alter domain d drop constraint c;", "t"),
        ("create domain d as int not null; alter domain d drop not null;", "t"),
        ("create domain c as int not null; alter domain c rename to d;", "t rewrites"),
        ("create domain d as int default random();", "t rewrites"),
        ("create domain d as int default 1;", "t"),
        ("create type d as enum ('a');", "t"),
        ("create type d as (a int);", "t"),
        ("create type d as range (subtype = int);", "t"),
        ("create type d as enum ('a'); drop type d;", "t rewrites?"),
        ("create domain d as e;", "t rewrites?"),
        ("create domain d as d;", "t rewrites?"),
        ("", "t rewrites?"),
    ] {
        check(&with(types), add, expected);
    }
}
