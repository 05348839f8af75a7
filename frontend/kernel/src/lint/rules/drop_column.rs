//! DROP COLUMN of a column that holds values. Help, examples and tests: `drop_column.md`.

use crate::{
    graph::{Step, key},
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::statement::{ObjectKind, ObjectRole},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "drop-column",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("drop_column.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    if step.deferred || step.statement.actions().is_empty() {
        return;
    }
    let dropped =
        step.statement.in_role(ObjectRole::Drops).filter(|object| object.kind == ObjectKind::Column);
    for column in dropped {
        if !facts.may_remove(&key(column), step.statement.span.start) {
            let message = format!(
                "The values of {} are gone at once, and clients that still name it fail.",
                column.name
            );
            let help = "Stop reading and writing it first, and drop it a release later.";
            remarks.at(column.span, message).help(help);
        }
    }
}
