//! Runs: starting one, and what is shown of it.

use serde::{Deserialize, Serialize};

use crate::{
    migration::SourceFile,
    plan::Digest,
    review::{Person, Timestamp},
    run::{RunKind, RunState, RunView},
};

/// `POST /api/changes/{id}/runs`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StartRun {
    /// What the person saw.
    pub expected_digest: Digest,
    /// Chosen by the page; the same key answers with the same run.
    pub idempotency_key: String,
}

/// `POST /api/validations`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StartValidation {
    /// A file of role validation or test, below `migrations/`.
    pub path: String,
}

/// A run, for lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Also the `application_name` of its session.
    pub id: String,
    /// Why it runs.
    pub kind: RunKind,
    /// Where it stands.
    pub state: RunState,
    /// The change it executes.
    pub change: Option<i64>,
    /// For people: the change's title or the file's path.
    pub title: String,
    /// On what.
    pub target: String,
    /// Who started it.
    pub person: Person,
    /// When.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What the end means.
    pub summary: String,
}

/// `GET /api/runs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// Newest first.
    pub runs: Vec<RunSummary>,
}

/// `GET /api/runs/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// As in lists.
    pub run: RunSummary,
    /// All that is known; go on with the events after its `seq`.
    pub view: RunView,
    /// The texts of its files, by path, to show statements and carets.
    pub files: Vec<SourceFile>,
}
