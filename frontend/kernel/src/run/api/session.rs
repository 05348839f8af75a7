//! Signing in, one's own account, and sessions.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Policy, PolicyProposal};
use crate::review::{Person, Timestamp};

/// A password on its way to the server. It never prints.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password(…)")
    }
}

/// `POST /api/session`: a one-time link's token, or name and password.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SignIn {
    /// From the link; works once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who signs in with a password. A link knows whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The password; with an invitation's token the one to have from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
}

/// The person of the session and what the studio is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Who is signed in.
    pub person: Person,
    /// Whether they can sign in with a password.
    pub has_password: bool,
    /// What reviews need.
    pub policy: Policy,
    /// A weaker one that an admin asks for.
    pub proposal: Option<PolicyProposal>,
    /// The target's name, for the header of every page.
    pub target: String,
    /// The target is the studio's own PostgreSQL, where nobody else is harmed.
    pub embedded: bool,
    /// A run on the target needs a proof of who starts it that is at most ten minutes old.
    pub production: bool,
    /// The server's version.
    pub version: String,
}

/// `PUT /api/me`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rename {
    /// 1 to 80 characters, unlike everybody else's.
    pub name: String,
}

/// `PUT /api/me/password`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetPassword {
    /// The present one; not needed within ten minutes of signing in with a one-time link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Password>,
    /// 12 to 128 characters, and none of the commonest.
    pub new: Password,
}

/// `POST /api/me/confirmation`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Confirm {
    /// The present password.
    pub password: Password,
}

/// `GET /api/me/sessions` and, for an admin, `GET /api/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    /// That have not ended, the last used first.
    pub sessions: Vec<SessionInfo>,
}

/// Somebody's session, without what opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Names it for ending it; it does not open it.
    pub id: String,
    /// Whose.
    pub person: Person,
    /// When it was made.
    pub made: Timestamp,
    /// When it was last used, to the minute.
    pub seen: Timestamp,
    /// When it ends at the latest.
    pub until: Timestamp,
    /// Where it was made from.
    pub address: Option<String>,
    /// The browser and system, as far as they say so.
    pub agent: Option<String>,
    /// It is the one that asks.
    pub this: bool,
}
