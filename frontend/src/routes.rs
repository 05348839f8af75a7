//! Every address of the app as one enum: [`Route::href`] writes it, [`Route::parse`] reads it.
//! It renders nothing; `app` maps a route to its page.

/// A page and what its address says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Sign in with a one-time token from the fragment.
    SignIn,
    /// Accept an invitation; its token is in the fragment.
    Join,
    /// The migration set.
    Migrations,
    /// One file, by its path below `migrations/`.
    Migration(String),
    /// Changes under review.
    Changes,
    /// One change.
    Change(i64),
    /// All runs.
    Runs,
    /// One run.
    Run(String),
    /// People, invitations, the review policy.
    People,
    /// One's own name, password and sessions.
    Account,
    /// The linter's rules.
    Rules,
    /// One rule.
    Rule(String),
    /// The studio itself: its version and what protects people here.
    About,
    /// An address that means nothing.
    NotFound,
}

impl Route {
    /// Reads a path as the browser gives it: percent-encoded, without query and fragment.
    pub(crate) fn parse(path: &str) -> Self {
        let path = path.trim_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        match (first, rest) {
            ("" | "migrations", "") => Self::Migrations,
            ("sign-in", "") => Self::SignIn,
            ("join", "") => Self::Join,
            ("migrations", path) => Self::Migration(decode(path)),
            ("changes", "") => Self::Changes,
            ("changes", id) => id.parse().map_or(Self::NotFound, Self::Change),
            ("runs", "") => Self::Runs,
            ("runs", id) if !id.contains('/') => Self::Run(decode(id)),
            ("people", "") => Self::People,
            ("account", "") => Self::Account,
            ("about", "") => Self::About,
            ("rules", "") => Self::Rules,
            ("rules", id) if !id.contains('/') => Self::Rule(decode(id)),
            _ => Self::NotFound,
        }
    }

    /// The address, ready for a link.
    pub(crate) fn href(&self) -> String {
        match self {
            Self::SignIn => "/sign-in".to_owned(),
            Self::Join => "/join".to_owned(),
            Self::Migrations | Self::NotFound => "/migrations".to_owned(),
            Self::Migration(path) => format!("/migrations/{}", encode(path)),
            Self::Changes => "/changes".to_owned(),
            Self::Change(id) => format!("/changes/{id}"),
            Self::Runs => "/runs".to_owned(),
            Self::Run(id) => format!("/runs/{}", encode(id)),
            Self::People => "/people".to_owned(),
            Self::Account => "/account".to_owned(),
            Self::About => "/about".to_owned(),
            Self::Rules => "/rules".to_owned(),
            Self::Rule(id) => format!("/rules/{}", encode(id)),
        }
    }

    /// The address with query parameters; empty values are left out.
    pub(crate) fn href_with(&self, parameters: &[(&str, &str)]) -> String {
        let mut href = self.href();
        let mut mark = '?';
        for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
            href.push(mark);
            href.push_str(name);
            href.push('=');
            href.push_str(&encode_component(value));
            mark = '&';
        }
        href
    }

    /// Whether somebody without a session may see it.
    pub(crate) fn is_public(&self) -> bool {
        matches!(self, Self::SignIn | Self::Join)
    }

    /// The entry of the main navigation it belongs to.
    pub(crate) fn section(&self) -> Option<Self> {
        match self {
            Self::Migrations | Self::Migration(_) => Some(Self::Migrations),
            Self::Changes | Self::Change(_) => Some(Self::Changes),
            Self::Runs | Self::Run(_) => Some(Self::Runs),
            Self::People => Some(Self::People),
            Self::Rules | Self::Rule(_) => Some(Self::Rules),
            Self::Account | Self::About | Self::SignIn | Self::Join | Self::NotFound => None,
        }
    }
}

/// Percent-encodes a path; slashes stay.
fn encode(path: &str) -> String {
    path.split('/').map(encode_component).collect::<Vec<_>>().join("/")
}

/// Percent-encodes everything but the characters RFC 3986 calls unreserved.
pub(crate) fn encode_component(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Undoes percent-encoding; what is not valid stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_the_route_that_wrote_it() {
        for route in [
            Route::SignIn,
            Route::Join,
            Route::Migrations,
            Route::Migration("rollback/a b%ü.sql".to_owned()),
            Route::Changes,
            Route::Change(12),
            Route::Runs,
            Route::Run("0193-ab".to_owned()),
            Route::People,
            Route::Account,
            Route::About,
            Route::Rules,
            Route::Rule("drop-table".to_owned()),
        ] {
            assert_eq!(Route::parse(&route.href()), route);
        }
    }

    #[test]
    fn strange_addresses_are_not_found() {
        for path in ["/changes/x", "/changes/1/2", "/nowhere", "/runs/a/b"] {
            assert_eq!(Route::parse(path), Route::NotFound, "{path}");
        }
        assert_eq!(Route::parse("/migrations/100%"), Route::Migration("100%".to_owned()));
    }

    #[test]
    fn parameters_are_encoded_and_empty_ones_left_out() {
        assert_eq!(
            Route::Migrations.href_with(&[("q", "a&b"), ("state", ""), ("x", "1")]),
            "/migrations?q=a%26b&x=1"
        );
    }
}
