//! What the linter answers. The page compiles this same file, so that writer and reader cannot differ;
//! a dependency between the two crates would put the parser into the page's own module.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use studio_kernel::{lint::finding::Report, plan::Plan, sql::lock::Lock, text::Span};

/// Whose grammar `grammar.ts` runs; it goes with the pin of libpg-query.
pub(crate) const GRAMMAR: &str = "PostgreSQL 18";

/// Everything about one file in the light of the set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Analysis {
    /// PostgreSQL's own grammar has read every statement too.
    pub(crate) grammar: bool,
    /// Findings of this file, and how much of it was read.
    pub(crate) report: Report,
    /// What a run of this file alone would do.
    pub(crate) plan: Plan,
    /// Its statements, in order.
    pub(crate) outline: Vec<OutlineRow>,
    /// Names for completion; `None` when they are those of the answer before.
    pub(crate) names: Option<Names>,
}

/// Objects of the set by name, each with its columns.
pub(crate) type Names = BTreeMap<String, Vec<String>>;

/// A statement, for a list that one can jump from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutlineRow {
    /// Its bytes in the file.
    pub(crate) span: Span,
    /// Line of its start, from 1.
    pub(crate) line: usize,
    /// As in `studio inspect`: `create_table`.
    pub(crate) kind: String,
    /// A few words: `create table archon_tasks`.
    pub(crate) summary: String,
    /// Locks it takes on objects that exist before it, strongest first.
    pub(crate) locks: Vec<Lock>,
    /// PostgreSQL refuses it inside a transaction block.
    pub(crate) standalone: bool,
    /// sqlparser has no tree of it. Kind and objects are known all the same.
    pub(crate) outline_only: bool,
}
