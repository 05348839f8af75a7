//! Who may run which validation on the target.

use std::fs;

use serde_json::json;
use studio_backend::engine::Zone;
use studio_kernel::{review::PersonRole, run::api::RunSummary};

use crate::harness::World;

#[tokio::test]
async fn a_target_role_that_reaches_further_needs_an_operator() {
    let world = World::new().await;
    let owner = world.owner().await;
    // A function of an untrusted language can do anything that the server's process can.
    let reaching = "create language reaching handler plpgsql_call_handler;
                    create function public.reach() returns void language reaching as ''";
    let superuser = world.superuser(Zone::Target, world.state.target.database()).await;
    superuser.batch_execute(reaching).await.unwrap();
    let ann = world.join(&owner, "Ann", PersonRole::Author).await;
    for (path, text) in [
        ("validate/validate_it.sql", "do $$ begin raise notice '✅ one'; end $$;\n"),
        ("tests/test_it.sql", "-- Writes.\n-- role: test\ndo $$ begin raise notice '✅ one'; end $$;\n"),
    ] {
        let file = world.folder().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        let refused = ann.post("/api/validations", json!({ "path": path })).await.refused(409, "role");
        let why = &refused.obstacles[0].message;
        assert!(why.contains("needs the role operator"), "{why}");
        let _: RunSummary = owner.post("/api/validations", json!({ "path": path })).await.read();
    }
}
