//! `/api/migrations`, `/api/files`, `/api/sources` and `/api/target`: the folder and where it runs.

use axum::{Json, extract::State};
use serde::Deserialize;
use studio_kernel::run::api::Target;

use super::Routes;
use crate::{
    error::Result,
    extract::{ApiQuery, Signed},
    services::{answers::Written, migrations, target},
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

async fn list(State(state): State<AppState>, Signed(person, _): Signed) -> Result<Written> {
    migrations::list(&state, &person).await
}

async fn file(
    State(state): State<AppState>,
    Signed(person, _): Signed,
    ApiQuery(query): ApiQuery<OfFile>,
) -> Result<Written> {
    migrations::file(&state, &person, query.path).await
}

async fn sources(State(state): State<AppState>, Signed(person, _): Signed) -> Result<Written> {
    migrations::sources(&state, &person).await
}

async fn describe_target(State(state): State<AppState>, _: Signed) -> Json<Target> {
    Json(target::describe(&state).await)
}
