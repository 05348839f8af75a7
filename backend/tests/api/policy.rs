//! The review policy guards those who set it as well.

use serde_json::{Value, json};
use studio_kernel::{
    review::{PersonRole, Stale},
    run::api::{Change, Me, People},
};

use crate::harness::{TABLE, World};

fn policy(four_eyes: bool, required: usize) -> Value {
    json!({ "four_eyes": four_eyes, "required": required })
}

#[tokio::test]
async fn a_weaker_policy_needs_two_admins_where_there_are_two() {
    let world = World::new().await;
    let owner = world.owner().await;
    let me: Me = owner.put("/api/policy", policy(true, 2)).await.read();
    assert!(me.policy.four_eyes && me.proposal.is_none());
    let me: Me = owner.put("/api/policy", policy(true, 1)).await.read();
    assert_eq!(me.policy.required, 1, "one admin alone decides alone");
    let ann = world.join(&owner, "Ann", PersonRole::Admin).await;
    for weaker in [policy(false, 1), policy(false, 3)] {
        for _ in 0..2 {
            let me: Me = owner.put("/api/policy", weaker.clone()).await.read();
            assert!(me.policy.four_eyes, "asking twice confirms nothing");
            assert_eq!(me.proposal.unwrap().by.name, "Owner");
        }
    }
    let me: Me = ann.put("/api/policy", policy(false, 2)).await.read();
    assert!(me.policy.four_eyes, "another wish confirms nothing");
    let me: Me = owner.put("/api/policy", policy(true, 1)).await.read();
    assert!(me.proposal.is_none(), "asking for what holds withdraws");
    owner.put("/api/policy", policy(false, 1)).await.read::<Me>();
    let me: Me = ann.put("/api/policy", policy(false, 1)).await.read();
    assert!(!me.policy.four_eyes && me.proposal.is_none());
    let me: Me = ann.put("/api/policy", policy(true, 2)).await.read();
    assert!(me.policy.four_eyes, "a stricter one needs nobody else");
}

#[tokio::test]
async fn an_admin_who_puts_the_other_one_out_of_the_way_waits_a_day() {
    let world = World::new().await;
    let owner = world.owner().await;
    owner.put("/api/policy", policy(true, 1)).await.read::<Me>();
    for (name, path, body) in
        [("Ann", "", json!({ "role": "viewer" })), ("Kim", "/state", json!({ "disabled": true }))]
    {
        let other = world.join(&owner, name, PersonRole::Admin).await;
        let id = other.get("/api/me").await.read::<Me>().person.id;
        owner.put(&format!("/api/people/{id}{path}"), body).await.read::<People>();
        let me: Me = owner.put("/api/policy", policy(false, 1)).await.read();
        assert!(me.policy.four_eyes && me.proposal.is_some(), "{name} was an admin a moment ago");
        let yesterday = "update studio.people set admin_until = admin_until - interval '25 hours'";
        world.state.studio.client().await.unwrap().execute(yesterday, &[]).await.unwrap();
    }
    let me: Me = owner.put("/api/policy", policy(false, 1)).await.read();
    assert!(!me.policy.four_eyes, "nobody else has been an admin for a day");
}

#[tokio::test]
async fn a_proposal_ends_with_the_role_of_who_made_it() {
    let world = World::new().await;
    let owner = world.owner().await;
    owner.put("/api/policy", policy(true, 1)).await.read::<Me>();
    let ann = world.join(&owner, "Ann", PersonRole::Admin).await;
    let kim = world.join(&owner, "Kim", PersonRole::Admin).await;
    let who = ann.put("/api/policy", policy(false, 1)).await.read::<Me>().person;
    owner.put(&format!("/api/people/{}", who.id), json!({ "role": "author" })).await;
    let me: Me = kim.put("/api/policy", policy(false, 1)).await.read();
    assert!(me.policy.four_eyes);
    assert_eq!(me.proposal.unwrap().by.name, "Kim");
}

#[tokio::test]
async fn an_approval_stays_stale_when_its_policy_returns() {
    let world = World::new().await;
    let owner = world.owner().await;
    let change = owner.open("20250802000000_more.sql", TABLE).await;
    owner.decide(&change, "approve").await.read::<Change>();
    owner.put("/api/policy", policy(false, 1)).await.read::<Me>();
    assert_eq!(owner.change(change.id).await.gate.approvals[0].stale, None, "nothing changed");
    owner.put("/api/policy", policy(false, 2)).await.read::<Me>();
    owner.put("/api/policy", policy(false, 1)).await.read::<Me>();
    assert_eq!(owner.change(change.id).await.gate.approvals[0].stale, Some(Stale::Policy));
}
