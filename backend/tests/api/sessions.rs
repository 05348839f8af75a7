//! Sessions: where one is signed in, and how that ends.

use secrecy::ExposeSecret as _;
use serde_json::json;
use studio_backend::services::sign_in;
use studio_kernel::{
    review::PersonRole,
    run::api::{Me, Sessions},
};

use crate::harness::World;

#[tokio::test]
async fn a_person_sees_their_sessions_and_ends_them() {
    let world = World::new().await;
    let first = world.owner().await;
    let second = world.owner().await;
    let third = world.owner().await;
    let ann = world.join(&first, "Ann", PersonRole::Author).await;
    let own: Sessions = second.get("/api/me/sessions").await.read();
    assert_eq!(own.sessions.len(), 3);
    assert_eq!(own.sessions.iter().filter(|session| session.this).count(), 1);
    let of_ann: Sessions = ann.get("/api/me/sessions").await.read();
    let path = format!("/api/me/sessions/{}", of_ann.sessions[0].id);
    second.ask("DELETE", &path, None).await.refused(404, "not-found");
    let of_third: Sessions = third.get("/api/me/sessions").await.read();
    let of_third = of_third.sessions.iter().find(|session| session.this).unwrap();
    let path = format!("/api/me/sessions/{}", of_third.id);
    let left: Sessions = second.ask("DELETE", &path, None).await.read();
    assert_eq!(left.sessions.len(), 2);
    third.get("/api/me").await.refused(401, "not-signed-in");
    let left: Sessions = second.ask("DELETE", "/api/me/sessions", None).await.read();
    assert!(matches!(left.sessions.as_slice(), [only] if only.this));
    first.get("/api/me").await.refused(401, "not-signed-in");
    ann.get("/api/me").await.read::<Me>();
}

#[tokio::test]
async fn an_admin_sees_and_ends_everybodys_sessions() {
    let world = World::new().await;
    let owner = world.owner().await;
    let ann = world.join(&owner, "Ann", PersonRole::Operator).await;
    ann.get("/api/sessions").await.refused(403, "role");
    let all: Sessions = owner.get("/api/sessions").await.read();
    let of_ann = all.sessions.iter().find(|session| session.person.name == "Ann").unwrap();
    assert!(!of_ann.this && !owner.get("/api/sessions").await.text.contains(&ann.cookie[12..]));
    let left: Sessions = owner.ask("DELETE", &format!("/api/sessions/{}", of_ann.id), None).await.read();
    assert_eq!(left.sessions.len(), 1);
    ann.get("/api/me").await.refused(401, "not-signed-in");
}

#[tokio::test]
async fn signing_in_again_ends_the_session_of_the_same_browser() {
    let world = World::new().await;
    let owner = world.owner().await;
    let token = sign_in::owner_link(&world.state.studio).await.unwrap();
    let answer = owner.post("/api/session", json!({ "token": token.expose_secret() })).await;
    let mut again = world.stranger();
    again.cookie = answer.cookie();
    again.get("/api/me").await.read::<Me>();
    owner.get("/api/me").await.refused(401, "not-signed-in");
}

#[tokio::test]
async fn a_cookie_that_another_port_has_set_signs_nobody_out() {
    let world = World::new().await;
    let owner = world.owner().await;
    let name = &world.state.cookie;
    for cookies in [
        format!("{name}=tossed; {}", owner.cookie),
        format!("{}; {name}=tossed", owner.cookie),
        format!("{name}=; {name}={}; {}", "0".repeat(64), owner.cookie),
    ] {
        let mut visitor = owner.clone();
        visitor.cookie = cookies;
        visitor.get("/api/me").await.read::<Me>();
    }
    let mut visitor = owner.clone();
    visitor.cookie = format!("{name}=tossed; {}", owner.cookie);
    assert_eq!(visitor.ask("DELETE", "/api/session", None).await.status, 204);
    owner.get("/api/me").await.refused(401, "not-signed-in");
}

#[tokio::test]
async fn signing_out_takes_along_what_the_browser_has_kept() {
    let world = World::new().await;
    let owner = world.owner().await;
    let answer = owner.ask("DELETE", "/api/session", None).await;
    assert_eq!(answer.headers["clear-site-data"], "\"storage\"");
    assert!(answer.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
}
