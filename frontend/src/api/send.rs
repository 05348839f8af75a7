//! One request and its answer. A request whose future is dropped is aborted, so leaving a page costs the
//! server nothing more.

use gloo_net::http::{Method, Request, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use studio_kernel::run::api::ApiError;

use crate::browser::abort::AbortOnDrop;

/// What a route gives, or why it refused.
pub(crate) type Answer<T> = Result<T, ApiError>;

pub(super) async fn get<T: DeserializeOwned>(path: &str) -> Answer<T> {
    send(Request::get(path), None).await
}

pub(super) async fn delete<T: DeserializeOwned>(path: &str) -> Answer<T> {
    send(Request::delete(path), None).await
}

pub(super) async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Answer<T> {
    send(Request::post(path), Some(encode(body)?)).await
}

pub(super) async fn put<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Answer<T> {
    send(RequestBuilder::new(path).method(Method::PUT), Some(encode(body)?)).await
}

async fn send<T: DeserializeOwned>(request: RequestBuilder, body: Option<String>) -> Answer<T> {
    let abort = AbortOnDrop::new();
    let request = request.abort_signal(abort.signal()).header("accept", "application/json");
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body),
        None => request.build(),
    };
    let response = request
        .map_err(|error| failure("bad-request", &error.to_string(), "Reload the page."))?
        .send()
        .await
        .map_err(|_| {
            failure(
                "unreachable",
                "The studio's server did not answer: it has stopped, or the network is down.",
                "Check that it runs, then try again. Drafts in this browser are kept.",
            )
        })?;
    read(&response).await
}

async fn read<T: DeserializeOwned>(response: &Response) -> Answer<T> {
    let text = response
        .text()
        .await
        .map_err(|error| failure("cut-short", &format!("The answer broke off: {error}."), "Try again."))?;
    if response.ok() {
        // An answer without a body reads as `null`.
        let text = if text.is_empty() { "null" } else { &text };
        return serde_json::from_str(text).map_err(|error| {
            failure(
                "unreadable-answer",
                &format!("The server's answer does not fit this page: {error}."),
                "Reload: the server may be newer than the page.",
            )
        });
    }
    Err(serde_json::from_str(&text).unwrap_or_else(|_| {
        let message = format!("The server answered {}.", response.status());
        failure("unexpected-answer", &message, "Try again; the server's log says more.")
    }))
}

fn encode(body: &impl Serialize) -> Answer<String> {
    serde_json::to_string(body)
        .map_err(|error| failure("bad-request", &error.to_string(), "Reload the page."))
}

fn failure(code: &str, message: &str, help: &str) -> ApiError {
    ApiError {
        code: code.to_owned(),
        message: message.to_owned(),
        help: help.to_owned(),
        ..ApiError::default()
    }
}
