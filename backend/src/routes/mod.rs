//! Every address of the server. Routes speak HTTP and leave the work to the services.

mod about;
mod audited;
mod changes;
pub mod guard;
mod listed;
mod migrations;
mod people;
mod rules;
mod runs;
mod session;

use std::convert::Infallible;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::DefaultBodyLimit,
    http::{HeaderValue, Method, header},
    middleware,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use listed::Routes;

use crate::{
    assets,
    error::Error,
    http::{SMALL_BODY, resolve_client},
    log,
    services::answers::Written,
    state::AppState,
};

fn routes() -> Routes {
    session::routes()
        .and(people::routes())
        .and(migrations::routes())
        .and(changes::routes())
        .and(runs::routes())
        .and(rules::routes())
        .and(about::routes())
}

/// Method and path, below `/api`, of everything that the server answers besides the page's own files.
pub fn list() -> Vec<(Method, &'static str)> {
    routes().listed
}

/// Bytes of an answer that are handed over at once; the next ones when there is room for them.
const CHUNK: usize = 64 << 10;

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let (json, held) = self.into_parts();
        let length = HeaderValue::from(json.len());
        let head = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CONTENT_LENGTH, length),
        ];
        let rest = stream::unfold((Bytes::from(json), held), async |(mut rest, held)| {
            let next = rest.split_to(rest.len().min(CHUNK));
            (!next.is_empty()).then_some((Ok::<_, Infallible>(next), (rest, held)))
        });
        (head, Body::from_stream(rest)).into_response()
    }
}

/// The whole server, without a port.
pub fn router(state: AppState) -> Router {
    let api = routes()
        .router
        .fallback(async || Error::NotFound("address"))
        .method_not_allowed_fallback(async || Error::Method);
    Router::new()
        .nest("/api", api)
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(SMALL_BODY))
        .layer(middleware::from_fn_with_state(state.clone(), guard::deadline))
        .layer(middleware::from_fn_with_state(state.clone(), guard::same_origin))
        .layer(middleware::from_fn_with_state(state.clone(), guard::own_name))
        .layer(middleware::from_fn_with_state(state.clone(), audited::audited))
        .layer(middleware::from_fn_with_state(state.clone(), guard::security_headers))
        .layer(middleware::from_fn(log::boundary))
        .layer(middleware::from_fn_with_state(state.clone(), resolve_client))
        .with_state(state)
}
