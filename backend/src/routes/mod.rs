//! Every address of the server. Routes speak HTTP and leave the work to the services.

mod changes;
pub mod guard;
mod migrations;
mod people;
mod rules;
mod runs;
mod session;

use axum::{Router, extract::DefaultBodyLimit, middleware};

use crate::{
    assets,
    error::Error,
    http::{SMALL_BODY, resolve_client},
    log,
    state::AppState,
};

/// The whole server, without a port.
pub fn router(state: AppState) -> Router {
    let api = Router::new()
        .merge(session::router())
        .merge(people::router())
        .merge(migrations::router())
        .merge(changes::router())
        .merge(runs::router())
        .merge(rules::router())
        .fallback(async || Error::NotFound("address"))
        .method_not_allowed_fallback(async || Error::Method);
    Router::new()
        .nest("/api", api)
        .fallback(assets::serve)
        .layer(DefaultBodyLimit::max(SMALL_BODY))
        .layer(middleware::from_fn_with_state(state.clone(), guard::deadline))
        .layer(middleware::from_fn_with_state(state.clone(), guard::same_origin))
        .layer(middleware::from_fn_with_state(state.clone(), guard::own_name))
        .layer(middleware::from_fn_with_state(state.clone(), guard::security_headers))
        .layer(middleware::from_fn(log::boundary))
        .layer(middleware::from_fn_with_state(state.clone(), resolve_client))
        .with_state(state)
}
