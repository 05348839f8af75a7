//! Validations that print and never raise. Help, examples and tests: `validation_cannot_fail.md`.

use crate::{
    graph::{Family, Step, key, steps},
    lint::{
        facts::{FileFacts, contains_word},
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    migration::Role,
    sql::statement::{Body, ObjectRole, StatementKind, Verb},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "validation-cannot-fail",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("validation_cannot_fail.md"),
    check: Check::File(check),
};

fn check(facts: &FileFacts<'_>, remarks: &mut Remarks<'_>) {
    if facts.file.role != Role::Validation {
        return;
    }
    if !steps(facts.file).iter().any(|step| can_fail(step, facts.text())) {
        let message =
            "Nothing in this validation raises an error, so it passes on a database without the feature.";
        remarks.file(message).help("RAISE EXCEPTION, or ASSERT, when a check fails.");
    }
}

fn can_fail(step: &Step<'_>, text: &str) -> bool {
    let statement = step.statement;
    let written = statement.span.of(text);
    if let Some(body) = statement.body() {
        return raises(body, text);
    }
    match statement.kind {
        StatementKind::Other(Verb::Select | Verb::Values | Verb::Table) => {
            // Reading a table fails when it is missing; so do casts to regclass and divisions by a count.
            touches(step) || contains_word(written, "::reg") || written.contains('/')
        }
        StatementKind::Other(
            Verb::Begin | Verb::Commit | Verb::Rollback | Verb::Set | Verb::Reset | Verb::Show,
        ) => false,
        // Calls may raise; changes meet constraints; what is not known is not called harmless.
        _ => true,
    }
}

/// Whether it names a relation outside the catalogues, which are always there.
fn touches(step: &Step<'_>) -> bool {
    let read = step.statement.in_role(ObjectRole::Uses).map(key);
    read.filter(|object| object.family == Family::Relation).any(|object| {
        let schema = object.schema().map_or("", |schema| schema.as_str());
        !matches!(schema, "pg_catalog" | "information_schema")
            && !object.name.name.as_str().starts_with("pg_")
    })
}

fn raises(body: &Body, text: &str) -> bool {
    body.raises.iter().any(|raise| raise.level == "exception")
        || body.handlers.iter().any(|handler| handler.raises_again)
        || !body.unknown_dynamic.is_empty()
        || contains_word(body.span.of(text), "assert")
}
