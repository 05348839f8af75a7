//! What holds for every address: it is asked for by a name of ours, writes come from our own page, and browsers
//! get the headers that keep other pages out. Who may do what is decided elsewhere.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    error::Error,
    http::{PublicUrl, is_of_this_machine},
    state::AppState,
};

/// The headers besides the content security policy.
const HEADERS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// The content security policy; `nonce` admits the style elements that carry it.
/// Trusted types are not demanded: the page's framework writes its own constant templates as HTML.
pub fn content_security_policy(nonce: Option<&str>) -> String {
    let nonce = nonce.map(|nonce| format!(" 'nonce-{nonce}'"));
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'{}; connect-src 'self'; \
         img-src 'self' data:; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
        nonce.unwrap_or_default()
    )
}

/// Tells browsers to use nothing but https for this name and those below it, for two years.
const TRANSPORT_SECURITY: &str = "max-age=63072000; includeSubDomains";

/// Puts the headers on every answer; a policy that is there already stays.
pub async fn security_headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if state.config.serving.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TRANSPORT_SECURITY));
    }
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&content_security_policy(None))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Refuses requests for a name that is not ours: with a public address every other one; else, while only this
/// machine reaches the server, any but localhost. A page whose own name was made to lead here would be of the
/// same origin to the browser.
pub async fn own_name(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let ours = match &state.config.serving.public_url {
        Some(public) => host.is_some_and(|host| public.is_host(host)),
        None => !state.config.is_local() || host.is_some_and(is_of_this_machine),
    };
    if ours { next.run(request).await } else { Error::OtherHost.into_response() }
}

/// Ends the work on a request whose answer takes too long. A stream of events has begun its answer by then.
pub async fn deadline(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let within = state.config.serving.limits.answer;
    let answered = tokio::time::timeout(within, next.run(request)).await;
    answered.unwrap_or_else(|_| Error::Deadline.into_response())
}

/// Refuses writes that another site's page could have sent.
pub async fn same_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads || is_same_origin(request.headers(), state.config.serving.public_url.as_ref()) {
        next.run(request).await
    } else {
        Error::CrossSite.into_response()
    }
}

/// A browser says where a write comes from in `Origin`, or at least in `Sec-Fetch-Site`; who says neither
/// is refused. Without a public address the scheme is not compared: behind a proxy that ends TLS the server does
/// not know its own.
fn is_same_origin(headers: &HeaderMap, public: Option<&PublicUrl>) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match (headers.contains_key(header::ORIGIN), text(header::ORIGIN)) {
        (true, Some(origin)) => match public {
            Some(public) => public.is_origin(origin),
            None => {
                let authority = origin.split_once("://").map(|(_, authority)| authority);
                authority.is_some() && authority == text(header::HOST)
            }
        },
        (true, None) => false,
        (false, _) => text(header::HeaderName::from_static("sec-fetch-site")) == Some("same-origin"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_page_may_write() {
        for (headers, same) in [
            (&[("host", "a:1"), ("origin", "http://a:1")][..], true),
            (&[("host", "a:1"), ("origin", "https://a:1")], true),
            (&[("host", "a:1"), ("origin", "http://a:2")], false),
            (&[("host", "a:1"), ("origin", "http://b:1")], false),
            (&[("host", "a:1"), ("origin", "null")], false),
            (&[("origin", "http://a:1")], false),
            (&[("host", "a:1"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "a:1"), ("sec-fetch-site", "same-site")], false),
            (&[("host", "a:1"), ("origin", "http://b:1"), ("sec-fetch-site", "same-origin")], false),
            (&[("host", "a:1")], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(is_same_origin(&map, None), same, "{headers:?}");
        }
    }
}
