//! Passwords: setting one, signing in with it, guessing it, and entering it again before a run.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use studio_backend::config::TargetKind;
use studio_kernel::{
    review::PersonRole,
    run::{
        RunState,
        api::{Change, Me, Run, RunSummary, Sessions},
    },
};

use crate::harness::{Answer, TABLE, Visitor, World};

const PASSWORD: &str = "a password of Ann's";

/// Makes the proofs of all sessions too old.
async fn age(world: &World) {
    let age = "update studio.sessions set confirmed_at = confirmed_at - interval '11 minutes'";
    world.studio_database().await.execute(age, &[]).await.unwrap();
}

async fn enter(visitor: &Visitor, name: &str, password: &str) -> Answer {
    visitor.post("/api/session", json!({ "name": name, "password": password })).await
}

async fn set(visitor: &Visitor, present: Option<&str>, new: &str) -> Answer {
    visitor.put("/api/me/password", json!({ "present": present, "new": new })).await
}

/// Ann with a password, in a browser of her own.
async fn ann(world: &World, owner: &Visitor) -> Visitor {
    let mut ann = world.join(owner, "Ann", PersonRole::Operator).await;
    let answer = set(&ann, None, PASSWORD).await;
    assert!(answer.read::<Me>().has_password);
    ann.cookie = answer.cookie();
    ann
}

#[tokio::test]
async fn somebody_signs_in_with_name_and_password_as_often_as_they_like() {
    let world = World::new().await;
    let owner = world.owner().await;
    ann(&world, &owner).await;
    for name in ["Ann", "ann", " Ann "] {
        let mut visitor = world.stranger();
        let answer = enter(&visitor, name, PASSWORD).await;
        visitor.cookie = answer.cookie();
        assert_eq!(visitor.get("/api/me").await.read::<Me>().person.name, "Ann");
        assert!(!answer.text.contains("argon2"));
    }
    let stranger = world.stranger();
    for (name, password) in
        [("Ann", "another password"), ("Bob", PASSWORD), ("Owner", PASSWORD), ("", PASSWORD)]
    {
        enter(&stranger, name, password).await.refused(401, "wrong-sign-in");
    }
    for body in [json!({}), json!({ "name": "Ann" }), json!({ "password": PASSWORD })] {
        stranger.post("/api/session", body).await.refused(422, "invalid");
    }
}

#[tokio::test]
async fn a_link_may_bring_a_password_along() {
    let world = World::new().await;
    let owner = world.owner().await;
    let token = world.invite(&owner, "Kim", PersonRole::Viewer).await;
    let stranger = world.stranger();
    let with = |password: &str| json!({ "token": token, "password": password });
    stranger.post("/api/session", with("kimkimkimkim")).await.refused(422, "invalid");
    assert!(stranger.post("/api/session", with(PASSWORD)).await.read::<Me>().has_password);
    enter(&stranger, "Kim", PASSWORD).await.read::<Me>();
}

#[tokio::test]
async fn a_password_is_changed_with_the_present_one_and_the_other_sessions_end() {
    let world = World::new().await;
    let owner = world.owner().await;
    let mut ann = ann(&world, &owner).await;
    let mut other = world.stranger();
    other.cookie = enter(&other, "Ann", PASSWORD).await.cookie();
    age(&world).await;
    set(&ann, None, "a newer password").await.refused(403, "proof-needed");
    set(&ann, Some("not the present one"), "a newer password").await.refused(403, "wrong-password");
    set(&ann, Some(PASSWORD), "short").await.refused(422, "invalid");
    let answer = set(&ann, Some(PASSWORD), "a newer password").await;
    answer.read::<Me>();
    ann.cookie = answer.cookie();
    other.get("/api/me").await.refused(401, "not-signed-in");
    assert_eq!(ann.get("/api/me/sessions").await.read::<Sessions>().sessions.len(), 1);
    let stranger = world.stranger();
    enter(&stranger, "Ann", PASSWORD).await.refused(401, "wrong-sign-in");
    enter(&stranger, "Ann", "a newer password").await.read::<Me>();
    // Knowing the password is no reason to set another without it.
    other.cookie = enter(&other, "Ann", "a newer password").await.cookie();
    set(&other, None, "a third password").await.refused(403, "proof-needed");
}

#[tokio::test]
async fn guessing_gets_slower_for_known_and_unknown_names_alike() {
    let world = World::new().await;
    let owner = world.owner().await;
    ann(&world, &owner).await;
    let stranger = world.stranger();
    let database = world.studio_database().await;
    let open = "update studio.sign_in_attempts set open_at = now()";
    let delay = "select extract(epoch from max(open_at - last_at))::float8 from studio.sign_in_attempts";
    for name in ["Ann", "Nobody here"] {
        database.execute("delete from studio.sign_in_attempts", &[]).await.unwrap();
        let mut delays = Vec::new();
        for _ in 0..8 {
            enter(&stranger, name, "a wrong password").await.refused(401, "wrong-sign-in");
            delays.push(database.query_one(delay, &[]).await.unwrap().get::<_, f64>(0));
            database.execute(open, &[]).await.unwrap();
        }
        assert_eq!(delays, [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 4.0], "{name}");
        let many = "update studio.sign_in_attempts set failures = 40";
        database.execute(many, &[]).await.unwrap();
        enter(&stranger, name, "a wrong password").await.refused(401, "wrong-sign-in");
        assert_eq!(database.query_one(delay, &[]).await.unwrap().get::<_, f64>(0), 900.0);
        enter(&stranger, name, PASSWORD).await.refused(429, "too-many-attempts");
    }
}

#[tokio::test]
async fn a_right_password_starts_the_account_anew_and_the_address_not() {
    let world = World::new().await;
    let owner = world.owner().await;
    ann(&world, &owner).await;
    let stranger = world.stranger();
    for _ in 0..3 {
        enter(&stranger, "Ann", "a wrong password").await.refused(401, "wrong-sign-in");
    }
    enter(&stranger, "Ann", PASSWORD).await.read::<Me>();
    let left = "select failures from studio.sign_in_attempts";
    let rows = world.studio_database().await.query(left, &[]).await.unwrap();
    let left: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(left, [3], "only the address is left, with what failed");
}

#[tokio::test]
async fn attempts_at_once_are_counted_one_by_one() {
    let world = World::new().await;
    let owner = world.owner().await;
    ann(&world, &owner).await;
    let stranger = world.stranger();
    let tries = (0..30).map(|_| enter(&stranger, "Ann", "a wrong password"));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(looked_at <= 8, "{looked_at} of 30 were looked at");
}

#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_known_one() {
    let world = World::new().await;
    let owner = world.owner().await;
    ann(&world, &owner).await;
    let stranger = world.stranger();
    let database = world.studio_database().await;
    let mut spent = [Duration::ZERO; 2];
    for _ in 0..8 {
        for (at, name) in ["Ann", "Nobody here"].into_iter().enumerate() {
            database.execute("delete from studio.sign_in_attempts", &[]).await.unwrap();
            let begin = Instant::now();
            enter(&stranger, name, "a wrong password").await.refused(401, "wrong-sign-in");
            spent[at] += begin.elapsed();
        }
    }
    let ratio = spent[0].as_secs_f64() / spent[1].as_secs_f64();
    assert!((0.4..2.5).contains(&ratio), "{spent:?}");
}

#[tokio::test]
async fn a_run_on_a_production_target_asks_for_a_fresh_proof() {
    let world = World::with_target(TargetKind::Production).await;
    let owner = world.owner().await;
    let mut ann = ann(&world, &owner).await;
    assert!(ann.get("/api/me").await.read::<Me>().production);
    let change = ann.open("20250802000000_more.sql", TABLE).await;
    owner.decide(&change, "approve").await.read::<Change>();
    let start = |key: &str| -> Value { json!({ "expected_digest": change.digest, "idempotency_key": key }) };
    let path = format!("/api/changes/{}/runs", change.id);
    age(&world).await;
    ann.post(&path, start("key-number-1")).await.refused(403, "proof-needed");
    let confirm = |password: &str| json!({ "password": password });
    ann.post("/api/me/confirmation", confirm("a wrong password")).await.refused(403, "wrong-password");
    ann.post(&path, start("key-number-2")).await.refused(403, "proof-needed");
    let confirmed = ann.post("/api/me/confirmation", confirm(PASSWORD)).await;
    assert_eq!(confirmed.status, 204);
    ann.cookie = confirmed.cookie();
    // The proof is the session's, not the person's.
    let mut other = world.stranger();
    other.cookie = enter(&other, "Ann", PASSWORD).await.cookie();
    let all_but_ann = "update studio.sessions set confirmed_at = null where created_at = (select max(created_at) from studio.sessions)";
    world.studio_database().await.execute(all_but_ann, &[]).await.unwrap();
    other.post(&path, start("key-number-3")).await.refused(403, "proof-needed");
    ann.post(&path, start("key-number-4")).await.read::<RunSummary>();
}

#[tokio::test]
async fn without_a_fresh_proof_an_operator_only_reads_on_a_production_target() {
    let world = World::with_target(TargetKind::Production).await;
    let owner = world.owner().await;
    let ann = ann(&world, &owner).await;
    let database = world.target_database().await;
    database.batch_execute("create table public.kept (id int)").await.unwrap();
    for (path, text) in [
        (
            "validate/writes.sql",
            "insert into public.kept values (1);\ndo $$ begin raise notice '✅ one'; end $$;\n",
        ),
        ("tests/test_it.sql", "-- Writes.\n-- role: test\ndo $$ begin raise notice '✅ one'; end $$;\n"),
    ] {
        let file = world.folder().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let validated = async |path: &str| {
        let run: RunSummary = ann.post("/api/validations", json!({ "path": path })).await.read();
        loop {
            let seen: Run = ann.get(&format!("/api/runs/{}", run.id)).await.read();
            if seen.run.ended.is_some() {
                return seen.view;
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(validated("validate/writes.sql").await.state, RunState::Done);
    age(&world).await;
    let reads = validated("validate/writes.sql").await;
    assert_eq!(reads.state, RunState::Failed, "{}", reads.summary);
    assert_eq!(reads.failure().unwrap().1.error.as_ref().unwrap().sqlstate, "25006");
    assert!(reads.settings.contains(&"default_transaction_read_only on".to_owned()), "{:?}", reads.settings);
    let test = json!({ "path": "tests/test_it.sql" });
    ann.post("/api/validations", test).await.refused(403, "proof-needed");
}

#[tokio::test]
async fn a_proof_gives_the_session_another_token_and_ends_the_old_one() {
    let world = World::new().await;
    let owner = world.owner().await;
    let mut ann = ann(&world, &owner).await;
    for (method, path, body) in [
        ("POST", "/api/me/confirmation", json!({ "password": PASSWORD })),
        ("PUT", "/api/me/password", json!({ "present": PASSWORD, "new": PASSWORD })),
    ] {
        let before = ann.clone();
        let answer = ann.ask(method, path, Some(body)).await;
        let set = answer.headers["set-cookie"].to_str().unwrap();
        assert!(set.contains("HttpOnly; SameSite=Strict"), "{set}");
        ann.cookie = answer.cookie();
        assert_ne!(ann.cookie, before.cookie);
        before.get("/api/me").await.refused(401, "not-signed-in");
        let own: Sessions = ann.get("/api/me/sessions").await.read();
        let [only] = own.sessions.as_slice() else { panic!("{own:?}") };
        // Whoever reads the log follows the session by the name that it has from now on.
        let last = "select text from studio.audit where action in ('confirmed', 'set_password')
                    order by seq desc limit 1";
        let text: String = world.studio_database().await.query_one(last, &[]).await.unwrap().get(0);
        assert!(only.this && text.contains(&only.id), "{text}");
    }
    // A proof that fails changes nothing.
    let wrong = json!({ "password": "a wrong password" });
    ann.post("/api/me/confirmation", wrong).await.refused(403, "wrong-password");
    ann.get("/api/me").await.read::<Me>();
}

#[tokio::test]
async fn no_proof_is_asked_for_where_nobody_is_harmed() {
    let world = World::new().await;
    let owner = world.owner().await;
    assert!(!owner.get("/api/me").await.read::<Me>().production);
    let change = owner.open("20250802000000_more.sql", TABLE).await;
    owner.decide(&change, "approve").await.read::<Change>();
    age(&world).await;
    let start = json!({ "expected_digest": change.digest, "idempotency_key": "key-number-1" });
    owner.post(&format!("/api/changes/{}/runs", change.id), start).await.read::<RunSummary>();
}
