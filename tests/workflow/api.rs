//! The workflow system on its way through the studio: proposed, reviewed, run, proven, taken out again, all by
//! HTTP; and what the server refuses on that way.

use std::slice;

use harness::database::{SETUP, WORKFLOW, on_runtime};
use serde_json::{Value, json};
use studio_kernel::{
    plan::Purpose,
    review::{ChangeState, PersonRole},
    run::{
        RunEvent, RunEventKind, RunState,
        api::{Change, FileState, Run, RunSummary},
    },
};
use tokio_postgres::Client;

use crate::{
    models::{Execution, NewTemplate, Row, Step, Template, Version},
    store::{all, create, fit},
    studio::{Answer, Followed, Person, Studio, notices},
};

const ROLLBACK: &str = "rollback/rollback_workflow_system.sql";
const VALIDATION: &str = "validate/validate_workflow_schema.sql";

/// What the validation says about a workflow system that is whole.
const WHOLE: [&str; 23] = [
    "🚀 Starting Workflow Schema Validation",
    "================================================",
    "📋 Checking Tables...",
    "✅ archon_workflow_templates table exists",
    "✅ archon_workflow_executions table exists",
    "✅ archon_workflow_step_executions table exists",
    "✅ archon_workflow_template_versions table exists",
    "🏷️ Checking Enums...",
    "✅ workflow_status enum exists",
    "✅ workflow_step_type enum exists",
    "✅ workflow_execution_status enum exists",
    "✅ step_execution_status enum exists",
    "📊 Checking Indexes...",
    "✅ Workflow indexes created (13 found)",
    "🔒 Checking RLS Policies...",
    "✅ RLS policies created (8 found)",
    "⚡ Checking Triggers...",
    "✅ Triggers created (3 found)",
    "🧪 Testing Basic Operations...",
    "✅ Workflow template insertion works",
    "✅ Workflow template deletion works",
    "================================================",
    "🎉 Workflow Schema Validation Complete!",
];

/// Where the protocol is described, one address a line.
const PROTOCOL: &str = include_str!("../../frontend/kernel/src/run/api/mod.rs");

/// A studio in which nobody approves what they wrote: Ada is its admin, Bob reviews.
async fn team(name: &str) -> (Studio, Person, Person) {
    let studio = Studio::start(name).await;
    let ada = studio.owner().await;
    ada.put("/api/policy", json!({ "four_eyes": true, "required": 1 })).await.read::<Value>();
    let bob = studio.join(&ada, "Bob", PersonRole::Reviewer).await;
    (studio, ada, bob)
}

/// Ada's change is approved by Bob and run by Ada. The events have no gap, and folding them is what the server
/// shows.
async fn carry_out(ada: &Person, bob: &Person, paths: &[&str]) -> (Change, Run) {
    let change = ada.open(paths).await;
    bob.approve(&change).await.read::<Change>();
    let started: RunSummary = ada.start(&change).await.read();
    let (followed, run) = ada.to_its_end(&started).await;
    holds_together(&followed, &run);
    let change: Change = ada.get(&format!("/api/changes/{}", change.id)).await.read();
    (change, run)
}

fn holds_together(followed: &Followed, run: &Run) {
    let Followed { begun, events } = followed;
    // The first event is the plan, which whoever shows a run has asked for.
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (2..=events.len() as u64 + 1).collect::<Vec<_>>());
    assert!(matches!(events.last().unwrap().kind, RunEventKind::Ended { .. }));
    let mut view = begun.clone();
    events.iter().for_each(|event| view.apply(event));
    assert_eq!(view, run.view);
    assert_eq!((run.run.state, run.run.ended.is_some()), (run.view.state, true));
}

async fn ledger(client: &Client) -> Vec<String> {
    let sql = "select version || '_' || name || '.sql' from supabase_migrations.schema_migrations order by 1";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[test]
fn the_feature_goes_in_is_proven_and_goes_out_again() {
    on_runtime(async {
        let (studio, ada, bob) = team("workflow_story").await;
        let target = studio.target.connect().await;
        let file = ada.listed(WORKFLOW).await;
        assert_eq!(file.state, FileState::Pending);
        assert_eq!(
            (file.rollback.as_deref(), file.validation.as_deref()),
            (Some(ROLLBACK), Some(VALIDATION))
        );

        // In.
        let (change, run) = carry_out(&ada, &bob, &[SETUP, WORKFLOW, ROLLBACK, VALIDATION]).await;
        assert_eq!(run.view.state, RunState::Done, "{}", run.view.summary);
        assert_eq!(change.state, ChangeState::Applied);
        let purposes: Vec<Purpose> = change.plan.files.iter().map(|file| file.purpose).collect();
        assert_eq!(purposes, [Purpose::Apply, Purpose::Apply, Purpose::Keep, Purpose::Keep]);
        let file = ada.listed(WORKFLOW).await;
        assert_eq!((file.state, file.applied_at.is_some()), (FileState::Applied, true));
        assert_eq!(ledger(&target).await, [SETUP, WORKFLOW]);

        // Proven.
        let template = create(&target, &NewTemplate::named("kept")).await.unwrap();
        let (events, run) = ada_validates(&ada, &bob).await;
        assert_eq!(notices(&events), WHOLE);
        assert_eq!(run.view.state, RunState::Done);
        assert!(run.view.summary.starts_with("All 13 checks passed."), "{}", run.view.summary);
        assert_eq!(all::<Template>(&target).await, slice::from_ref(&template), "it leaves nothing");

        // Out, with its rows kept.
        let (change, run) = carry_out(&ada, &bob, &[ROLLBACK]).await;
        assert_eq!(run.view.state, RunState::Done, "{}", run.view.summary);
        assert_eq!(change.state, ChangeState::Applied);
        assert_eq!(ada.state_of(WORKFLOW).await, FileState::Pending);
        assert_eq!(ledger(&target).await, [SETUP]);
        let exported = "select content from archon_rollback.exported_rows where table_name = $1";
        let row = target.query_one(exported, &[&Template::TABLE]).await.unwrap();
        assert_eq!(fit::<Template>(row.get(0)), Ok(template));

        // And the proof says so.
        let (events, run) = ada_validates(&ada, &bob).await;
        assert_eq!(run.view.state, RunState::Failed);
        let error = events.iter().find_map(|event| match &event.kind {
            RunEventKind::StatementFailed { error, .. } => Some(error),
            _ => None,
        });
        let error = error.unwrap();
        assert_eq!(error.sqlstate, "P0001");
        for table in [Template::TABLE, Execution::TABLE, Step::TABLE, Version::TABLE] {
            assert!(error.message.contains(&format!("table {table};")), "{table}: {}", error.message);
        }
        assert!(!notices(&events).contains(WHOLE.last().unwrap()));
    });
}

/// Ada validates what stands there, as an operator may, because the file inserts a row to try; Bob is shown the same
/// run.
async fn ada_validates(ada: &Person, bob: &Person) -> (Vec<RunEvent>, Run) {
    let (followed, run) = ada.validate(VALIDATION).await;
    holds_together(&followed, &run);
    let events = followed.events;
    let seen: Run = bob.get(&format!("/api/runs/{}", run.run.id)).await.read();
    assert_eq!(seen.view, run.view);
    (events, run)
}

/// Every method and path of the protocol's table but those that open and close a session.
fn addresses() -> Vec<(&'static str, String)> {
    let rows = PROTOCOL.lines().filter_map(|line| line.strip_prefix("//! | `")?.split_once('`'));
    let addresses = rows.filter_map(|(address, _)| address.split_once(' '));
    let others = addresses.filter(|(_, path)| *path != "/api/session");
    others
        .map(|(method, path)| (method, path.replace("{id}", "1").replace("{comment}", "1").replace('…', "1")))
        .collect()
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.refusal(), (status, code.to_owned()));
}

#[test]
fn nobody_gets_in_without_a_session() {
    on_runtime(async {
        let studio = Studio::start("workflow_strangers").await;
        let stranger = studio.stranger();
        let addresses = addresses();
        for (method, path) in &addresses {
            let body = (*method != "GET").then(|| json!({}));
            refused(&stranger.ask(method, path, body).await, 401, "not-signed-in");
        }
        println!("{} addresses are closed", addresses.len());
        assert!(addresses.len() > 20, "{addresses:?} is not the whole protocol");
        let enter = json!({ "token": studio.token, "name": null });
        studio.owner().await;
        refused(&stranger.post("/api/session", enter).await, 401, "dead-link");
    });
}

#[test]
fn a_change_runs_only_when_another_person_has_approved_these_bytes() {
    on_runtime(async {
        let (studio, ada, bob) = team("workflow_gate").await;
        let change = ada.open(&[SETUP, WORKFLOW]).await;
        refused(&ada.start(&change).await, 409, "not-approved");
        refused(&ada.approve(&change).await, 409, "own-change");
        bob.approve(&change).await.read::<Change>();
        refused(&bob.start(&change).await, 403, "role");

        let files = json!([{ "path": SETUP, "text": "select 1;" }]);
        let wish = json!({ "base": 1, "note": "", "files": files });
        let revisions = format!("/api/changes/{}/revisions", change.id);
        let edited: Change = ada.post(&revisions, wish.clone()).await.read();
        refused(&ada.post(&revisions, wish).await, 409, "stale-revision");
        refused(&ada.start(&change).await, 409, "stale-digest");
        refused(&bob.approve(&change).await, 409, "stale-digest");
        refused(&ada.start(&edited).await, 409, "not-approved");
        assert_eq!(ada.state_of(WORKFLOW).await, FileState::Pending);
        let client = studio.target.connect().await;
        let untouched = client.query_one("select to_regclass('public.archon_settings') is null", &[]).await;
        assert!(untouched.unwrap().get::<_, bool>(0));
    });
}

#[test]
fn a_run_happens_once() {
    on_runtime(async {
        let (studio, ada, bob) = team("workflow_once").await;
        let change = ada.open(&[SETUP, WORKFLOW]).await;
        bob.approve(&change).await.read::<Change>();
        let (one, two) = tokio::join!(ada.start(&change), ada.start(&change));
        let (one, two): (RunSummary, RunSummary) = (one.read(), two.read());
        assert_eq!(one.id, two.id, "the same key is the same run");
        let (_, run) = ada.to_its_end(&one).await;
        assert_eq!(run.view.state, RunState::Done, "{}", run.view.summary);
        let wish = json!({ "expected_digest": change.digest, "idempotency_key": "another key" });
        let again = ada.post(&format!("/api/changes/{}/runs", change.id), wish).await;
        refused(&again, 409, "stale-digest");
        let same = ada.open(&[WORKFLOW]).await;
        bob.approve(&same).await.read::<Change>();
        refused(&ada.start(&same).await, 409, "nothing-to-run");
        assert_eq!(ledger(&studio.target.connect().await).await, [SETUP, WORKFLOW]);
    });
}

#[test]
fn what_does_not_exist_or_is_of_another_kind_is_refused() {
    on_runtime(async {
        let (_studio, ada, _) = team("workflow_unknown").await;
        let validate = async |path: &str| ada.post("/api/validations", json!({ "path": path })).await;
        refused(&validate("validate/nothing.sql").await, 404, "not-found");
        refused(&validate(WORKFLOW).await, 422, "invalid");
        refused(&validate(ROLLBACK).await, 422, "invalid");
        for path in ["nowhere", "changes/99", "runs/99", "runs/99/events", "files?path=99.sql"] {
            refused(&ada.get(&format!("/api/{path}")).await, 404, "not-found");
        }
        let change =
            json!({ "title": "x", "description": "", "files": [{ "path": "../x.sql", "text": "" }] });
        refused(&ada.post("/api/changes", change).await, 422, "invalid");
        refused(&ada.ask("DELETE", "/api/migrations", None).await, 405, "method");
    });
}
