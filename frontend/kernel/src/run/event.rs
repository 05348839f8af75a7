//! What happens in a run, one event at a time. Events are numbered from 1 without gaps; a reader that has
//! seen up to `seq` misses nothing when it goes on from there.

use serde::{Deserialize, Serialize};

use super::{RunKind, RunState};
use crate::{plan::PlannedFile, review::Timestamp, text::Span};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEvent {
    /// From 1, without gaps.
    pub seq: u64,
    /// When, by the studio database's clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: RunEventKind,
}

/// What can happen. `step`, `segment` and `statement` are positions in the plan the run began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEventKind {
    /// The run exists; the plan it executes.
    Queued {
        /// Why it runs.
        kind: RunKind,
        /// On what: the target's name, or the throw-away copy's origin.
        target: String,
        /// In order.
        steps: Vec<RunStep>,
    },
    /// Something else comes first.
    Waiting {
        /// What: its turn, with the number of runs before it, or the session that holds the target's lock, in a phrase.
        holder: String,
    },
    /// The lock is held; statements follow.
    Started {
        /// The server's version, `18.4`.
        server_version: String,
        /// The role in force.
        role: String,
        /// The session's settings, in a phrase: `lock_timeout 2s`.
        settings: Vec<String>,
        /// The server's process, by which it is found again whatever its session is called; empty in older events.
        #[serde(default)]
        backend: String,
    },
    /// Something that takes time besides statements: copying the database, comparing fingerprints.
    Progress {
        /// The step it belongs to.
        step: usize,
        /// In a sentence.
        text: String,
    },
    /// A segment begins.
    SegmentStarted {
        /// The step.
        step: usize,
        /// The segment in it.
        segment: usize,
    },
    /// A statement was sent.
    StatementStarted {
        /// The step.
        step: usize,
        /// The statement's index in its file.
        statement: usize,
    },
    /// The server said something while the statement ran.
    Notice {
        /// The step.
        step: usize,
        /// The statement's index in its file.
        statement: usize,
        /// What it said.
        #[serde(flatten)]
        notice: ServerNotice,
    },
    /// A statement succeeded.
    StatementDone {
        /// The step.
        step: usize,
        /// The statement's index in its file.
        statement: usize,
        /// Rows affected or returned; `None` where the command has none.
        rows: Option<u64>,
        /// Microseconds from sending to completion; `None` where nobody saw it complete.
        micros: Option<u64>,
    },
    /// A statement was refused.
    StatementFailed {
        /// The step.
        step: usize,
        /// The statement's index in its file.
        statement: usize,
        /// Microseconds from sending to refusal; `None` where nobody saw it refused.
        micros: Option<u64>,
        /// Why.
        error: SqlError,
    },
    /// A statement was sent and the connection broke: its effect is not known.
    StatementUnknown {
        /// The step.
        step: usize,
        /// The statement's index in its file.
        statement: usize,
    },
    /// The segment is in the database for good.
    SegmentCommitted {
        /// The step.
        step: usize,
        /// The segment in it.
        segment: usize,
        /// The ledger row that was written or removed with it: `+20250801000000`, `-20250801000000`.
        ledger: Option<String>,
    },
    /// Nothing of the segment is in the database.
    SegmentRolledBack {
        /// The step.
        step: usize,
        /// The segment in it.
        segment: usize,
        /// Why: a failure, a request, or that a validation is always undone.
        reason: String,
    },
    /// Whether the segment is in the database cannot be known.
    SegmentUnknown {
        /// The step.
        step: usize,
        /// The segment in it.
        segment: usize,
    },
    /// Somebody asked to stop.
    Cancelling {
        /// Their name.
        by: String,
    },
    /// Nothing more will happen.
    Ended {
        /// Done, failed, cancelled or unknown.
        state: RunState,
        /// What that means for the database, in a sentence or two.
        summary: String,
    },
}

/// A part of a run: one file with one purpose, or a comparison without a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStep {
    /// For the page: "Apply 20250801000000_complete_setup.sql", "Compare fingerprints".
    pub title: String,
    /// The file and its segments; `None` for steps that run no file.
    pub file: Option<PlannedFile>,
}

/// A NOTICE or WARNING.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerNotice {
    /// NOTICE, WARNING, INFO, LOG, DEBUG, as the protocol gives it untranslated.
    pub severity: String,
    /// Five characters.
    pub sqlstate: String,
    /// Plain text.
    pub message: String,
    /// Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Why the server refused a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlError {
    /// Five characters; `08006` when the connection broke.
    pub sqlstate: String,
    /// Plain text.
    pub message: String,
    /// Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The server's context lines: which function, which line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Where in the file; the whole statement when the server gives no position.
    #[serde(flatten)]
    pub span: Span,
    /// Line of the start, from 1.
    pub line: usize,
    /// Column of the start in characters, from 1.
    pub column: usize,
    /// The server gave the exact position.
    pub exact: bool,
}
