//! The studio's kernel: it reads, judges and plans SQL migrations.
//!
//! The same crate runs in the browser, in the server and on the command line, so that what is linted is
//! what is approved is what is executed. It does no I/O, knows no clock and no async, and gives the same
//! bytes for the same input.
//!
//! The modules in reading order; a module imports only from those above it:
//!
//! | module | holds |
//! |--|--|
//! | [`words`] | fixed words, and numbers with their nouns |
//! | [`text`] | spans, lines, edits |
//! | [`name`] | identifiers as PostgreSQL compares them |
//! | [`sql`] | text to statements: split, classify, parse, locks |
//! | [`migration`] | files with roles, headers, triples; the set in order |
//! | [`schema`] | what a database holds after the statements of a set |
//! | [`graph`] | what depends on what, and what exists when |
//! | [`lint`] | rules and findings |
//! | [`plan`] | segments, digests |
//! | [`review`] | people, changes, approvals, the gate |
//! | [`run`] | the life of a run, its events, the HTTP protocol |

pub mod graph;
pub mod lint;
pub mod migration;
pub mod name;
pub mod plan;
pub mod review;
pub mod run;
pub mod schema;
pub mod sql;
pub mod text;
pub mod words;
