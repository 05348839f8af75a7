//! How people come in, and what they may do then.

use futures_util::StreamExt as _;
use secrecy::ExposeSecret;
use serde_json::json;
use studio_backend::services::sign_in;
use studio_kernel::{
    review::PersonRole,
    run::{
        RunEvent, RunEventKind,
        api::{Me, People},
    },
};

use crate::harness::World;

#[tokio::test]
async fn a_sign_in_link_works_once() {
    let world = World::new().await;
    let token = sign_in::owner_link(&world.state.studio).await.unwrap();
    let mut visitor = world.stranger();
    let body = || json!({ "token": token.expose_secret() });
    let first = visitor.post("/api/session", body()).await;
    assert_eq!(first.read::<Me>().person.role, PersonRole::Admin);
    let cookie = first.headers["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    visitor.post("/api/session", body()).await.refused(401, "dead-link");
    visitor.post("/api/session", json!({ "token": "0".repeat(64) })).await.refused(401, "dead-link");
    visitor.get("/api/me").await.refused(401, "not-signed-in");
    visitor.cookie = first.cookie();
    assert_eq!(visitor.get("/api/me").await.read::<Me>().person.name, "Owner");
}

#[tokio::test]
async fn two_who_use_one_link_at_once_are_not_both_let_in() {
    let world = World::new().await;
    let token = sign_in::owner_link(&world.state.studio).await.unwrap();
    let visitor = world.stranger();
    let enter = || visitor.post("/api/session", json!({ "token": token.expose_secret() }));
    let (first, second) = tokio::join!(enter(), enter());
    let let_in = [first, second].iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(let_in, 1);
}

#[tokio::test]
async fn a_sign_in_link_ends_the_older_ones() {
    let world = World::new().await;
    let older = sign_in::owner_link(&world.state.studio).await.unwrap();
    let newer = sign_in::owner_link(&world.state.studio).await.unwrap();
    let visitor = world.stranger();
    let enter = |token: &str| visitor.post("/api/session", json!({ "token": token.to_owned() }));
    enter(older.expose_secret()).await.refused(401, "dead-link");
    enter(newer.expose_secret()).await.read::<Me>();
}

#[tokio::test]
async fn an_invitation_lets_in_the_one_it_names_with_its_role() {
    let world = World::new().await;
    let owner = world.owner().await;
    let token = &world.invite(&owner, " Ann  Lee ", PersonRole::Reviewer).await;
    let people: People = owner.get("/api/people").await.read();
    let [open] = people.invitations.as_slice() else { panic!("{people:?}") };
    assert_eq!((open.name.as_str(), open.role, open.known), ("Ann Lee", PersonRole::Reviewer, false));
    assert_eq!(open.by.as_ref().unwrap().name, "Owner");
    assert!(!owner.get("/api/people").await.text.contains(token), "the link is shown once");
    let visitor = world.stranger();
    let other = json!({ "token": token, "name": "Eve" });
    visitor.post("/api/session", other).await.refused(422, "invalid");
    let joined: Me = visitor.post("/api/session", json!({ "token": token })).await.read();
    assert_eq!((joined.person.name.as_str(), joined.person.role), ("Ann Lee", PersonRole::Reviewer));
    visitor.post("/api/session", json!({ "token": token })).await.refused(401, "dead-link");
    let people: People = owner.get("/api/people").await.read();
    assert_eq!((people.people.len(), people.invitations.len()), (2, 0));
}

#[tokio::test]
async fn a_link_ends_by_itself() {
    let world = World::new().await;
    let owner = world.owner().await;
    let invited = world.invite(&owner, "Ann", PersonRole::Author).await;
    let started = sign_in::owner_link(&world.state.studio).await.unwrap();
    let database = world.studio_database().await;
    let hours = "select (extract(epoch from expires_at - created_at) / 3600)::float8 from studio.invitations
                 where used_at is null order by 1";
    let rows = database.query(hours, &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<f64>>(), [1.0, 7.0 * 24.0]);
    database.execute("update studio.invitations set expires_at = now()", &[]).await.unwrap();
    let visitor = world.stranger();
    for token in [invited.as_str(), started.expose_secret()] {
        visitor.post("/api/session", json!({ "token": token })).await.refused(401, "dead-link");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let world = World::new().await;
    let owner = world.owner().await;
    assert_eq!(owner.ask("DELETE", "/api/session", None).await.status, 204);
    owner.get("/api/me").await.refused(401, "not-signed-in");
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let world = World::new().await;
    let owner = world.owner().await;
    let client = world.state.studio.client().await.unwrap();
    let age = "update studio.sessions set seen_at = now() - interval '4 days'";
    client.execute(age, &[]).await.unwrap();
    owner.get("/api/me").await.refused(401, "not-signed-in");
    let age = "update studio.sessions set seen_at = now(), expires_at = now()";
    client.execute(age, &[]).await.unwrap();
    owner.get("/api/me").await.refused(401, "not-signed-in");
}

#[tokio::test]
async fn every_write_needs_its_role() {
    let world = World::new().await;
    let owner = world.owner().await;
    let author = world.join(&owner, "Ann", PersonRole::Author).await;
    let reviewer = world.join(&owner, "Bob", PersonRole::Reviewer).await;
    let change = author.open("20250802000000_a.sql", "select 1;").await;
    author.decide(&change, "approve").await.refused(403, "role");
    let run = json!({ "expected_digest": change.digest, "idempotency_key": "a-key-of-16-char" });
    reviewer.post(&format!("/api/changes/{}/runs", change.id), run).await.refused(403, "role");
    for visitor in [&author, &reviewer] {
        visitor
            .post("/api/invitations", json!({ "name": "Eve", "role": "admin" }))
            .await
            .refused(403, "role");
        visitor.put("/api/policy", json!({ "four_eyes": false, "required": 1 })).await.refused(403, "role");
        let id = visitor.get("/api/me").await.read::<Me>().person.id;
        visitor.put(&format!("/api/people/{id}"), json!({ "role": "admin" })).await.refused(403, "role");
    }
    let unsigned = world.stranger();
    for path in ["me", "people", "target", "migrations", "sources", "changes", "rules", "changes/1"] {
        unsigned.get(&format!("/api/{path}")).await.refused(401, "not-signed-in");
    }
}

#[tokio::test]
async fn somebody_remains_admin() {
    let world = World::new().await;
    let owner = world.owner().await;
    let me: Me = owner.get("/api/me").await.read();
    let path = format!("/api/people/{}", me.person.id);
    owner.put(&path, json!({ "role": "author" })).await.refused(409, "last-admin");
    let other = world.join(&owner, "Ann", PersonRole::Admin).await;
    let people: People = owner.put(&path, json!({ "role": "author" })).await.read();
    assert_eq!(people.people.len(), 2);
    owner.post("/api/invitations", json!({ "name": "Eve", "role": "author" })).await.refused(403, "role");
    world.invite(&other, "Eve", PersonRole::Author).await;
}

#[tokio::test]
async fn people_name_themselves() {
    let world = World::new().await;
    let owner = world.owner().await;
    let me: Me = owner.put("/api/me", json!({ "name": " Zoë <b> " })).await.read();
    assert_eq!(me.person.name, "Zoë <b>");
    owner.put("/api/me", json!({ "name": "x".repeat(81) })).await.refused(422, "invalid");
}

#[tokio::test]
async fn a_stream_of_events_ends_with_its_session() {
    let world = World::new().await;
    let owner = world.owner().await;
    let database = world.studio_database().await;
    let run = "insert into studio.runs (id, kind, state, title, target, person)
               select 'run', 'apply', 'running', 'r', 't', id from studio.people;
               insert into studio.run_events values ('run', 2, %s)";
    let event = |seq: u64, by: &str| {
        let kind = RunEventKind::Cancelling { by: by.to_owned() };
        let event = RunEvent { seq, at: String::new(), kind };
        format!("'{}'", serde_json::to_string(&event).unwrap())
    };
    database.batch_execute(&run.replace("%s", &event(2, "before"))).await.unwrap();
    let mut stream = owner.stream("/api/runs/run/events").await;
    let first = stream.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("before"), "{first:?}");
    assert_eq!(owner.ask("DELETE", "/api/session", None).await.status, 204);
    let later = format!("insert into studio.run_events values ('run', 3, {})", event(3, "after"));
    database.batch_execute(&later).await.unwrap();
    assert!(stream.next().await.is_none());
}
