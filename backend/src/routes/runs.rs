//! `/api/runs`, `/api/validations` and what starts runs of a change.

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName},
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use studio_kernel::{
    review::PersonRole,
    run::{
        RunEvent, RunKind,
        api::{RunSummary, Runs, StartRun, StartValidation},
    },
};

use super::Routes;
use crate::{
    error::{Error, Result},
    extract::{ApiJson, ApiPath, ApiQuery, Signed},
    services::{
        answers::Written,
        gate,
        runs::{self, Accepted, dry_run, queue::Place, read, validation},
        sessions::{self, Visit},
    },
    state::AppState,
};

/// A comment this often tells proxies and the page that the stream lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A stream ends at most this long after the session that opened it.
const SESSION_CHECK: Duration = Duration::from_secs(3);

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/changes/{id}/runs", start)
        .post("/changes/{id}/dry-runs", dry)
        .post("/validations", validate)
        .get("/runs", list)
        .get("/runs/{id}", show)
        .get("/runs/{id}/events", events)
        .post("/runs/{id}/cancel", cancel)
}

async fn start(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
    ApiJson(wish): ApiJson<StartRun>,
) -> Result<Json<RunSummary>> {
    let session = signed.1.clone();
    let person = signed.needs(PersonRole::Operator)?;
    let accepting = state.clone();
    let accepting = async move { gate::start(&accepting, &person, &session, id, &wish).await };
    execute(&state, None, accepting).await
}

async fn dry(
    State(state): State<AppState>,
    signed: Signed,
    ApiPath(id): ApiPath<i64>,
) -> Result<Json<RunSummary>> {
    let person = signed.needs(PersonRole::Author)?;
    let place = state.queue().reserve(&person.id, RunKind::DryRun)?.map(Arc::new);
    let (accepting, held) = (state.clone(), place.clone());
    let accepting = async move { dry_run::start(&accepting, &person, id, held.as_deref()).await };
    execute(&state, place, accepting).await
}

async fn validate(
    State(state): State<AppState>,
    signed: Signed,
    ApiJson(wish): ApiJson<StartValidation>,
) -> Result<Json<RunSummary>> {
    let session = signed.1.clone();
    let person = signed.needs(PersonRole::Author)?;
    let place = state.queue().reserve(&person.id, RunKind::Validate)?.map(Arc::new);
    let (accepting, held) = (state.clone(), place.clone());
    let accepting =
        async move { validation::start(&accepting, &person, &session, &wish.path, held.as_deref()).await };
    execute(&state, place, accepting).await
}

/// Accepts and executes; a run that is known already is only shown.
async fn execute(
    state: &AppState,
    place: Option<Arc<Place>>,
    accepting: impl Future<Output = Result<Accepted>> + Send + 'static,
) -> Result<Json<RunSummary>> {
    let id = runs::accept(state, place, accepting).await?;
    read::summary(state, &id).await.map(Json)
}

async fn list(State(state): State<AppState>, _: Signed) -> Result<Json<Runs>> {
    read::list(&state).await.map(Json)
}

async fn show(
    State(state): State<AppState>,
    Signed(person, _): Signed,
    ApiPath(id): ApiPath<String>,
) -> Result<Written> {
    read::show(&state, &person, &id).await
}

#[derive(Deserialize)]
struct After {
    after: Option<u64>,
}

async fn events(
    State(state): State<AppState>,
    Signed(person, _): Signed,
    ApiPath(id): ApiPath<String>,
    ApiQuery(After { after }): ApiQuery<After>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<impl IntoResponse> {
    let open = state.streams().open(&person.id)?;
    // A browser that reconnects by itself knows better than the address it was given.
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let groups = read::follow(&state, &id, last.or(after).unwrap_or(0)).await?;
    let events = while_signed_in(state, visit, groups).flat_map(stream::iter).map(move |event| {
        // Open as long as the stream is.
        let _ = &open;
        Ok::<_, Infallible>(of_run(&event))
    });
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))))
}

/// A stream that ends with the session that opened it: the session is looked at before each item, and every few
/// seconds. When nobody can tell, it ends too, and the page asks again.
fn while_signed_in<T>(state: AppState, visit: Visit, items: impl Stream<Item = T>) -> impl Stream<Item = T> {
    stream::unfold((state, visit, Box::pin(items)), async |(state, visit, mut items)| {
        loop {
            let next = tokio::time::timeout(SESSION_CHECK, items.next()).await;
            let session = sessions::find(&state.studio, &visit).await;
            match (next, session) {
                (Ok(Some(item)), Ok(Some(_))) => return Some((item, (state, visit, items))),
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
        Some(live) => runs::cancel(&state, &person, &run, live).await?,
        None if run.ended.is_some() => return Err(Error::refused("ended", "This run has ended already.")),
        None => {
            return Err(Error::refused("elsewhere", "Another server executes this run; cancel it there."));
        }
    }
    read::summary(&state, &id).await.map(Json)
}
