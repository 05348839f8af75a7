//! The HTTP protocol: requests, answers and paths, shared by the server and the page.
//!
//! | method and path | body → answer | needs |
//! |--|--|--|
//! | `POST /api/session` | [`SignIn`] → [`Me`] | a one-time token |
//! | `DELETE /api/session` | → nothing | a session |
//! | `GET /api/me` | → [`Me`] | a session |
//! | `PUT /api/me` | [`Rename`] → [`Me`] | a session |
//! | `GET /api/people` | → [`People`] | a session |
//! | `PUT /api/people/{id}` | [`SetRole`] → [`People`] | admin |
//! | `POST /api/invitations` | [`Invite`] → [`Invitation`] | admin |
//! | `PUT /api/policy` | [`Policy`] → [`Me`] | admin |
//! | `GET /api/target` | → [`Target`] | a session |
//! | `GET /api/migrations` | → [`Migrations`] | a session |
//! | `GET /api/files?path=…` | → [`FileText`] | a session |
//! | `GET /api/sources` | → [`Sources`]: every file's text, for the linter in the browser | a session |
//! | `GET /api/changes` | → [`Changes`] | a session |
//! | `POST /api/changes` | [`OpenChange`] → [`Change`] | author |
//! | `GET /api/changes/{id}` | → [`Change`] | a session |
//! | `GET /api/changes/{id}/files?revision=…&path=…` | → [`RevisionText`] | a session |
//! | `POST /api/changes/{id}/revisions` | [`Revise`] → [`Change`] | author |
//! | `POST /api/changes/{id}/comments` | [`AddComment`] → [`Change`] | a session |
//! | `PUT /api/changes/{id}/comments/{comment}` | [`ResolveComment`] → [`Change`] | a session |
//! | `POST /api/changes/{id}/approvals` | [`Decide`] → [`Change`] | reviewer |
//! | `PUT /api/changes/{id}/state` | [`SetChangeState`] → [`Change`] | author |
//! | `POST /api/changes/{id}/runs` | [`StartRun`] → [`RunSummary`] | operator |
//! | `POST /api/changes/{id}/dry-runs` | → [`RunSummary`] | author |
//! | `POST /api/validations` | [`StartValidation`] → [`RunSummary`] | author |
//! | `GET /api/runs` | → [`Runs`] | a session |
//! | `GET /api/runs/{id}` | → [`Run`] | a session |
//! | `GET /api/runs/{id}/events` | → server-sent [`RunEvent`](super::RunEvent)s, id = seq, resumed by `Last-Event-ID` or `?after=` | a session |
//! | `POST /api/runs/{id}/cancel` | → [`RunSummary`] | operator |
//! | `GET /api/rules` | → [`Rules`] | a session |
//!
//! A refused request answers with an [`ApiError`] and a status that fits.

mod changes;
mod migrations;
mod people;
mod runs;

use serde::{Deserialize, Serialize};

use crate::{lint::finding::Severity, review::Obstacle};

pub use changes::*;
pub use migrations::*;
pub use people::*;
pub use runs::*;

/// Why a request was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// Stable: `not-signed-in`, `stale-revision`, `target-unreachable` …
    pub code: String,
    /// What happened and why.
    pub message: String,
    /// What to do.
    pub help: String,
    /// To find the request in the log.
    pub request_id: String,
    /// What stands in the way, where that is a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<Obstacle>,
}

/// `GET /api/rules`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// By id.
    pub rules: Vec<RuleHelp>,
}

/// A rule's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHelp {
    /// Stable.
    pub id: String,
    /// By default.
    pub severity: Severity,
    /// Markdown of our own: heading, sentence, flagged and accepted blocks.
    pub help: String,
}
