//! `/api/rules`: what the linter knows.

use axum::{Json, Router, routing::get};
use studio_kernel::{
    lint,
    run::api::{RuleHelp, Rules},
};

use crate::{extract::Signed, state::AppState};

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/rules", get(list))
}

async fn list(_: Signed) -> Json<Rules> {
    let rules = lint::rules().into_iter().map(|rule| RuleHelp {
        id: rule.id.to_owned(),
        severity: rule.severity,
        help: rule.help.to_owned(),
    });
    Json(Rules { rules: rules.collect() })
}
