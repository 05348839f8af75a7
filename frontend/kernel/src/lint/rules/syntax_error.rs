//! Text that no server accepts. Help, examples and tests: `syntax_error.md`.

use crate::lint::{
    facts::FileFacts,
    finding::Severity,
    rule::{Check, Remarks, Rule},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "syntax-error",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("syntax_error.md"),
    check: Check::File(check),
};

fn check(facts: &FileFacts<'_>, remarks: &mut Remarks<'_>) {
    for problem in &facts.file.parsed.problems {
        remarks.at(problem.span, problem.message.clone()).help("PostgreSQL refuses this text.");
    }
}
