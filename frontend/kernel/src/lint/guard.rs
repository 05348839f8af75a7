//! What guards a statement against its second run: a drop before it, a condition around it, a handler behind
//! it that catches exactly the error it raises.

use std::collections::BTreeSet;

use super::{facts::FileFacts, finding::Fix};
use crate::{
    graph::{Step, key},
    sql::{
        statement::{Body, ObjectRef},
        string_content,
    },
    text::Edit,
};

/// An error as PL/pgSQL names it and as SQLSTATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) name: &'static str,
    pub(super) sqlstate: &'static str,
}

impl Condition {
    pub(super) const TABLE: Self = Self { name: "duplicate_table", sqlstate: "42P07" };
    pub(super) const OBJECT: Self = Self { name: "duplicate_object", sqlstate: "42710" };
    pub(super) const FUNCTION: Self = Self { name: "duplicate_function", sqlstate: "42723" };
    pub(super) const COLUMN: Self = Self { name: "duplicate_column", sqlstate: "42701" };
    pub(super) const SCHEMA: Self = Self { name: "duplicate_schema", sqlstate: "42P06" };
    pub(super) const KEY: Self = Self { name: "invalid_table_definition", sqlstate: "42P16" };
    pub(super) const NO_TABLE: Self = Self { name: "undefined_table", sqlstate: "42P01" };
    pub(super) const NO_OBJECT: Self = Self { name: "undefined_object", sqlstate: "42704" };
    pub(super) const NO_FUNCTION: Self = Self { name: "undefined_function", sqlstate: "42883" };
    pub(super) const NO_COLUMN: Self = Self { name: "undefined_column", sqlstate: "42703" };
    pub(super) const NO_SCHEMA: Self = Self { name: "invalid_schema_name", sqlstate: "3F000" };
}

/// What handlers of the body around a statement do with an error it raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// No handler stands around it.
    None,
    /// A handler catches it.
    Holds,
    /// There are handlers, and none of them catches it.
    Misses,
}

/// Whether a second run of this statement matters: it runs with the file, its effect stays, no IF around it
/// may have looked before, and it is no element of a schema, which fails first.
pub(super) fn runs_again(facts: &FileFacts<'_>, step: &Step<'_>) -> bool {
    let is_element = step.body.is_some_and(|body| body.schema.is_some());
    facts.has_effect() && !step.deferred && !step.conditional && !is_element
}

/// The errors that the handlers of a body catch: which block a handler belongs to is not known.
#[derive(Debug, Default)]
pub(super) struct Caught<'a> {
    others: bool,
    names: BTreeSet<&'a str>,
    /// What stands behind SQLSTATE, in upper case as PostgreSQL wants it.
    states: BTreeSet<String>,
}

impl<'a> Caught<'a> {
    pub(super) fn by(body: &'a Body) -> Self {
        let mut caught = Self::default();
        for condition in body.handlers.iter().flat_map(|handler| &handler.conditions) {
            caught.others |= condition == "others";
            caught.names.insert(condition);
            if let Some(literal) = condition.strip_prefix("sqlstate") {
                caught.states.insert(string_content(literal.trim_start()).to_ascii_uppercase());
            }
        }
        caught
    }

    fn catches(&self, condition: Condition) -> bool {
        self.others || self.names.contains(condition.name) || self.states.contains(condition.sqlstate)
    }
}

/// What the handlers around `step` do with `condition`. Which block a handler belongs to is not known; any
/// of the body's counts.
pub(super) fn guard(facts: &FileFacts<'_>, step: &Step<'_>, condition: Condition) -> Guard {
    if !step.guarded {
        return Guard::None;
    }
    let caught = step.body.and_then(|body| facts.caught(body));
    if caught.is_some_and(|caught| caught.catches(condition)) { Guard::Holds } else { Guard::Misses }
}

/// Whether a second run gets past a statement that makes `object`: it is dropped before, or the error is caught.
pub(super) fn is_guarded(
    facts: &FileFacts<'_>,
    step: &Step<'_>,
    object: &ObjectRef,
    condition: Condition,
) -> bool {
    facts.dropped_before(&key(object), step.statement.span.start)
        || guard(facts, step, condition) == Guard::Holds
}

/// What a second run does to a statement that makes `name`.
pub(super) fn second_run(facts: &FileFacts<'_>, step: &Step<'_>, name: &str, condition: Condition) -> String {
    let Condition { name: error, sqlstate } = condition;
    if step.statement.flags.if_not_exists {
        // Only an index that is built CONCURRENTLY comes here with IF NOT EXISTS.
        format!("If a build of {name} failed, the next run keeps its invalid index and says nothing.")
    } else if guard(facts, step, condition) == Guard::Misses {
        format!("On a second run {name} raises {error} ({sqlstate}), which the handler does not catch.")
    } else {
        format!("A second run fails with {error} ({sqlstate}): {name} exists already.")
    }
}

/// Whether text can be put into the place of `step`: not into a text that EXECUTE runs, and not into a body
/// in single quotes, where quotes would have to be doubled.
pub(super) fn is_editable(facts: &FileFacts<'_>, step: &Step<'_>) -> bool {
    let quoted = step.body.is_some_and(|body| {
        let before = body.span.start.checked_sub(1).and_then(|at| facts.text().as_bytes().get(at));
        before == Some(&b'\'')
    });
    !step.dynamic && !quoted
}

/// An index's name as DROP INDEX needs it: CREATE INDEX takes the schema from the table.
pub(super) fn index_name(index: &ObjectRef) -> String {
    match index.of.as_ref().and_then(|table| table.schema.as_ref()) {
        Some(schema) if index.name.schema.is_none() => format!("{schema}.{}", index.name),
        _ => index.name.to_string(),
    }
}

/// A repair that puts a whole statement before `step`, with the same indentation.
pub(super) fn statement_before(
    facts: &FileFacts<'_>,
    step: &Step<'_>,
    title: &str,
    statement: &str,
) -> Option<Fix> {
    let indent = indentation(facts.text(), step.statement.span.start).unwrap_or_default();
    let text = format!("{statement};\n{indent}");
    is_editable(facts, step).then(|| super::rule::insertion(title, step.statement.span.start, text))
}

/// A repair that catches the error of a top-level statement in a DO block.
pub(super) fn wrapped(facts: &FileFacts<'_>, step: &Step<'_>, condition: Condition) -> Option<Fix> {
    let span = step.statement.span;
    let written = span.of(facts.text());
    if step.body.is_some() || written.contains("$studio$") || facts.in_transaction(span.start) {
        return None;
    }
    let tag = if written.contains("$$") { "$studio$" } else { "$$" };
    let edit = |offset, text: String| Edit { span: crate::text::Span::at(offset), text };
    Some(Fix {
        title: format!("Catch {}", condition.name),
        edits: vec![
            edit(span.start, format!("do {tag}\nbegin\n  ")),
            edit(span.end, format!(";\nexception\n  when {} then null;\nend\n{tag}", condition.name)),
        ],
    })
}

/// The white space a line starts with, when nothing else stands before `offset` in it.
pub(super) fn indentation(text: &str, offset: usize) -> Option<&str> {
    let before = text.get(..offset).unwrap_or_default();
    let lead = before.trim_end_matches(|character: char| character != '\n' && character.is_whitespace());
    (lead.is_empty() || lead.ends_with('\n')).then(|| &before[lead.len()..])
}

#[cfg(test)]
mod tests {
    use crate::{
        lint::{Settings, lint},
        migration::MigrationSet,
    };

    /// PL/pgSQL takes a literal of any kind, and its five characters as they are defined.
    #[test]
    fn a_handler_catches_an_error_by_its_sqlstate_however_that_is_quoted() {
        for (condition, expected) in [
            ("sqlstate '42P07'", 0),
            ("SQLSTATE E'42P07'", 0),
            ("sqlstate $$42P07$$", 0),
            ("unique_violation or sqlstate $state$42P07$state$", 0),
            ("duplicate_table", 0),
            ("sqlstate '42710'", 1),
            ("sqlstate $$42710$$", 1),
            ("unique_violation", 1),
        ] {
            let text =
                format!("do $do$ begin create table t (); exception when {condition} then null; end $do$;");
            let set = MigrationSet::new([("1_a.sql", text.as_str()).into()]);
            let report = lint(&set, &["1_a.sql"], &Settings::default());
            let said =
                report.findings.iter().filter(|finding| finding.rule == "create-without-guard").count();
            assert_eq!(said, expected, "{condition}");
        }
    }
}
