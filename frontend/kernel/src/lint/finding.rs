//! What a rule says about a place in a file.

use serde::{Deserialize, Serialize};

use crate::{
    text::{Edit, Span},
    words::words,
};

words! {
    /// How bad it is, worst first.
    Severity {
        /// Fails, loses data, blocks, or opens access.
        Error = "error",
        /// Dangerous under load or for running clients.
        Warning = "warning",
        /// Worth knowing.
        Info = "info",
    }
}

/// One remark at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Path below `migrations/`.
    pub file: String,
    /// The rule's id, `syntax-error`, or `suppression-hygiene`.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// What is wrong and what it causes, in a sentence or two.
    pub message: String,
    /// Where, in bytes of the file.
    #[serde(flatten)]
    pub span: Span,
    /// Line of the start, from 1.
    pub line: usize,
    /// Column of the start in characters, from 1.
    pub column: usize,
    /// What to do instead.
    pub help: String,
    /// A mechanical repair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// The reason of the suppression that covers it. A suppressed finding counts for nothing but is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
}

/// A mechanical repair: it removes its finding and adds none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// For the button: "Add IF NOT EXISTS".
    pub title: String,
    /// Edits of the whole file.
    pub edits: Vec<Edit>,
}

/// How much was read: "no finding" is never said about text that was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Statements, those in bodies included.
    pub statements: usize,
    /// Those with a syntax tree.
    pub parsed: usize,
    /// Those that sqlparser was not asked about.
    pub unread: usize,
    /// EXECUTE of text that cannot be known.
    pub unknown_dynamic: usize,
}

/// The outcome of linting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// By file, then by place, then by rule.
    pub findings: Vec<Finding>,
    /// Summed over the files that were linted.
    pub coverage: Coverage,
}
