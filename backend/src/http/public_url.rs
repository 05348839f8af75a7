//! The address that people type: it fixes which Host and Origin are ours.

use std::{fmt, net::IpAddr, str::FromStr};

use axum::http::{
    Uri,
    uri::{Authority, Scheme},
};

/// Scheme, name and port, without a path: an origin as browsers spell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    https: bool,
    /// In lower case, without the scheme's own port.
    authority: String,
}

/// A text that names no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must be an https address without a path, such as https://studio.example.com \
     (http only for this machine's own names)"
)]
pub struct NotPublic;

impl FromStr for PublicUrl {
    type Err = NotPublic;

    fn from_str(text: &str) -> Result<Self, NotPublic> {
        let uri: Uri = text.parse().map_err(|_| NotPublic)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else { return Err(NotPublic) };
        let https = *scheme == Scheme::HTTPS;
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !text.contains('#');
        let plain = *scheme == Scheme::HTTP && is_of_this_machine(authority.as_str());
        let named = !authority.host().is_empty() && !authority.as_str().contains('@');
        if bare && named && (https || plain) {
            Ok(Self { https, authority: normal(authority, https) })
        } else {
            Err(NotPublic)
        }
    }
}

impl PublicUrl {
    /// Whether the page is reached by https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether a Host header names it.
    pub fn is_host(&self, host: &str) -> bool {
        host.parse::<Authority>().is_ok_and(|host| normal(&host, self.https) == self.authority)
    }

    /// Whether an Origin header is its own.
    pub fn is_origin(&self, origin: &str) -> bool {
        let scheme = if self.https { "https://" } else { "http://" };
        origin.strip_prefix(scheme).is_some_and(|authority| self.is_host(authority))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

fn normal(authority: &Authority, https: bool) -> String {
    let text = authority.as_str().to_ascii_lowercase();
    let own_port = if https { ":443" } else { ":80" };
    text.strip_suffix(own_port).unwrap_or(&text).to_owned()
}

/// Whether a Host header names this machine without any name service: localhost or a number.
pub(crate) fn is_of_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host().to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_server_has_no_name_but_localhost() {
        for host in
            ["localhost:4800", "LOCALHOST", "a.localhost:1", "127.0.0.1:4800", "192.168.0.2", "[::1]:4800"]
        {
            assert!(is_of_this_machine(host), "{host}");
        }
        for host in
            ["", "evil.test", "evil.test:4800", "localhost.evil.test", "notlocalhost", "127.0.0.1.evil.test"]
        {
            assert!(!is_of_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_public_url_is_an_https_origin() {
        for (text, shown) in [
            ("https://Studio.Example.com", "https://studio.example.com"),
            ("https://studio.example.com:443/", "https://studio.example.com"),
            ("https://studio.example.com:8443", "https://studio.example.com:8443"),
            ("http://localhost:4800", "http://localhost:4800"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().map(|url| url.to_string()).as_deref(), Ok(shown), "{text}");
        }
        for text in [
            "",
            "studio.example.com",
            "http://studio.example.com",
            "ftp://studio.example.com",
            "https://",
            "https://a@studio.example.com",
            "https://studio.example.com/path",
            "https://studio.example.com?x=1",
            "https://studio.example.com/#x",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(NotPublic), "{text}");
        }
    }

    #[test]
    fn only_its_own_host_and_origin_are_ours() {
        let url: PublicUrl = "https://studio.example.com".parse().unwrap();
        for host in ["studio.example.com", "STUDIO.example.com", "studio.example.com:443"] {
            assert!(url.is_host(host), "{host}");
        }
        for host in ["", "studio.example.com:80", "studio.example.com.", "a.studio.example.com", "127.0.0.1"]
        {
            assert!(!url.is_host(host), "{host}");
        }
        assert!(url.is_origin("https://studio.example.com"));
        for origin in ["http://studio.example.com", "https://evil.test", "null", "studio.example.com"] {
            assert!(!url.is_origin(origin), "{origin}");
        }
    }
}
