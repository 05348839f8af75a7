//! Uses of what only a later file makes. Help, examples and tests: `object_created_later.md`.

use crate::{
    graph::{Step, key},
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::statement::{ObjectRef, ObjectRole},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "object-created-later",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("object_created_later.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    let file = facts.file;
    if !file.role.is_forward() || step.deferred || step.conditional || step.guarded {
        return;
    }
    if step.statement.flags.if_exists {
        return;
    }
    let needs = |object: &&ObjectRef| !matches!(object.role, ObjectRole::Makes);
    for object in step.statement.objects.iter().filter(needs) {
        let makers = facts.set.makers(&key(object));
        let Some(first) = makers.first().filter(|first| **first > file.path.as_str()) else { continue };
        if facts.set.may_come_along(object, &file.path) {
            continue;
        }
        let message = format!(
            "{} is made only by the later file {first}: on an empty database this statement fails.",
            object.name
        );
        remarks
            .at(object.span, message)
            .help("Move the statement behind that file, or give this file a later version.");
    }
}
