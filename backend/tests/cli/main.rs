//! The program as a shell meets it: what it prints, what it ends with, and what it leaves in a database.
//! Without an engine the tests that need one fail and say how to get it; nothing is skipped.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod bench;
mod graph;
mod ledger;
mod output;
