//! `/api/changes`: review, from the first draft to the gate.

use axum::{
    Json,
    extract::{DefaultBodyLimit, State},
    handler::Handler as _,
};
use serde::Deserialize;
use studio_kernel::{
    review::PersonRole,
    run::api::{
        AddComment, Change, Changes, Decide, OpenChange, ResolveComment, Revise, RevisionText, SetChangeState,
    },
};

use super::Routes;
use crate::{
    error::Result,
    extract::{ApiJson, ApiPath, ApiQuery, Signed},
    http::FILES_BODY,
    services::{approvals, changes, comments, review},
    state::AppState,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/changes", list)
        .post("/changes", open.layer(files()))
        .get("/changes/{id}", show)
        .get("/changes/{id}/files", file)
        .post("/changes/{id}/revisions", revise.layer(files()))
        .post("/changes/{id}/comments", comment)
        .put("/changes/{id}/comments/{comment}", resolve)
        .post("/changes/{id}/approvals", decide)
        .put("/changes/{id}/state", set_state)
}

/// These addresses take whole files.
fn files() -> DefaultBodyLimit {
    DefaultBodyLimit::max(FILES_BODY)
}

async fn list(State(state): State<AppState>, Signed(person, _): Signed) -> Result<Json<Changes>> {
    review::list(&state, &person).await.map(Json)
}

async fn show(
    State(state): State<AppState>,
    Signed(person, _): Signed,
    ApiPath(id): ApiPath<i64>,
) -> Result<Json<Change>> {
    review::change(&state, &person, id).await.map(Json)
}

async fn open(
    State(state): State<AppState>,
    signed: Signed,
    ApiJson(wish): ApiJson<OpenChange>,
) -> Result<Json<Change>> {
    let person = signed.needs(PersonRole::Author)?;
    let id = changes::open(&state, &person, wish).await?;
    review::change(&state, &person, id).await.map(Json)
}

#[derive(Deserialize)]
struct OfFile {
    revision: u32,
    path: String,
}

async fn file(
    State(state): State<AppState>,
    _: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiQuery(OfFile { revision, path }): ApiQuery<OfFile>,
) -> Result<Json<RevisionText>> {
    review::file(&state, id, revision, &path).await.map(Json)
}

async fn revise(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiJson(wish): ApiJson<Revise>,
) -> Result<Json<Change>> {
    let person = signed.needs(PersonRole::Author)?;
    changes::revise(&state, &person, id, wish).await?;
    review::change(&state, &person, id).await.map(Json)
}

async fn comment(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiJson(wish): ApiJson<AddComment>,
) -> Result<Json<Change>> {
    let person = signed.needs(PersonRole::Author)?;
    comments::add(&state, &person, id, &wish).await?;
    review::change(&state, &person, id).await.map(Json)
}

async fn resolve(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath((id, comment)): ApiPath<(i64, String)>,
    ApiJson(wish): ApiJson<ResolveComment>,
) -> Result<Json<Change>> {
    let person = signed.needs(PersonRole::Author)?;
    comments::resolve(&state, &person, id, &comment, wish.resolved).await?;
    review::change(&state, &person, id).await.map(Json)
}

async fn decide(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiJson(wish): ApiJson<Decide>,
) -> Result<Json<Change>> {
    let person = signed.needs(PersonRole::Reviewer)?;
    approvals::decide(&state, &person, id, &wish).await?;
    review::change(&state, &person, id).await.map(Json)
}

async fn set_state(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiJson(wish): ApiJson<SetChangeState>,
) -> Result<Json<Change>> {
    let person = signed.needs(PersonRole::Author)?;
    changes::set_state(&state, &person, id, wish.state).await?;
    review::change(&state, &person, id).await.map(Json)
}
