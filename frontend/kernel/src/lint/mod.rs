//! Rules over a set of migrations.

pub mod finding;

use crate::migration::MigrationSet;
use finding::Report;

/// What linting depends on besides the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// PostgreSQL's major version, 13 to 18.
    pub server_version: u16,
    /// Schemas the Data API exposes; a table there needs row level security.
    pub exposed_schemas: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { server_version: 15, exposed_schemas: vec!["public".to_owned()] }
    }
}

/// A rule as the page and the command line show it.
#[derive(Clone, Copy, Debug)]
pub struct RuleInfo {
    /// Stable.
    pub id: &'static str,
    /// By default.
    pub severity: finding::Severity,
    /// Markdown: help and tested examples in one.
    pub help: &'static str,
}

/// Every rule, by id.
pub fn rules() -> Vec<RuleInfo> {
    Vec::new()
}

/// Lints the files `paths` names, each in the light of the whole set. Unknown paths are skipped.
pub fn lint(set: &MigrationSet, paths: &[&str], settings: &Settings) -> Report {
    let _ = (set, paths, settings);
    Report::default()
}
