//! Changes: revisions, comments, decisions.

use serde::{Deserialize, Serialize};

use super::{FindingCounts, RunSummary};
use crate::{
    lint::finding::{Coverage, Finding},
    migration::SourceFile,
    plan::{Digest, Plan},
    review::{ChangeState, Comment, Decision, Gate, Person, Revision, TimelineEntry, Timestamp},
    text::Span,
};

/// `POST /api/changes`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenChange {
    /// 1 to 200 characters.
    pub title: String,
    /// Plain text; may be empty.
    pub description: String,
    /// The files of its first revision, in the order they run. A file whose text equals the folder's is
    /// proposed to be run as it is.
    pub files: Vec<SourceFile>,
}

/// `POST /api/changes/{id}/revisions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revise {
    /// The revision the edit started from; another newest one answers `409 stale-revision`.
    pub base: u32,
    /// Plain text; may be empty.
    pub note: String,
    /// All files of the new revision.
    pub files: Vec<SourceFile>,
}

/// `GET /api/changes/{id}/files`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionText {
    /// The file in this revision.
    #[serde(flatten)]
    pub file: SourceFile,
    /// The folder's text the revision started from; `None` for a new file.
    pub base: Option<String>,
}

/// `POST /api/changes/{id}/comments`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddComment {
    /// Plain text, 1 to 10,000 characters.
    pub body: String,
    /// The comment it answers.
    pub reply_to: Option<String>,
    /// The statement it speaks of.
    pub at: Option<CommentPlace>,
}

/// A statement of a revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CommentPlace {
    /// The revision the person saw.
    pub revision: u32,
    /// Below `migrations/`.
    pub path: String,
    /// Any bytes inside the statement.
    pub span: Span,
}

/// `PUT /api/changes/{id}/comments/{comment}`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ResolveComment {
    /// Settled, or open again.
    pub resolved: bool,
}

/// `POST /api/changes/{id}/approvals`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decide {
    /// What the person saw; another one answers `409 stale-digest`.
    pub expected_digest: Digest,
    /// What they say.
    pub decision: Decision,
    /// Plain text; may be empty.
    pub note: String,
}

/// `PUT /api/changes/{id}/state`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SetChangeState {
    /// `open` or `closed`.
    pub state: ChangeState,
}

/// `GET /api/changes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Newest first.
    pub changes: Vec<ChangeSummary>,
}

/// A change, for the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSummary {
    /// For people: `#12`.
    pub id: i64,
    /// One line.
    pub title: String,
    /// Who opened it.
    pub author: Person,
    /// Where it stands.
    pub state: ChangeState,
    /// The newest revision's number.
    pub revision: u32,
    /// The newest revision's paths.
    pub paths: Vec<String>,
    /// Of the newest revision.
    pub findings: FindingCounts,
    /// Approvals that count, and how many are needed.
    pub approvals: (usize, usize),
    /// Whether the person who asks could decide on it and has not.
    pub waits_for_me: bool,
    /// Threads that are not settled.
    pub open_threads: usize,
    /// The newest run, whatever its kind.
    pub run: Option<RunSummary>,
    /// When anything happened last.
    pub updated: Timestamp,
}

/// A change, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// For people: `#12`.
    pub id: i64,
    /// One line.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// Who opened it.
    pub author: Person,
    /// Where it stands.
    pub state: ChangeState,
    /// Oldest first; the last is what would run.
    pub revisions: Vec<Revision>,
    /// What would run now.
    pub plan: Plan,
    /// Of plan and binding.
    pub digest: Digest,
    /// The target it would run on, with what its role and database give to every session.
    pub target: String,
    /// In the newest revision's files.
    pub findings: Vec<Finding>,
    /// How much of them was read.
    pub coverage: Coverage,
    /// Decisions and what they allow the person who asks.
    pub gate: Gate,
    /// Oldest first.
    pub comments: Vec<Comment>,
    /// Oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Newest first.
    pub runs: Vec<RunSummary>,
    /// The files written or not written to the folder after the run, when that needs a word.
    pub folder_note: Option<String>,
}
