//! Routines, and what the bodies of functions and DO blocks hold, and the elements of schemas.

use super::Statement;
use crate::{name::Ident, text::Span};

/// A function or procedure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routine {
    /// Lower case; empty when not written.
    pub language: String,
    /// `security definer`.
    pub security_definer: bool,
    /// `set search_path …` or `set search_path from current` in its definition.
    pub sets_search_path: bool,
    /// Argument types as written, joined by `, `.
    pub arguments: String,
    /// Its body, when it is PL/pgSQL or SQL.
    pub body: Option<Body>,
}

/// What a PL/pgSQL or SQL body holds, or a CREATE SCHEMA behind its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The text between the quotes, or all of the elements.
    pub span: Span,
    /// Of the elements of a CREATE SCHEMA: the schema, where names without one are looked up first.
    pub schema: Option<Ident>,
    /// SQL statements in it, in the order in which they run.
    pub statements: Vec<Embedded>,
    /// Exception handlers.
    pub handlers: Vec<Handler>,
    /// RAISE statements.
    pub raises: Vec<Raise>,
    /// EXECUTE of something that cannot be known from the text.
    pub unknown_dynamic: Vec<Span>,
    /// COMMIT or ROLLBACK inside.
    pub controls_transaction: bool,
}

/// A statement inside a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The statement.
    pub statement: Statement,
    /// Inside IF, CASE, a loop or an exception handler: it may not run.
    pub conditional: bool,
    /// Inside a BEGIN block that has an EXCEPTION section: its error may be caught.
    pub guarded: bool,
    /// From `execute '…'` or `execute format('…')`: known with less confidence.
    pub dynamic: bool,
}

/// An exception handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// From WHEN to the last token of its statements.
    pub span: Span,
    /// Lower case: `others`, `duplicate_object`, `sqlstate '42P07'`.
    pub conditions: Vec<String>,
    /// Whether one of its statements is RAISE EXCEPTION or a bare RAISE.
    pub raises_again: bool,
}

/// A RAISE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    /// From RAISE to its last token.
    pub span: Span,
    /// Lower case; `exception` when none is written.
    pub level: String,
    /// The format string without quotes; empty for a bare RAISE.
    pub message: String,
    /// Inside a handler.
    pub in_handler: bool,
}
