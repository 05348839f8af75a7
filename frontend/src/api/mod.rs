//! The server as functions: one per route of `studio_kernel::run::api`, and the stream of a run's events.
//! It keeps no state and shows nothing; errors come back as the server worded them.

mod events;
mod send;

pub(crate) use events::{Incoming, RunStream};
pub(crate) use send::Answer;

use send::{delete, get, post, put};
use studio_kernel::run::api::{
    About, AddComment, Change, Changes, Confirm, Decide, FileText, Invitation, Invite, Me, Migrations,
    OpenChange, People, Policy, Rename, ResolveComment, Revise, RevisionText, Rules, Run, RunSummary, Runs,
    Sessions, SetChangeState, SetDisabled, SetPassword, SetRole, SignIn, Sources, StartRun, StartValidation,
    Target,
};

use crate::routes::encode_component as encoded;

/// Trades a one-time token, or a name and a password, for a session.
pub(crate) async fn sign_in(body: SignIn) -> Answer<Me> {
    post("/api/session", &body).await
}

/// Ends the session.
pub(crate) async fn sign_out() -> Answer<()> {
    delete("/api/session").await
}

/// Who is signed in, and the settings every page needs.
pub(crate) async fn me() -> Answer<Me> {
    get("/api/me").await
}

/// Gives the signed-in person another name.
pub(crate) async fn rename(body: Rename) -> Answer<Me> {
    put("/api/me", &body).await
}

/// Sets the password of the signed-in person.
pub(crate) async fn set_password(body: SetPassword) -> Answer<Me> {
    put("/api/me/password", &body).await
}

/// Proves again who is signed in.
pub(crate) async fn confirm(body: Confirm) -> Answer<()> {
    post("/api/me/confirmation", &body).await
}

/// The sessions of the signed-in person, or everybody's.
pub(crate) async fn sessions(of_all: bool) -> Answer<Sessions> {
    get(if of_all { "/api/sessions" } else { "/api/me/sessions" }).await
}

/// Ends a session.
pub(crate) async fn end_session(of_all: bool, id: &str) -> Answer<Sessions> {
    let list = if of_all { "/api/sessions" } else { "/api/me/sessions" };
    delete(&format!("{list}/{}", encoded(id))).await
}

/// Ends all sessions of the signed-in person but this one.
pub(crate) async fn end_other_sessions() -> Answer<Sessions> {
    delete("/api/me/sessions").await
}

/// Everybody, and the invitations that are open.
pub(crate) async fn people() -> Answer<People> {
    get("/api/people").await
}

/// Gives a person another role.
pub(crate) async fn set_role(id: &str, body: SetRole) -> Answer<People> {
    put(&format!("/api/people/{}", encoded(id)), &body).await
}

/// Closes somebody's account or opens it again.
pub(crate) async fn set_disabled(id: &str, disabled: bool) -> Answer<People> {
    put(&format!("/api/people/{}/state", encoded(id)), &SetDisabled { disabled }).await
}

/// Makes a one-time link for somebody who is here already.
pub(crate) async fn sign_in_link(id: &str) -> Answer<Invitation> {
    post(&format!("/api/people/{}/links", encoded(id)), &()).await
}

/// Takes an invitation back.
pub(crate) async fn revoke(id: &str) -> Answer<People> {
    delete(&format!("/api/invitations/{}", encoded(id))).await
}

/// Makes an invitation; its link is shown this once.
pub(crate) async fn invite(body: Invite) -> Answer<Invitation> {
    post("/api/invitations", &body).await
}

/// Sets what reviews need.
pub(crate) async fn set_policy(body: Policy) -> Answer<Me> {
    put("/api/policy", &body).await
}

/// The database that runs go to.
pub(crate) async fn target() -> Answer<Target> {
    get("/api/target").await
}

/// The migration set.
pub(crate) async fn migrations() -> Answer<Migrations> {
    get("/api/migrations").await
}

/// One file of the folder, with plan and findings.
pub(crate) async fn file(path: &str) -> Answer<FileText> {
    get(&format!("/api/files?path={}", encoded(path))).await
}

/// The text of every file, for the linter.
pub(crate) async fn sources() -> Answer<Sources> {
    get("/api/sources").await
}

/// All changes, newest first.
pub(crate) async fn changes() -> Answer<Changes> {
    get("/api/changes").await
}

/// Opens a change.
pub(crate) async fn open_change(body: OpenChange) -> Answer<Change> {
    post("/api/changes", &body).await
}

/// One change, whole.
pub(crate) async fn change(id: i64) -> Answer<Change> {
    get(&format!("/api/changes/{id}")).await
}

/// A file in one revision of a change.
pub(crate) async fn revision_text(id: i64, revision: u32, path: &str) -> Answer<RevisionText> {
    let path = encoded(path);
    get(&format!("/api/changes/{id}/files?revision={revision}&path={path}")).await
}

/// Adds a revision.
pub(crate) async fn revise(id: i64, body: Revise) -> Answer<Change> {
    post(&format!("/api/changes/{id}/revisions"), &body).await
}

/// Adds a comment.
pub(crate) async fn comment(id: i64, body: AddComment) -> Answer<Change> {
    post(&format!("/api/changes/{id}/comments"), &body).await
}

/// Settles a thread or opens it again.
pub(crate) async fn resolve(id: i64, comment: &str, body: ResolveComment) -> Answer<Change> {
    let comment = encoded(comment);
    put(&format!("/api/changes/{id}/comments/{comment}"), &body).await
}

/// Approves, or requests changes.
pub(crate) async fn decide(id: i64, body: Decide) -> Answer<Change> {
    post(&format!("/api/changes/{id}/approvals"), &body).await
}

/// Closes or reopens a change.
pub(crate) async fn set_change_state(id: i64, body: SetChangeState) -> Answer<Change> {
    put(&format!("/api/changes/{id}/state"), &body).await
}

/// Starts the run of an approved change.
pub(crate) async fn start_run(id: i64, body: StartRun) -> Answer<RunSummary> {
    post(&format!("/api/changes/{id}/runs"), &body).await
}

/// Tries a change on a throw-away copy.
pub(crate) async fn dry_run(id: i64) -> Answer<RunSummary> {
    post(&format!("/api/changes/{id}/dry-runs"), &()).await
}

/// Runs a validation file on the target.
pub(crate) async fn validate(body: StartValidation) -> Answer<RunSummary> {
    post("/api/validations", &body).await
}

/// All runs, newest first.
pub(crate) async fn runs() -> Answer<Runs> {
    get("/api/runs").await
}

/// One run, whole.
pub(crate) async fn run(id: &str) -> Answer<Run> {
    get(&format!("/api/runs/{}", encoded(id))).await
}

/// Asks a run to stop.
pub(crate) async fn cancel(id: &str) -> Answer<RunSummary> {
    post(&format!("/api/runs/{}/cancel", encoded(id)), &()).await
}

/// What the studio is and what protects people here.
pub(crate) async fn about() -> Answer<About> {
    get("/api/about").await
}

/// The linter's rules.
pub(crate) async fn rules() -> Answer<Rules> {
    get("/api/rules").await
}
