//! What holds for every address: origins, headers, bodies.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::json;

use crate::harness::{HOST, World};

#[tokio::test]
async fn writes_of_other_pages_are_refused_and_change_nothing() {
    let world = World::new().await;
    let owner = world.owner().await;
    let write = |change: &dyn Fn(axum::http::request::Builder) -> axum::http::request::Builder,
                 body: &str| {
        let request = Request::builder().method("PUT").uri("/api/me").header(header::HOST, HOST);
        change(request.header(header::COOKIE, &owner.cookie)).body(Body::from(body.to_owned())).unwrap()
    };
    let body = json!({ "name": "Mallory" }).to_string();
    let json_of = |origin: &'static str| {
        move |request: axum::http::request::Builder| {
            request.header(header::CONTENT_TYPE, "application/json").header(header::ORIGIN, origin)
        }
    };
    for origin in ["http://evil.test", "null", "http://studio.test:4801", "http://studio.test"] {
        owner.send(write(&json_of(origin), &body)).await.refused(403, "cross-site");
    }
    let silent =
        |request: axum::http::request::Builder| request.header(header::CONTENT_TYPE, "application/json");
    owner.send(write(&silent, &body)).await.refused(403, "cross-site");
    let plain = |request: axum::http::request::Builder| {
        request.header(header::CONTENT_TYPE, "text/plain").header(header::ORIGIN, format!("http://{HOST}"))
    };
    owner.send(write(&plain, &body)).await.refused(415, "not-json");
    assert!(owner.get("/api/me").await.text.contains("Owner"));
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let world = World::new().await;
    let owner = world.owner().await;
    for path in ["/", "/api/me", "/api/none", "/changes/1", "/assets/none.js"] {
        let answer = owner.get(path).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert_eq!(answer.headers["cross-origin-opener-policy"], "same-origin");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn wrong_requests_are_answered_in_words() {
    let world = World::new().await;
    let owner = world.owner().await;
    owner.get("/api/none").await.refused(404, "not-found");
    owner.get("/api/changes/999").await.refused(404, "not-found");
    owner.get("/api/changes/x").await.refused(404, "not-found");
    owner.get("/api/files").await.refused(422, "invalid");
    owner.ask("DELETE", "/api/me", None).await.refused(405, "method");
    owner.ask("PUT", "/", None).await.refused(405, "method");
    owner.put("/api/me", json!({ "nome": 1 })).await.refused(422, "invalid");
    let large = json!({ "name": "x".repeat(33 << 20) });
    owner.put("/api/me", large).await.refused(413, "too-large");
}
