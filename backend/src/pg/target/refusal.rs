//! What the server said instead of doing it, and how a notice reads.
//! The driver's error, turned into values once; what to do about a SQLSTATE is decided elsewhere.

use std::error::Error as _;

use studio_kernel::{run::ServerNotice, text::shown, words::count};
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
                Place::Internal { position: index(*position), query: capped(query) }
            }
        };
        Self {
            sqlstate: error.code().code().to_owned(),
            message: capped(error.message()),
            detail: error.detail().map(capped),
            hint: error.hint().map(capped),
            context: error.where_().map(capped),
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
                Self::Lost(format!("{} (SQLSTATE {})", capped(db.message()), db.code().code()))
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

/// Bytes that are kept of each text of a message: databases put whole rows and statements into them.
const TEXT_KEPT: usize = 8 << 10;

/// The beginning of a text, and how much of it was dropped. That is said on a line of its own with a word that makes
/// a validation doubtful: whatever the rest said, nobody has read it.
fn capped(text: &str) -> String {
    if text.len() <= TEXT_KEPT {
        return shown(text).into_owned();
    }
    let end = (0..=TEXT_KEPT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let head = text.get(..end).unwrap_or_default();
    format!("{}\nWARN: {} were not kept.", shown(head), count(text.len() - head.len(), "more byte"))
}

/// A NOTICE or WARNING as the kernel knows it; the severity is never translated.
pub(super) fn notice(message: &DbError) -> ServerNotice {
    let severity =
        message.parsed_severity().map_or_else(|| message.severity().to_owned(), |word| word.to_string());
    ServerNotice {
        severity,
        sqlstate: message.code().code().to_owned(),
        message: capped(message.message()),
        detail: message.detail().map(capped),
        hint: message.hint().map(capped),
    }
}

fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use studio_kernel::run::verdict::{self, Verdict};

    use super::*;

    #[test]
    fn what_nobody_sees_in_a_message_is_shown() {
        assert_eq!(capped("a\u{202e}b"), "a‹U+202E›b");
    }

    #[test]
    fn long_texts_are_cut_between_characters_and_say_so() {
        let short = "é".repeat(TEXT_KEPT / 2);
        assert_eq!(capped(&short), short);
        let long = format!("a{}", "é".repeat(TEXT_KEPT));
        let kept = capped(&long);
        let (head, said) = kept.split_once('\n').unwrap();
        assert_eq!(head, format!("a{}", "é".repeat(TEXT_KEPT / 2 - 1)));
        let dropped = count(TEXT_KEPT + 2, "more byte");
        assert_eq!(said, format!("WARN: {dropped} were not kept."));
        assert_eq!(verdict::line(said), Verdict::Warn);
    }
}
