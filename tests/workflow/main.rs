//! The workflow system of the Archon Plus set, on a running PostgreSQL and through the studio's HTTP API.
//! Without an engine these tests fail and say how to get one; nothing is skipped.
//!
//! ```text
//! studio       the server on a port, and people who speak HTTP with it
//! api          in by change, review and run; proven; out again
//! models       rows and enums as serde types
//! store        create, read, update, delete for any of them
//! rows         what the tables keep
//! constraints  what they refuse
//! concurrency  many sessions at once
//! ```

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod api;
mod concurrency;
mod constraints;
mod models;
mod rows;
mod store;
mod studio;
