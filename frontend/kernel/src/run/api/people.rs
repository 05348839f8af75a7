//! People, invitations, and what reviews need.

use serde::{Deserialize, Serialize};

use crate::review::{Person, PersonRole, Timestamp};

/// `GET /api/people`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// By name.
    pub people: Vec<Person>,
    /// Not used yet, not expired and not revoked.
    pub invitations: Vec<OpenInvitation>,
}

/// An invitation that was not used yet; its link is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenInvitation {
    /// Names it for revoking it; it does not let anybody in.
    pub id: String,
    /// Whom it lets in.
    pub name: String,
    /// What the person will be, or is.
    pub role: PersonRole,
    /// It signs in somebody who is here already.
    pub known: bool,
    /// Who made it; `None` for the server itself.
    pub by: Option<Person>,
    /// When it ends.
    pub expires: Timestamp,
}

/// `PUT /api/people/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetRole {
    /// The new role.
    pub role: PersonRole,
}

/// `PUT /api/people/{id}/state`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetDisabled {
    /// Whether the account is closed.
    pub disabled: bool,
}

/// `POST /api/invitations`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invite {
    /// What they will be called, as in [`Rename`](super::Rename).
    pub name: String,
    /// What the person will be.
    pub role: PersonRole,
}

/// An invitation; the only time its link is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Path and fragment on this server: `/join#token=…`, or `/sign-in#token=…` for somebody who is here already.
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

/// A weaker policy that one admin asks for. It comes into force when another one asks for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyProposal {
    /// What it would be.
    pub policy: Policy,
    /// Who asks.
    pub by: Person,
    /// Since when.
    pub at: Timestamp,
}
