//! Runs against a real PostgreSQL: what a run says, what the database holds, and that the two agree.
//! Without an engine these tests fail and say how to get one; nothing is skipped.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod apply;
mod audit;
mod bench;
mod bridge;
mod cut;
mod differential;
mod disturbed;
mod escapes;
mod flood;
mod ledger;
mod log;
mod lost;
mod pooler;
mod process;
mod relay;
mod server;
mod session;
mod set;
mod tls;
mod triple;
mod validate;
mod wire;
