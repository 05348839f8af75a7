//! The built page, embedded in the binary. Files below `assets/` carry their hash in their name and are kept
//! for ever; the page itself is made for each answer, with a nonce of its own.

use std::borrow::Cow;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use rand::RngCore as _;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::{error::Error, routes::guard::content_security_policy};

/// What the bundler built; nothing in a build of the server alone.
#[derive(RustEmbed)]
#[folder = "../frontend/dist"]
#[allow_missing = true]
struct Dist;

/// Where the page wants the nonce of its answer.
const NONCE_PLACE: &str = "__CSP_NONCE__";

const NOT_BUILT: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Migration studio</title>\
    <h1>The page is not built into this server</h1>\
    <p>Run <code>cargo xtask build</code>, or start everything with <code>cargo xtask run</code>.";

/// A file of the page; the page itself for every address that is no file, because the page has addresses of
/// its own.
pub async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Error::Method.into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let is_page = path.is_empty() || path == "index.html";
    if !is_page && let Some(file) = Dist::get(path) {
        return answer(path, file, request.headers());
    }
    if path.starts_with("assets/") {
        return Error::NotFound("file").into_response();
    }
    page()
}

fn page() -> Response {
    let Some(file) = Dist::get("index.html") else {
        return (StatusCode::NOT_FOUND, Html(NOT_BUILT)).into_response();
    };
    let mut random = [0_u8; 16];
    rand::rng().fill_bytes(&mut random);
    let nonce: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let html = String::from_utf8_lossy(&file.data).replace(NONCE_PLACE, &nonce);
    let policy = content_security_policy(Some(&nonce));
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

fn answer(path: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag: String = file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let small = accepts_brotli(asked).then(|| Dist::get(&format!("{path}.br"))).flatten();
    // Other bytes are another representation, with a tag of its own.
    let tag = format!("\"{tag}{}\"", if small.is_some() { "-br" } else { "" });
    let kind = file.metadata.mimetype().to_owned();
    let kept = match path.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let headers = [
        (header::CACHE_CONTROL, kept),
        (header::VARY, "accept-encoding"),
        (header::CONTENT_TYPE, kind.as_str()),
        (header::ETAG, tag.as_str()),
    ];
    if is_known(asked, &tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    match small {
        Some(small) => (headers, [(header::CONTENT_ENCODING, "br")], body(small)).into_response(),
        None => (headers, body(file)).into_response(),
    }
}

/// Without a copy: the bytes are part of the binary.
fn body(file: EmbeddedFile) -> Body {
    match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

/// Whether the browser says that it has these bytes; weak tags count, as they do for every GET.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let lists = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

fn accepts_brotli(asked: &HeaderMap) -> bool {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|list| list.split(',').any(|coding| coding.trim() == "br"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        for (asked, known) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"a-br\"", false),
            ("a", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, header::HeaderValue::from_static(asked));
            assert_eq!(is_known(&headers, "\"a\""), known, "{asked}");
        }
    }
}
