//! Texts of one kind each: statements behind one another. As in `kinds`, they need not run.

use super::kinds::{Kind, each, list, statements, table};

/// Statements of one kind behind one another.
pub(crate) const STATEMENTS: &[Kind] = &[
    ("create table", |n| {
        statements(n, "create table t# (id serial primary key, a int unique references t000000)")
    }),
    ("create table in a schema", |n| statements(n, "create table s#.t (a int)")),
    ("create table in a chain", |n| {
        list(n, ";\n", |i| format!("create table t{i:06} (id int references t{:06})", i.saturating_sub(1)))
            + ";"
    }),
    ("create the same table", |n| statements(n, "create table if not exists t (a int)")),
    ("create and drop the same table", |n| statements(n, "drop table if exists t; create table t (a int)")),
    ("create table quoted", |n| statements(n, "create table \"T ä#\" (\"A\" int)")),
    ("create temporary table", |n| statements(n, "create temporary table t# (a int)")),
    ("create partition", |n| {
        "create table p (a int) partition by list (a);\n".to_owned()
            + &statements(n, "create table p# partition of p for values in (#)")
    }),
    ("attach partition", |n| {
        "create table p (a int) partition by list (a);\n".to_owned()
            + &statements(n, "create table p# (a int); alter table p attach partition p# for values in (#)")
    }),
    ("detach partition", |n| {
        "create table p (a int) partition by list (a);\n".to_owned()
            + &statements(n, "create table p# partition of p for values in (#)")
            + &statements(n, "alter table p detach partition p#")
    }),
    ("drop partition", |n| {
        "create table p (a int) partition by list (a);\n".to_owned()
            + &statements(n, "create table p# partition of p for values in (#)")
            + &statements(n, "drop table p#")
    }),
    ("alter table add column", |n| {
        "create table t ();\n".to_owned() + &statements(n, "alter table t add column c# int")
    }),
    ("alter unknown table add column", |n| statements(n, "alter table t# add column c int")),
    ("alter table add constraint", |n| statements(n, "alter table t add constraint k# check (a > 0)")),
    ("alter table add foreign key", |n| statements(n, "alter table t# add foreign key (a) references t (a)")),
    ("alter table drop constraint", |n| {
        statements(n, "alter table t add constraint k# check (a > 0); alter table t drop constraint k#")
    }),
    ("alter table set type", |n| table(n) + &statements(n, "alter table t alter column c# type bigint")),
    ("alter table set type of unknown", |n| statements(n, "alter table t alter column c# type bigint")),
    ("alter table set not null", |n| table(n) + &statements(n, "alter table t alter column c# set not null")),
    ("alter table rename", |n| statements(n, "create table t# (a int); alter table t# rename to u#")),
    ("alter table rename to and fro", |n| {
        "create table t (a int);".to_owned()
            + &statements(n, "alter table t rename to u; alter table u rename to t")
    }),
    ("alter table rename column", |n| table(n) + &statements(n, "alter table t rename column c# to d#")),
    ("alter table rename one column", |n| {
        "create table t (c000000 int);".to_owned()
            + &list(n, ";\n", |i| format!("alter table t rename column c{i:06} to c{:06}", i + 1))
            + ";"
    }),
    ("alter table rename one column with an index", |n| {
        "create table t (c000000 int); create index i on t (c000000);".to_owned()
            + &list(n, ";\n", |i| format!("alter table t rename column c{i:06} to c{:06}", i + 1))
            + ";"
    }),
    ("alter table rename constraint", |n| {
        statements(
            n,
            "alter table t add constraint k# check (a > 0); alter table t rename constraint k# to l#",
        )
    }),
    ("alter table set schema", |n| statements(n, "create table t# (a int); alter table t# set schema s")),
    ("alter table enable row level security", |n| {
        statements(n, "create table t# (a int); alter table t# enable row level security")
    }),
    ("alter table owner", |n| statements(n, "alter table t# owner to r")),
    ("drop column", |n| table(n) + &statements(n, "alter table t drop column c#")),
    ("drop table", |n| statements(n, "create table t# (a int); drop table t#")),
    ("drop unknown table", |n| statements(n, "drop table if exists t#")),
    ("drop referenced table", |n| {
        statements(n, "create table t# (a int); create table u# (a int references t#)")
            + &statements(n, "drop table t# cascade")
    }),
    ("create index", |n| "create table t (a int);".to_owned() + &statements(n, "create index i# on t (a)")),
    ("create index without a name", |n| {
        "create table t (a int);".to_owned() + &statements(n, "create index on t (c#)")
    }),
    ("create index on many", |n| {
        statements(n, "create table t# (a int); create index if not exists t#_i on t# (a)")
    }),
    ("create index concurrently", |n| statements(n, "create index concurrently if not exists i# on t (a)")),
    ("drop index", |n| {
        "create table t (a int);".to_owned() + &statements(n, "create index i# on t (a); drop index i#")
    }),
    ("drop unknown index", |n| {
        statements(n, "create table t# (a int unique); drop index if exists t#_a_key")
    }),
    ("alter index rename", |n| {
        "create table t (a int);".to_owned()
            + &statements(n, "create index i# on t (a); alter index i# rename to j#")
    }),
    ("reindex", |n| statements(n, "create table t# (a int); reindex index i#")),
    ("create view", |n| {
        "create table t (a int);".to_owned() + &statements(n, "create view v# as select a from t")
    }),
    ("create or replace view", |n| {
        "create table t (a int);".to_owned() + &statements(n, "create or replace view v as select a from t")
    }),
    ("create view in a chain", |n| {
        "create table v000000 (a int);".to_owned()
            + &list(n, ";\n", |i| format!("create view v{:06} as select a from v{i:06}", i + 1))
            + ";"
    }),
    ("drop view", |n| statements(n, "create view v# as select 1 as a; drop view v#")),
    ("materialized view", |n| {
        statements(n, "create materialized view v# as select 1 as a; refresh materialized view v#")
    }),
    ("create function", |n| {
        statements(n, "create or replace function f#() returns int language sql as 'select 1'")
    }),
    ("create the same function", |n| {
        statements(n, "create or replace function f() returns int language sql as 'select 1'")
    }),
    ("create function of other arguments", |n| {
        statements(
            n,
            "create type m# as enum ('a'); create function f(a m#) returns int language sql as 'select 1'",
        )
    }),
    ("alter function", |n| {
        statements(n, "create function f#() returns int return 1; alter function f#() set search_path = ''")
    }),
    ("drop function", |n| statements(n, "create function f#() returns int return 1; drop function f#()")),
    ("drop function by its name", |n| {
        statements(n, "create function f(a m#) returns int return 1; drop function f(m#)")
    }),
    ("create trigger", |n| {
        "create table t (a int);".to_owned()
            + &statements(n, "create trigger g# before insert on t execute function f()")
    }),
    ("drop trigger", |n| {
        statements(
            n,
            "drop trigger if exists g# on t; create trigger g# before insert on t execute function f()",
        )
    }),
    ("create policy", |n| {
        "create table t (a int);".to_owned() + &statements(n, "create policy p# on t using (true)")
    }),
    ("drop policy", |n| statements(n, "drop policy if exists p# on t; create policy p# on t using (true)")),
    ("create policy on a table of many columns", |n| {
        table(n) + &statements(n, "create policy p# on t using (c# > 0)")
    }),
    ("policies of roles", |n| {
        "create table t (a int);".to_owned() + &statements(n, "create policy p# on t to r# using (true)")
    }),
    ("drop policies", |n| {
        "create table t (a int);".to_owned()
            + &statements(n, "create policy p# on t using (true)")
            + &statements(n, "drop policy p# on t")
    }),
    ("create index on a partitioned table", |n| {
        "create table t (a int) partition by list (a);\ncreate table p partition of t default;\n".to_owned()
            + &statements(n, "create index i# on t (a, b#)")
    }),
    ("constraints of a partitioned table", |n| {
        "create table t (a int) partition by list (a);\ncreate table p partition of t default;\n".to_owned()
            + &statements(n, "alter table t add constraint k# unique (a, b#)")
    }),
    ("foreign keys of a partitioned table", |n| {
        "create table t (a int) partition by list (a);\ncreate table p partition of t default;\n".to_owned()
            + &statements(n, "alter table t add constraint k# foreign key (a) references q")
    }),
    ("unnamed constraints on one table", |n| table(n) + &statements(n, "alter table t add check (c# > 0)")),
    ("drop role", |n| statements(n, "create role r#; drop role r#")),
    ("rename role", |n| {
        statements(
            n,
            "create table t# (a int); grant select on t# to r; create role r#; alter role r# rename to q#",
        )
    }),
    ("rename schema", |n| {
        statements(n, "create schema s#; create table s#.t (a int); alter schema s# rename to q#")
    }),
    ("drop extension", |n| statements(n, "create extension if not exists e#; drop extension e#")),
    ("drop owned", |n| statements(n, "create table t# (a int); drop owned by r#")),
    ("create rule", |n| statements(n, "create rule r# as on insert to t do nothing")),
    ("create type", |n| statements(n, "create type m# as enum ('a', 'b')")),
    ("create domain", |n| statements(n, "create domain d# as int check (value > 0)")),
    ("create domain in a chain", |n| {
        "create domain d000000 as int;".to_owned()
            + &list(n, ";\n", |i| format!("create domain d{:06} as d{i:06}", i + 1))
            + ";"
    }),
    ("alter type rename", |n| {
        statements(n, "create type m# as enum ('a'); create table t# (a m#)")
            + &statements(n, "alter type m# rename to l#")
    }),
    ("alter type add value", |n| {
        "create type m as enum ('a');".to_owned() + &statements(n, "alter type m add value 'l#'")
    }),
    ("alter type add value before", |n| {
        "create type m as enum ('a');".to_owned() + &statements(n, "alter type m add value 'l#' before 'a'")
    }),
    ("use of added values", |n| statements(n, "alter type m add value 'l#'; insert into t values ('k#')")),
    ("alter type rename value", |n| {
        format!("create type m as enum ({});", each(n, ", ", "'l#'"))
            + &statements(n, "alter type m rename value 'l#' to 'k#'")
    }),
    ("drop type", |n| statements(n, "create type m# as enum ('a'); drop type m#")),
    ("create sequence", |n| statements(n, "create sequence s#")),
    ("owned sequences", |n| {
        "create table t (a int);".to_owned() + &statements(n, "create sequence s# owned by t.a")
    }),
    ("create schema", |n| statements(n, "create schema s#")),
    ("drop schema", |n| statements(n, "create schema s#; create table s#.t (a int); drop schema s# cascade")),
    ("create extension", |n| statements(n, "create extension if not exists e#")),
    ("create role", |n| statements(n, "create role r#; grant r# to postgres")),
    ("create operator", |n| statements(n, "create operator + (function = f#, leftarg = m#, rightarg = m#)")),
    ("create cast", |n| statements(n, "create cast (m# as int) with inout")),
    ("create aggregate", |n| statements(n, "create aggregate a#(int) (sfunc = f, stype = int)")),
    ("create statistics", |n| statements(n, "create statistics s# on a, b from t")),
    ("comment on table", |n| statements(n, "create table t# (a int); comment on table t# is 'x'")),
    ("comment on column", |n| table(n) + &statements(n, "comment on column t.c# is 'x'")),
    ("comment on function", |n| statements(n, "comment on function f#(int) is 'x'")),
    ("grant", |n| statements(n, "create table t# (a int); grant select on t# to r")),
    ("grant on one table", |n| {
        "create table t (a int);".to_owned() + &statements(n, "grant select on t to r#")
    }),
    ("grant on all tables", |n| {
        statements(n, "create table t# (a int)") + "grant select on all tables in schema public to r;"
    }),
    ("default privileges", |n| {
        statements(n, "alter default privileges in schema s# grant select on tables to r")
    }),
    ("insert", |n| statements(n, "insert into t (a) values (#)")),
    ("insert into many", |n| statements(n, "insert into t# (a) select a from u#")),
    ("update", |n| statements(n, "update t set a = # where b = 'x'")),
    ("delete", |n| statements(n, "delete from t where a = #")),
    ("select", |n| statements(n, "select f(#)")),
    ("select into", |n| statements(n, "select 1 as a into t#")),
    ("copy", |n| each(n, "\n", "copy t# from stdin;\n1\t2\n\\.\n")),
    ("set", |n| statements(n, "set search_path = s#; create table t (a int)")),
    ("set local", |n| statements(n, "set local lock_timeout = '1s'")),
    ("reset", |n| statements(n, "reset search_path")),
    ("calls of one procedure", |n| {
        format!("create procedure p() language plpgsql as $$ begin {} end $$;", "null; ".repeat(n))
            + &statements(n, "call p()")
    }),
    ("procedures that call one another", |n| {
        let call = |i: usize| {
            format!(
                "create procedure p{i:06}() language plpgsql as $$ begin call p{:06}(); end $$",
                i.saturating_sub(1)
            )
        };
        list(n, ";\n", call) + ";call p000001();"
    }),
    ("do blocks beside procedures", |n| {
        statements(n, "create procedure p#() language plpgsql as $$ begin null; end $$")
            + &statements(n, "do $$ begin null; end $$")
    }),
    ("call", |n| statements(n, "create procedure p#() language sql as 'select 1'; call p#()")),
    ("transactions", |n| statements(n, "begin; create table t# (a int); commit")),
    ("transactions that are rolled back", |n| statements(n, "begin; create table t# (a int); rollback")),
    ("drops that are rolled back", |n| {
        statements(n, "create table t# (a int); begin; drop table t#; rollback")
    }),
    ("changes of one table that are rolled back", |n| {
        "create table t (a int);begin;".to_owned() + &statements(n, "grant select on t to r#") + "rollback;"
    }),
    ("labels that are rolled back", |n| {
        "create type m as enum ('a');begin;".to_owned()
            + &statements(n, "alter type m add value 'l#'")
            + "rollback;"
    }),
    ("savepoints", |n| {
        "begin;".to_owned() + &statements(n, "savepoint s#; create table t# (a int)") + "commit;"
    }),
    ("savepoints that are rolled back", |n| {
        "begin;".to_owned()
            + &statements(n, "savepoint s; create table t# (a int); rollback to s")
            + "commit;"
    }),
    ("savepoints of one name", |n| {
        "begin;".to_owned() + &statements(n, "savepoint s; drop table t#") + "rollback;"
    }),
    ("begins", |n| statements(n, "begin")),
    ("prepare", |n| statements(n, "prepare s# as select 1; execute s#; deallocate s#")),
    ("cursors", |n| statements(n, "declare c# cursor for select 1; fetch c#; close c#")),
    ("publication", |n| statements(n, "alter publication p add table t#")),
    ("locks", |n| statements(n, "lock table t#")),
    ("unknown statements", |n| statements(n, "flurb the # gnarl")),
    ("nothing but semicolons", |n| ";".repeat(n)),
];
