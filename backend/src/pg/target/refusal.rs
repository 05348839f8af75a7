//! What the server said instead of doing it, and how a notice reads.
//! The driver's error, turned into values once; what to do about a SQLSTATE is decided elsewhere.

use std::error::Error as _;

use studio_kernel::run::ServerNotice;
use tokio_postgres::error::{DbError, ErrorPosition, Severity};

use super::error::{chain, io_kind};

/// Why a statement did not succeed.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The server refused it; the session goes on.
    Refused(Refusal),
    /// The connection is gone, with what was heard last.
    Lost(String),
}

/// A refusal by the server.
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    /// Five characters.
    pub sqlstate: String,
    /// Plain text.
    pub message: String,
    /// Plain text.
    pub detail: Option<String>,
    /// Plain text.
    pub hint: Option<String>,
    /// The server's context lines, innermost first.
    pub context: Option<String>,
    /// Where.
    pub place: Place,
}

/// Where the server saw the error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// It did not say.
    #[default]
    Nowhere,
    /// A character of the statement that was sent, from 1.
    Sent(usize),
    /// A character, from 1, of a statement that a function ran.
    Internal {
        /// From 1.
        position: usize,
        /// The statement.
        query: String,
    },
}

impl Refusal {
    pub(crate) fn new(error: &DbError) -> Self {
        let place = match error.position() {
            None => Place::Nowhere,
            Some(ErrorPosition::Original(position)) => Place::Sent(index(*position)),
            Some(ErrorPosition::Internal { position, query }) => {
                Place::Internal { position: index(*position), query: query.clone() }
            }
        };
        Self {
            sqlstate: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
            context: error.where_().map(str::to_owned),
            place,
        }
    }
}

/// Where no server has said why.
const INTERNAL: &str = "XX000";

impl Failure {
    /// A fatal error ends the session, whatever its code; so does an answer that the driver cannot follow. What
    /// the driver refuses to send is refused like anything else.
    pub(super) fn new(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(db) if matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic)) => {
                Self::Lost(format!("{} (SQLSTATE {})", db.message(), db.code().code()))
            }
            Some(db) => Self::Refused(Refusal::new(db)),
            None if error.is_closed() || io_kind(error).is_some() => Self::Lost(chain(error)),
            None if error.source().is_none() => Self::Lost(format!("the driver gave it up ({error})")),
            None => Self::Refused(Refusal {
                sqlstate: INTERNAL.to_owned(),
                message: format!("The driver refused it: {}", chain(error)),
                ..Refusal::default()
            }),
        }
    }
}

/// A NOTICE or WARNING as the kernel knows it; the severity is never translated.
pub(super) fn notice(message: &DbError) -> ServerNotice {
    let severity =
        message.parsed_severity().map_or_else(|| message.severity().to_owned(), |word| word.to_string());
    ServerNotice {
        severity,
        sqlstate: message.code().code().to_owned(),
        message: message.message().to_owned(),
        detail: message.detail().map(str::to_owned),
        hint: message.hint().map(str::to_owned),
    }
}

fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}
