//! ADD COLUMN that existing rows cannot satisfy. Help, examples and tests: `add_column_not_null_no_default.md`.

use crate::{
    graph::{ObjectKey, Step},
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::statement::{ActionKind, ObjectRole},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "add-column-not-null-no-default",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("add_column_not_null_no_default.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    let Some(table) = step.statement.first(ObjectRole::Changes) else { return };
    let place = step.statement.span.start;
    if step.deferred || facts.made_here(&ObjectKey::relation(&table.name), place) {
        return;
    }
    for action in step.statement.actions() {
        let ActionKind::AddColumn { column, .. } = &action.kind else { continue };
        if column.not_null && column.default.is_none() && !column.generated {
            let message = format!(
                "This fails with not_null_violation (23502) as soon as {} holds a row: the new column would be \
                 null in it.",
                table.name
            );
            let help = "Give it a constant DEFAULT, or add it nullable, fill it, and set NOT NULL later.";
            remarks.at(column.span, message).help(help);
        }
    }
}
