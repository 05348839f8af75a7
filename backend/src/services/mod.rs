//! The work. Services know nothing of HTTP.

pub mod about;
pub mod answers;
pub mod approvals;
pub mod assessments;
mod attempts;
pub mod audit;
mod blocking;
mod budget;
pub mod changes;
pub mod comments;
pub mod folder;
pub mod gate;
pub mod invitations;
pub mod migrations;
mod names;
mod passwords;
pub mod people;
pub mod policy;
pub mod review;
pub mod runs;
pub mod sessions;
pub mod sign_in;
pub mod stored;
pub mod streams;
pub mod target;
mod tokens;
