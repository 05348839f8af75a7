//! An approval holds for one database as it stood, not for whatever has its name.

use studio_backend::engine::Zone;
use studio_kernel::{review::Stale, run::api::Change};
use tokio_postgres::Client;

use crate::harness::{TABLE, TABLE_PATH, Visitor, World};

/// Why the only approval is stale now, and what the gate says about it.
async fn now(visitor: &Visitor, id: i64) -> (Option<Stale>, String) {
    let change = visitor.change(id).await;
    let said = change.gate.run.iter().map(|obstacle| obstacle.message.clone());
    (change.gate.approvals[0].stale, said.collect())
}

async fn execute(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap();
}

#[tokio::test]
async fn another_schema_role_setting_or_database_makes_an_approval_stale() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open(TABLE_PATH, TABLE).await;
    owner.decide(&change, "approve").await.read::<Change>();
    let id = change.id;
    assert_eq!(now(&owner, id).await, (None, String::new()));

    let database = world.target_database().await;
    let name = world.state.target.database();
    let superuser = world.superuser(Zone::Target, "postgres").await;
    execute(&database, "create table public.other (id int)").await;
    let (stale, said) = now(&owner, id).await;
    assert_eq!(stale, Some(Stale::Schema));
    assert!(said.starts_with("The target's schema changed after it was approved"), "{said}");
    let wish = serde_json::json!({ "expected_digest": change.digest, "idempotency_key": "bindings-1" });
    owner.post(&format!("/api/changes/{id}/runs"), wish).await.refused(409, "stale-digest");
    execute(&database, "drop table public.other").await;
    assert_eq!(now(&owner, id).await.0, None, "it is the approved schema again");
    execute(&database, "create schema supabase_migrations; drop schema supabase_migrations").await;
    assert_eq!(now(&owner, id).await.0, None, "the ledger is no part of it");

    for setting in [
        "search_path = evil",
        "\"app.settings.secret\" = 'hush'",
        "default_transaction_isolation = serializable",
    ] {
        execute(&superuser, &format!("alter database {name} set {setting}")).await;
        let (stale, said) = now(&owner, id).await;
        assert_eq!(stale, Some(Stale::Session), "{setting}");
        assert!(said.contains("defaults of its sessions"), "{said}");
        let shown = owner.change(id).await.target;
        let key = setting.split(' ').next().unwrap().trim_matches('"');
        assert!(shown.contains(key) && !shown.contains("hush"), "{shown}");
        execute(&superuser, &format!("alter database {name} reset all")).await;
        assert_eq!(now(&owner, id).await.0, None, "{setting}");
    }

    drop(database);
    execute(&superuser, &format!("drop database {name} with (force)")).await;
    execute(&superuser, &format!("create database {name}")).await;
    let (stale, said) = now(&owner, id).await;
    assert_eq!(stale, Some(Stale::Database));
    assert!(said.starts_with("Another database has the target's name"), "{said}");
}
