//! Why the target cannot be used, in words for whoever configured it.
//! Decisions come from SQLSTATE and the kind of I/O error; no text holds a credential.

use std::{error::Error as _, io};

use super::Refusal;

/// A target that cannot be reached or used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TargetError {
    /// Stable: `target-unreachable`, `target-pooler`, `target-rights` …
    pub code: &'static str,
    /// What happened and why.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Five characters, when the server itself answered.
    pub sqlstate: Option<String>,
}

impl TargetError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: help.into(), sqlstate: None }
    }

    pub(super) fn pooler(name: &str) -> Self {
        Self::new(
            "target-pooler",
            format!(
                "{name} is a transaction pooler: it hands out another backend for each transaction, so the \
                 session's lock and timeouts would not hold."
            ),
            "Use the direct connection, or the pooler in session mode (port 5432).",
        )
    }

    pub(crate) fn silent(name: &str) -> Self {
        Self::new(
            "target-unreachable",
            format!("{name} took a connection and then did not answer."),
            "Check that the address is a PostgreSQL server and that no firewall swallows the answer.",
        )
    }

    /// Of one of the studio's own questions to the target.
    pub(super) fn asking(what: &str, error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(db) => {
                let refusal = Refusal::new(db);
                let code = if refusal.sqlstate == "42501" { "target-rights" } else { "target-refused" };
                let help = match code {
                    "target-rights" => {
                        "Grant the right to the role of DATABASE_URL, or use a role that has it."
                    }
                    _ => "The server's message says why.",
                };
                let message = format!("{what} failed: {} (SQLSTATE {}).", refusal.message, refusal.sqlstate);
                Self { sqlstate: Some(refusal.sqlstate), ..Self::new(code, message, help) }
            }
            None => Self::new(
                "target-lost",
                format!("{what} failed: the connection to the target broke ({}).", chain(error)),
                "Check that the server is up, then try again.",
            ),
        }
    }

    /// Of an answer in a form that is not expected, as a version of PostgreSQL to come may give it.
    pub(super) fn unread(what: &str, error: &serde_json::Error) -> Self {
        Self::new(
            "target-unread",
            format!("The server's answer about {what} could not be read: {error}."),
            "Check the server's version: 13 to 18 are known.",
        )
    }

    /// Of an attempt to connect.
    pub(super) fn connecting(name: &str, error: &tokio_postgres::Error) -> Self {
        if let Some(db) = error.as_db_error() {
            let refusal = Refusal::new(db);
            return Self { sqlstate: Some(refusal.sqlstate.clone()), ..refused(name, &refusal) };
        }
        let message = format!("{name} cannot be reached: {}.", chain(error));
        let help = match io_kind(error) {
            Some(io::ErrorKind::ConnectionRefused) => {
                "Nothing listens there, or a network restriction refuses this address. Check host and port, and \
                 the project's network restrictions."
            }
            Some(io::ErrorKind::TimedOut) => {
                "No answer in ten seconds. Check host and port, a firewall in between, and whether the host has \
                 an IPv4 address: Supabase's direct connection is IPv6 only, its session pooler is not."
            }
            _ if chain(error).contains("certificate") => {
                "The server's certificate is not signed by a known authority or not valid for this host. For \
                 Supabase, download the project's certificate and give its path with ?sslrootcert= or \
                 STUDIO_DATABASE_CA."
            }
            _ => "Check host, port and the network between.",
        };
        Self::new("target-unreachable", message, help)
    }
}

fn refused(name: &str, refusal: &Refusal) -> TargetError {
    let Refusal { sqlstate, message, .. } = refusal;
    let (code, help) = match sqlstate.as_str() {
        "28P01" | "28000" => (
            "target-password",
            "User or password is wrong, or pg_hba.conf does not let this user in. Percent-encode special \
             characters of the password.",
        ),
        "3D000" => ("target-missing", "Create the database, or correct the name in DATABASE_URL."),
        "53300" => ("target-full", "All connections are taken. Close some, or raise max_connections."),
        "57P03" => ("target-starting", "The server is starting or stopping; try again in a moment."),
        // Supavisor answers an unknown project with this class.
        "XX000" => (
            "target-tenant",
            "The pooler does not know this project. Check the region in the host and the project reference in \
             the user name.",
        ),
        _ => ("target-refused", "The server's message says why."),
    };
    TargetError::new(code, format!("{name} refused the connection: {message} (SQLSTATE {sqlstate})."), help)
}

/// The whole chain of causes; the driver's own message stops at the first.
pub(super) fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

pub(super) fn io_kind(error: &tokio_postgres::Error) -> Option<io::ErrorKind> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        source = cause.source();
    }
    None
}
