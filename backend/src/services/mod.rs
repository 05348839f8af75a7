//! The work. Services know nothing of HTTP.

pub mod audit;
pub mod changes;
pub mod folder;
pub mod migrations;
pub mod people;
pub mod target;
