//! Every route against every kind of caller, from the list that the router is made of.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use studio_backend::routes;
use studio_kernel::{
    review::PersonRole,
    run::api::{Change, Me, People},
};

use crate::harness::{TABLE, Visitor, World};

/// Who is the first to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Nothing,
    Role(PersonRole),
}

const SESSION: Needs = Needs::Role(PersonRole::Viewer);
const AUTHOR: Needs = Needs::Role(PersonRole::Author);
const REVIEWER: Needs = Needs::Role(PersonRole::Reviewer);
const OPERATOR: Needs = Needs::Role(PersonRole::Operator);
const ADMIN: Needs = Needs::Role(PersonRole::Admin);

/// What each route needs. `{id}` and its kin name something that is not there, so that nothing happens: whoever is
/// let in is told so, or that the body makes no sense.
const TABLE_OF_ROUTES: &[(&str, &str, Needs)] = &[
    ("POST", "/session", Needs::Nothing),
    ("DELETE", "/session", Needs::Nothing),
    ("GET", "/me", SESSION),
    ("PUT", "/me", SESSION),
    ("PUT", "/me/password", SESSION),
    ("POST", "/me/confirmation", SESSION),
    ("GET", "/me/sessions", SESSION),
    ("DELETE", "/me/sessions", SESSION),
    ("DELETE", "/me/sessions/{id}", SESSION),
    ("GET", "/sessions", ADMIN),
    ("DELETE", "/sessions/{id}", ADMIN),
    ("PUT", "/policy", ADMIN),
    ("GET", "/people", SESSION),
    ("PUT", "/people/{id}", ADMIN),
    ("PUT", "/people/{id}/state", ADMIN),
    ("POST", "/people/{id}/links", ADMIN),
    ("POST", "/invitations", ADMIN),
    ("DELETE", "/invitations/{id}", ADMIN),
    ("GET", "/migrations", SESSION),
    ("GET", "/files", SESSION),
    ("GET", "/sources", SESSION),
    ("GET", "/target", SESSION),
    ("GET", "/changes", SESSION),
    ("POST", "/changes", AUTHOR),
    ("GET", "/changes/{id}", SESSION),
    ("GET", "/changes/{id}/files", SESSION),
    ("POST", "/changes/{id}/revisions", AUTHOR),
    ("POST", "/changes/{id}/comments", AUTHOR),
    ("PUT", "/changes/{id}/comments/{comment}", AUTHOR),
    ("POST", "/changes/{id}/approvals", REVIEWER),
    ("PUT", "/changes/{id}/state", AUTHOR),
    ("POST", "/changes/{id}/runs", OPERATOR),
    ("POST", "/changes/{id}/dry-runs", AUTHOR),
    ("POST", "/validations", AUTHOR),
    ("GET", "/runs", SESSION),
    ("GET", "/runs/{id}", SESSION),
    ("GET", "/runs/{id}/events", SESSION),
    ("POST", "/runs/{id}/cancel", OPERATOR),
    ("GET", "/rules", SESSION),
    ("GET", "/about", SESSION),
];

/// A body of the right shape that asks for nothing there is.
fn body(path: &str) -> Value {
    let digest = "0".repeat(64);
    match path {
        "/session" => json!({ "token": digest }),
        "/me" | "/invitations" => json!({ "name": "\n", "role": "viewer" }),
        "/me/password" => json!({ "new": "short" }),
        "/me/confirmation" => json!({ "password": "a wrong password" }),
        "/policy" => json!({ "four_eyes": false, "required": 0 }),
        "/people/{id}" => json!({ "role": "viewer" }),
        "/people/{id}/state" => json!({ "disabled": true }),
        "/changes" => json!({ "title": "", "description": "", "files": [] }),
        "/changes/{id}/revisions" => {
            json!({ "base": 1, "note": "", "files": [{ "path": "20250801000001_a.sql", "text": "" }] })
        }
        "/changes/{id}/comments" => json!({ "body": "x", "at": null, "reply_to": null }),
        "/changes/{id}/comments/{comment}" => json!({ "resolved": true }),
        "/changes/{id}/approvals" => json!({ "expected_digest": digest, "decision": "approve", "note": "" }),
        "/changes/{id}/state" => json!({ "state": "closed" }),
        "/changes/{id}/runs" => json!({ "expected_digest": digest, "idempotency_key": "a-key-of-16-char" }),
        "/validations" => json!({ "path": "validate/none.sql" }),
        _ => json!(null),
    }
}

fn allows(needs: Needs, caller: Option<PersonRole>) -> u16 {
    match (needs, caller) {
        (Needs::Nothing, _) => 0,
        (Needs::Role(_), None) => 401,
        (Needs::Role(role), Some(caller)) => {
            if caller.allows(role) {
                0
            } else {
                403
            }
        }
    }
}

#[tokio::test]
async fn every_route_lets_in_exactly_who_may() {
    let listed: Vec<(String, &str)> =
        routes::list().into_iter().map(|(method, path)| (method.to_string(), path)).collect();
    let known: BTreeMap<(&str, &str), Needs> =
        TABLE_OF_ROUTES.iter().map(|(method, path, needs)| ((*method, *path), *needs)).collect();
    let missing: Vec<_> =
        listed.iter().filter(|(method, path)| !known.contains_key(&(method.as_str(), *path))).collect();
    assert!(missing.is_empty(), "routes without a row: {missing:?}");
    assert_eq!(listed.len(), known.len(), "rows without a route");

    let world = World::new().await;
    let owner = world.owner().await;
    let mut callers: Vec<(&str, Option<PersonRole>, Visitor)> = vec![("nobody", None, world.stranger())];
    for role in PersonRole::ALL {
        let caller = world.join(&owner, &format!("The {role}"), *role).await;
        callers.push((role.as_str(), Some(*role), caller));
    }
    let gone = world.join(&owner, "Gone", PersonRole::Admin).await;
    let id = gone.get("/api/me").await.read::<Me>().person.id;
    owner.put(&format!("/api/people/{id}/state"), json!({ "disabled": true })).await.read::<People>();
    callers.push(("disabled", None, gone));
    let mut cells = 0;
    for (method, path) in &listed {
        let needs = known[&(method.as_str(), *path)];
        // Ending one's own sessions has its tests; here it would end the caller.
        let signs_out = matches!((method.as_str(), *path), ("DELETE", "/session"));
        for (name, role, caller) in &callers {
            let address = path.replace("{id}", "0").replace("{comment}", "0");
            let address = match *path {
                "/files" => format!("/api{address}?path=none.sql"),
                "/changes/{id}/files" => format!("/api{address}?revision=1&path=none.sql"),
                _ => format!("/api{address}"),
            };
            let caller = if signs_out { world.stranger() } else { caller.clone() };
            let sent = (*method != "GET").then(|| body(path));
            let answer = caller.ask(method, &address, sent).await;
            let status = answer.status.as_u16();
            match allows(needs, *role) {
                401 => drop(answer.refused(401, "not-signed-in")),
                403 if *path == "/runs/{id}/cancel" => drop(answer.refused(404, "not-found")),
                403 => drop(answer.refused(403, "role")),
                _ => {
                    let let_in = status < 300
                        || [404, 409, 422, 429].contains(&status)
                        || answer.text.contains("wrong-password")
                        || *path == "/session" && status == 401;
                    assert!(let_in, "{name}: {method} {path}: {status} {}", answer.text);
                }
            }
            cells += 1;
        }
    }
    assert_eq!(cells, listed.len() * 7);
}

#[tokio::test]
async fn a_viewer_changes_nothing() {
    let world = World::new().await;
    let owner = world.owner().await;
    let viewer = world.join(&owner, "Vic", PersonRole::Viewer).await;
    let change = owner.open("20250802000000_more.sql", TABLE).await;
    let hash = "select md5(string_agg(t::text, '' order by t::text)) from (
                    select 'c' || c::text as t from studio.changes as c union all select 'r' || r::text from studio.revisions as r
                    union all select 'o' || o::text from studio.comments as o union all select 'u' || u::text from studio.runs as u
                    union all select 'a' || a::text from studio.approvals as a) as all_of_it";
    let database = world.studio_database().await;
    let before: String = database.query_one(hash, &[]).await.unwrap().get(0);
    let of = |rest: &str| format!("/api/changes/{}{rest}", change.id);
    let files = json!([{ "path": "20250802000000_more.sql", "text": "select 1;" }]);
    for (path, body) in [
        ("/api/changes".to_owned(), json!({ "title": "x", "description": "", "files": files })),
        (of("/revisions"), json!({ "base": 1, "note": "", "files": files })),
        (of("/comments"), json!({ "body": "x", "at": null, "reply_to": null })),
        (of("/dry-runs"), json!(null)),
        (
            of("/approvals"),
            json!({ "expected_digest": change.digest, "decision": "request_changes", "note": "" }),
        ),
        (of("/runs"), json!({ "expected_digest": change.digest, "idempotency_key": "a-key-of-16-char" })),
        ("/api/validations".to_owned(), json!({ "path": "validate/a.sql" })),
    ] {
        viewer.post(&path, body).await.refused(403, "role");
    }
    viewer.put(&of("/state"), json!({ "state": "closed" })).await.refused(403, "role");
    assert_eq!(database.query_one(hash, &[]).await.unwrap().get::<_, String>(0), before);
    assert_eq!(viewer.change(change.id).await.id, viewer.get(&of("")).await.read::<Change>().id);
}

#[tokio::test]
async fn a_field_that_nothing_reads_is_refused_at_any_depth() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open("20250802000000_more.sql", TABLE).await;
    for (method, path, body) in [
        ("PUT", "/api/me".to_owned(), json!({ "name": "Ada", "role": "admin" })),
        ("POST", "/api/session".to_owned(), json!({ "token": "x", "person": "y" })),
        ("PUT", "/api/policy".to_owned(), json!({ "four_eyes": true, "required": 1, "epoch": 0 })),
        ("PUT", format!("/api/changes/{}/state", change.id), json!({ "state": "open", "approved_by": "x" })),
        (
            "POST",
            "/api/changes".to_owned(),
            json!({ "title": "x", "description": "", "files": [{ "path": "20250803000000_a.sql", "text": "", "sha256": "x" }] }),
        ),
    ] {
        let refused = owner.ask(method, &path, Some(body)).await.refused(422, "invalid");
        assert!(refused.message.contains("nothing reads"), "{}", refused.message);
    }
    assert_eq!(owner.get("/api/me").await.read::<Me>().person.name, "Owner");
}
