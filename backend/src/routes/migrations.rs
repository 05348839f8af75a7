//! `/api/migrations`, `/api/files`, `/api/sources` and `/api/target`: the folder and where it runs.

use axum::{Json, extract::State};
use serde::Deserialize;
use studio_kernel::run::api::{FileText, Migrations, Sources, Target};

use super::Routes;
use crate::{
    error::Result,
    extract::{ApiQuery, Signed},
    services::{migrations, target},
    state::AppState,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/migrations", list)
        .get("/files", file)
        .get("/sources", sources)
        .get("/target", describe_target)
}

#[derive(Deserialize)]
struct OfFile {
    path: String,
}

async fn list(State(state): State<AppState>, _: Signed) -> Result<Json<Migrations>> {
    migrations::list(&state).await.map(Json)
}

async fn file(
    State(state): State<AppState>,
    _: Signed,
    ApiQuery(query): ApiQuery<OfFile>,
) -> Result<Json<FileText>> {
    migrations::file(&state, &query.path).await.map(Json)
}

async fn sources(State(state): State<AppState>, _: Signed) -> Result<Json<Sources>> {
    migrations::sources(&state).await.map(Json)
}

async fn describe_target(State(state): State<AppState>, _: Signed) -> Json<Target> {
    Json(target::describe(&state).await)
}
