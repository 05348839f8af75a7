//! The server as a browser meets it, against a real PostgreSQL, without a port.
//! Without an engine these tests fail and say how to get one; nothing is skipped.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod about;
mod audit;
mod bindings;
mod entrance;
mod guard;
mod harness;
mod load;
mod migrations;
mod passwords;
mod people;
mod policy;
mod races;
mod refusals;
mod review;
mod routes;
mod served;
mod sessions;
mod validations;
