//! The work. Services know nothing of HTTP.

pub mod approvals;
pub mod audit;
mod blocking;
pub mod changes;
pub mod comments;
pub mod folder;
pub mod gate;
pub mod migrations;
pub mod people;
pub mod review;
pub mod runs;
pub mod stored;
pub mod target;
