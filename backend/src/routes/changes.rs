//! `/api/changes`: review, from the first draft to the gate.

use axum::{Json, extract::State};
use serde::Deserialize;
use studio_kernel::{
    review::PersonRole,
    run::api::{AddComment, Changes, Decide, OpenChange, ResolveComment, Revise, SetChangeState},
};

use super::Routes;
use crate::{
    error::Result,
    extract::{ApiFiles, ApiJson, ApiPath, ApiQuery, Signed},
    services::{answers::Written, approvals, changes, comments, review},
    state::AppState,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/changes", list)
        .post("/changes", open)
        .get("/changes/{id}", show)
        .get("/changes/{id}/files", file)
        .post("/changes/{id}/revisions", revise)
        .post("/changes/{id}/comments", comment)
        .put("/changes/{id}/comments/{comment}", resolve)
        .post("/changes/{id}/approvals", decide)
        .put("/changes/{id}/state", set_state)
}

async fn list(State(state): State<AppState>, Signed(person, _): Signed) -> Result<Json<Changes>> {
    review::list(&state, &person).await.map(Json)
}

async fn show(
    State(state): State<AppState>,
    Signed(person, _): Signed,
    ApiPath(id): ApiPath<i64>,
) -> Result<Written> {
    review::change(&state, &person, id).await
}

async fn open(
    State(state): State<AppState>,
    signed: Signed,
    ApiFiles(wish, _room): ApiFiles<OpenChange>,
) -> Result<Written> {
    let person = signed.needs(PersonRole::Author)?;
    let id = changes::open(&state, &person, wish).await?;
    review::change(&state, &person, id).await
}

#[derive(Deserialize)]
struct OfFile {
    revision: u32,
    path: String,
}

async fn file(
    State(state): State<AppState>,
    Signed(person, _): Signed,
    ApiPath(id): ApiPath<i64>,
    ApiQuery(OfFile { revision, path }): ApiQuery<OfFile>,
) -> Result<Written> {
    review::file(&state, &person, id, revision, &path).await
}

async fn revise(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiFiles(wish, _room): ApiFiles<Revise>,
) -> Result<Written> {
    let person = signed.needs(PersonRole::Author)?;
    changes::revise(&state, &person, id, wish).await?;
    review::change(&state, &person, id).await
}

async fn comment(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiJson(wish): ApiJson<AddComment>,
) -> Result<Written> {
    let person = signed.needs(PersonRole::Author)?;
    comments::add(&state, &person, id, &wish).await?;
    review::change(&state, &person, id).await
}

async fn resolve(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath((id, comment)): ApiPath<(i64, String)>,
    ApiJson(wish): ApiJson<ResolveComment>,
) -> Result<Written> {
    let person = signed.needs(PersonRole::Author)?;
    comments::resolve(&state, &person, id, &comment, wish.resolved).await?;
    review::change(&state, &person, id).await
}

async fn decide(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiJson(wish): ApiJson<Decide>,
) -> Result<Written> {
    let person = signed.needs(PersonRole::Reviewer)?;
    approvals::decide(&state, &person, id, &wish).await?;
    review::change(&state, &person, id).await
}

async fn set_state(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiJson(wish): ApiJson<SetChangeState>,
) -> Result<Written> {
    let person = signed.needs(PersonRole::Author)?;
    changes::set_state(&state, &person, id, wish.state).await?;
    review::change(&state, &person, id).await
}
