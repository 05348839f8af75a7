//! People, changes, revisions, comments, approvals, and the gate that says whether a run may start.
//! It stores nothing and knows no clock; the server asks it inside one row lock.

mod gate;

pub use gate::{ApprovalStatus, Bound, Gate, GateFacts, Obstacle, Stale, gate};

use serde::{Deserialize, Serialize};

use crate::{plan::Purpose, text::Span, words::words};

/// A point in time: RFC 3339 in UTC, as the database's clock gave it.
pub type Timestamp = String;

words! {
    /// What a person may do. Each may do all that the ones before it may.
    PersonRole {
        /// Reads everything and changes nothing.
        Viewer = "viewer",
        /// Comments, edits changes, tries them on copies.
        Author = "author",
        /// Approves and requests changes.
        Reviewer = "reviewer",
        /// Starts and cancels runs.
        Operator = "operator",
        /// Invites people and changes settings.
        Admin = "admin",
    }
}

impl PersonRole {
    /// Whether somebody of this role may do what `needed` is the first to be allowed.
    pub fn allows(self, needed: Self) -> bool {
        self >= needed
    }
}

/// Somebody who has, or had, an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Stable.
    pub id: String,
    /// What they are called; beside something they did, what they were called then.
    pub name: String,
    /// What they may do.
    pub role: PersonRole,
    /// An admin has closed the account: they cannot sign in, and their approvals do not count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

words! {
    /// Where a change stands.
    ChangeState {
        /// Under review, or approved and not yet run.
        Open = "open",
        /// Its plan was executed to the end on the target.
        Applied = "applied",
        /// Given up.
        Closed = "closed",
    }
}

words! {
    /// What a change does to a file of the folder.
    FileChange {
        /// The folder has no such file.
        Added = "added",
        /// The folder's bytes differ.
        Modified = "modified",
        /// The folder has these bytes already; the change runs them.
        Unchanged = "unchanged",
    }
}

/// A file of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionFile {
    /// Path below `migrations/`.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// SHA-256 of the folder's bytes the revision started from.
    pub base_sha256: Option<String>,
    /// Compared with those.
    pub change: FileChange,
    /// How a run of this change treats it.
    pub purpose: Purpose,
}

/// One state of a change. Its bytes never change; an edit makes another revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// From 1.
    pub number: u32,
    /// Who made it.
    pub author: Person,
    /// When.
    pub at: Timestamp,
    /// What it says of itself; may be empty.
    pub note: String,
    /// In the order they run.
    pub files: Vec<RevisionFile>,
}

/// A remark on a change, a file, or a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Stable.
    pub id: String,
    /// The comment it answers.
    pub reply_to: Option<String>,
    /// Who.
    pub author: Person,
    /// When.
    pub at: Timestamp,
    /// Plain text.
    pub body: String,
    /// Where it hangs; `None` for the change as a whole.
    pub anchor: Option<Anchor>,
    /// The thread is settled.
    pub resolved: bool,
}

/// Where a comment hangs: a statement, by its text and not by its line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Revision it was made on.
    pub revision: u32,
    /// Path below `migrations/`.
    pub path: String,
    /// The statement's text at that time; shown when it is gone.
    pub quote: String,
    /// Where the statement stands in the newest revision; `None` when it is gone: the comment is outdated.
    pub span: Option<Span>,
    /// Line of its start in the newest revision, from 1.
    pub line: Option<usize>,
}

words! {
    /// What a reviewer says.
    Decision {
        /// These bytes may run.
        Approve = "approve",
        /// They may not, until this reviewer says otherwise.
        RequestChanges = "request_changes",
    }
}

/// A decision about one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Stable.
    pub id: String,
    /// Who.
    pub person: Person,
    /// When.
    pub at: Timestamp,
    /// What they said.
    pub decision: Decision,
    /// Plain text; may be empty.
    pub note: String,
    /// The revision that was newest.
    pub revision: u32,
    /// What it binds.
    pub bound: Bound,
}

/// An entry of a change's timeline, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub person: Option<Person>,
    /// A stable word: `opened`, `revised`, `commented`, `approved`, `requested_changes`, `run_started`,
    /// `run_ended`, `run_cancelled`, `dry_run_started`, `files_written`, `resolved`, `unresolved`, `closed`, `reopened`.
    pub action: String,
    /// A sentence for people, without the name and the time.
    pub text: String,
    /// The run it speaks of.
    pub run: Option<String>,
}
