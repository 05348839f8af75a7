//! Functions whose names mean what the caller's search_path says.
//! Help, examples and tests: `function_search_path_mutable.md`.

use crate::{
    graph::{Step, key},
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::statement::{Detail, ObjectRole},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "function-search-path-mutable",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("function_search_path_mutable.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    let Detail::Routine(routine) = &step.statement.detail else { return };
    // The names in a BEGIN ATOMIC body are bound once, when it is created; other languages resolve none.
    let resolves = matches!(routine.language.as_str(), "plpgsql" | "sql") && !is_atomic(facts, step);
    let Some(name) = step.statement.first(ObjectRole::Makes) else { return };
    if !resolves || routine.sets_search_path || step.deferred || facts.set.pins_search_path(&key(name)) {
        return;
    }
    let help = "Add SET search_path = '' and write every name with its schema.";
    if routine.security_definer {
        let message = format!(
            "{} runs with its owner's rights and looks names up where its caller says: a caller can put objects \
             of their own in the way.",
            name.name
        );
        remarks.at(name.span, message).severity(Severity::Error).help(help);
    } else {
        let message = format!("What the names in {} mean depends on each caller's search_path.", name.name);
        remarks.at(name.span, message).help(help);
    }
}

/// The text of a body stands in quotes; a BEGIN ATOMIC one does not.
fn is_atomic(facts: &FileFacts<'_>, step: &Step<'_>) -> bool {
    step.statement.body().is_some_and(|body| {
        let before = body.span.start.checked_sub(1).and_then(|at| facts.text().as_bytes().get(at));
        !matches!(before, Some(b'\'' | b'$'))
    })
}
