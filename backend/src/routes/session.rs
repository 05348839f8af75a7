//! `/api/session` and `/api/me`: signing in and out, and who one is.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use secrecy::ExposeSecret;
use studio_kernel::{
    review::{Person, PersonRole},
    run::api::{Me, Policy, Rename, SignIn},
};

use crate::{
    error::Result,
    extract::{ApiJson, Signed, session_token},
    services::{people, target},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/session", post(sign_in).delete(sign_out))
        .route("/me", get(me).put(rename))
        .route("/policy", axum::routing::put(set_policy))
}

async fn sign_in(
    State(state): State<AppState>,
    headers: HeaderMap,
    ApiJson(body): ApiJson<SignIn>,
) -> Result<Response> {
    let name = body.name.as_deref();
    let (token, person) = people::sign_in(&state.studio, &body.token, name).await?;
    let cookie = cookie(&state, token.expose_secret(), is_secure(&state, &headers));
    let me = describe(&state, person).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(me)).into_response())
}

async fn sign_out(State(state): State<AppState>, parts: Parts) -> Result<Response> {
    if let Some(token) = session_token(&parts, &state.cookie) {
        people::sign_out(&state.studio, token).await?;
    }
    let gone = cookie(&state, "", is_secure(&state, &parts.headers)) + "; Max-Age=0";
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// A name that begins with `__Host-` is taken by browsers only with `Secure`.
fn is_secure(state: &AppState, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).map(|origin| origin.as_bytes());
    state.cookie.starts_with("__Host-") || origin.is_some_and(|o| o.starts_with(b"https://"))
}

fn cookie(state: &AppState, token: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    let name = &state.cookie;
    format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}")
}

async fn me(State(state): State<AppState>, Signed(person): Signed) -> Result<Json<Me>> {
    describe(&state, person).await.map(Json)
}

async fn rename(
    State(state): State<AppState>,
    Signed(person): Signed,
    ApiJson(body): ApiJson<Rename>,
) -> Result<Json<Me>> {
    let person = people::rename(&state.studio, &person, &body.name).await?;
    describe(&state, person).await.map(Json)
}

async fn set_policy(
    State(state): State<AppState>,
    signed: Signed,
    ApiJson(policy): ApiJson<Policy>,
) -> Result<Json<Me>> {
    let admin = signed.needs(PersonRole::Admin)?;
    people::set_policy(&state.studio, &admin, policy).await?;
    describe(&state, admin).await.map(Json)
}

async fn describe(state: &AppState, person: Person) -> Result<Me> {
    let client = state.studio.client().await?;
    Ok(Me {
        person,
        policy: people::policy(&*client).await?,
        target: target::name(state),
        embedded: state.target.embedded(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}
