//! The audit log holds what was done and what was refused, once each, by whom and from where.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, header},
};
use serde_json::json;
use studio_backend::services::audit::{Kept, Verdict, verify};
use studio_kernel::{
    review::PersonRole,
    run::api::{Change, RunSummary},
};
use tokio_postgres::Client;

use crate::harness::{HOST, TABLE, Visitor, World};

const PATH: &str = "20250802000000_more.sql";

/// Action, name, change and text of every entry.
async fn entries(database: &Client) -> Vec<(String, Option<String>, Option<i64>, String)> {
    let all = "select action, name, change, text from studio.audit order by seq";
    let rows = database.query(all, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

/// A request with headers of its own.
async fn raw(visitor: &Visitor, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.header(header::COOKIE, &visitor.cookie).body(Body::empty()).unwrap();
    visitor.send(request).await.status.as_u16()
}

#[tokio::test]
async fn what_is_done_and_what_is_refused_leaves_one_entry_each() {
    let world = World::new().await;
    std::fs::create_dir(world.folder().join("validate")).unwrap();
    std::fs::write(
        world.folder().join("validate/validate_fruit.sql"),
        "select 1;
",
    )
    .unwrap();
    let owner = world.owner().await;
    let ann = world.join(&owner, "Ann", PersonRole::Author).await;
    let bob = world.join(&owner, "Bob", PersonRole::Reviewer).await;
    let database = world.studio_database().await;
    let before = entries(&database).await.len();

    ann.put("/api/me", json!({ "name": "Anne" })).await;
    let change = bob.open(PATH, TABLE).await;
    let (id, path) = (change.id, format!("/api/changes/{}", change.id));
    let remark = json!({ "body": "why?", "reply_to": null, "at": null });
    let change: Change = bob.post(&format!("{path}/comments"), remark).await.read();
    let thread = format!("{path}/comments/{}", change.comments[0].id);
    ann.put(&thread, json!({ "resolved": true })).await.refused(403, "not-yours");
    bob.put(&thread, json!({ "resolved": true })).await.read::<Change>();
    ann.put(&format!("{path}/state"), json!({ "state": "closed" })).await.refused(403, "not-yours");
    ann.decide(&change, "approve").await.refused(403, "role");
    let stale = json!({ "expected_digest": "0".repeat(64), "decision": "approve", "note": "" });
    bob.post(&format!("{path}/approvals"), stale).await.refused(409, "stale-digest");
    let start = json!({ "expected_digest": change.digest, "idempotency_key": "0123456789" });
    owner.post(&format!("{path}/runs"), start).await.refused(409, "not-approved");
    bob.revise(&change, 1, TABLE).await.read::<Change>();
    owner
        .post("/api/validations", json!({ "path": "validate/validate_fruit.sql" }))
        .await
        .read::<RunSummary>();
    let evil = [("host", HOST), ("origin", "http://evil.test")];
    assert_eq!(raw(&owner, "PUT", "/api/policy", &evil).await, 403);
    assert_eq!(raw(&owner, "GET", "/api/me", &[("host", "evil.test")]).await, 421);
    let stranger = world.stranger();
    let guess = json!({ "token": "0".repeat(64) });
    stranger.post("/api/session", guess).await.refused(401, "dead-link");
    ann.ask("DELETE", "/api/session", None).await;
    ann.get("/api/me").await.refused(401, "not-signed-in");

    // None of these is worth an entry.
    stranger.get("/api/me").await.refused(401, "not-signed-in");
    owner.get("/api/changes/999").await.refused(404, "not-found");
    owner.get("/api/runs").await;
    owner.put("/api/me", json!({ "nome": 1 })).await.refused(422, "invalid");

    let (ann, bob, owner) = (Some("Ann"), Some("Bob"), Some("Owner"));
    let change = Some(id);
    let expected = [
        ("renamed", ann, None, "changed their name from Ann to Anne".to_owned()),
        ("opened", bob, change, "opened the change".to_owned()),
        ("commented", bob, change, "commented".to_owned()),
        ("refused", Some("Anne"), change, format!("PUT {thread}: not-yours")),
        ("resolved", bob, change, "resolved a thread".to_owned()),
        ("refused", Some("Anne"), change, format!("PUT {path}/state: not-yours")),
        ("refused", Some("Anne"), change, format!("POST {path}/approvals: role")),
        ("refused", bob, change, format!("POST {path}/approvals: stale-digest")),
        ("refused", owner, change, format!("POST {path}/runs: not-approved")),
        ("accepted", bob, change, format!("POST {path}/revisions: nothing to record")),
        (
            "validation_started",
            owner,
            None,
            format!("started the validation validate/validate_fruit.sql on {}", world.state.target.name()),
        ),
        ("refused", None, None, "PUT /api/policy: cross-site".to_owned()),
        ("refused", None, None, "GET /api/me: other-host".to_owned()),
        ("sign_in_refused", None, None, "POST /api/session: dead-link".to_owned()),
        ("signed_out", Some("Anne"), None, "signed out".to_owned()),
        ("refused", None, None, "GET /api/me: not-signed-in".to_owned()),
    ];
    let found = entries(&database).await.split_off(before);
    let found: Vec<_> = found.iter().map(|(a, b, c, d)| (a.as_str(), b.as_deref(), *c, d.clone())).collect();
    assert_eq!(found, expected);
    assert!(matches!(
        verify(&world.state.studio, Kept::default(), |_| {}).await.unwrap(),
        Verdict::Intact { .. }
    ));
}

#[tokio::test]
async fn an_entry_names_the_address_and_the_session_and_never_the_token() {
    let world = World::new().await;
    let owner = world.owner().await;
    let request = Request::builder().method("PUT").uri("/api/me").header(header::HOST, HOST);
    let request =
        request.header(header::ORIGIN, format!("http://{HOST}")).header(header::COOKIE, &owner.cookie);
    let mut request = request
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{\"name\": \"Cy\"}"))
        .unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 4711))));
    assert_eq!(owner.send(request).await.status, 200);
    let database = world.studio_database().await;
    let all = "select action, address, session, audit::text as whole from studio.audit order by seq";
    let rows = database.query(all, &[]).await.unwrap();
    let [signed_in, renamed] = rows.as_slice() else { panic!("{}", rows.len()) };
    assert_eq!(renamed.get::<_, Option<&str>>("address"), Some("203.0.113.9"));
    let session: &str = renamed.get("session");
    assert_eq!(session.len(), 12);
    assert_eq!(signed_in.get::<_, &str>("session"), session, "a session is followed from its beginning");
    let known = "select count(*) from studio.sessions where encode(id, 'hex') like $1 || '%'";
    assert_eq!(database.query_one(known, &[&session]).await.unwrap().get::<_, i64>(0), 1);
    let (_, token) = owner.cookie.split_once('=').unwrap();
    assert!(rows.iter().all(|row| !row.get::<_, &str>("whole").contains(&token[..12])));
}

#[tokio::test]
async fn being_refused_over_and_over_costs_a_few_entries_and_the_rest_is_counted() {
    let world = World::new().await;
    let owner = world.owner().await;
    let database = world.studio_database().await;
    let refused = "select count(*) from studio.audit where action = 'refused'";
    let count = async || database.query_one(refused, &[]).await.unwrap().get::<_, i64>(0);
    let guess = json!({ "expected_digest": "", "idempotency_key": "" });
    let ann = world.join(&owner, "Ann", PersonRole::Author).await;
    for _ in 0..100 {
        ann.post("/api/changes/1/runs", guess.clone()).await.refused(403, "role");
    }
    assert_eq!(count().await, 20);
    let bob = world.join(&owner, "Bob", PersonRole::Author).await;
    bob.post("/api/changes/1/runs", guess).await.refused(403, "role");
    assert_eq!(count().await, 21, "what one person does leaves out nothing of another");
    world.state.refusals.settle(&world.state.studio).await;
    let (action, name, _, text) = entries(&database).await.pop().unwrap();
    assert_eq!((action.as_str(), name.as_deref()), ("refusals_left_out", Some("Ann")));
    assert_eq!(text, "left out here: 80 more within a minute");
}

#[tokio::test]
async fn a_refusal_is_answered_while_the_log_is_busy_and_recorded_afterwards() {
    let world = World::new().await;
    let owner = world.owner().await;
    let ann = world.join(&owner, "Ann", PersonRole::Author).await;
    let mut database = world.studio_database().await;
    let before = entries(&database).await.len();
    let held = database.transaction().await.unwrap();
    held.execute("select from studio.audit_head for update", &[]).await.unwrap();
    ann.put("/api/policy", json!({ "four_eyes": false, "required": 1 })).await.refused(403, "role");
    assert_eq!(ann.get("/api/me").await.status, 200);
    held.commit().await.unwrap();
    // Whoever writes next comes after it.
    owner.open(PATH, TABLE).await;
    let written = entries(&database).await.split_off(before);
    let actions: Vec<_> = written.iter().map(|(action, ..)| action.as_str()).collect();
    assert_eq!(actions, ["refused", "opened"]);
}
