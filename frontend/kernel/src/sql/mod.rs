//! Text to statements. Reading never fails: what is not understood is kept and said.

pub mod lock;
pub mod statement;

use crate::text::Span;
use statement::Statement;

/// A text, read.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// In order of the text.
    pub statements: Vec<Statement>,
    /// What is certainly wrong with the text; never a guess.
    pub problems: Vec<Problem>,
}

/// Something PostgreSQL will refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What, in a sentence.
    pub message: String,
}

/// Reads a text, byte for byte; the spans of what it returns are offsets into `text`.
pub fn parse(text: &str) -> Parsed {
    let _ = text;
    Parsed::default()
}
