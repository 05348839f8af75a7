//! Edit against approve against start, many times: nothing is ever accepted that was not approved.

use std::collections::BTreeSet;

use studio_backend::services::{approvals, changes, gate, review, runs::Accepted, target};
use studio_kernel::{
    migration::SourceFile,
    plan::Digest,
    review::{ChangeState, Decision},
    run::{
        RunEventKind,
        api::{Decide, Me, OpenChange, Revise, StartRun},
    },
};

use crate::harness::World;

const ROUNDS: usize = 200;

/// A run's digest must be one that somebody approved, and its plan must name the approved bytes.
const ACCEPTED: &str = "
    select run.digest,
           exists (select from studio.approvals as approval
                   where approval.change = run.change and approval.digest = run.digest
                     and approval.revision = run.revision and approval.decision = 'approve'
                     and approval.at <= run.began) as approved,
           (select file.sha256 from studio.revision_files as file
            where file.change = run.change and file.number = run.revision) as sha256,
           (select max(number) from studio.revisions as revision
            where revision.change = run.change and revision.at <= run.began) as newest,
           run.revision
    from studio.runs as run where run.id = $1";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_unapproved_byte_is_ever_accepted() {
    let world = World::new().await;
    let (state, owner) = (&world.state, world.owner().await);
    let person = owner.get("/api/me").await.read::<Me>().person;
    let client = state.studio.client().await.unwrap();
    let mut outcomes = BTreeSet::new();
    for round in 0..ROUNDS {
        let seen = format!(
            "create table if not exists public.seen_{round} (id bigint primary key);\n\
             alter table public.seen_{round} enable row level security;\n"
        );
        let files =
            |text: String| vec![SourceFile { path: format!("20250802000000_race_{round}.sql"), text }];
        let wish =
            OpenChange { title: "A race".into(), description: String::new(), files: files(seen.clone()) };
        let id = changes::open(state, &person, wish).await.unwrap();
        let digest = review::change(state, &person, id).await.unwrap().digest;
        let edit = Revise { base: 1, note: String::new(), files: files(format!("{seen}select 'unseen';\n")) };
        let yes =
            Decide { expected_digest: digest.clone(), decision: Decision::Approve, note: String::new() };
        let wish = StartRun { expected_digest: digest.clone(), idempotency_key: format!("race-{round:08}") };
        // Half of the rounds begin approved, so that starts succeed, too.
        if round % 2 == 0 {
            approvals::decide(state, &person, id, &yes).await.unwrap();
        }
        // An edit asks no target and would always be first; some come late by a look or two at the ledger.
        let late = async {
            for _ in 0..round / 2 % 4 {
                target::ledger(state).await.unwrap();
            }
            changes::revise(state, &person, id, edit).await
        };
        let (edited, approved, started) = tokio::join!(
            late,
            approvals::decide(state, &person, id, &yes),
            gate::start(state, &person, id, &wish),
        );
        outcomes.insert([edited.is_ok(), approved.is_ok(), started.is_ok()]);
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
            let end = "update studio.runs set state = 'cancelled', ended = now() where id = $1";
            client.execute(end, &[&start.id]).await.unwrap();
        }
        changes::set_state(state, &person, id, ChangeState::Closed).await.unwrap();
    }
    for which in 0..3 {
        let won: BTreeSet<bool> = outcomes.iter().map(|outcome| outcome[which]).collect();
        assert_eq!(won.len(), 2, "the rounds were no races: {outcomes:?}");
    }
}
