//! `/api/rules`: what the linter knows.

use axum::Json;
use studio_kernel::{
    lint,
    run::api::{RuleHelp, Rules},
};

use super::Routes;
use crate::extract::Signed;

pub(super) fn routes() -> Routes {
    Routes::new().get("/rules", list)
}

async fn list(_: Signed) -> Json<Rules> {
    let rules = lint::rules().into_iter().map(|rule| RuleHelp {
        id: rule.id.to_owned(),
        severity: rule.severity,
        help: rule.help.to_owned(),
    });
    Json(Rules { rules: rules.collect() })
}
