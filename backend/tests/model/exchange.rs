//! Two files that are said to commute leave the same database in either order: schema, rights, sequences and rows.

use studio_kernel::{
    graph::{Exchange, graph},
    migration::{MigrationSet, SourceFile},
};

use crate::server::{Database, Server};

const BASE: &str = "
    create role reader; create role writer; create schema s; create schema empty;
    create table public.t (a int primary key, b int, c text);
    create table public.u (a int, t int references public.t);
    create table s.st (a int);
    create table public.numbered (id serial, a int);
    insert into public.t values (1, 10, 'x'), (2, 20, 'y');
    insert into s.st values (1);
    create sequence public.sq start 100;
    create type public.e as enum ('a', 'b');
    create type s.sty as (a int);
    create domain public.d as int;
    create function public.g(int) returns int language sql immutable as 'select $1';
    create function s.sf() returns int language sql as 'select 1';
    create function public.tf() returns trigger language plpgsql as 'begin return new; end';
    create procedure public.p() language sql as 'update public.t set b = b + 1';
    create view public.v as select a, b from public.t;
    create index t_b on public.t (b);
    alter table public.u enable row level security;
    create policy po on public.u to reader using (true);
    create trigger tr before insert on public.t for each row execute function public.tf();";

/// Each changes something of its own, or of another's.
const FILES: [&str; 78] = [
    "create table x (a int)",
    "create table y (a int, t int references t)",
    "create table z (m e, n d, r u)",
    "create table w (a int default later())",
    "create table k (a int default nextval('sq'))",
    "create table l (a int default nextval('sq'))",
    "alter table t add column h int default nextval('sq')",
    "create table s.x ()",
    "create table s2.x ()",
    "create table n (a int)",
    "create type n as enum ('q')",
    "create table y2 (r n)",
    "drop table u",
    "drop table if exists n",
    "drop table if exists x",
    "alter table t add column d int",
    "alter table t add column f text default 'f'",
    "alter table t drop column c",
    "alter table t rename to t9",
    "alter table t rename column b to b9",
    "alter table t alter b type bigint",
    "alter table t alter b set default later()",
    "alter table t add check (later() > 0)",
    "alter table u rename to u9",
    "alter table u disable row level security",
    "alter table u owner to writer",
    "alter table s.st add b int",
    "alter table u set schema empty",
    "alter schema s rename to s2",
    "alter schema empty rename to full_one",
    "drop schema empty",
    "drop schema s cascade",
    "create schema extra",
    "create schema mine authorization fresh",
    "create table extra.x ()",
    "create role fresh",
    "drop role reader",
    "alter role reader rename to reads",
    "alter role writer rename to writes",
    "grant select on t to reader",
    "grant select on t to fresh",
    "grant usage on schema s to reader",
    "revoke all on t from reader",
    "grant execute on function g(int) to writer",
    "create policy p1 on t to reader using (true)",
    "create policy p2 on t to fresh using (a = later())",
    "alter policy po on u to writer",
    "drop policy po on u",
    "create index t_c on t (c)",
    "create index t_g on t (g(b))",
    "drop index t_b",
    "create unique index t_b9 on t (b)",
    "create view v2 as select later() as l",
    "create view v3 as select * from v",
    "create or replace view v as select a, b, 1 as more from t",
    "drop view v",
    "create materialized view m as select count(*) as n from t",
    "create function later() returns int language sql as 'select 1'",
    "create function calls() returns int language sql as 'select later()'",
    "create function waits() returns int language plpgsql as 'begin return later(); end'",
    "create or replace function g(int) returns int language sql immutable as 'select $1 + 1'",
    "drop function s.sf()",
    "create function lt() returns trigger language plpgsql as 'begin new.b := 7; return new; end'",
    "create trigger tr2 before insert on t for each row execute function lt()",
    "drop trigger tr on t",
    "alter type e add value 'z'",
    "alter type e rename to e9",
    "alter domain d set default 3",
    "insert into t values (nextval('sq'), 1)",
    "insert into u values (nextval('public.sq'))",
    "insert into s.st select g(5)",
    "insert into numbered (a) values (1)",
    "update t set b = 1 where a = 1",
    "delete from s.st",
    "alter sequence sq restart with 50",
    "select setval('numbered_id_seq', 40)",
    "call p()",
    "comment on table t is 'x'",
];

/// Everything that two orders may leave differently; without numbers that the server gives.
const STATE: &str = "
    with own as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
    rel as (select c.*, n.nspname from pg_class c join own n on n.oid = relnamespace)
    select jsonb_build_object(
      'schemas', (select jsonb_agg(concat_ws(' ', nspname, nspacl, nspowner::regrole) order by nspname) from pg_namespace where oid in (select oid from own)),
      'relations', (select jsonb_agg(concat_ws(' ', nspname, relname, relkind, relrowsecurity, relacl, relowner::regrole, obj_description(oid, 'pg_class')) order by nspname, relname) from rel),
      'columns', (select jsonb_agg(concat_ws(' ', nspname, relname, attname, attnum, format_type(atttypid, atttypmod), attnotnull, attacl, pg_get_expr(adbin, adrelid)) order by nspname, relname, attnum)
        from rel join pg_attribute on attrelid = rel.oid left join pg_attrdef on (adrelid, adnum) = (attrelid, attnum) where attnum > 0),
      'constraints', (select jsonb_agg(concat_ws(' ', nspname, relname, conname, pg_get_constraintdef(pg_constraint.oid)) order by nspname, relname, conname) from rel join pg_constraint on conrelid = rel.oid),
      'indexes', (select jsonb_agg(pg_get_indexdef(indexrelid) order by pg_get_indexdef(indexrelid)) from pg_index join rel on rel.oid = indrelid),
      'views', (select jsonb_agg(concat_ws(' ', nspname, relname, pg_get_viewdef(oid)) order by nspname, relname) from rel where relkind in ('v', 'm')),
      'routines', (select jsonb_agg(concat_ws(' ', pg_get_functiondef(p.oid), proacl, proowner::regrole) order by p.oid::regprocedure::text) from pg_proc p join own on own.oid = pronamespace),
      'types', (select jsonb_agg(concat_ws(' ', nspname, typname, typtype, typdefault, (select array_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = t.oid)) order by nspname, typname)
        from pg_type t join own on own.oid = typnamespace),
      'policies', (select jsonb_agg(to_jsonb(p) order by schemaname, tablename, policyname) from pg_policies p),
      'triggers', (select jsonb_agg(pg_get_triggerdef(t.oid) order by pg_get_triggerdef(t.oid)) from pg_trigger t where not tgisinternal),
      'roles', (select jsonb_agg(rolname order by rolname) from pg_roles),
      'sequences', (select jsonb_agg(to_jsonb(s) order by schemaname, sequencename) from pg_sequences s),
      'rows', (select jsonb_agg(concat(nspname, relname, query_to_xml(format('select x::text from %I.%I x order by 1', nspname, relname), true, false, '')) order by nspname, relname)
        from rel where relkind in ('r', 'm'))
    )::text";

fn said(left: &str, right: &str) -> Option<Exchange> {
    let files = [("1_base.sql", BASE), ("2_left.sql", left), ("3_right.sql", right)];
    graph(&MigrationSet::new(files.map(SourceFile::from))).exchange("2_left.sql", "3_right.sql")
}

/// What the database is after both, or the word that it took them not.
async fn after(database: &Database, first: &str, second: &str) -> String {
    let client = &database.client;
    let state = match client.batch_execute(&format!("begin; {first}; {second};")).await {
        Ok(()) => client.query_one(STATE, &[]).await.unwrap().get(0),
        Err(_) => "refused".to_owned(),
    };
    client.batch_execute("rollback").await.unwrap();
    // It is the one thing that a rollback does not undo.
    client
        .batch_execute("select setval('sq', 100, false), setval('numbered_id_seq', 1, false)")
        .await
        .unwrap();
    state
}

async fn is_the_same(database: &Database, left: &str, right: &str) -> bool {
    after(database, left, right).await == after(database, right, left).await
}

#[tokio::test]
async fn what_commutes_leaves_the_same_database_in_either_order() {
    let server = Server::start().await;
    let database = server.database("exchange").await;
    database.run(BASE).await.unwrap();
    let (mut same, mut wrong) = (0, Vec::new());
    for (at, left) in FILES.iter().enumerate() {
        for right in &FILES[at + 1..] {
            // Which of them comes first in the set makes no difference to the question.
            if ![said(left, right), said(right, left)].contains(&Some(Exchange::Commutes)) {
                continue;
            }
            match is_the_same(&database, left, right).await {
                true => same += 1,
                false => wrong.push(format!("{left} | {right}")),
            }
        }
    }
    println!("{same} of {} pairs that are said to commute do", same + wrong.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(same > 2_000, "{same} pairs are said to commute");
    server.stop().await;
}

#[tokio::test]
async fn a_pair_that_does_not_commute_is_noticed() {
    let server = Server::start().await;
    let database = server.database("noticed").await;
    database.run(BASE).await.unwrap();
    for (left, right) in [
        ("create table x (m e)", "alter type e rename to e9"),
        ("insert into t values (nextval('sq'), 1)", "insert into u values (nextval('public.sq'))"),
        ("update t set b = 1", "update t set b = 2"),
        ("alter table t add column d int", "alter table t add column f int"),
        ("grant select on t to fresh", "create role fresh"),
    ] {
        assert!(!is_the_same(&database, left, right).await, "{left} | {right}");
    }
    assert!(is_the_same(&database, "create table x ()", "create table y ()").await);
    server.stop().await;
}
