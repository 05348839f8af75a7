//! What the kernel says of locks, rewrites, scans and transactions, against a real PostgreSQL.
//! The expected value is always the kernel's claim; a case is nothing but a statement.
//! Without an engine these tests fail and say how to get one; nothing is skipped.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod alone;
mod cases;
mod claims;
mod migrations;
mod objects;
mod observed;
mod retyped;
mod rows;
mod server;
mod tables;
mod transactions;

mod verdict;
