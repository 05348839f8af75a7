//! `/api/people` and `/api/invitations`.

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post, put},
};
use secrecy::ExposeSecret;
use studio_kernel::{
    review::PersonRole,
    run::api::{Invitation, Invite, People, SetRole},
};

use crate::{
    error::Result,
    extract::{ApiJson, ApiPath, Signed},
    services::people,
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/people", get(list))
        .route("/people/{id}", put(set_role))
        .route("/invitations", post(invite))
}

async fn list(State(state): State<AppState>, _: Signed) -> Result<Json<People>> {
    people::list(&state.studio).await.map(Json)
}

async fn set_role(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
    signed: Signed,
    ApiJson(body): ApiJson<SetRole>,
) -> Result<Json<People>> {
    let admin = signed.needs(PersonRole::Admin)?;
    people::set_role(&state.studio, &admin, &id, body.role).await?;
    people::list(&state.studio).await.map(Json)
}

async fn invite(
    State(state): State<AppState>,
    signed: Signed,
    ApiJson(body): ApiJson<Invite>,
) -> Result<Json<Invitation>> {
    let admin = signed.needs(PersonRole::Admin)?;
    let (token, expires) = people::invite(&state.studio, &admin, body.role).await?;
    Ok(Json(Invitation { link: format!("/join#token={}", token.expose_secret()), expires }))
}
