//! DROP TABLE of a table that holds rows. Help, examples and tests: `drop_table.md`.

use crate::{
    graph::{Step, key},
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::statement::{ObjectKind, ObjectRole, StatementKind},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "drop-table",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("drop_table.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    if step.statement.kind != StatementKind::Drop(ObjectKind::Table) || step.deferred {
        return;
    }
    for table in step.statement.in_role(ObjectRole::Drops) {
        if !facts.may_remove(&key(table), step.statement.span.start) {
            let message =
                format!("All rows of {} are gone with it, and no rollback brings them back.", table.name);
            let help = "Rename it first and drop it a release later, when nothing has missed it.";
            remarks.at(table.span, message).help(help);
        }
    }
}
