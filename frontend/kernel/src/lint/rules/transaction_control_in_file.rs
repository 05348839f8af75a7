//! BEGIN, COMMIT and ROLLBACK that cut a file. Help, examples and tests: `transaction_control_in_file.md`.

use crate::{
    graph::Step,
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::statement::{StatementKind, Verb},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "transaction-control-in-file",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("transaction_control_in_file.md"),
    check: Check::Step(check),
};

fn check(_: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    let message = match step.statement.kind {
        _ if step.body.is_some() => return,
        StatementKind::Other(Verb::Begin) => {
            "The runner opens the transaction: this one cuts the file, and what stands outside it commits on its \
             own."
        }
        StatementKind::Other(Verb::Commit) => {
            "What stands before it stays, even if a later statement fails: the file can end half applied."
        }
        StatementKind::Other(Verb::Rollback) => "It undoes what the file has just done.",
        _ => return,
    };
    remarks.at(step.statement.span, message).help("Remove it: neighbouring statements share a transaction.");
}
