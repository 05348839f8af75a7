//! DROP that fails when it runs again. Help, examples and tests: `drop_without_guard.md`.

use crate::{
    graph::{Step, key},
    lint::{
        facts::FileFacts,
        finding::Severity,
        guard::{Condition, Guard, guard, is_editable, runs_again},
        rule::{Check, Remarks, Rule, insertion},
    },
    sql::statement::{ActionKind, ObjectKind as O, ObjectRef, ObjectRole, StatementKind},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "drop-without-guard",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("drop_without_guard.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    let statement = step.statement;
    if !runs_again(facts, step) {
        return;
    }
    if let StatementKind::Drop(kind) = statement.kind {
        let condition = match kind {
            O::Table | O::View | O::MaterializedView | O::Sequence | O::ForeignTable => Condition::NO_TABLE,
            O::Function | O::Procedure | O::Aggregate | O::Routine | O::Operator => Condition::NO_FUNCTION,
            O::Schema => Condition::NO_SCHEMA,
            // DROP OWNED has no IF EXISTS and needs none.
            O::Owned => return,
            _ => Condition::NO_OBJECT,
        };
        let first = statement.first(ObjectRole::Drops).filter(|_| !statement.flags.if_exists);
        first.into_iter().for_each(|object| report(facts, step, remarks, object, condition));
    }
    for action in statement.actions() {
        let condition = match action.kind {
            ActionKind::DropColumn { if_exists: false, .. } => Condition::NO_COLUMN,
            ActionKind::DropConstraint { if_exists: false, .. } => Condition::NO_OBJECT,
            _ => continue,
        };
        let named = statement.named_in(action.span).iter();
        named.filter(|object| object.role == ObjectRole::Drops).take(1).for_each(|object| report(facts, step, remarks, object, condition));
    }
}

fn report(
    facts: &FileFacts<'_>,
    step: &Step<'_>,
    remarks: &mut Remarks<'_>,
    object: &ObjectRef,
    condition: Condition,
) {
    let guard = guard(facts, step, condition);
    if guard == Guard::Holds || facts.made_here(&key(object), step.statement.span.start) {
        return;
    }
    let (name, Condition { name: error, sqlstate }) = (object.span.of(facts.text()), condition);
    let message = match guard {
        Guard::Misses => {
            format!("Without {name} it raises {error} ({sqlstate}), which the handler does not catch.")
        }
        _ => format!("A second run fails with {error} ({sqlstate}): {name} is gone already."),
    };
    let fix = || insertion("Add IF EXISTS", object.span.start, "if exists ");
    remarks.at(object.span, message).help("Add IF EXISTS.").fix(is_editable(facts, step).then(fix));
}
