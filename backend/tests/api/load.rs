//! Somebody who asks for too much: everybody else is answered, and runs end right.

use std::time::{Duration, Instant};

use serde_json::json;
use studio_kernel::{
    review::{ChangeState, PersonRole},
    run::{
        RunState,
        api::{Change, Changes, Me, People, Run, RunSummary},
    },
};

use crate::harness::{TABLE, Visitor, World};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_lock_of_theirs_keeps_nobody_else_waiting() {
    let world = World::new().await;
    let owner = world.owner().await;
    let author = world.join(&owner, "Ada", PersonRole::Author).await;
    let change = author.open("20250802000000_more.sql", TABLE).await.id;
    let mut holder = world.state.studio.client().await.unwrap();
    let held = holder.transaction().await.unwrap();
    held.execute("select from studio.changes where id = $1 for update", &[&change]).await.unwrap();
    let comments = (0..40).map(|_| {
        let author = author.clone();
        let comment = json!({ "body": "x", "at": null, "reply_to": null });
        tokio::spawn(async move { author.post(&format!("/api/changes/{change}/comments"), comment).await })
    });
    let comments: Vec<_> = comments.collect();
    // Whoever waits for a row holds its tuple meanwhile.
    let waiting = "select count(*) from pg_locks where locktype = 'tuple' \
                   and relation = 'studio.changes'::regclass";
    let begin = Instant::now();
    while held.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(begin.elapsed() < PATIENCE, "no comment waits for the change");
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        owner.get("/api/me").await.read::<Me>();
        owner.get("/api/changes").await.read::<Changes>();
    }
    held.rollback().await.unwrap();
    for comment in comments {
        let answer = comment.await.unwrap();
        assert!(answer.status.is_success() || answer.status.as_u16() == 503, "{}", answer.text);
    }
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_holds_up_nobody_else() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open("20250802000000_more.sql", TABLE).await.id;
    let mut holder = world.studio_database().await;
    let held = holder.transaction().await.unwrap();
    held.execute("select from studio.changes where id = $1 for update", &[&change]).await.unwrap();
    let waiting = "select count(*) from pg_locks where not granted";
    let close = json!({ "state": "closed" });
    let begin = Instant::now();
    {
        let path = format!("/api/changes/{change}/state");
        let mut left = std::pin::pin!(owner.put(&path, close));
        while held.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            assert!(begin.elapsed() < PATIENCE, "nobody waits for the change");
            let answered = tokio::time::timeout(Duration::from_millis(5), &mut left).await;
            assert!(answered.is_err(), "{}", answered.unwrap().text);
        }
    }
    // Every connection there is, and those that are made anew.
    for _ in 0..3 {
        let asked = (0..8).map(|_| async {
            let client = world.state.studio.client().await.unwrap();
            client.query_one("select 1", &[]).await.unwrap();
        });
        tokio::time::timeout(PATIENCE / 4, futures_util::future::join_all(asked)).await.unwrap();
    }
    while held.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(begin.elapsed() < PATIENCE, "the question still waits");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    held.rollback().await.unwrap();
    assert_eq!(owner.change(change).await.state, ChangeState::Open, "what was left behind did nothing");
}

#[tokio::test]
async fn a_change_holds_so_many_statements_and_answers_about_it_are_long_and_right() {
    let world = World::new().await;
    let owner = world.owner().await;
    let path = "20250802000000_rows.sql";
    let wish = |text: String| {
        let files = [json!({ "path": path, "text": text })];
        json!({ "title": "Rows", "description": "", "files": files })
    };
    let refused =
        owner.post("/api/changes", wish("select 1;\n".repeat(100_001))).await.refused(422, "invalid");
    assert!(refused.message.contains("100,001 statements"), "{}", refused.message);
    let change: Change = owner.post("/api/changes", wish("select 1;\n".repeat(20_000))).await.read();
    assert_eq!(change.plan.files[0].segments[0].statements.len(), 20_000);
    // Two at once: the second comes when the first is out.
    let path = format!("/api/changes/{}", change.id);
    let (one, other) = tokio::join!(owner.get(&path), owner.get(&path));
    assert_eq!(one.text, other.text);
    let comment = json!({
        "body": "This one.",
        "at": { "revision": 1, "path": change.plan.files[0].path, "span": { "start": 150_000, "end": 150_001 } },
        "reply_to": null,
    });
    let commented: Change = owner.post(&format!("{path}/comments"), comment).await.read();
    let anchor = commented.comments[0].anchor.as_ref().unwrap();
    assert_eq!((anchor.line, anchor.span.map(|span| span.start)), (Some(15_001), Some(150_000)));
}

#[tokio::test]
async fn what_waits_or_runs_for_somebody_ends_when_they_may_not_do_it_any_more() {
    let world = World::new().await;
    let owner = world.owner().await;
    let ada = world.join(&owner, "Ada", PersonRole::Operator).await;
    let bea = world.join(&owner, "Bea", PersonRole::Operator).await;
    std::fs::create_dir(world.folder().join("validate")).unwrap();
    let text = "do $$ begin perform pg_sleep(300); raise notice '✅ fine'; end $$;";
    std::fs::write(world.folder().join("validate/slow.sql"), text).unwrap();
    let people = owner.get("/api/people").await.read::<People>().people;
    let id = |name: &str| people.iter().find(|person| person.name == name).unwrap().id.clone();
    for (visitor, path, change) in [
        (&ada, format!("/api/people/{}/state", id("Ada")), json!({ "disabled": true })),
        (&bea, format!("/api/people/{}", id("Bea")), json!({ "role": "viewer" })),
    ] {
        let mut runs = Vec::new();
        for _ in 0..4 {
            let wish = json!({ "path": "validate/slow.sql" });
            runs.push(visitor.post("/api/validations", wish).await.read::<RunSummary>().id);
        }
        owner.put(&path, change).await.read::<People>();
        for run in runs {
            let ended = ended(&owner, &run).await.run;
            assert_eq!(ended.state, RunState::Cancelled, "{}", ended.summary);
        }
    }
}

#[tokio::test]
async fn a_change_takes_so_many_comments() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open("20250802000000_more.sql", TABLE).await.id;
    let many = format!(
        "insert into studio.comments (id, change, author, body)
         select 'c' || number, {change}, (select id from studio.people limit 1), 'x'
         from generate_series(1, 1000) as number"
    );
    world.studio_database().await.batch_execute(&many).await.unwrap();
    let one_more = json!({ "body": "x", "at": null, "reply_to": null });
    owner.post(&format!("/api/changes/{change}/comments"), one_more).await.refused(429, "too-many-comments");
}

#[tokio::test]
async fn a_statement_that_is_too_long_to_be_quoted_takes_no_comment() {
    let world = World::new().await;
    let owner = world.owner().await;
    let author = world.join(&owner, "Ada", PersonRole::Author).await;
    let path = "20250802000000_long.sql";
    let long = format!("select 1;\nselect '{}';\n", "x".repeat(40_000));
    let change = author.open(path, &long).await.id;
    let comment = async |start: usize| {
        let span = json!({ "start": start, "end": start + 1 });
        let at = json!({ "revision": 1, "path": path, "span": span });
        let wish = json!({ "body": "x", "at": at, "reply_to": null });
        author.post(&format!("/api/changes/{change}/comments"), wish).await
    };
    comment(0).await.read::<Change>();
    let refused = comment(20).await.refused(422, "invalid");
    assert!(refused.message.contains("takes no comment"), "{}", refused.message);
}
