//! Somebody who asks for too much: everybody else is answered, and runs end right.

use std::time::{Duration, Instant};

use serde_json::json;
use studio_kernel::{
    review::PersonRole,
    run::{
        RunState,
        api::{Run, RunSummary},
    },
};

use crate::harness::{Visitor, World};

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(120);

async fn ended(visitor: &Visitor, run: &str) -> Run {
    let begin = Instant::now();
    loop {
        let answer = visitor.get(&format!("/api/runs/{run}")).await;
        let seen: Run = answer.read();
        if seen.run.ended.is_some() {
            return seen;
        }
        assert!(begin.elapsed() < PATIENCE, "the run does not end: {:?}", seen.run);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_validations_are_refused_and_the_others_take_turns() {
    let world = World::new().await;
    let owner = world.owner().await;
    let author = world.join(&owner, "Ada", PersonRole::Author).await;
    std::fs::create_dir(world.folder().join("validate")).unwrap();
    let text = "do $$ begin perform pg_sleep(0.05); raise notice '✅ fine'; end $$;";
    std::fs::write(world.folder().join("validate/slow.sql"), text).unwrap();
    let wish = json!({ "path": "validate/slow.sql" });
    let asked = (0..130).map(|_| author.post("/api/validations", wish.clone()));
    let answers = futures_util::future::join_all(asked).await;
    let (accepted, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
    assert!(accepted.len() >= 16 && !refused.is_empty(), "{} accepted", accepted.len());
    for answer in refused {
        answer.refused(429, "queue-full");
    }
    // Somebody else's has its place.
    let other = owner.post("/api/validations", wish).await.read::<RunSummary>().id;
    assert_eq!(ended(&owner, &other).await.run.state, RunState::Done);
    for answer in accepted {
        let run = answer.read::<RunSummary>().id;
        assert_eq!(ended(&author, &run).await.run.state, RunState::Done);
    }
}
