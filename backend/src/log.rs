//! The boundary of a request: its id, its line in the log, and the body of a refusal.
//! Nothing else logs a failed request.

use std::{io::IsTerminal as _, time::Instant};

use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing_subscriber::EnvFilter;

use crate::error::Failure;

/// The header that carries a request's id back.
pub const REQUEST_ID: &str = "x-request-id";

/// Sends the log to standard error. `RUST_LOG` says how much; by default what needs a look.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let colours = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // A second call, as tests make, keeps the first log.
    let _ = log.try_init();
}

/// Gives the request an id, logs how it ended, and completes the body of a refusal.
/// The query is not logged: it may hold what people typed.
pub async fn boundary(request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    if let Some(Failure { mut body, text }) = response.extensions_mut().remove() {
        body.request_id.clone_from(&id);
        let status = response.status();
        log_failure(status, &id, method.as_str(), &path, &body.code, &text);
        let (old, _) = response.into_parts();
        response = (status, Json(body)).into_response();
        for (name, value) in &old.headers {
            response.headers_mut().entry(name).or_insert(value.clone());
        }
    } else {
        let (status, micros) = (response.status().as_u16(), began.elapsed().as_micros());
        tracing::debug!(request = id, %method, path, status, micros, "answered");
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn log_failure(status: StatusCode, request: &str, method: &str, path: &str, code: &str, text: &str) {
    if status.is_server_error() {
        tracing::error!(request, method, path, code, "{text}");
    } else {
        tracing::info!(request, method, path, code, "{text}");
    }
}
