//! Edit against approve against start against disabling who approves, many times: nothing ever reaches the target
//! that was not approved by somebody who still could.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use studio_backend::{
    error::Error,
    services::{
        approvals, changes, gate, people, review,
        runs::{self, Accepted},
        sessions::{self, Visit},
        target,
    },
    state::AppState,
};
use studio_kernel::{
    migration::SourceFile,
    plan::Digest,
    review::{ChangeState, Decision, Person, PersonRole},
    run::{
        RunEventKind,
        api::{Change, Decide, Me, OpenChange, Revise, StartRun},
    },
};

use crate::harness::World;

/// Or as many as `STUDIO_RACE_ROUNDS` says.
const ROUNDS: usize = 200;

const PATIENCE: Duration = Duration::from_secs(10);

/// A run's digest must be one that somebody approved whose account was not disabled before it began, and its plan
/// must name the approved bytes.
const ACCEPTED: &str = "
    select run.digest,
           exists (select from studio.approvals as approval
                   join studio.people as person on person.id = approval.person
                   where (person.disabled_at is null or person.disabled_at > run.began) and approval.change = run.change and approval.digest = run.digest
                     and approval.revision = run.revision and approval.decision = 'approve'
                     and approval.at <= run.began) as approved,
           (select file.sha256 from studio.revision_files as file
            where file.change = run.change and file.number = run.revision) as sha256,
           (select max(number) from studio.revisions as revision
            where revision.change = run.change and revision.at <= run.began) as newest,
           run.revision
    from studio.runs as run where run.id = $1";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_unapproved_byte_is_ever_executed() {
    let world = World::new().await;
    let (state, owner) = (&world.state, world.owner().await);
    let bob = world.join(&owner, "Bob", PersonRole::Reviewer).await;
    let person = owner.get("/api/me").await.read::<Me>().person;
    let bob = bob.get("/api/me").await.read::<Me>().person;
    let token = owner.cookie.split_once('=').unwrap().1.into();
    let visit = Visit { tokens: vec![token], ..Visit::default() };
    let (_, session) = sessions::find(&state.studio, &visit).await.unwrap().unwrap();
    let rounds = std::env::var("STUDIO_RACE_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let client = state.studio.client().await.unwrap();
    let mut outcomes = BTreeSet::new();
    let mut began_before_disabled = BTreeSet::new();
    let mut ran = BTreeSet::new();
    for round in 0..rounds {
        let table = |name: &str| {
            format!(
                "create table if not exists public.{name}_{round:03} (id bigint primary key);\n\
                 alter table public.{name}_{round:03} enable row level security;\n"
            )
        };
        let seen = table("seen");
        let files = |text: String| vec![SourceFile { path: format!("20250802{round:06}_race.sql"), text }];
        let wish =
            OpenChange { title: "A race".into(), description: String::new(), files: files(seen.clone()) };
        let id = changes::open(state, &person, wish).await.unwrap();
        let digest = change(state, &person, id).await.digest;
        let edit = Revise { base: 1, note: String::new(), files: files(seen.clone() + &table("unseen")) };
        let yes =
            Decide { expected_digest: digest.clone(), decision: Decision::Approve, note: String::new() };
        let wish = StartRun { expected_digest: digest.clone(), idempotency_key: format!("race-{round:08}") };
        // Half of the rounds begin approved, so that starts succeed, too.
        if round % 2 == 0 {
            approvals::decide(state, &bob, id, &yes).await.unwrap();
        }
        // An edit asks no target and would always be first; some come late by as many looks as a decision takes.
        let late = async {
            for _ in 0..round / 2 % 4 {
                target::to_approve(&state.target).await.unwrap();
            }
            changes::revise(state, &person, id, edit).await
        };
        let run = async {
            let accepted = gate::start(state, &person, &session, id, &wish).await?;
            if let Accepted::New(start) = &accepted {
                runs::spawn(state, (**start).clone(), None);
            }
            Ok::<_, Error>(accepted)
        };
        let disables = round % 3 == 0;
        let disable = async {
            for _ in 0..round / 3 % 5 {
                target::to_approve(&state.target).await.unwrap();
            }
            if disables {
                people::set_disabled(&state.studio, &person, &bob.id, true).await.unwrap();
            }
        };
        let (edited, approved, started, ()) =
            tokio::join!(late, approvals::decide(state, &bob, id, &yes), run, disable);
        outcomes.insert([edited.is_ok(), approved.is_ok(), started.is_ok()]);
        if disables {
            began_before_disabled.insert(started.is_ok());
            let late = "select exists (select from studio.approvals as approval
                            join studio.people as person on person.id = approval.person
                            where approval.change = $1 and approval.at > person.disabled_at)";
            let row = client.query_one(late, &[&id]).await.unwrap();
            assert!(!row.get::<_, bool>(0), "round {round}: a disabled person approved");
        }
        let bound = "select digest, revision from studio.approvals where change = $1";
        for row in client.query(bound, &[&id]).await.unwrap() {
            assert_eq!(row.get::<_, String>("digest"), digest.as_str(), "an approval of what was not seen");
            assert_eq!(row.get::<_, i32>("revision"), 1);
        }
        if let Ok(Accepted::New(start)) = started {
            let row = client.query_one(ACCEPTED, &[&start.id]).await.unwrap();
            assert_eq!(row.get::<_, String>("digest"), digest.as_str());
            assert!(row.get::<_, bool>("approved"), "round {round}: accepted without an approval");
            assert_eq!(row.get::<_, i32>("newest"), row.get::<_, i32>("revision"));
            let RunEventKind::Queued { steps, .. } = &start.queued.kind else { panic!("no plan") };
            let planned: Vec<_> = steps.iter().flat_map(|step| &step.file).map(|file| &file.sha256).collect();
            let seen = Digest::of(seen.as_bytes());
            assert_eq!(planned, [seen.as_str()]);
            assert_eq!(row.get::<_, String>("sha256"), seen.as_str());
            let ended = change_once_settled(state, &person, id).await;
            assert_eq!(ended, ChangeState::Applied, "round {round}");
            ran.insert(format!("seen_{round:03}"));
        } else {
            changes::set_state(state, &person, id, ChangeState::Closed).await.unwrap();
        }
        if disables {
            people::set_disabled(&state.studio, &person, &bob.id, false).await.unwrap();
        }
    }
    let made = "select tablename from pg_tables where tablename ~ '^(un)?seen_'";
    let made = world.target_database().await.query(made, &[]).await.unwrap();
    let made: BTreeSet<String> = made.iter().map(|row| row.get("tablename")).collect();
    assert_eq!(made, ran, "exactly what was approved and started is in the target");
    assert_eq!(began_before_disabled.len(), 2, "disabling came always first or always last");
    for which in 0..3 {
        let won: BTreeSet<bool> = outcomes.iter().map(|outcome| outcome[which]).collect();
        assert_eq!(won.len(), 2, "the rounds were no races: {outcomes:?}");
    }
}

/// The change as its page shows it.
async fn change(state: &AppState, person: &Person, id: i64) -> Change {
    let written = review::change(state, person, id).await.unwrap();
    serde_json::from_slice(&written.into_parts().0).unwrap()
}

/// Where the change stands once its run has ended, or after much longer than one takes.
async fn change_once_settled(state: &AppState, person: &Person, id: i64) -> ChangeState {
    let begin = Instant::now();
    loop {
        let now = change(state, person, id).await;
        if now.state != ChangeState::Open || begin.elapsed() > PATIENCE {
            return now.state;
        }
        tokio::task::yield_now().await;
    }
}
