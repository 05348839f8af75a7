//! Statement forms to kinds and objects, as `studio inspect` prints them.

use studio_kernel::sql::{outline, statement::Statement};

fn show(statement: &Statement) -> String {
    let mut out = statement.kind.to_string();
    for (at, object) in statement.objects.iter().enumerate() {
        let of = object.of.as_ref().map_or(String::new(), |of| format!(" of {of}"));
        let sign = if at == 0 { ": " } else { ", " };
        out += &format!("{sign}{} {} {}{of}", object.role, object.kind, object.name);
    }
    out
}

/// Each form stands before `=>`, what is read behind it.
fn check(forms: &str) {
    let mut wrong = Vec::new();
    for line in forms.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((sql, expected)) = line.split_once(" => ") else {
            panic!("no expectation in: {line}");
        };
        let parsed = outline(sql);
        let found: Vec<String> = parsed.statements.iter().map(show).collect();
        let found = found.join(" | ");
        if found != expected || !parsed.problems.is_empty() {
            wrong.push(format!("{sql}\n  expected {expected}\n  found    {found} {:?}", parsed.problems));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tables() {
    check(
        "
        create table t (a int) => create_table: makes table t
        CREATE TABLE IF NOT EXISTS \"App\".T (a int references p) => create_table: makes table \"App\".t, uses table p
        create temp table t as select * from a join b using (id) => create_table_as: makes table t, uses table a, uses table b
        create table t1 partition of t for values in (1) => create_table: makes table t1, uses table t
        create table t (like base including all) inherits (q, r) => create_table: makes table t, uses table q, uses table r, uses table base
        create foreign table ft (a int) server s => create_foreign_table: makes foreign_table ft, uses server s
        alter table only t add column a int, drop b cascade => alter_table: changes table t, makes column a of t, drops column b of t
        alter table s.t rename to u => alter_table: renames table s.t, makes table s.u
        alter table t rename a to b => alter_table: changes table t, renames column a of t, makes column b of t
        alter table t set schema app => alter_table: renames table t, makes table app.t
        alter table t add constraint c foreign key (a) references p.q (id) not valid => alter_table: changes table t, makes constraint c of t, uses table p.q
        alter table t attach partition t1 default => alter_table: changes table t, uses table t1
        drop table if exists a, b.c cascade => drop_table: drops table a, drops table b.c
        truncate table only a, b cascade => truncate: changes table a, changes table b
        lock table a, b in share mode => lock: uses table a, uses table b
        ",
    );
}
