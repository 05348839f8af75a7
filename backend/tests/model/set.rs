//! The real migration set: forward, and each rollback.

use std::path::Path;

use studio_backend::services::folder::Folder;
use studio_kernel::{migration::MigrationSet, schema::Schema};

use crate::{assert_same, server::Server};

async fn set() -> MigrationSet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let snapshot = Folder::new(root).snapshot().await.unwrap();
    assert_eq!(snapshot.unreadable, []);
    snapshot.set.clone()
}

#[tokio::test]
async fn the_set_folds_to_what_the_catalogs_say_after_each_file() {
    let (server, set) = (Server::start().await, set().await);
    let database = server.database("set").await;
    let mut schema = Schema::from(&database.snapshot().await);
    for forward in set.forward_files() {
        // Also rolled back, and made again.
        let rollback = set.triple(&forward.path).and_then(|triple| triple.rollback);
        let again = rollback.map(|_| forward);
        for file in [Some(forward), rollback, again].into_iter().flatten() {
            let mut from_here = Schema::from(&database.snapshot().await);
            database.run(&file.text).await.unwrap();
            let catalogs = database.snapshot().await;
            from_here.apply(file);
            assert_same(&format!("{} on what was there", file.path), &from_here, &catalogs);
            schema.apply(file);
            assert_same(&file.path, &schema, &catalogs);
        }
    }
    let certain: Vec<_> = schema.problems().iter().filter(|problem| !problem.conditional).collect();
    assert!(certain.is_empty(), "{certain:?}");
    assert!(schema.objects().count() > 100, "there is something to compare");
    server.stop().await;
}

/// A file that is applied a second time changes nothing, in the database and in the model.
#[tokio::test]
async fn a_second_time_changes_nothing() {
    let (server, set) = (Server::start().await, set().await);
    let database = server.database("twice").await;
    let mut schema = Schema::from(&database.snapshot().await);
    for file in set.forward_files().chain(set.forward_files()) {
        database.run(&file.text).await.unwrap();
        schema.apply(file);
    }
    assert_same("twice", &schema, &database.snapshot().await);
    server.stop().await;
}
