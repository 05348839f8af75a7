//! The one place that sees how every request ended: what was refused goes to the audit log, and so does a write
//! that was accepted and left no entry of its own. Here begins what belongs to one request. What was done is recorded by the service that does it, in the
//! same transaction.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};

use crate::{
    error::Failure,
    extract::session_tokens,
    http::ClientAddress,
    pg::studio,
    services::audit::{Note, Origin},
    state::AppState,
};

/// Characters of an address that are kept.
const PATH_LIMIT: usize = 200;

/// Answers a request as one whose entries name where it comes from.
pub(super) async fn audited(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let address = parts.extensions.get().map(|ClientAddress(address)| *address);
    let origin = Origin::new(address, session_tokens(&parts.headers, &state.cookie).first());
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let answering = studio::shared(next.run(Request::from_parts(parts, body)));
    let response = Arc::clone(&origin).within(answering).await;
    if let Some(note) = note(&method, &path, &response, &origin) {
        state.refusals.record(&state.studio, origin, note).await;
    }
    response
}

/// What the log is told of a request, beside what its service wrote.
fn note(method: &Method, path: &str, response: &Response, origin: &Origin) -> Option<Note> {
    let status = response.status();
    let failure = response.extensions().get::<Failure>();
    let is_write = !matches!(*method, Method::GET | Method::HEAD);
    let is_sign_in = path == "/api/session";
    let (action, end) = match (status, failure) {
        // Whoever presents nothing asks for the page, which has them sign in.
        (StatusCode::UNAUTHORIZED, Some(_)) if !is_sign_in && !origin.has_session() => return None,
        (StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS, Some(failure)) if is_sign_in => {
            ("sign_in_refused", failure.body.code.clone())
        }
        (
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::CONFLICT
            | StatusCode::MISDIRECTED_REQUEST
            | StatusCode::TOO_MANY_REQUESTS,
            Some(failure),
        ) => ("refused", reasons(failure)),
        (status, None) if is_write && status.is_success() && !origin.has_entry() => {
            // A stranger does nothing that lasts.
            origin.person()?;
            ("accepted", "nothing to record".to_owned())
        }
        _ => return None,
    };
    let shown: String = path.chars().take(PATH_LIMIT).collect();
    // As in a string of Rust: whatever stands in the address, the entry reads as one line.
    let text = format!("{method} {}: {end}", shown.escape_debug());
    Some(Note { action, change: change_of(path), text })
}

/// The codes of everything that stood in the way.
fn reasons(failure: &Failure) -> String {
    match failure.body.obstacles.as_slice() {
        [] => failure.body.code.clone(),
        obstacles => {
            let mut codes: Vec<&str> = obstacles.iter().map(|obstacle| obstacle.code.as_str()).collect();
            codes.dedup();
            codes.join(", ")
        }
    }
}

fn change_of(path: &str) -> Option<i64> {
    path.strip_prefix("/api/changes/")?.split('/').next()?.parse().ok()
}
