//! The studio's server and command line.
//!
//! `routes → services → pg`: routes speak HTTP, services decide, `pg` alone names the database driver.
//! [`router`] binds no port; the command `serve` does.

pub mod assets;
pub mod cli;
pub mod config;
pub mod engine;
pub mod error;
pub mod extract;
pub mod http;
pub mod log;
pub mod pg;
pub mod routes;
pub mod services;
pub mod shares;
pub mod state;

pub use routes::router;
