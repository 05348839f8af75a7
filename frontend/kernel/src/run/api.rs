//! The HTTP protocol: requests, answers and paths, shared by the server and the page.
//!
//! | method and path | body → answer | needs |
//! |--|--|--|
//! | `POST /api/session` | [`SignIn`] → [`Me`] | a one-time token |
//! | `DELETE /api/session` | → nothing | a session |
//! | `GET /api/me` | → [`Me`] | a session |
//! | `PUT /api/me` | [`Rename`] → [`Me`] | a session |
//! | `GET /api/people` | → [`People`] | a session |
//! | `PUT /api/people/{id}` | [`SetRole`] → [`People`] | admin |
//! | `POST /api/invitations` | [`Invite`] → [`Invitation`] | admin |
//! | `PUT /api/policy` | [`Policy`] → [`Me`] | admin |
//! | `GET /api/target` | → [`Target`] | a session |
//! | `GET /api/migrations` | → [`Migrations`] | a session |
//! | `GET /api/files?path=…` | → [`FileText`] | a session |
//! | `GET /api/sources` | → [`Sources`]: every file's text, for the linter in the browser | a session |
//! | `GET /api/changes` | → [`Changes`] | a session |
//! | `POST /api/changes` | [`OpenChange`] → [`Change`] | author |
//! | `GET /api/changes/{id}` | → [`Change`] | a session |
//! | `GET /api/changes/{id}/files?revision=…&path=…` | → [`RevisionText`] | a session |
//! | `POST /api/changes/{id}/revisions` | [`Revise`] → [`Change`] | author |
//! | `POST /api/changes/{id}/comments` | [`AddComment`] → [`Change`] | a session |
//! | `PUT /api/changes/{id}/comments/{comment}` | [`ResolveComment`] → [`Change`] | a session |
//! | `POST /api/changes/{id}/approvals` | [`Decide`] → [`Change`] | reviewer |
//! | `PUT /api/changes/{id}/state` | [`SetChangeState`] → [`Change`] | author |
//! | `POST /api/changes/{id}/runs` | [`StartRun`] → [`RunSummary`] | operator |
//! | `POST /api/changes/{id}/dry-runs` | → [`RunSummary`] | author |
//! | `POST /api/validations` | [`StartValidation`] → [`RunSummary`] | author |
//! | `GET /api/runs` | → [`Runs`] | a session |
//! | `GET /api/runs/{id}` | → [`Run`] | a session |
//! | `GET /api/runs/{id}/events` | → server-sent [`super::RunEvent`]s, id = seq, resumed by `Last-Event-ID` or `?after=` | a session |
//! | `POST /api/runs/{id}/cancel` | → [`RunSummary`] | operator |
//! | `GET /api/rules` | → [`Rules`] | a session |
//!
//! A refused request answers with an [`ApiError`] and a status that fits.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{RunKind, RunState, RunView};
use crate::{
    lint::finding::{Coverage, Finding, Severity},
    migration::{Role, SourceFile},
    plan::{Digest, Plan},
    review::{
        ChangeState, Comment, Decision, Gate, Obstacle, Person, PersonRole, Revision, TimelineEntry,
        Timestamp,
    },
    sql::statement::ObjectKind,
    text::Span,
    words::words,
};

/// Why a request was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// Stable: `not-signed-in`, `stale-revision`, `target-unreachable` …
    pub code: String,
    /// What happened and why.
    pub message: String,
    /// What to do.
    pub help: String,
    /// To find the request in the log.
    pub request_id: String,
    /// What stands in the way, where that is a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<Obstacle>,
}

/// `POST /api/session`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// From the link; works once.
    pub token: String,
    /// How the person wants to be called; needed for invitations.
    pub name: Option<String>,
}

/// The person of the session and what the studio is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Who is signed in.
    pub person: Person,
    /// What reviews need.
    pub policy: Policy,
    /// The target's name, for the header of every page.
    pub target: String,
    /// The target is the studio's own PostgreSQL, where nobody else is harmed.
    pub embedded: bool,
    /// The server's version.
    pub version: String,
}

/// `PUT /api/me`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rename {
    /// 1 to 80 characters.
    pub name: String,
}

/// `GET /api/people`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// By name.
    pub people: Vec<Person>,
    /// Not used yet and not expired: role and when it expires.
    pub invitations: Vec<OpenInvitation>,
}

/// An invitation that was not used yet; its link is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenInvitation {
    /// What the person will be.
    pub role: PersonRole,
    /// When it ends.
    pub expires: Timestamp,
}

/// `PUT /api/people/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetRole {
    /// The new role.
    pub role: PersonRole,
}

/// `POST /api/invitations`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invite {
    /// What the person will be.
    pub role: PersonRole,
}

/// An invitation; the only time its link is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Path and fragment on this server: `/join#<token>`.
    pub link: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// What reviews need. Setting it makes approvals stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Nobody approves what they wrote. Off is one-person mode.
    pub four_eyes: bool,
    /// Approvals needed, from 1.
    pub required: usize,
}

/// The database that runs go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Host, port and database, without credentials.
    pub name: String,
    /// The studio's own PostgreSQL.
    pub embedded: bool,
    /// `18.4`; empty when it cannot be reached.
    pub server_version: String,
    /// Whether pgvector can be installed there.
    pub has_vector: bool,
    /// What keeps runs from going there, each with what to do: unreachable, transaction pooler, missing rights.
    pub problems: Vec<Obstacle>,
}

words! {
    /// A file's state on the target.
    FileState {
        /// Forward and not in the ledger.
        Pending = "pending",
        /// In the ledger, with these statements.
        Applied = "applied",
        /// In the ledger, with other statements: edited since.
        Edited = "edited",
        /// Not recorded in the ledger by nature: rollback, validation, maintenance.
        Standing = "standing",
        /// The target cannot be reached.
        Unknown = "unknown",
    }
}

/// `GET /api/migrations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrations {
    /// By path.
    pub files: Vec<MigrationSummary>,
    /// Ledger rows without a file: version and name.
    pub without_file: Vec<(String, String)>,
    /// How much of the set the linter read.
    pub coverage: Coverage,
}

/// A file of the folder, for the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationSummary {
    /// Below `migrations/`.
    pub path: String,
    /// The leading digits.
    pub version: Option<String>,
    /// Without version and `.sql`.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The first sentences of its header.
    pub purpose: String,
    /// Of its bytes.
    pub sha256: String,
    /// What it makes, in order.
    pub makes: Vec<MadeObject>,
    /// Counts of findings: errors, warnings, information, allowed with a reason.
    pub findings: FindingCounts,
    /// On the target.
    pub state: FileState,
    /// When it was applied, where the studio did it.
    pub applied_at: Option<Timestamp>,
    /// Open changes that touch it.
    pub changes: Vec<i64>,
    /// The file that undoes it.
    pub rollback: Option<String>,
    /// The file that proves it.
    pub validation: Option<String>,
}

/// An object that a file makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeObject {
    /// What it is.
    pub kind: ObjectKind,
    /// As written.
    pub name: String,
}

/// How many findings of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingCounts {
    /// Severity error.
    pub errors: usize,
    /// Severity warning.
    pub warnings: usize,
    /// Severity info.
    pub infos: usize,
    /// Any severity, suppressed with a reason.
    pub allowed: usize,
}

impl FindingCounts {
    /// Counts findings.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            let counter = match (&finding.allowed, finding.severity) {
                (Some(_), _) => &mut counts.allowed,
                (None, Severity::Error) => &mut counts.errors,
                (None, Severity::Warning) => &mut counts.warnings,
                (None, Severity::Info) => &mut counts.infos,
            };
            *counter += 1;
        }
        counts
    }
}

/// `GET /api/files`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileText {
    /// The file as it stands in the folder.
    #[serde(flatten)]
    pub file: SourceFile,
    /// Of its bytes.
    pub sha256: String,
    /// On the target.
    pub state: FileState,
    /// The plan of this file alone on the target.
    pub plan: Plan,
    /// Findings, as the server sees them.
    pub findings: Vec<Finding>,
}

/// `GET /api/sources`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// By path.
    pub files: Vec<SourceFile>,
    /// Versions the target has; none when it cannot be asked.
    pub applied: BTreeSet<String>,
}

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
    /// The target it would run on.
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

/// `GET /api/rules`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// By id.
    pub rules: Vec<RuleHelp>,
}

/// A rule's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHelp {
    /// Stable.
    pub id: String,
    /// By default.
    pub severity: Severity,
    /// Markdown of our own: heading, sentence, flagged and accepted blocks.
    pub help: String,
}
