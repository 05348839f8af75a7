//! `/api/people` and `/api/invitations`.

use axum::{Json, extract::State};
use studio_kernel::{
    review::PersonRole,
    run::api::{Invitation, Invite, People, SetDisabled, SetRole},
};

use super::Routes;
use crate::{
    error::Result,
    extract::{ApiJson, ApiPath, Signed},
    services::{invitations, people},
    state::AppState,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/people", list)
        .put("/people/{id}", set_role)
        .put("/people/{id}/state", set_disabled)
        .post("/people/{id}/links", link)
        .post("/invitations", invite)
        .delete("/invitations/{id}", revoke)
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
    let before = people::set_role(&state.studio, &admin, &id, body.role).await?;
    if !body.role.allows(before) {
        state.registry.stop_of(&id, &admin.name);
    }
    people::list(&state.studio).await.map(Json)
}

async fn set_disabled(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
    signed: Signed,
    ApiJson(body): ApiJson<SetDisabled>,
) -> Result<Json<People>> {
    let admin = signed.needs(PersonRole::Admin)?;
    people::set_disabled(&state.studio, &admin, &id, body.disabled).await?;
    state.registry.stop_of(&id, &admin.name);
    people::list(&state.studio).await.map(Json)
}

async fn link(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
    signed: Signed,
) -> Result<Json<Invitation>> {
    let admin = signed.needs(PersonRole::Admin)?;
    invitations::link(&state.studio, &admin, &id).await.map(Json)
}

async fn invite(
    State(state): State<AppState>,
    signed: Signed,
    ApiJson(body): ApiJson<Invite>,
) -> Result<Json<Invitation>> {
    let admin = signed.needs(PersonRole::Admin)?;
    invitations::invite(&state.studio, &admin, &body.name, body.role).await.map(Json)
}

async fn revoke(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<String>,
    signed: Signed,
) -> Result<Json<People>> {
    let admin = signed.needs(PersonRole::Admin)?;
    invitations::revoke(&state.studio, &admin, &id).await?;
    people::list(&state.studio).await.map(Json)
}
