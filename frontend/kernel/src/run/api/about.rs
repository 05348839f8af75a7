//! What the studio is and which of its protections are in force on this machine.

use serde::{Deserialize, Serialize};

/// `GET /api/about`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The server's version.
    pub version: String,
    /// In the order in which they are shown.
    pub groups: Vec<Protections>,
}

/// Protections of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protections {
    /// What is protected, or from what.
    pub title: String,
    /// Each in words for people.
    pub protections: Vec<Protection>,
}

/// One thing that the studio does, or cannot do here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// What holds; where it is not in force, what is missing and how to have it.
    pub text: String,
    /// Whether it is in force on this machine, with these settings.
    pub in_force: bool,
}

impl Protection {
    /// One that is in force.
    pub fn holds(text: impl Into<String>) -> Self {
        Self { text: text.into(), in_force: true }
    }

    /// One that is missing.
    pub fn missing(text: impl Into<String>) -> Self {
        Self { text: text.into(), in_force: false }
    }
}
