//! Edit against approve against start, many times: nothing is ever accepted that was not approved.

use std::collections::BTreeSet;

use serde_json::json;
use studio_backend::services::{gate, runs::Accepted};
use studio_kernel::{
    plan::Digest,
    run::{
        RunEventKind,
        api::{Change, Me, StartRun},
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
    let owner = world.owner().await;
    let person = owner.get("/api/me").await.read::<Me>().person;
    let client = world.state.studio.client().await.unwrap();
    let mut outcomes = BTreeSet::new();
    for round in 0..ROUNDS {
        let path = format!("20250802000000_race_{round}.sql");
        let table = |name: &str| {
            format!(
                "create table if not exists public.{name}_{round} (id bigint primary key);\n\
                 alter table public.{name}_{round} enable row level security;\n"
            )
        };
        let change = owner.open(&path, &table("seen")).await;
        // Every other round begins approved, so that starts succeed, too.
        if round % 2 == 0 {
            owner.decide(&change, "approve").await.read::<Change>();
        }
        let wish =
            StartRun { expected_digest: change.digest.clone(), idempotency_key: format!("race-{round:08}") };
        let edit = format!("{}select 'unseen';\n", table("seen"));
        let (edited, approved, started) = tokio::join!(
            owner.revise(&change, 1, &edit),
            owner.decide(&change, "approve"),
            gate::start(&world.state, &person, change.id, &wish),
        );
        let started = started.map_err(|error| error.status().1.to_owned());
        outcomes.insert((edited.status.as_u16(), approved.status.as_u16(), started.is_ok()));
        let now = owner.change(change.id).await;
        for status in &now.gate.approvals {
            assert_eq!(status.approval.bound.digest, change.digest, "an approval of what was not seen");
        }
        if let Ok(Accepted::New(start)) = started {
            let row = client.query_one(ACCEPTED, &[&start.id]).await.unwrap();
            assert_eq!(row.get::<_, String>("digest"), change.digest.as_str());
            assert!(row.get::<_, bool>("approved"), "round {round}: accepted without an approval");
            assert_eq!(row.get::<_, i32>("newest"), row.get::<_, i32>("revision"));
            let RunEventKind::Queued { steps, .. } = &start.queued.kind else { panic!("no plan") };
            let planned: Vec<_> = steps.iter().flat_map(|step| &step.file).map(|file| &file.sha256).collect();
            let seen = Digest::of(table("seen").as_bytes());
            assert_eq!(planned, [seen.as_str()]);
            assert_eq!(row.get::<_, String>("sha256"), seen.as_str());
            let end = "update studio.runs set state = 'cancelled', ended = now() where id = $1";
            client.execute(end, &[&start.id]).await.unwrap();
        }
        let close = json!({ "state": "closed" });
        owner.put(&format!("/api/changes/{}/state", change.id), close).await.read::<Change>();
    }
    assert!(outcomes.iter().any(|(_, _, started)| *started), "{outcomes:?}");
    assert!(outcomes.iter().any(|(edited, _, _)| *edited == 200), "{outcomes:?}");
}
