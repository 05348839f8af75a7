//! What others need: PostgreSQL refuses to drop it, and the model says so; what PostgreSQL drops, the model
//! lets go.

use studio_kernel::{migration::Migration, schema::Schema};

use crate::server::Server;

/// Columns that views need in every way, and columns of the same names that they do not.
const BASE: &str = "
    create table public.a (id int primary key, name text, size int, kept int, note text);
    create table public.b (id int primary key, a_id int, name text, size int, note text, total int);
    create table public.c (id int, size int, extra int);
    create table public.d (id int, size int, other int);
    create function public.rate(int) returns int language sql immutable as 'select $1';
    create type public.mood as enum ('fine');
    create view public.qualified as select x.id, y.name from public.a x join public.b as y on y.a_id = x.id;
    create view public.star as select c.*, b.total from public.c, public.b where b.total > 0;
    create view public.renamed as select id as kept, public.rate(size) as total from public.a;
    create view public.over_view as select kept from public.renamed;
    create view public.counted as select (select count(*) from public.b) as n, 'fine'::public.mood as m;
    create view public.joined as select 1 as one from public.c natural join public.d;
    create materialized view public.stored as select note from public.a where exists (select * from public.d);
    create view public.grows as select id from public.d;
    create or replace view public.grows as select id, other from public.d;
    create or replace view public.star as select c.*, b.total from public.c, public.b where b.size > 0;
    create table public.copy as select id, note from public.b;
    create view public.of_copy as select note from public.copy;
    create role reads; create role guards; create role idle in role reads; create role columns;
    grant select on public.d to reads; grant select (id) on public.c to columns;
    create policy p on public.d to guards using (true);
    create foreign data wrapper wrap; create server far foreign data wrapper wrap; create server near foreign data wrapper wrap;
    create foreign table public.remote (id int) server far;
    create function public.on_ddl() returns event_trigger language plpgsql as 'begin end';
    create function public.twin(int, int) returns boolean language sql as 'select true';
    create function public.cast_it(public.mood) returns int language sql as 'select 1';
    create operator public.=== (leftarg = int, rightarg = int, function = public.twin);
    create cast (public.mood as int) with function public.cast_it(public.mood);
    create event trigger ev on ddl_command_end execute function public.on_ddl();";

/// Runs each statement alone, here and there.
async fn disagreements(statements: &[&str], model_base: &str) -> Vec<String> {
    let server = Server::start().await;
    let database = server.database("refusals").await;
    let read = |text: &str| Migration::read(("1_a.sql", text).into());
    let mut base = Schema::from(&database.snapshot().await);
    base.apply(&read(model_base));
    database.run(BASE).await.unwrap();
    let introspected = Schema::from(&database.snapshot().await);
    let mut wrong = Vec::new();
    for statement in statements {
        let refused = database.client.batch_execute(&format!("begin; {statement}")).await.is_err();
        database.client.batch_execute("rollback").await.unwrap();
        for (whence, schema) in [("folded", &base), ("introspected", &introspected)] {
            let mut schema = schema.clone();
            let before = schema.problems().len();
            schema.apply(&read(statement));
            let said: Vec<String> =
                schema.problems()[before..].iter().map(|one| format!("{} {}", one.kind, one.name)).collect();
            if refused == said.is_empty() {
                wrong.push(format!("{statement} ({whence}): refused {refused}, {said:?}"));
            }
        }
    }
    server.stop().await;
    wrong
}

/// Every column, and what else can be dropped.
fn drops() -> Vec<String> {
    let tables = [
        ("a", "id name size kept note"),
        ("b", "id a_id name size note total"),
        ("c", "id size extra"),
        ("d", "id size other"),
        ("copy", "id note"),
    ];
    let columns = tables.iter().flat_map(|(table, columns)| {
        columns.split(' ').map(move |column| format!("alter table public.{table} drop column {column}"))
    });
    let others = [
        "table public.a",
        "table public.b",
        "table public.c",
        "table public.d",
        "table public.copy",
        "view public.qualified",
        "view public.renamed",
        "view public.over_view",
        "view public.grows",
        "materialized view public.stored",
        "function public.rate(int)",
        "type public.mood",
        "table public.c, public.d cascade",
        "view public.renamed, public.over_view",
        "role reads",
        "role guards",
        "role idle",
        "role columns",
        "foreign data wrapper wrap",
        "foreign data wrapper wrap cascade",
        "server far",
        "server near",
        "function public.on_ddl()",
        "event trigger ev",
        "function public.twin(int, int)",
        "function public.cast_it(public.mood)",
        "operator public.=== (int, int)",
        "cast (public.mood as int)",
    ];
    columns.chain(others.iter().map(|other| format!("drop {other}"))).collect()
}

#[tokio::test]
async fn what_is_needed_is_kept_and_nothing_else() {
    let drops = drops();
    let statements: Vec<&str> = drops.iter().map(String::as_str).collect();
    let wrong = disagreements(&statements, BASE).await;
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), 2 * drops.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_need_that_is_not_modelled_is_noticed() {
    let without = BASE.replace("y.name from", "1 as name from");
    let wrong = disagreements(&["alter table public.b drop column name"], &without).await;
    assert_eq!(wrong.len(), 1, "{wrong:?}");
}
