//! How much of a statement sqlparser reads, as a note on the statement. Asking it is `sql/reading.rs`.

use serde::{Deserialize, Serialize};

use super::Statement;

/// How much of a statement sqlparser reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// It gave a tree.
    Parsed,
    /// It gave a tree after clauses it does not know were blanked.
    ParsedInPart,
    /// Kind, objects and flags from tokens only. It never means "fine" and never "wrong".
    OutlineOnly,
    /// Too deep or too long to be parsed safely.
    TooComplex,
}

impl Reading {
    /// Whether there was a tree, of all or of a part.
    pub const fn has_tree(self) -> bool {
        matches!(self, Self::Parsed | Self::ParsedInPart)
    }
}

impl Statement {
    /// What is noted on this statement and on those in its bodies, outer ones first.
    pub fn readings(&self) -> Vec<Option<Reading>> {
        let inner = self.body().into_iter().flat_map(|body| &body.statements);
        let inner = inner.flat_map(|one| one.statement.readings());
        std::iter::once(self.reading).chain(inner).collect()
    }

    /// Notes what [`Self::readings`] gave for the same text.
    pub fn note(&mut self, readings: &mut impl Iterator<Item = Reading>) {
        self.reading = readings.next();
        for inner in self.body_mut().into_iter().flat_map(|body| &mut body.statements) {
            inner.statement.note(readings);
        }
    }
}
