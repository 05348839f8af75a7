//! Forward files without a way back. Help, examples and tests: `rollback_missing.md`.

use crate::{
    graph::file_objects,
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    migration::{Header, Role},
    sql::statement::ObjectRole,
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rollback-missing",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("rollback_missing.md"),
    check: Check::File(check),
};

fn check(facts: &FileFacts<'_>, remarks: &mut Remarks<'_>) {
    let file = facts.file;
    let set = facts.set.set;
    let has_rollback = set.triple(&file.path).is_none_or(|triple| triple.rollback.is_some());
    if has_rollback || file_objects(file, ObjectRole::Makes).is_empty() {
        return;
    }
    let help = "Write the rollback, or say in the header `rollback: none because …`.";
    match &file.header {
        Header { rollback: Some(reason), .. } if reason.starts_with("none because ") => {}
        Header { rollback: Some(value), .. } if file.header.rollback_stem().is_some() => {
            remarks
                .file(format!("The header names the rollback {value}, and the set has no such file."))
                .help(help);
        }
        Header { rollback: Some(_), .. } => {
            remarks.file("The header says that there is no rollback, and not why.").help(help);
        }
        // A set in which nobody writes rollbacks has decided otherwise.
        Header { rollback: None, .. } if set.files().iter().any(|file| file.role == Role::Rollback) => {
            remarks.file("No rollback undoes this file, and nothing says that none is needed.").help(help);
        }
        Header { rollback: None, .. } => {}
    }
}
