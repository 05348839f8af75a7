//! Comments by which migration runners cut a file: goose, dbmate, sql-migrate, sqlx, drizzle.
//! It reads one comment; what the marks mean for statements is said in [`super::Parsed`].

use serde::Serialize;

use crate::{text::Span, words::words};

/// A runner's marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Marker {
    /// The comment.
    #[serde(flatten)]
    pub span: Span,
    /// Whose it is.
    pub runner: Runner,
    /// What it says.
    pub mark: Mark,
}

words! {
    /// Runners that read comments.
    #[expect(missing_docs, reason = "the variants are the runners' own names")]
    Runner { Goose = "goose", Dbmate = "dbmate", SqlMigrate = "sql-migrate", Sqlx = "sqlx", Drizzle = "drizzle" }
}

words! {
    /// What a marker says.
    Mark {
        /// What follows applies the migration.
        Up = "up",
        /// What follows takes it back.
        Down = "down",
        /// What follows is sent as one piece.
        StatementBegin = "statement_begin",
        /// The piece ends here.
        StatementEnd = "statement_end",
        /// The file runs outside a transaction.
        NoTransaction = "no_transaction",
        /// A statement ends here.
        Breakpoint = "breakpoint",
    }
}

impl Marker {
    /// Adds what the comment at `span` says to a runner.
    pub(crate) fn read(span: Span, text: &str, markers: &mut Vec<Self>) {
        let Some(rest) = span.of(text).strip_prefix("--") else { return };
        let mut add = |runner, mark| markers.push(Self { span, runner, mark });
        if rest.trim_end() == "> statement-breakpoint" {
            return add(Runner::Drizzle, Mark::Breakpoint);
        }
        let rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix("migrate:") {
            for (word, mark) in [("up", Mark::Up), ("down", Mark::Down)] {
                if rest.starts_with(word) {
                    add(Runner::Dbmate, mark);
                }
            }
            if rest.contains("transaction:false") {
                add(Runner::Dbmate, Mark::NoTransaction);
            }
        } else if let Some(rest) = rest.strip_prefix("+goose ") {
            words_of(rest, "no transaction", |mark| add(Runner::Goose, mark));
        } else if let Some(rest) = rest.strip_prefix("+migrate ") {
            words_of(rest, "notransaction", |mark| add(Runner::SqlMigrate, mark));
        } else if rest.trim_end() == "no-transaction" && text.get(..span.start).is_some_and(is_blank) {
            add(Runner::Sqlx, Mark::NoTransaction);
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim().is_empty()
}

/// The words that goose and sql-migrate share.
fn words_of(rest: &str, no_transaction: &str, mut found: impl FnMut(Mark)) {
    let rest = rest.trim().to_ascii_lowercase();
    let words = [
        ("up", Mark::Up),
        ("down", Mark::Down),
        ("statementbegin", Mark::StatementBegin),
        ("statementend", Mark::StatementEnd),
    ];
    let first = rest.split_whitespace().next();
    words.iter().filter(|(word, _)| Some(*word) == first).for_each(|(_, mark)| found(*mark));
    if rest.contains(no_transaction) {
        found(Mark::NoTransaction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runners_comments_are_told_from_all_others() {
        for (text, expected) in [
            ("-- +goose Up", "goose up"),
            ("-- +goose NO TRANSACTION", "goose no_transaction"),
            ("-- +goose StatementBegin", "goose statement_begin"),
            ("-- +migrate Down notransaction", "sql-migrate down, sql-migrate no_transaction"),
            ("-- migrate:up transaction:false", "dbmate up, dbmate no_transaction"),
            ("--> statement-breakpoint", "drizzle breakpoint"),
            ("-- no-transaction", "sqlx no_transaction"),
            ("-- up", ""),
            ("-- +goose", ""),
            ("/* +goose Up */", ""),
        ] {
            let mut markers = Vec::new();
            Marker::read(Span::new(0, text.len()), text, &mut markers);
            let shown: Vec<_> = markers.iter().map(|one| format!("{} {}", one.runner, one.mark)).collect();
            assert_eq!(shown.join(", "), expected, "{text}");
        }
        let mut markers = Vec::new();
        Marker::read(Span::new(10, 27), "select 1;\n-- no-transaction", &mut markers);
        assert_eq!(markers, []);
    }
}
