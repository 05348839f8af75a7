//! What the pages show, as plain values with tests, and the few signals they share.
//! It neither talks to the server nor renders.

pub(crate) mod commands;
pub(crate) mod diff;
pub(crate) mod draft;
pub(crate) mod filter;
pub(crate) mod remote;
pub(crate) mod session;
pub(crate) mod threads;
pub(crate) mod toasts;
pub(crate) mod wording;
