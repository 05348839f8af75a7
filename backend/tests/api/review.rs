//! A change from its first draft to the gate.

use serde_json::json;
use studio_kernel::{
    review::{FileChange, PersonRole, Stale},
    run::api::{Change, Changes, Migrations, RevisionText},
};

use crate::harness::{Answer, TABLE, TABLE_PATH, Visitor, World};

const PATH: &str = "20250802000000_more.sql";

fn run_codes(change: &Change) -> Vec<&str> {
    change.gate.run.iter().map(|obstacle| obstacle.code.as_str()).collect()
}

async fn start(visitor: &Visitor, change: &Change) -> Answer {
    let wish =
        json!({ "expected_digest": change.digest, "idempotency_key": format!("key-{}", change.digest) });
    visitor.post(&format!("/api/changes/{}/runs", change.id), wish).await
}

#[tokio::test]
async fn a_change_goes_from_draft_to_an_open_gate() {
    let world = World::new().await;
    let owner = world.owner().await;
    owner.put("/api/policy", json!({ "four_eyes": true, "required": 1 })).await;
    let ann = world.join(&owner, "Ann", PersonRole::Operator).await;
    let bob = world.join(&owner, "Bob", PersonRole::Reviewer).await;
    let change = ann.open(TABLE_PATH, &TABLE.replace("bigint", "integer")).await;
    assert_eq!(change.revisions[0].files[0].change, FileChange::Modified);
    assert_eq!(run_codes(&change), ["not-approved"]);
    let set: Migrations = bob.get("/api/migrations").await.read();
    assert_eq!(set.files[0].changes, [change.id]);
    let waiting: Changes = bob.get("/api/changes").await.read();
    assert!(waiting.changes[0].waits_for_me);
    let text = format!("/api/changes/{}/files?revision=1&path={TABLE_PATH}", change.id);
    let text: RevisionText = bob.get(&text).await.read();
    assert_eq!(text.base.as_deref(), Some(TABLE));
    ann.decide(&change, "approve").await.refused(409, "own-change");
    let approved: Change = bob.decide(&change, "approve").await.read();
    assert_eq!(approved.gate.approvals.len(), 1);
    assert!(run_codes(&ann.change(change.id).await).is_empty());
    let listed: Changes = bob.get("/api/changes").await.read();
    assert_eq!((listed.changes[0].approvals, listed.changes[0].waits_for_me), ((1, 1), false));
    let actions: Vec<_> = approved.timeline.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["opened", "approved"]);
}

#[tokio::test]
async fn an_edit_makes_the_approval_stale_and_the_old_digest_useless() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open(PATH, TABLE).await;
    owner.decide(&change, "approve").await.read::<Change>();
    let edited: Change = owner.revise(&change, 1, &format!("{TABLE}select 1;\n")).await.read();
    assert_eq!(edited.gate.approvals[0].stale, Some(Stale::Edited));
    assert_eq!(run_codes(&edited), ["not-approved"]);
    owner.decide(&change, "approve").await.refused(409, "stale-digest");
    start(&owner, &change).await.refused(409, "stale-digest");
    let refused = start(&owner, &edited).await.refused(409, "not-approved");
    assert_eq!(refused.obstacles.len(), 1);
}

#[tokio::test]
async fn an_edit_of_an_older_revision_is_refused() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open(PATH, "select 1;").await;
    owner.revise(&change, 1, "select 2;").await.read::<Change>();
    owner.revise(&change, 1, "select 3;").await.refused(409, "stale-revision");
    let same: Change = owner.revise(&change, 2, "select 2;").await.read();
    assert_eq!(same.revisions.len(), 2, "saving the same text makes no revision");
}

#[tokio::test]
async fn another_policy_makes_approvals_stale() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open(PATH, TABLE).await;
    owner.decide(&change, "approve").await.read::<Change>();
    owner.put("/api/policy", json!({ "four_eyes": false, "required": 2 })).await;
    let change = owner.change(change.id).await;
    assert_eq!(change.gate.approvals[0].stale, Some(Stale::Policy));
    owner.put("/api/policy", json!({ "four_eyes": false, "required": 0 })).await.refused(422, "invalid");
}

#[tokio::test]
async fn a_request_for_changes_blocks_until_its_reviewer_decides_again() {
    let world = World::new().await;
    let owner = world.owner().await;
    let bob = world.join(&owner, "Bob", PersonRole::Reviewer).await;
    let change = owner.open(PATH, TABLE).await;
    bob.decide(&change, "request_changes").await.read::<Change>();
    let approved: Change = owner.decide(&change, "approve").await.read();
    assert_eq!(run_codes(&approved), ["changes-requested"]);
    let asked = async || {
        let listed: Changes = bob.get("/api/changes").await.read();
        listed.changes[0].waits_for_me
    };
    assert!(!asked().await, "it is the author's turn");
    let change: Change = owner.revise(&change, 1, &format!("{TABLE}select 1;\n")).await.read();
    assert!(asked().await, "the author has answered");
    owner.decide(&change, "approve").await.read::<Change>();
    let approved: Change = bob.decide(&change, "approve").await.read();
    assert!(approved.gate.approvals.iter().any(|status| status.stale == Some(Stale::Superseded)));
    assert!(run_codes(&owner.change(change.id).await).is_empty());
}

#[tokio::test]
async fn a_lost_role_takes_its_approvals_along() {
    let world = World::new().await;
    let owner = world.owner().await;
    let bob = world.join(&owner, "Bob", PersonRole::Reviewer).await;
    let change = owner.open(PATH, TABLE).await;
    let approved: Change = bob.decide(&change, "approve").await.read();
    let bob_id = &approved.gate.approvals[0].approval.person.id;
    owner.put(&format!("/api/people/{bob_id}"), json!({ "role": "author" })).await;
    let change = owner.change(change.id).await;
    assert_eq!(change.gate.approvals[0].stale, Some(Stale::Role));
    start(&owner, &change).await.refused(409, "not-approved");
}

#[tokio::test]
async fn what_nobody_sees_is_shown_and_is_an_error_in_a_file() {
    let world = World::new().await;
    let owner = world.owner().await;
    let files = [json!({ "path": PATH, "text": "delete from \"us\u{202e}ers\";\n" })];
    let wish = json!({ "title": "Pay\u{202e}ments", "description": "us\u{200b}ers", "files": files });
    let change: Change = owner.post("/api/changes", wish.clone()).await.read();
    assert_eq!((change.title.as_str(), change.description.as_str()), ("Pay‹U+202E›ments", "us‹U+200B›ers"));
    assert!(change.plan.files[0].segments[0].statements[0].summary.contains("‹U+202E›"), "{:?}", change.plan);
    assert!(
        change.findings.iter().any(|finding| finding.rule == "hidden-character"),
        "{:?}",
        change.findings
    );
    assert!(!change.gate.run.is_empty(), "an error keeps it from running");
    let comment = json!({ "body": "fine\u{2066}", "reply_to": null, "at": null });
    let said: Change = owner.post(&format!("/api/changes/{}/comments", change.id), comment).await.read();
    assert_eq!(said.comments[0].body, "fine‹U+2066›");
    // What is shown of them counts: it is what is stored.
    let long = |least: usize| format!("{}\u{202e}", "x".repeat(least));
    for (title, description) in [(long(195), String::new()), ("fine".to_owned(), long(19_995))] {
        let wish = json!({ "title": title, "description": description, "files": wish["files"] });
        owner.post("/api/changes", wish).await.refused(422, "invalid");
    }
    let comment = json!({ "body": long(9_995), "reply_to": null, "at": null });
    owner.post(&format!("/api/changes/{}/comments", change.id), comment).await.refused(422, "invalid");
}

#[tokio::test]
async fn comments_follow_their_statement() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open(PATH, "select 1;\nselect 2;\n").await;
    let path = format!("/api/changes/{}/comments", change.id);
    let at = json!({ "revision": 1, "path": PATH, "span": { "start": 12, "end": 13 } });
    let change: Change =
        owner.post(&path, json!({ "body": "why?", "reply_to": null, "at": at })).await.read();
    let anchor = change.comments[0].anchor.as_ref().unwrap();
    assert_eq!((anchor.quote.as_str(), anchor.line), ("select 2", Some(2)));
    let reply = json!({ "body": "so", "reply_to": change.comments[0].id, "at": null });
    owner.post(&path, reply).await.read::<Change>();
    let moved: Change = owner.revise(&change, 1, "select 0;\n\n\nselect 1;\nselect 2;\n").await.read();
    assert_eq!(moved.comments[0].anchor.as_ref().unwrap().line, Some(5));
    let gone: Change = owner.revise(&change, 2, "select 1;\n").await.read();
    assert_eq!(gone.comments[0].anchor.as_ref().unwrap().span, None);
    let settle = format!("{path}/{}", gone.comments[0].id);
    let settled: Change = owner.put(&settle, json!({ "resolved": true })).await.read();
    assert!(settled.comments.iter().all(|comment| comment.resolved));
    owner.post(&path, json!({ "body": " ", "reply_to": null, "at": null })).await.refused(422, "invalid");
}

#[tokio::test]
async fn a_closed_change_is_neither_edited_nor_approved() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open(PATH, TABLE).await;
    let state = format!("/api/changes/{}/state", change.id);
    owner.put(&state, json!({ "state": "closed" })).await.read::<Change>();
    owner.revise(&change, 1, "select 1;").await.refused(409, "not-open");
    owner.decide(&change, "approve").await.refused(409, "not-open");
    owner.put(&state, json!({ "state": "applied" })).await.refused(422, "invalid");
    owner.put(&state, json!({ "state": "open" })).await.read::<Change>();
    owner.decide(&change, "approve").await.read::<Change>();
}

#[tokio::test]
async fn texts_are_kept_byte_for_byte_and_wrong_ones_are_refused() {
    let world = World::new().await;
    let owner = world.owner().await;
    let nasty = "-- <script>alert(1)</script>\r\nselect '\u{202e}é';\t";
    let change = owner.open(PATH, nasty).await;
    let text: RevisionText =
        owner.get(&format!("/api/changes/{}/files?revision=1&path={PATH}", change.id)).await.read();
    assert_eq!((text.file.text.as_str(), text.base), (nasty, None));
    let many: Vec<_> = (0..101).map(|n| json!({ "path": format!("{n}.sql"), "text": "" })).collect();
    for files in [
        json!([]),
        json!(many),
        json!([{ "path": "a.sql", "text": "x".repeat((10 << 20) + 1) }]),
        json!([{ "path": "../a.sql", "text": "" }]),
        json!([{ "path": "a.sql", "text": "" }, { "path": "a.sql", "text": "" }]),
        json!([{ "path": "a.sql", "text": "\u{0}" }]),
    ] {
        let wish = json!({ "title": "x", "description": "", "files": files });
        owner.post("/api/changes", wish).await.refused(422, "invalid");
    }
}
