//! Rollbacks that leave something behind. Help, examples and tests: `rollback_incomplete.md`.

use std::collections::BTreeSet;

use crate::{
    graph::{Family, ObjectKey, key, steps},
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    migration::{Migration, Role},
    sql::statement::{ObjectKind, ObjectRole, Statement, StatementKind},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rollback-incomplete",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("rollback_incomplete.md"),
    check: Check::File(check),
};

fn check(facts: &FileFacts<'_>, remarks: &mut Remarks<'_>) {
    if facts.file.role != Role::Rollback || runs_unknown_text(facts.file) {
        return;
    }
    let Some(forward) = facts.set.set.forward_of(facts.file) else { return };
    let forward_steps = steps(forward);
    let dropped_again: BTreeSet<ObjectKey> =
        forward_steps.iter().flat_map(|step| step.statement.in_role(ObjectRole::Drops)).map(key).collect();
    let mut left: Vec<String> = Vec::new();
    for step in forward_steps.iter().filter(|step| !step.deferred) {
        for object in made_for_good(step.statement) {
            let own = facts.set.makers(&object) == [forward.path.as_str()];
            if own && !dropped_again.contains(&object) && !goes(facts, step.statement, &object) {
                left.push(object.to_string());
            }
        }
    }
    left.sort();
    left.dedup();
    if !left.is_empty() {
        let message = format!("It leaves behind what {} makes: {}.", forward.path, left.join(", "));
        remarks.file(message).help("Drop each of them, IF EXISTS, in the reverse order.");
    }
}

/// The objects a statement makes that a rollback must remove. Schemas, extensions and roles are shared, and
/// an enum value cannot be removed at all.
fn made_for_good(statement: &Statement) -> impl Iterator<Item = ObjectKey> + '_ {
    let renames = statement.in_role(ObjectRole::Renames).next().is_some();
    let made = statement.in_role(ObjectRole::Makes).filter(move |_| !renames && !statement.flags.temporary);
    made.map(key).filter(|object| {
        !matches!(
            object.family,
            Family::Schema | Family::Extension | Family::Role | Family::EnumValue | Family::Other
        )
    })
}

/// Whether the rollback removes it, or the table that takes it along.
fn goes(facts: &FileFacts<'_>, maker: &Statement, object: &ObjectKey) -> bool {
    let mut tables = maker.in_role(ObjectRole::Uses).map(key);
    let index = maker.kind == StatementKind::Create(ObjectKind::Index);
    facts.drops(object) || index && tables.any(|table| facts.drops(&table))
}

fn runs_unknown_text(file: &Migration) -> bool {
    steps(file)
        .iter()
        .filter_map(|step| step.statement.body())
        .any(|body| !body.unknown_dynamic.is_empty() || body.statements.iter().any(|inner| inner.dynamic))
}
