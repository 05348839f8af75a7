//! The HTTP protocol: requests, answers and paths, shared by the server and the page.
//!
//! | method and path | body → answer | needs |
//! |--|--|--|
//! | `POST /api/session` | [`SignIn`] → [`Me`] | a one-time token, or name and password |
//! | `DELETE /api/session` | → nothing | a session |
//! | `GET /api/me` | → [`Me`] | a session |
//! | `PUT /api/me` | [`Rename`] → [`Me`] | a session |
//! | `PUT /api/me/password` | [`SetPassword`] → [`Me`] | a session |
//! | `POST /api/me/confirmation` | [`Confirm`] → nothing | a session |
//! | `GET /api/me/sessions` | → [`Sessions`]: one's own | a session |
//! | `DELETE /api/me/sessions` | → [`Sessions`]: all but this one end | a session |
//! | `DELETE /api/me/sessions/{id}` | → [`Sessions`] | a session |
//! | `GET /api/sessions` | → [`Sessions`]: everybody's | admin |
//! | `DELETE /api/sessions/{id}` | → [`Sessions`] | admin |
//! | `GET /api/people` | → [`People`] | a session |
//! | `PUT /api/people/{id}` | [`SetRole`] → [`People`] | admin |
//! | `PUT /api/people/{id}/state` | [`SetDisabled`] → [`People`] | admin |
//! | `POST /api/people/{id}/links` | → [`Invitation`]: a one-time link for somebody who is here already | admin |
//! | `POST /api/invitations` | [`Invite`] → [`Invitation`] | admin |
//! | `DELETE /api/invitations/{id}` | → [`People`] | admin |
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
//! | `POST /api/changes/{id}/comments` | [`AddComment`] → [`Change`] | author |
//! | `PUT /api/changes/{id}/comments/{comment}` | [`ResolveComment`] → [`Change`] | author of the thread or the change, or reviewer |
//! | `POST /api/changes/{id}/approvals` | [`Decide`] → [`Change`] | reviewer |
//! | `PUT /api/changes/{id}/state` | [`SetChangeState`] → [`Change`] | author of the change, or reviewer |
//! | `POST /api/changes/{id}/runs` | [`StartRun`] → [`RunSummary`] | operator |
//! | `POST /api/changes/{id}/dry-runs` | → [`RunSummary`] | author |
//! | `POST /api/validations` | [`StartValidation`] → [`RunSummary`] | author |
//! | `GET /api/runs` | → [`Runs`] | a session |
//! | `GET /api/runs/{id}` | → [`Run`] | a session |
//! | `GET /api/runs/{id}/events` | → server-sent [`RunEvent`](super::RunEvent)s after the first, which is the plan, id = seq, resumed by `Last-Event-ID` or `?after=` | a session |
//! | `POST /api/runs/{id}/cancel` | → [`RunSummary`] | operator |
//! | `GET /api/rules` | → [`Rules`] | a session |
//! | `GET /api/about` | → [`About`] | a session |
//!
//! A refused request answers with an [`ApiError`] and a status that fits.

mod about;
mod changes;
mod migrations;
mod people;
mod runs;
mod session;

use serde::{Deserialize, Serialize};

use crate::{lint::finding::Severity, review::Obstacle};

pub use about::*;
pub use changes::*;
pub use migrations::*;
pub use people::*;
pub use runs::*;
pub use session::*;

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
