//! The migration set as the page gets it.

use studio_kernel::{
    migration::Role,
    run::api::{FileState, FileText, Migrations, Sources, Target},
};

use crate::harness::{TABLE, TABLE_PATH, World};

#[tokio::test]
async fn files_come_as_they_are_in_the_folder_now() {
    let world = World::new().await;
    let owner = world.owner().await;
    let set: Migrations = owner.get("/api/migrations").await.read();
    assert_eq!(set.files.len(), 1);
    assert_eq!((set.files[0].path.as_str(), set.files[0].state), (TABLE_PATH, FileState::Pending));
    let file: FileText = owner.get(&format!("/api/files?path={TABLE_PATH}")).await.read();
    assert_eq!((file.file.text.as_str(), file.state), (TABLE, FileState::Pending));
    std::fs::write(world.folder().join("20250802000000_b.sql"), "select 1;").unwrap();
    let sources: Sources = owner.get("/api/sources").await.read();
    assert_eq!(sources.files.len(), 2);
    let target: Target = owner.get("/api/target").await.read();
    let major = target.server_version.split('.').next().and_then(|major| major.parse().ok());
    assert!(major.is_some() && sources.server == major, "{:?} of {}", sources.server, target.server_version);
    owner.get("/api/files?path=../etc/passwd").await.refused(404, "not-found");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_shown_with_the_reason() {
    let world = World::new().await;
    let owner = world.owner().await;
    std::fs::write(world.folder().join("20250802000000_bad.sql"), b"select '\xff';").unwrap();
    let set: Migrations = owner.get("/api/migrations").await.read();
    let bad = set.files.iter().find(|file| file.path.ends_with("bad.sql")).unwrap();
    assert!(bad.purpose.contains("byte 8 is not UTF-8"), "{}", bad.purpose);
    assert_eq!((bad.role, bad.version.as_deref()), (Role::Feature, Some("20250802000000")));
    owner.get("/api/files?path=20250802000000_bad.sql").await.refused(422, "unreadable-file");
}

#[tokio::test]
async fn the_ledger_tells_the_state() {
    let world = World::new().await;
    let owner = world.owner().await;
    let target = world.target_database().await;
    let ledger = "create schema supabase_migrations;
        create table supabase_migrations.schema_migrations
            (version text primary key, statements text[], name text);
        insert into supabase_migrations.schema_migrations values
            ('20250801000000', array['create table if not exists public.fruit (id bigint primary key)',
                                     '-- note
                                      alter table public.fruit enable row level security;'], 'fruit'),
            ('20250101000000', null, 'gone')";
    target.batch_execute(ledger).await.unwrap();
    let state = async || {
        let set: Migrations = owner.get("/api/migrations").await.read();
        (set.files[0].state, set.without_file)
    };
    let without_file = vec![("20250101000000".to_owned(), "gone".to_owned())];
    assert_eq!(state().await, (FileState::Applied, without_file.clone()));
    std::fs::write(world.folder().join(TABLE_PATH), TABLE.replace("bigint", "integer")).unwrap();
    assert_eq!(state().await, (FileState::Edited, without_file));
}
