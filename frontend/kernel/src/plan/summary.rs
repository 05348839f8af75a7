//! A few words for a statement's row. They are for people; nothing is decided from them.

use crate::sql::statement::{ObjectRole, Statement, StatementKind, Verb};

/// Longest summary, in characters.
const LONGEST: usize = 80;

/// `create table archon_tasks`, `alter table t: add column a text`, `do: create type mood, …`.
pub(super) fn summary(statement: &Statement, text: &str) -> String {
    let words = match statement.kind {
        StatementKind::Other(Verb::Do) => body(statement, text),
        StatementKind::Other(_) => squeezed(statement.span.of(text)),
        kind => {
            let mut words = kind.to_string().replace('_', " ");
            if let Some(name) = subject(statement) {
                words = format!("{words} {name}");
            }
            match statement.actions() {
                [] => words,
                [only] => format!("{words}: {}", squeezed(only.span.of(text))),
                [first, rest @ ..] => {
                    format!("{words}: {} (+{})", squeezed(first.span.of(text)), rest.len())
                }
            }
        }
    };
    shortened(words)
}

/// The object the statement is about, with the table it belongs to.
fn subject(statement: &Statement) -> Option<String> {
    let by_role = |role| statement.first(role);
    let object = by_role(ObjectRole::Makes)
        .filter(|_| statement.actions().is_empty())
        .or_else(|| by_role(ObjectRole::Drops).filter(|_| statement.actions().is_empty()))
        .or_else(|| by_role(ObjectRole::Changes))
        .or_else(|| by_role(ObjectRole::Renames))
        .or_else(|| statement.objects.first())?;
    Some(match &object.of {
        Some(of) => format!("{} on {of}", object.name),
        None => object.name.to_string(),
    })
}

fn body(statement: &Statement, text: &str) -> String {
    let embedded = statement.body().map_or(&[][..], |body| body.statements.as_slice());
    match embedded {
        [] => "do".to_owned(),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(" (+{})", rest.len()) };
            let inner = match first.statement.kind {
                StatementKind::Other(Verb::Do) => "do".to_owned(),
                _ => summary(&first.statement, text),
            };
            format!("do: {inner}{more}")
        }
    }
}

/// Runs of white space as one space; no further than a summary can show.
fn squeezed(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if out.len() > 4 * LONGEST {
            break;
        }
    }
    out
}

fn shortened(text: String) -> String {
    // So few bytes cannot hold more characters.
    if text.len() <= LONGEST {
        return text;
    }
    match text.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default().trim_end()),
        None => text,
    }
}
