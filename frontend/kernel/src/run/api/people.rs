//! Signing in, people, and what reviews need.

use serde::{Deserialize, Serialize};

use crate::review::{Person, PersonRole, Timestamp};

/// `POST /api/session`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// From the link; works once.
    pub token: String,
    /// How the person wants to be called; needed for invitations.
    pub name: Option<String>,
}

/// The person of the session and what the studio is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Who is signed in.
    pub person: Person,
    /// What reviews need.
    pub policy: Policy,
    /// The target's name, for the header of every page.
    pub target: String,
    /// The target is the studio's own PostgreSQL, where nobody else is harmed.
    pub embedded: bool,
    /// The server's version.
    pub version: String,
}

/// `PUT /api/me`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rename {
    /// 1 to 80 characters.
    pub name: String,
}

/// `GET /api/people`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// By name.
    pub people: Vec<Person>,
    /// Not used yet and not expired: role and when it expires.
    pub invitations: Vec<OpenInvitation>,
}

/// An invitation that was not used yet; its link is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenInvitation {
    /// What the person will be.
    pub role: PersonRole,
    /// When it ends.
    pub expires: Timestamp,
}

/// `PUT /api/people/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetRole {
    /// The new role.
    pub role: PersonRole,
}

/// `POST /api/invitations`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invite {
    /// What the person will be.
    pub role: PersonRole,
}

/// An invitation; the only time its link is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Path and fragment on this server: `/join#<token>`.
    pub link: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// What reviews need. Setting it makes approvals stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Nobody approves what they wrote. Off is one-person mode.
    pub four_eyes: bool,
    /// Approvals needed, from 1.
    pub required: usize,
}
