//! Who sent a request. The peer of the connection says it, unless that is a proxy we were told of: then its
//! X-Forwarded-For does. Nobody else's header is believed.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, request::Parts},
    middleware::Next,
    response::Response,
};

use crate::state::AppState;

/// The header in which a proxy says for whom it asks, the nearest last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of whoever sent the request. It is put on every request before anything else looks at it, and is
/// unspecified (`0.0.0.0`) where no connection carried the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl Default for ClientAddress {
    fn default() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}

/// Puts [`ClientAddress`] on the request.
pub async fn resolve_client(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let client = client_of(peer.ip(), request.headers(), &state.config.serving.proxy);
        request.extensions_mut().insert(ClientAddress(client));
    }
    next.run(request).await
}

/// Goes back over the proxies we trust, to the first address that is none of them.
fn client_of(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    let mut client = peer.to_canonical();
    let values = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).collect();
    for hop in hops.iter().rev().map(|hop| hop.trim()) {
        if !proxies.contains(&client) {
            break;
        }
        let address = hop.parse().or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()));
        match address {
            Ok(address) => client = address.to_canonical(),
            // What a proxy could not name is not guessed at.
            Err(_) => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_known_proxy_says_who_asks() {
        for (peer, forwarded, proxies, client) in [
            ("203.0.113.9", &["198.51.100.1"][..], &[][..], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], &["10.0.0.1"], "203.0.113.9"),
            ("10.0.0.1", &[], &["10.0.0.1"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], &["10.0.0.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1:4711"], &["10.0.0.1"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], &["10.0.0.1"], "2001:db8::1"),
            // What the client wrote itself stands left of what the proxy added.
            ("10.0.0.1", &["127.0.0.1, 198.51.100.1"], &["10.0.0.1"], "198.51.100.1"),
            ("10.0.0.1", &["127.0.0.1", "198.51.100.1, 10.0.0.2"], &["10.0.0.1", "10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, unknown"], &["10.0.0.1"], "10.0.0.1"),
            ("10.0.0.1", &[""], &["10.0.0.1"], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(value));
            }
            let proxies: Vec<IpAddr> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
            let found = client_of(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(found.to_string(), client, "{peer} {forwarded:?}");
        }
    }
}
