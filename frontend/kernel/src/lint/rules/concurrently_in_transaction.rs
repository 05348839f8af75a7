//! CONCURRENTLY where it cannot run. Help, examples and tests: `concurrently_in_transaction.md`.

use crate::{
    graph::Step,
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::statement::{ActionKind, ObjectKind, StatementKind, Verb},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "concurrently-in-transaction",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("concurrently_in_transaction.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    let statement = step.statement;
    let concurrent = match statement.kind {
        StatementKind::Create(ObjectKind::Index)
        | StatementKind::Drop(ObjectKind::Index)
        | StatementKind::Other(Verb::Reindex) => statement.flags.concurrently,
        _ => statement
            .actions()
            .iter()
            .any(|action| matches!(action.kind, ActionKind::DetachPartition { concurrently: true, .. })),
    };
    if !concurrent {
        return;
    }
    let place = if step.body.is_some() {
        "in a DO block or a function, which always runs in a transaction"
    } else if facts.in_transaction(statement.span.start) {
        "between BEGIN and COMMIT"
    } else if !facts.has_effect() {
        "in a file that runs in a transaction which is rolled back"
    } else {
        return;
    };
    let message = format!("CONCURRENTLY fails with active_sql_transaction (25001) {place}.");
    remarks
        .at(statement.span, message)
        .help("Put it at the top level of the file, outside BEGIN and COMMIT.");
}
