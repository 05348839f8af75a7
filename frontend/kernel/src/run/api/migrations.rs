//! The target and the folder: files, what they are for, and where they stand.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    lint::finding::{Coverage, Finding, Severity},
    migration::{Role, SourceFile},
    plan::Plan,
    review::{Obstacle, Timestamp},
    sql::statement::ObjectKind,
    words::words,
};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// By path.
    pub files: Vec<SourceFile>,
    /// Versions the target has; none when it cannot be asked.
    pub applied: BTreeSet<String>,
    /// The target's major version, where it is known.
    pub server: Option<u16>,
}
