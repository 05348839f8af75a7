//! Rights that are taken away, links that are revoked, and names that stand for one person.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::json;
use studio_backend::services::people;
use studio_kernel::{
    review::{Person, PersonRole, Stale},
    run::{
        RunEvent, RunEventKind,
        api::{Change, Invitation, Me, People},
    },
};

use crate::harness::{TABLE, Visitor, World};

const PATH: &str = "20250802000000_more.sql";

async fn me(visitor: &Visitor) -> Person {
    visitor.get("/api/me").await.read::<Me>().person
}

async fn disable(admin: &Visitor, whom: &Person, disabled: bool) -> People {
    let path = format!("/api/people/{}/state", whom.id);
    admin.put(&path, json!({ "disabled": disabled })).await.read()
}

#[tokio::test]
async fn disabling_somebody_ends_their_sessions_and_every_link_by_them_or_for_them() {
    let world = World::new().await;
    let owner = world.owner().await;
    let ann = world.join(&owner, "Ann", PersonRole::Admin).await;
    let who = me(&ann).await;
    let by_ann = world.invite(&ann, "Guest", PersonRole::Admin).await;
    let for_ann: Invitation = owner.post(&format!("/api/people/{}/links", who.id), json!(null)).await.read();
    let for_ann = for_ann.link.strip_prefix("/sign-in#token=").unwrap().to_owned();
    let kept = world.invite(&owner, "Kim", PersonRole::Viewer).await;
    let people = disable(&owner, &who, true).await;
    assert!(people.people.iter().any(|person| person.id == who.id && person.disabled));
    assert_eq!(people.invitations.iter().map(|link| link.name.as_str()).collect::<Vec<_>>(), ["Kim"]);
    ann.get("/api/me").await.refused(401, "not-signed-in");
    let stranger = world.stranger();
    for dead in [&by_ann, &for_ann] {
        stranger.post("/api/session", json!({ "token": dead })).await.refused(401, "dead-link");
    }
    stranger.post("/api/session", json!({ "token": kept })).await.read::<Me>();
    owner.post(&format!("/api/people/{}/links", who.id), json!(null)).await.refused(409, "disabled");
    disable(&owner, &who, false).await;
    ann.get("/api/me").await.refused(401, "not-signed-in");
    let again: Invitation = owner.post(&format!("/api/people/{}/links", who.id), json!(null)).await.read();
    let back = world.enter(again.link.strip_prefix("/sign-in#token=").unwrap()).await;
    assert_eq!(me(&back).await, who);
}

#[tokio::test]
async fn a_stream_of_events_ends_within_seconds_after_its_person_is_disabled() {
    let world = World::new().await;
    let owner = world.owner().await;
    let ann = world.join(&owner, "Ann", PersonRole::Viewer).await;
    let kind = RunEventKind::Cancelling { by: "before".to_owned() };
    let event = serde_json::to_string(&RunEvent { seq: 2, at: String::new(), kind }).unwrap();
    let run = format!(
        "insert into studio.runs (id, kind, state, title, target, person)
         select 'run', 'apply', 'running', 'r', 't', id from studio.people limit 1;
         insert into studio.run_events values ('run', 2, '{event}')"
    );
    world.studio_database().await.batch_execute(&run).await.unwrap();
    let mut stream = ann.stream("/api/runs/run/events").await;
    stream.next().await.unwrap().unwrap();
    let begin = Instant::now();
    disable(&owner, &me(&ann).await, true).await;
    while stream.next().await.is_some() {
        assert!(begin.elapsed() < Duration::from_secs(60), "the stream goes on");
    }
}

#[tokio::test]
async fn nobody_disables_themselves_or_the_last_admin() {
    let world = World::new().await;
    let owner = world.owner().await;
    let path = format!("/api/people/{}/state", me(&owner).await.id);
    owner.put(&path, json!({ "disabled": true })).await.refused(409, "oneself");
    let ann = world.join(&owner, "Ann", PersonRole::Admin).await;
    let (of_owner, of_ann) = (me(&owner).await, me(&ann).await);
    // Two admins at once: at most one of them succeeds.
    let (studio, wait) = (
        &world.state.studio,
        tokio::join!(
            people::set_disabled(&world.state.studio, &of_owner, &of_ann.id, true),
            people::set_disabled(&world.state.studio, &of_ann, &of_owner.id, true),
        ),
    );
    assert_eq!([wait.0.is_ok(), wait.1.is_ok()].iter().filter(|ok| **ok).count(), 1);
    let left = people::list(studio).await.unwrap().people;
    assert_eq!(left.iter().filter(|person| !person.disabled).count(), 1);
}

#[tokio::test]
async fn a_disabled_persons_approval_does_not_count() {
    let world = World::new().await;
    let owner = world.owner().await;
    let bob = world.join(&owner, "Bob", PersonRole::Reviewer).await;
    let change = owner.open(PATH, TABLE).await;
    bob.decide(&change, "approve").await.read::<Change>();
    let who = me(&bob).await;
    disable(&owner, &who, true).await;
    let change = owner.change(change.id).await;
    assert_eq!(change.gate.approvals[0].stale, Some(Stale::Disabled));
    assert!(change.gate.run.iter().any(|obstacle| obstacle.code == "not-approved"));
    let run = json!({ "expected_digest": change.digest, "idempotency_key": "a-key-of-16-char" });
    owner.post(&format!("/api/changes/{}/runs", change.id), run).await.refused(409, "not-approved");
    disable(&owner, &who, false).await;
    assert_eq!(owner.change(change.id).await.gate.approvals[0].stale, None);
}

#[tokio::test]
async fn an_invitation_can_be_revoked_and_ends_with_the_role_of_who_made_it() {
    let world = World::new().await;
    let owner = world.owner().await;
    let token = world.invite(&owner, "Kim", PersonRole::Author).await;
    let open: People = owner.get("/api/people").await.read();
    let path = format!("/api/invitations/{}", open.invitations[0].id);
    let left: People = owner.ask("DELETE", &path, None).await.read();
    assert!(left.invitations.is_empty());
    owner.ask("DELETE", &path, None).await.refused(404, "not-found");
    let stranger = world.stranger();
    stranger.post("/api/session", json!({ "token": token })).await.refused(401, "dead-link");
    let ann = world.join(&owner, "Ann", PersonRole::Admin).await;
    let token = world.invite(&ann, "Kim", PersonRole::Author).await;
    let path = format!("/api/people/{}", me(&ann).await.id);
    owner.put(&path, json!({ "role": "operator" })).await.read::<People>();
    stranger.post("/api/session", json!({ "token": token })).await.refused(401, "dead-link");
}

#[tokio::test]
async fn no_two_people_have_names_that_look_alike() {
    let world = World::new().await;
    let owner = world.owner().await;
    let ann = world.join(&owner, "Ann", PersonRole::Author).await;
    world.invite(&owner, "Bob", PersonRole::Author).await;
    for name in ["Owner", "owner", "Оwnеr", "0wner", "Ｏｗｎｅｒ", "BOB"] {
        ann.put("/api/me", json!({ "name": name })).await.refused(409, "name-taken");
        let wish = json!({ "name": name, "role": "author" });
        owner.post("/api/invitations", wish).await.refused(409, "name-taken");
    }
    for name in ["Ann\u{200b}", "\u{202e}nnA", "A\u{2066}nn", "", "a\nb"] {
        ann.put("/api/me", json!({ "name": name })).await.refused(422, "invalid");
    }
    let renamed: Me = ann.put("/api/me", json!({ "name": "ANN" })).await.read();
    assert_eq!(renamed.person.name, "ANN", "one's own look-alike is free");
    let mut wishes = Vec::new();
    for number in 0..6 {
        let who = world.join(&owner, &format!("Visitor number {number}"), PersonRole::Viewer).await;
        wishes.push((who, if number % 2 == 0 { "Zoe" } else { "ZOE" }));
    }
    let asked = wishes.iter().map(|(who, name)| who.put("/api/me", json!({ "name": name })));
    let taken = futures_util::future::join_all(asked).await;
    assert_eq!(taken.iter().filter(|answer| answer.status.is_success()).count(), 1);
}

#[tokio::test]
async fn what_somebody_did_keeps_the_name_they_had() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open(PATH, TABLE).await;
    let comment = json!({ "body": "Looks good.", "at": null, "reply_to": null });
    owner.post(&format!("/api/changes/{}/comments", change.id), comment).await.read::<Change>();
    owner.decide(&change, "approve").await.read::<Change>();
    owner.put("/api/me", json!({ "name": "Ada" })).await.read::<Me>();
    owner.revise(&change, 1, &format!("{TABLE}select 1;\n")).await.read::<Change>();
    let change = owner.change(change.id).await;
    assert_eq!((change.author.name.as_str(), change.comments[0].author.name.as_str()), ("Owner", "Owner"));
    assert_eq!(change.gate.approvals[0].approval.person.name, "Owner");
    let names: Vec<_> = change.revisions.iter().map(|revision| revision.author.name.as_str()).collect();
    assert_eq!(names, ["Owner", "Ada"]);
    let told = change.timeline.iter();
    let told: Vec<_> = told.map(|entry| entry.person.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(told, ["Owner", "Owner", "Owner", "Ada"]);
    let renamed = "select text from studio.audit where action = 'renamed'";
    let row = world.studio_database().await.query_one(renamed, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>("text"), "changed their name from Owner to Ada");
}

#[tokio::test]
async fn names_from_before_are_told_apart() {
    let world = World::new().await;
    let database = world.studio_database().await;
    let old = "insert into studio.people (id, name, role, created_at)
               select 'p' || n, name, 'author', now() + n * interval '1 second'
               from unnest(array['Owner', 'Owner', 'owner', E'\\u200b']) with ordinality as old (name, n)";
    database.execute(old, &[]).await.unwrap();
    people::fold_names(&world.state.studio).await.unwrap();
    let people = people::list(&world.state.studio).await.unwrap().people;
    let name = |id: &str| people.iter().find(|person| person.id == id).unwrap().name.as_str();
    assert_eq!(["p1", "p2", "p3"].map(name), ["Owner", "Owner 2", "owner 3"]);
    assert_eq!(name("p4"), "\u{200b} 2");
}
