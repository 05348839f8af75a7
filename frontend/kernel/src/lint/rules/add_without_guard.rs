//! ADD in ALTER TABLE and ALTER TYPE that fails when it runs again.
//! Help, examples and tests: `add_without_guard.md`.

use std::collections::BTreeSet;

use crate::{
    graph::Step,
    lint::{
        facts::FileFacts,
        finding::Severity,
        guard::{Condition, is_editable, is_guarded, runs_again, second_run, wrapped},
        rule::{Check, Remarks, Rule, insertion},
    },
    sql::statement::{
        ActionKind, Constraint, ConstraintKind, ObjectKind, ObjectRef, ObjectRole, StatementKind, TableAction,
    },
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "add-without-guard",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("add_without_guard.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    if !runs_again(facts, step) {
        return;
    }
    let statement = step.statement;
    let made = |kind| statement.in_role(ObjectRole::Makes).filter(move |object| object.kind == kind);
    if statement.kind == StatementKind::Alter(ObjectKind::Type) {
        let renames = statement.in_role(ObjectRole::Renames).next().is_some();
        let unguarded = !renames && !statement.flags.if_not_exists;
        if let Some(value) = made(ObjectKind::EnumValue).next().filter(|_| unguarded) {
            if_not_exists(facts, step, remarks, value, Condition::OBJECT);
        }
    }
    let mut dropped = BTreeSet::new();
    for action in statement.actions() {
        let named = |kind| statement.named_in(action.span).iter().find(|object| (object.role, object.kind) == (ObjectRole::Makes, kind));
        match &action.kind {
            ActionKind::AddColumn { if_not_exists: false, .. } => {
                if let Some(column) = named(ObjectKind::Column) {
                    if_not_exists(facts, step, remarks, column, Condition::COLUMN);
                }
            }
            ActionKind::DropConstraint { name, .. } => {
                dropped.insert(name);
            }
            ActionKind::AddConstraint(constraint)
                if !constraint.name.as_ref().is_some_and(|name| dropped.contains(name)) =>
            {
                if let Some(object) = named(ObjectKind::Constraint) {
                    add_constraint(facts, step, remarks, object, (action, constraint));
                }
            }
            _ => {}
        }
    }
}

fn if_not_exists(
    facts: &FileFacts<'_>,
    step: &Step<'_>,
    remarks: &mut Remarks<'_>,
    object: &ObjectRef,
    condition: Condition,
) {
    if is_guarded(facts, step, object, condition) {
        return;
    }
    let fix = || insertion("Add IF NOT EXISTS", object.span.start, "if not exists ");
    remarks
        .at(object.span, second_run(facts, step, object.span.of(facts.text()), condition))
        .help("Add IF NOT EXISTS.")
        .fix(is_editable(facts, step).then(fix));
}

fn add_constraint(
    facts: &FileFacts<'_>,
    step: &Step<'_>,
    remarks: &mut Remarks<'_>,
    object: &ObjectRef,
    (action, constraint): (&TableAction, &Constraint),
) {
    let (condition, stands_alone) = match constraint.kind {
        ConstraintKind::Check | ConstraintKind::ForeignKey(_) | ConstraintKind::NotNull => {
            (Condition::OBJECT, true)
        }
        ConstraintKind::PrimaryKey => (Condition::KEY, false),
        ConstraintKind::Unique | ConstraintKind::Exclusion => (Condition::TABLE, false),
    };
    if is_guarded(facts, step, object, condition) {
        return;
    }
    let name = object.span.of(facts.text());
    // A foreign key elsewhere may lean on a key: dropping that to add it again would fail, so it is caught.
    let fix = if !stands_alone {
        let only = step.statement.actions().len() == 1 && !constraint.using_index;
        only.then(|| wrapped(facts, step, condition)).flatten()
    } else {
        let drop = format!("drop constraint if exists {name}, ");
        is_editable(facts, step)
            .then(|| insertion("Drop it first, in the same statement", action.span.start, drop))
    };
    remarks
        .at(object.span, second_run(facts, step, name, condition))
        .help("Drop it IF EXISTS in the same statement, or catch this error.")
        .fix(fix);
}
