//! What a run will do, statement by statement, and the digest that names it.
//! A plan is built from migrations, never by hand, and moves no statement.

mod build;
mod class;
mod digest;
mod locking;
mod procedures;
mod relations;
mod segment;
mod summary;
#[cfg(test)]
mod tests;

pub use build::{plan, plan_for, preview};
pub use digest::{Binding, Digest};

use serde::{Deserialize, Serialize};

use crate::{sql::lock::Lock, text::Span, words::words};

/// What a run will do on a target. The same value lints, is approved, is shown and is executed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In the order they run.
    pub files: Vec<PlannedFile>,
    /// Why it must not run; empty when it may.
    pub refusals: Vec<Refusal>,
}

words! {
    /// How a file is executed.
    Purpose {
        /// Forward: recorded in the ledger with its segments' transaction.
        Apply = "apply",
        /// Undo: the ledger row of the forward file goes with it.
        Rollback = "rollback",
        /// Runs in a transaction that is always rolled back.
        Validate = "validate",
        /// Cleanup and reset: run, never recorded in the ledger.
        Maintain = "maintain",
        /// Travels with the change and is not run: the rollback and the validation of a forward file, a
        /// forward file that is applied already. It has no segments.
        Keep = "keep",
    }
}

/// A file of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// Path below `migrations/`.
    pub path: String,
    /// SHA-256 of the bytes to run, lower-case hex; empty in a [`preview`], which is never run.
    pub sha256: String,
    /// The ledger's version: its own for forward files, the forward file's for rollbacks.
    pub version: Option<String>,
    /// The ledger's name.
    pub name: String,
    /// How it is executed.
    pub purpose: Purpose,
    /// In order. Each commits on its own.
    pub segments: Vec<Segment>,
}

impl PlannedFile {
    /// The statements that run, in order.
    pub fn statements(&self) -> impl Iterator<Item = &PlannedStatement> {
        self.segments.iter().flat_map(|segment| &segment.statements)
    }
}

words! {
    /// How a segment meets transactions.
    SegmentKind {
        /// All of its statements or none.
        Transaction = "transaction",
        /// One statement that PostgreSQL refuses inside a transaction block.
        Standalone = "standalone",
    }
}

/// Neighbouring statements that commit together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Transaction or standalone.
    pub kind: SegmentKind,
    /// Why it does not share the transaction of the one before; empty for the first.
    pub reason: String,
    /// In the author's order.
    pub statements: Vec<PlannedStatement>,
}

/// A statement of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct PlannedStatement {
    /// Its number in the file, from 0, transaction control included.
    pub index: usize,
    /// Its bytes in the file.
    #[serde(flatten)]
    pub span: Span,
    /// Line of its start, from 1.
    pub line: usize,
    /// As in `studio inspect`: `create_table`.
    pub kind: String,
    /// A few words for a row: `create table archon_tasks`.
    pub summary: String,
    /// Locks on objects that exist before the file, strongest first.
    pub locks: Vec<Lock>,
}

/// A [`PlannedStatement`] as it is written. What is flattened is read twice, first into a map; the page reads thousands.
#[derive(Deserialize)]
struct Written {
    index: usize,
    start: usize,
    end: usize,
    line: usize,
    kind: String,
    summary: String,
    locks: Vec<Lock>,
}

impl From<Written> for PlannedStatement {
    fn from(Written { index, start, end, line, kind, summary, locks }: Written) -> Self {
        Self { index, span: Span::new(start, end), line, kind, summary, locks }
    }
}

/// Why a plan must not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// A stable code: `missing-file`, `duplicate-version`, `other-name`, `no-version`, `no-forward-file`,
    /// `syntax-error`, `psql-command`, `template`, `client-copy`, `down-section`, `unbalanced-transaction`,
    /// `outside-transaction-only`, `inside-transaction-only`, `transaction-mode`, `text-setting`.
    pub code: String,
    /// Path below `migrations/`.
    pub path: String,
    /// Where, when it has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// What is wrong and what to do.
    pub message: String,
}
