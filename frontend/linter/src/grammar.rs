//! What PostgreSQL's own grammar says of a file, as findings. The grammar itself is not here: `grammar.ts` runs it.

use std::collections::BTreeSet;

use serde::Deserialize;
use studio_kernel::{
    lint::finding::{Finding, Report, Severity},
    migration::Migration,
    sql::{
        self,
        statement::{Statement, StatementKind, Verb},
    },
    text::{LineIndex, Span},
};

use crate::wire::GRAMMAR;

/// A statement that the grammar does not read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Refusal {
    /// Which statement of the file, from 0.
    pub(crate) index: usize,
    /// PostgreSQL's words.
    pub(crate) message: String,
    /// Characters of the statement before the place.
    pub(crate) position: usize,
}

/// Which of a file's statements the grammar reads: not one that no server would get as it is written. Where psql reads the
/// file first, it may put anything anywhere, and none is read.
pub(crate) fn reads(file: &Migration) -> Vec<bool> {
    let statements = &file.parsed.statements;
    let for_psql = statements.iter().any(|one| one.kind == StatementKind::Other(Verb::Psql));
    let sent =
        |one: &Statement| !for_psql && !one.flags.templated && sql::has_no_variable(one.span.of(&file.text));
    statements.iter().map(sent).collect()
}

/// Adds what the grammar refuses to what was found without it, in the order of the text. A statement of which something
/// is certainly wrong already is not accused twice.
pub(crate) fn add(report: &mut Report, file: &Migration, refusals: &[Refusal]) {
    let lines = LineIndex::new(&file.text);
    let mut positions = lines.positions(&file.text);
    let errors = report.findings.iter().filter(|finding| finding.rule == "syntax-error");
    let mut known: BTreeSet<usize> = errors.map(|finding| finding.span.start).collect();
    for refusal in refusals {
        let Some(statement) = file.parsed.statements.get(refusal.index) else { continue };
        if known.range(statement.span.start..=statement.span.end).next().is_some() {
            continue;
        }
        let span = place(&file.text, statement.span, refusal.position);
        known.insert(span.start);
        let at = positions.at(span.start);
        report.findings.push(Finding {
            file: file.path.clone(),
            rule: "syntax-error".to_owned(),
            severity: Severity::Error,
            message: format!("{GRAMMAR} does not read this: {}.", refusal.message),
            span,
            line: at.line,
            column: at.column,
            help: "This is the verdict of PostgreSQL's own grammar; correct the statement at this place."
                .to_owned(),
            fix: None,
            allowed: None,
        });
    }
    report.findings.sort_by(|a, b| (a.span.start, &a.rule).cmp(&(b.span.start, &b.rule)));
}

/// The word at a place of a statement, or the statement's last character where the place is its end.
fn place(text: &str, statement: Span, position: usize) -> Span {
    let inside = statement.of(text);
    let start = inside.char_indices().nth(position).map_or(inside.len(), |(at, _)| at);
    let rest = inside.get(start..).unwrap_or_default();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let length = match rest.find(|letter| !is_word(letter)) {
        Some(0) => rest.chars().next().map_or(0, char::len_utf8),
        Some(end) => end,
        None => rest.len(),
    };
    let start = statement.start + start;
    if length > 0 {
        return Span::new(start, start + length);
    }
    let last = inside.chars().next_back().map_or(0, char::len_utf8);
    Span::new(statement.end - last, statement.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Migration {
        Migration::read(("20250101000000_a.sql", text).into())
    }

    fn said(text: &str, index: usize, position: usize) -> String {
        let file = file(text);
        let mut report = Report::default();
        let message = "syntax error".to_owned();
        add(&mut report, &file, &[Refusal { index, message, position }]);
        let found = &report.findings[0];
        format!("{}:{} {}", found.line, found.column, found.span.of(text))
    }

    #[test]
    fn a_refusal_underlines_the_word_at_its_place() {
        assert_eq!(said("select 1;\ncreate tabel t (a int);", 1, 7), "2:8 tabel");
        assert_eq!(said("select 'ä' fromm;", 0, 11), "1:12 fromm");
        assert_eq!(said("select 1 +;", 0, 10), "1:10 +");
        assert_eq!(said("select 1 ) 2;", 0, 9), "1:10 )");
        assert_eq!(said("select 1", 0, 999), "1:8 1");
    }

    #[test]
    fn a_statement_is_accused_once() {
        let file = file("create table t (a int;");
        let set =
            studio_kernel::migration::MigrationSet::new([(file.path.as_str(), file.text.as_str()).into()]);
        let mut report =
            studio_kernel::lint::lint(&set, &[&file.path], &studio_kernel::lint::Settings::default());
        let before = report.findings.len();
        add(&mut report, &file, &[Refusal { index: 0, message: "syntax error".to_owned(), position: 5 }]);
        assert_eq!(report.findings.len(), before);
    }

    #[test]
    fn only_what_a_server_gets_as_it_is_written_is_read() {
        let read = |text: &str| reads(&file(text));
        assert_eq!(read("select 1; select '{{a}}', ':b' , a[1:2], x::int"), [true, true]);
        assert_eq!(read("select :name; select {{ a }}; select :'b'"), [false, false, false]);
        assert_eq!(read("\\set a 1\nselect 1;"), [false, false]);
        assert_eq!(read("select 'open"), [false]);
    }
}
