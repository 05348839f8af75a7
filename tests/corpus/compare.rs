//! The reader against the judge, file by file and statement by statement.

use std::{collections::BTreeSet, fmt::Write as _};

use studio_kernel::{
    name::{Ident, QualifiedName},
    sql::{
        self, Parsed,
        statement::{ObjectKind, ObjectRef, ObjectRole, Statement, StatementKind, Verb},
    },
    text::Span,
};

use crate::{
    blank::filled,
    body,
    oracle::{Named, Truth, Verdict},
    tally::Tally,
};

/// A file and what the reader says of it.
pub(crate) struct Read<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    /// The text as the server gets it from psql.
    pub(crate) sent: &'a str,
    pub(crate) parsed: &'a Parsed,
}

impl<'a> Read<'a> {
    /// The statements psql sends.
    pub(crate) fn sent(&self) -> impl Iterator<Item = &'a Statement> + use<'a> {
        self.parsed.statements.iter().filter(|one| one.kind != StatementKind::Other(Verb::Psql))
    }

    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.text[..at].matches('\n').count() + 1)
    }

    /// A file that PostgreSQL reads whole, or does not.
    pub(crate) fn whole(&self, verdict: &Verdict, wrong: &mut Vec<String>) -> Tally {
        let mut tally = Tally { files: 1, ..Tally::default() };
        let Ok(truths) = verdict else { return tally };
        tally.accepted = 1;
        for problem in &self.parsed.problems {
            tally.alarms += 1;
            wrong.push(format!("{}: false alarm: {}", self.place(problem.span.start), problem.message));
        }
        let read: Vec<&Statement> = self.sent().collect();
        if let Some(at) = first_cut(self.text, &read, truths) {
            wrong.push(format!("{}: split otherwise: {}", self.place(at), excerpt(&self.text[at..])));
            return tally;
        }
        tally.split = 1;
        for (statement, truth) in read.into_iter().zip(truths) {
            tally.add(self.statement(statement, truth, wrong));
        }
        tally
    }

    /// One statement of a file that PostgreSQL does not read whole.
    pub(crate) fn alone(&self, statement: &Statement, verdict: &Verdict, wrong: &mut Vec<String>) -> Tally {
        let Ok([truth]) = verdict.as_deref() else { return Tally::default() };
        let mut tally = self.statement(statement, truth, wrong);
        for problem in self.parsed.problems.iter().filter(|one| statement.span.contains(one.span)) {
            tally.alarms += 1;
            wrong.push(format!("{}: false alarm: {}", self.place(problem.span.start), problem.message));
        }
        tally
    }

    fn statement(&self, statement: &Statement, truth: &Truth, wrong: &mut Vec<String>) -> Tally {
        let mut complain = |what: String| {
            let shown = excerpt(statement.span.of(self.text));
            wrong.push(format!("{}: {what}: {shown}", self.place(statement.span.start)));
        };
        let mut tally = Tally { statements: 1, ..Tally::default() };
        let written = statement.span.of(self.text);
        if written == statement.span.of(self.sent) && !sql::has_no_variable(written) {
            tally.alarms += 1;
            complain("has no variable of psql".to_owned());
        }
        let kind = kind_of(statement);
        if kind == truth.kind {
            tally.kinds = 1;
        } else {
            complain(format!("is {}, not {kind}", truth.kind));
        }
        if let Some(expected) = &truth.reads {
            let read = tables_read(statement).unwrap_or_default();
            let expected: BTreeSet<_> = expected.iter().cloned().collect();
            tally.reading = 1;
            tally.reads = usize::from(read == expected);
            if read != expected {
                complain(format!("reads {expected:?}, not {read:?}"));
            }
        }
        let difference = names(self.text, statement, truth);
        tally.naming = usize::from(!truth.objects.is_empty());
        tally.names = usize::from(tally.naming == 1 && difference.is_none());
        difference.into_iter().for_each(&mut complain);
        if let Some(Ok(expected)) = &truth.body {
            tally.bodies = 1;
            let difference = body::difference(statement, expected);
            tally.bodies_read = usize::from(difference.is_none());
            difference.into_iter().for_each(&mut complain);
        }
        tally
    }
}

/// The kind in the grammar's terms, which have one node for all queries.
pub(crate) fn kind_of(statement: &Statement) -> String {
    match statement.kind.to_string().as_str() {
        "table" | "values" => "select".to_owned(),
        kind => kind.to_owned(),
    }
}

/// The tables that a query, or what is made of one, reads.
pub(crate) fn tables_read(statement: &Statement) -> Option<BTreeSet<QualifiedName>> {
    let kind = kind_of(statement);
    let reading = [
        "create_table_as",
        "create_materialized_view",
        "create_view",
        "delete",
        "insert",
        "merge",
        "select",
        "select_into",
        "update",
    ];
    let uses = |one: &&ObjectRef| one.role == ObjectRole::Uses && one.kind == ObjectKind::Table;
    let read = || statement.objects.iter().filter(uses).map(plain_name).collect();
    reading.contains(&kind.as_str()).then(read)
}

fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(150).collect()
}

/// Where the first statement lies that the two cut otherwise.
fn first_cut(text: &str, read: &[&Statement], truths: &[Truth]) -> Option<usize> {
    for (statement, truth) in read.iter().zip(truths) {
        let span = statement.span;
        let inside = truth.start <= span.start && span.end <= truth.end;
        let around = |start, end| inside && is_trivia(Span::new(start, end).of(text));
        if !around(truth.start, span.start) || !around(span.end, truth.end) {
            return Some(span.start.min(truth.start));
        }
    }
    let common = read.len().min(truths.len());
    let next = (read.get(common).map(|one| one.span.start), truths.get(common).map(|one| one.start));
    next.0.or(next.1)
}

/// Nothing but white space, comments and what psql takes for itself.
fn is_trivia(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while !rest.is_empty() {
        let behind = if rest.starts_with("--") || rest.starts_with('\\') {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            match comment(rest) {
                Some(end) => end,
                None => return false,
            }
        } else {
            return false;
        };
        rest = rest[behind..].trim_start();
    }
    true
}

/// Behind the comment that opens the text.
fn comment(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    loop {
        let rest = text.get(at..)?;
        let (open, close) = (rest.find("/*"), rest.find("*/")?);
        match open.filter(|open| *open < close) {
            Some(open) => {
                depth += 1;
                at += open + 2;
            }
            None => {
                depth -= 1;
                at += close + 2;
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// What is wrong with the names of a statement, and with the number of actions they stand in.
fn names(text: &str, statement: &Statement, truth: &Truth) -> Option<String> {
    if let Some(actions) = truth.actions.filter(|actions| *actions != statement.actions().len()) {
        return Some(format!("has {actions} actions, not {}", statement.actions().len()));
    }
    let found = statement.objects.iter().map(|object| Named {
        role: object.role.to_string(),
        kind: object.kind.to_string(),
        name: plain_name(object),
        of: object.of.as_ref().map(without_colon),
    });
    let found: Vec<Named> = found.collect();
    let main = |all: &[Named]| {
        let mut main: Vec<Named> = all.iter().filter(|one| one.role != "uses").cloned().collect();
        main.sort();
        main
    };
    let (expected, read) = (main(&truth.objects), main(&found));
    if expected != read {
        return Some(format!("names {}, not {}", list(&expected), list(&read)));
    }
    let used = truth.objects.iter().filter(|one| one.role == "uses");
    let missing: Vec<Named> = used.filter(|one| !found.contains(one)).cloned().collect();
    if !missing.is_empty() {
        return Some(format!("misses {} among {}", list(&missing), list(&found)));
    }
    let written = |object: &&ObjectRef| {
        let name = &object.name;
        let part = |part: &Ident| stands(text, object.span, part.as_str().trim_start_matches(':'));
        // SET SCHEMA writes the new schema alone.
        !part(&name.name) && !name.schema.as_ref().is_some_and(part)
    };
    let astray = statement.objects.iter().find(written)?;
    Some(format!("{} does not stand in “{}”", astray.name, astray.span.of(text)))
}

/// The name as the judge writes it: a setting's name has no schema.
fn plain_name(object: &ObjectRef) -> QualifiedName {
    let name = without_colon(&object.name);
    match &name.schema {
        Some(class) if object.kind == ObjectKind::Parameter => {
            QualifiedName::bare(Ident::exact(format!("{}.{}", class.as_str(), name.name.as_str())))
        }
        _ => name,
    }
}

/// psql's variables have no colon in the text that is judged, and placeholders are underscores.
fn without_colon(name: &QualifiedName) -> QualifiedName {
    let plain = |ident: &Ident| Ident::exact(filled(ident.as_str().trim_start_matches(':')));
    QualifiedName { schema: name.schema.as_ref().map(plain), name: plain(&name.name) }
}

/// Whether the name stands in the text of its span: folded, quotes undone, cut where PostgreSQL cuts.
fn stands(text: &str, span: Span, name: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace("\"\"", "\"").replace("''", "'");
    let written = plain(span.of(text));
    let escaped = written.contains("u&") || written.contains("e'");
    let spaced = written.replace(char::is_whitespace, "");
    written.contains(&plain(name)) || spaced.contains(&plain(name)) || escaped
}

fn list(all: &[Named]) -> String {
    let mut out = String::new();
    for one in all {
        let _ = write!(out, "[{} {} {}", one.role, one.kind, one.name);
        if let Some(of) = &one.of {
            let _ = write!(out, " of {of}");
        }
        out.push(']');
    }
    out
}
