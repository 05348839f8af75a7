//! The boundary of a request: its id, its line in the log, and the body of a refusal.
//! Nothing else logs a failed request.

use std::{io, time::Instant};

use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::error::Failure;

/// The header that carries a request's id back.
pub const REQUEST_ID: &str = "x-request-id";

/// How an event is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Time, level, place, message, fields.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// Sends the log to standard error. `RUST_LOG` says how much; by default what needs a look.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| OneLine).with_ansi(false);
    // A second call, as tests make, keeps the first log.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

/// Writes each event as one line, whatever text of a person, a database or a file it quotes: what could begin a
/// line, move a cursor or turn the direction of reading is shown as `\u000a` and does nothing.
struct OneLine;

impl io::Write for OneLine {
    /// An event comes whole, with the newline that ends it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let mut line = String::with_capacity(text.len());
        for letter in text.strip_suffix('\n').unwrap_or(&text).chars() {
            match acts(letter) {
                true => line.push_str(&format!("\\u{:04x}", u32::from(letter))),
                false => line.push(letter),
            }
        }
        line.push('\n');
        io::Write::write_all(&mut io::stderr().lock(), line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::Write::flush(&mut io::stderr().lock())
    }
}

/// Control characters, line and paragraph separators, and what is not seen but turns or joins what is.
fn acts(letter: char) -> bool {
    let unseen = ['\u{61c}', '\u{feff}'];
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || unseen.contains(&letter)
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
        tracing::error!(request, method, path, code, text, "a request failed");
    } else {
        tracing::info!(request, method, path, code, text, "a request was refused");
    }
}
