//! `/api/runs`, `/api/validations` and what starts runs of a change.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, request::Parts},
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use futures_util::{Stream, StreamExt as _, stream};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use studio_kernel::{
    review::PersonRole,
    run::{
        RunEvent, RunKind,
        api::{Run, RunSummary, Runs, StartRun, StartValidation},
    },
};

use crate::{
    error::{Error, Result},
    extract::{ApiJson, ApiPath, ApiQuery, Signed, session_token},
    services::{
        gate, people,
        runs::{self, Accepted, dry_run, read, registry, validation},
    },
    state::AppState,
};

/// A comment this often tells proxies and the page that the stream lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/changes/{id}/runs", post(start))
        .route("/changes/{id}/dry-runs", post(dry))
        .route("/validations", post(validate))
        .route("/runs", get(list))
        .route("/runs/{id}", get(show))
        .route("/runs/{id}/events", get(events))
        .route("/runs/{id}/cancel", post(cancel))
}

async fn start(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiJson(wish): ApiJson<StartRun>,
) -> Result<Json<RunSummary>> {
    let person = signed.needs(PersonRole::Operator)?;
    let accepted = gate::start(&state, &person, id, &wish).await?;
    execute(&state, accepted).await
}

async fn dry(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
) -> Result<Json<RunSummary>> {
    let person = signed.needs(PersonRole::Author)?;
    let accepted = dry_run::start(&state, &person, id).await?;
    execute(&state, accepted).await
}

async fn validate(
    State(state): State<AppState>,
    signed: Signed,
    ApiJson(wish): ApiJson<StartValidation>,
) -> Result<Json<RunSummary>> {
    let person = signed.needs(PersonRole::Author)?;
    let accepted = validation::start(&state, &person, &wish.path).await?;
    execute(&state, accepted).await
}

/// Executes what was accepted just now; a run that is known already is only shown.
async fn execute(state: &AppState, accepted: Accepted) -> Result<Json<RunSummary>> {
    let id = match accepted {
        Accepted::Known(id) => id,
        Accepted::New(start) => {
            let id = start.id.clone();
            runs::spawn(state, *start);
            id
        }
    };
    read::summary(state, &id).await.map(Json)
}

async fn list(State(state): State<AppState>, _: Signed) -> Result<Json<Runs>> {
    read::list(&state).await.map(Json)
}

async fn show(State(state): State<AppState>, _: Signed, ApiPath(id): ApiPath<String>) -> Result<Json<Run>> {
    read::show(&state, &id).await.map(Json)
}

#[derive(Deserialize)]
struct After {
    after: Option<u64>,
}

async fn events(
    State(state): State<AppState>,
    _: Signed,
    ApiPath(id): ApiPath<String>,
    ApiQuery(After { after }): ApiQuery<After>,
    parts: Parts,
) -> Result<impl IntoResponse> {
    // A browser that reconnects by itself knows better than the address it was given.
    let last = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let groups = read::follow(&state, &id, last.or(after).unwrap_or(0)).await?;
    let token = session_token(&parts, &state.cookie).unwrap_or_default().to_owned();
    let events = while_signed_in(state, token.into(), groups)
        .flat_map(stream::iter)
        .map(|event| Ok::<_, Infallible>(of_run(&event)));
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))))
}

/// A stream that ends with the session that opened it: the session is looked at before each item, and as often
/// as the stream proves that it lives. When nobody can tell, it ends too, and the page asks again.
fn while_signed_in<T>(
    state: AppState,
    token: SecretString,
    items: impl Stream<Item = T>,
) -> impl Stream<Item = T> {
    stream::unfold((state, token, Box::pin(items)), async |(state, token, mut items)| {
        loop {
            let next = tokio::time::timeout(HEARTBEAT, items.next()).await;
            let person = people::of_session(&state.studio, token.expose_secret()).await;
            match (next, person) {
                (Ok(Some(item)), Ok(Some(_))) => return Some((item, (state, token, items))),
                (Err(_), Ok(Some(_))) => {}
                _ => return None,
            }
        }
    })
}

/// The event as the page reads it. A value that cannot be written is left out; numbers it depends on are in
/// the ones that follow.
fn of_run(event: &RunEvent) -> Event {
    let id = event.seq.to_string();
    match Event::default().id(id.clone()).json_data(event) {
        Ok(event) => event,
        Err(error) => Event::default().id(id).comment(error.to_string()),
    }
}

/// Whoever started something that changes nothing may stop it; a run on the target needs an operator.
async fn cancel(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<String>,
) -> Result<Json<RunSummary>> {
    let run = read::summary(&state, &id).await?;
    let own = run.kind != RunKind::Apply && run.person.id == signed.0.id;
    let person = signed.needs(if own { PersonRole::Author } else { PersonRole::Operator })?;
    match state.registry.get(&id) {
        Some(live) => registry::stop(live, &person.name),
        None if run.ended.is_some() => return Err(Error::refused("ended", "This run has ended already.")),
        None => {
            return Err(Error::refused("elsewhere", "Another server executes this run; cancel it there."));
        }
    }
    read::summary(&state, &id).await.map(Json)
}
