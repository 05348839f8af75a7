//! What holds for every address: origins, headers, bodies.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::json;
use studio_backend::http::{FILES_BODY, SMALL_BODY, Serving};

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
    for origin in ["http://evil.test", "null", "http://studio.localhost:4801", "http://studio.localhost"] {
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
async fn a_name_that_nobody_gave_the_server_is_refused() {
    let world = World::new().await;
    let owner = world.owner().await;
    for host in ["evil.test:4800", "localhost.evil.test"] {
        let request = Request::builder().uri("/api/me").header(header::HOST, host);
        let request = request.header(header::COOKIE, &owner.cookie).body(Body::empty()).unwrap();
        owner.send(request).await.refused(421, "other-host");
    }
}

#[tokio::test]
async fn a_public_address_is_the_only_name_and_origin() {
    let public_url = Some("https://studio.example.com".parse().unwrap());
    let world = World::served(Serving { public_url, ..Serving::default() }).await;
    let ask = |host: &str, origin: &str| {
        let request = Request::builder().method("DELETE").uri("/api/session").header(header::HOST, host);
        request.header(header::ORIGIN, origin).body(Body::empty()).unwrap()
    };
    let stranger = world.stranger();
    let ours = "https://studio.example.com";
    for host in [HOST, "127.0.0.1:4800", "evil.test", "studio.example.com:4800"] {
        let refused = stranger.send(ask(host, ours)).await;
        refused.refused(421, "other-host");
        assert!(refused.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
    for origin in ["http://studio.example.com", "https://evil.test", "https://studio.example.com:1", "null"] {
        stranger.send(ask("studio.example.com", origin)).await.refused(403, "cross-site");
    }
    let answer = stranger.send(ask("studio.example.com", ours)).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    let policy = answer.headers[header::STRICT_TRANSPORT_SECURITY].to_str().unwrap();
    assert_eq!(policy, "max-age=63072000; includeSubDomains");
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().contains("; Secure"));
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
    let change = owner.open("20250802000000_more.sql", "select 1;").await;
    let comments = format!("/api/changes/{}/comments", change.id);
    owner.get("/api/runs/%00").await.refused(404, "not-found");
    owner.post("/api/runs/%00/cancel", json!({})).await.refused(404, "not-found");
    owner.put("/api/people/%00", json!({ "role": "author" })).await.refused(404, "not-found");
    owner.put(&format!("{comments}/%00"), json!({ "resolved": true })).await.refused(404, "not-found");
    let reply = json!({ "body": "so", "reply_to": "\u{0}", "at": null });
    owner.post(&comments, reply).await.refused(404, "not-found");
    let start = json!({ "expected_digest": change.digest, "idempotency_key": "12345678\u{0}" });
    owner.post(&format!("/api/changes/{}/runs", change.id), start).await.refused(422, "invalid");
    for (path, most) in [("/api/me", SMALL_BODY), ("/api/session", SMALL_BODY), ("/api/changes", FILES_BODY)]
    {
        let method = if path == "/api/me" { "PUT" } else { "POST" };
        let body = json!({ "name": "x".repeat(most) });
        owner.ask(method, path, Some(body)).await.refused(413, "too-large");
        let body = json!({ "name": "x".repeat(most - 100) });
        owner.ask(method, path, Some(body)).await.refused(422, "invalid");
    }
}
