//! `/api/session`, `/api/me` and `/api/sessions`: signing in and out, who one is, and where one is signed in.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret as _, SecretString};
use studio_kernel::{
    review::{Person, PersonRole},
    run::api::{Confirm, Me, Policy, Rename, Sessions, SetPassword, SignIn},
};

use super::Routes;
use crate::{
    error::{Error, Result},
    extract::{ApiJson, ApiPath, Signed},
    services::{
        people, policy,
        sessions::{self, Visit, Whose},
        sign_in, target,
    },
    state::AppState,
};

/// Takes what the page has kept in the browser along with the session: drafts hold people's SQL.
const CLEAR_SITE_DATA: (HeaderName, &str) = (HeaderName::from_static("clear-site-data"), "\"storage\"");

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/session", enter)
        .delete("/session", leave)
        .get("/me", me)
        .put("/me", rename)
        .put("/me/password", set_password)
        .post("/me/confirmation", confirm)
        .get("/me/sessions", own_sessions)
        .delete("/me/sessions", end_others)
        .delete("/me/sessions/{id}", end_own)
        .get("/sessions", all_sessions)
        .delete("/sessions/{id}", end_any)
        .put("/policy", set_policy)
}

/// In whose place connections are counted of those who sign in; nobody's id.
const STRANGERS: &str = "";

async fn enter(
    State(state): State<AppState>,
    visit: Visit,
    headers: HeaderMap,
    ApiJson(body): ApiJson<SignIn>,
) -> Result<Response> {
    // Strangers have one share among them: who tries many passwords keeps nobody at work waiting.
    state.studio.is_asked_by(STRANGERS);
    let (token, person) = match body {
        SignIn { token: Some(token), name: None, password } => {
            sign_in::by_link(&state.studio, &token, password, &visit).await?
        }
        SignIn { token: None, name: Some(name), password: Some(password) } => {
            sign_in::by_password(&state.studio, &name, password, &visit).await?
        }
        _ => {
            return Err(Error::invalid("Signing in takes a link's token, or a name and a password."));
        }
    };
    let cookie = carrying(&state, &token, &headers);
    let me = describe(&state, person).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(me)).into_response())
}

/// The cookie of a session that goes on.
fn carrying(state: &AppState, token: &SecretString, headers: &HeaderMap) -> String {
    cookie(state, token.expose_secret(), sessions::COOKIE_AGE, is_secure(state, headers))
}

async fn leave(State(state): State<AppState>, visit: Visit, headers: HeaderMap) -> Result<Response> {
    sessions::sign_out(&state.studio, &visit).await?;
    let gone = cookie(&state, "", 0, is_secure(&state, &headers));
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)], [CLEAR_SITE_DATA]).into_response())
}

/// A name that begins with `__Host-` is taken by browsers only with `Secure`.
fn is_secure(state: &AppState, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).map(|origin| origin.as_bytes());
    state.cookie.starts_with("__Host-") || origin.is_some_and(|o| o.starts_with(b"https://"))
}

/// It stays when the browser is closed; the server decides when the session ends.
fn cookie(state: &AppState, token: &str, seconds: u64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    let name = &state.cookie;
    format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

async fn me(State(state): State<AppState>, Signed(person, _): Signed) -> Result<Json<Me>> {
    describe(&state, person).await.map(Json)
}

async fn rename(
    State(state): State<AppState>,
    Signed(person, _): Signed,
    ApiJson(body): ApiJson<Rename>,
) -> Result<Json<Me>> {
    let person = people::rename(&state.studio, &person, &body.name).await?;
    describe(&state, person).await.map(Json)
}

async fn set_password(
    State(state): State<AppState>,
    Signed(person, session): Signed,
    visit: Visit,
    headers: HeaderMap,
    ApiJson(body): ApiJson<SetPassword>,
) -> Result<Response> {
    let token = sign_in::set_password(&state.studio, &person, &session, body, &visit).await?;
    let cookie = carrying(&state, &token, &headers);
    let me = describe(&state, person).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(me)).into_response())
}

async fn confirm(
    State(state): State<AppState>,
    Signed(person, session): Signed,
    visit: Visit,
    headers: HeaderMap,
    ApiJson(body): ApiJson<Confirm>,
) -> Result<Response> {
    let token = sign_in::confirm(&state.studio, &person, &session, body.password, &visit).await?;
    let cookie = carrying(&state, &token, &headers);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

async fn own_sessions(
    State(state): State<AppState>,
    Signed(person, session): Signed,
) -> Result<Json<Sessions>> {
    sessions::list(&state.studio, Whose::Of(&person), &session).await.map(Json)
}

async fn end_others(
    State(state): State<AppState>,
    Signed(person, session): Signed,
) -> Result<Json<Sessions>> {
    sessions::end_others(&state.studio, &person, &session).await?;
    sessions::list(&state.studio, Whose::Of(&person), &session).await.map(Json)
}

async fn end_own(
    State(state): State<AppState>,
    Signed(person, session): Signed,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<Sessions>> {
    sessions::end(&state.studio, &person, Whose::Of(&person), &id).await?;
    sessions::list(&state.studio, Whose::Of(&person), &session).await.map(Json)
}

async fn all_sessions(State(state): State<AppState>, signed: Signed) -> Result<Json<Sessions>> {
    let session = signed.1.clone();
    signed.needs(PersonRole::Admin)?;
    sessions::list(&state.studio, Whose::All, &session).await.map(Json)
}

async fn end_any(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<Sessions>> {
    let session = signed.1.clone();
    let admin = signed.needs(PersonRole::Admin)?;
    sessions::end(&state.studio, &admin, Whose::All, &id).await?;
    sessions::list(&state.studio, Whose::All, &session).await.map(Json)
}

async fn set_policy(
    State(state): State<AppState>,
    signed: Signed,
    ApiJson(wish): ApiJson<Policy>,
) -> Result<Json<Me>> {
    let admin = signed.needs(PersonRole::Admin)?;
    policy::set_policy(&state.studio, &admin, wish).await?;
    describe(&state, admin).await.map(Json)
}

async fn describe(state: &AppState, person: Person) -> Result<Me> {
    let client = state.studio.client().await?;
    Ok(Me {
        has_password: sign_in::has_password(&*client, &person).await?,
        person,
        policy: policy::policy(&*client).await?.policy,
        proposal: policy::proposal(&*client).await?,
        target: target::name(state),
        embedded: state.target.embedded(),
        production: state.is_production(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}
