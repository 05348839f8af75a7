//! The migration set on a database as Supabase hands it out: the plan's locks beside those that each file holds
//! when it is about to commit.

use std::collections::BTreeSet;
use std::path::Path;

use studio_kernel::migration::{MigrationSet, SourceFile};
use studio_kernel::plan::{SegmentKind, plan};
use studio_kernel::sql::lock::{Lock, LockMode};
use tokio_postgres::Client;

use crate::claims::{Claims, World};
use crate::observed::held;
use crate::server::Server;

fn set() -> MigrationSet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let mut files = Vec::new();
    for folder in ["", "rollback/"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".sql") {
                let text = std::fs::read_to_string(root.join(folder).join(&name)).unwrap();
                files.push(SourceFile { path: format!("{folder}{name}"), text });
            }
        }
    }
    MigrationSet::new(files)
}

/// What is wrong with a file's plan.
async fn run(client: &Client, set: &MigrationSet, path: &str, major: u16) -> (usize, Vec<String>) {
    let mut plan = plan(set, &[path], &BTreeSet::new());
    plan.lock_for(set, Some(major));
    assert!(plan.refusals.is_empty(), "{path}: {:?}", plan.refusals);
    let text = &set.get(path).unwrap().text;
    let (mut checked, mut wrong) = (0, Vec::new());
    for segment in &plan.files[0].segments {
        assert_eq!(segment.kind, SegmentKind::Transaction, "{path}");
        let world = World::read(client).await;
        client.batch_execute("begin").await.unwrap();
        for statement in &segment.statements {
            let sql = statement.span.of(text);
            client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{path}: {sql}: {error:?}"));
        }
        let seen = held(client, &world).await;
        client.batch_execute("commit").await.unwrap();
        let locks: Vec<Lock> = segment.statements.iter().flat_map(|one| one.locks.clone()).collect();
        let claims = Claims::of(&world, &locks);
        for (oid, effect) in &seen {
            let claimed = claims.mode(&world, *oid);
            // Rows drag along what their triggers, views and keys touch.
            let dragged = claimed.is_none() && effect.mode <= Some(LockMode::RowExclusive);
            if effect.mode > claimed && !dragged {
                wrong.push(format!(
                    "{path}: {}: {:?} and not {claimed:?}",
                    world.relations[oid].name, effect.mode
                ));
            }
        }
        for (oid, on) in claims.on.iter().filter(|(oid, _)| world.relations.contains_key(oid)) {
            checked += 1;
            let mode = seen.get(oid).and_then(|effect| effect.mode);
            for lock in on.iter().map(|one| &one.lock).filter(|lock| lock.certain && Some(lock.mode) > mode) {
                wrong
                    .push(format!("{path}: {}: only {mode:?}, not {}", world.relations[oid].name, lock.mode));
            }
        }
    }
    (checked, wrong)
}

#[tokio::test]
async fn the_sets_own_plans_say_what_its_files_lock() {
    let server = Server::start().await;
    let client = server.connect_to_supabase().await;
    let set = set();
    let forward = set.files().iter().filter(|file| file.role.is_forward());
    let mut paths: Vec<&str> = forward.map(|file| file.path.as_str()).collect();
    paths.sort_unstable();
    // What was made last is undone first.
    let undo =
        ["template_assignments", "component_hierarchy", "template_injection_schema", "workflow_system"];
    let undo = undo.map(|name| format!("rollback/rollback_{name}.sql"));
    paths.extend(undo.iter().map(String::as_str));
    let (mut checked, mut wrong) = (0, Vec::new());
    for path in &paths {
        let (count, found) = run(&client, &set, path, server.major()).await;
        checked += count;
        wrong.extend(found);
    }
    println!("{} files, {checked} locks on relations that were there before", paths.len());
    assert!(checked > 20, "only {checked} locks were compared");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    server.stop().await;
}
