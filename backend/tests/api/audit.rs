//! The audit log holds, and nobody else sees the studio's tables.

use serde_json::json;
use studio_backend::{
    engine::Zone,
    services::audit::{Kept, Verdict, verify},
};
use tokio_postgres::Client;

use crate::harness::World;

/// The SQLSTATE that a statement is refused with.
async fn refusal(client: &Client, sql: &str) -> String {
    let Err(refused) = client.batch_execute(sql).await else { panic!("not refused: {sql}") };
    refused.code().map(|code| code.code().to_owned()).unwrap()
}

async fn verdict(world: &World) -> Verdict {
    verify(&world.state.studio, Kept::default(), |_| {}).await.unwrap()
}

#[tokio::test]
async fn the_chain_holds_and_shows_every_tampering() {
    let world = World::new().await;
    let owner = world.owner().await;
    for name in ["Ann", "Bo\nb\u{1F600}", "C:2,d"] {
        owner.open("20250802000000_a.sql", &format!("select '{name}';")).await;
    }
    owner.put("/api/policy", json!({ "four_eyes": true, "required": 2 })).await;
    let intact = verdict(&world).await;
    let Verdict::Intact { rows: 5, kept: 0, .. } = &intact else { panic!("{intact}") };
    assert!(
        intact.to_string().contains("5 entries") && intact.to_string().contains("no head kept elsewhere")
    );
    let database = world.studio_database().await;
    for (tamper, seq) in [
        ("update studio.audit set text = 'x' where seq = 2", 2),
        ("update studio.audit set person = null where seq = 3", 3),
        ("delete from studio.audit where seq = 4", 4),
        ("delete from studio.audit where seq = 5", 5),
    ] {
        let disarmed = format!(
            "begin; alter table studio.audit disable trigger append_only; {tamper};
             alter table studio.audit enable trigger append_only; commit"
        );
        database.batch_execute("create table public.kept as table studio.audit").await.unwrap();
        database.batch_execute(&disarmed).await.unwrap();
        assert_eq!(verdict(&world).await, Verdict::Broken { seq }, "{tamper}");
        let restore = "begin; alter table studio.audit disable trigger user; delete from studio.audit;
                       insert into studio.audit table public.kept;
                       alter table studio.audit enable trigger user; drop table public.kept; commit";
        database.batch_execute(restore).await.unwrap();
    }
    assert_eq!(verdict(&world).await, intact);
}

#[tokio::test]
async fn entries_of_an_older_form_hold_and_cannot_pass_for_newer_ones() {
    let world = World::new().await;
    let database = world.studio_database().await;
    let form = |file: &str| {
        let from = file.find("function studio.chain_audit").unwrap();
        let until = from + file[from..].find("\n$$;").unwrap();
        format!("create or replace {}\n$$;", &file[from..until])
    };
    let [older, newer] = [
        include_str!("../../src/schema/40_audit.sql"),
        include_str!("../../src/schema/60_audit_context.sql"),
    ];
    database.batch_execute(&form(older)).await.unwrap();
    let insert =
        "insert into studio.audit (person, action, text) values ('p', 'opened', 'x: 1,2'), (null, 'a', '')";
    database.batch_execute(insert).await.unwrap();
    database.batch_execute(&form(newer)).await.unwrap();
    world.owner().await;
    let Verdict::Intact { rows: 3, .. } = verdict(&world).await else { panic!("broken") };
    let forms =
        database.query_one("select array_agg(form order by seq) from studio.audit", &[]).await.unwrap();
    assert_eq!(forms.get::<_, Vec<i16>>(0), [1, 1, 2]);
    for (tamper, seq) in
        [("form = 2 where seq = 1", 1), ("name = 'Ann' where seq = 2", 2), ("form = 1 where seq = 3", 3)]
    {
        let disarmed = format!(
            "alter table studio.audit disable trigger user; create table public.kept as table studio.audit;
             update studio.audit set {tamper}"
        );
        database.batch_execute(&disarmed).await.unwrap();
        assert_eq!(verdict(&world).await, Verdict::Broken { seq }, "{tamper}");
        let restore =
            "delete from studio.audit; insert into studio.audit table public.kept; drop table public.kept";
        database.batch_execute(restore).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_rewrites_the_log() {
    let world = World::new().await;
    world.owner().await;
    let database = world.studio_database().await;
    let server = world.state.studio.client().await.unwrap();
    for sql in ["update studio.audit set text = 'x'", "delete from studio.audit", "truncate studio.audit"] {
        assert_eq!(refusal(&database, sql).await, "42501", "the owner: {sql}");
        assert_eq!(refusal(&server, sql).await, "42501", "the server: {sql}");
    }
    for sql in [
        "update studio.audit_head set seq = 0",
        "update studio.blobs set bytes = ''",
        "delete from studio.approvals",
    ] {
        assert_eq!(refusal(&server, sql).await, "42501", "{sql}");
    }
}

#[tokio::test]
async fn api_roles_of_the_same_database_see_nothing() {
    let world = World::new().await;
    world.owner().await;
    let name = world.studio_database().await.query_one("select current_database()::text", &[]).await.unwrap();
    let database = world.superuser(Zone::State, name.get(0)).await;
    let tables = "select relname::text, relrowsecurity from pg_class
                  where relnamespace = 'studio'::regnamespace and relkind = 'r'";
    let tables = database.query(tables, &[]).await.unwrap();
    assert!(tables.len() > 10);
    for role in ["anon", "authenticated", "service_role"] {
        let make =
            format!("do $$ begin create role {role}; exception when duplicate_object then null; end $$");
        database.batch_execute(&make).await.unwrap();
        for table in &tables {
            let (name, secured): (String, bool) = (table.get(0), table.get(1));
            assert!(secured, "{name} has no row level security");
            let look = format!("begin; set local role {role}; select from studio.{name}");
            assert_eq!(refusal(&database, &look).await, "42501", "{role} {name}");
            database.batch_execute("rollback").await.unwrap();
        }
    }
}
