//! `/api/about`: the studio itself.

use axum::{Json, extract::State};
use studio_kernel::run::api::About;

use super::Routes;
use crate::{extract::Signed, services::about, state::AppState};

pub(super) fn routes() -> Routes {
    Routes::new().get("/about", about)
}

async fn about(State(state): State<AppState>, _: Signed) -> Json<About> {
    Json(about::describe(&state))
}
