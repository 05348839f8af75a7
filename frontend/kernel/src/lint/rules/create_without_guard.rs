//! CREATE that fails when it runs again. Help, examples and tests: `create_without_guard.md`.

use crate::{
    graph::Step,
    lint::{
        facts::{FileFacts, contains_word},
        finding::{Fix, Severity},
        guard::{
            Condition, index_name, is_editable, is_guarded, runs_again, second_run, statement_before, wrapped,
        },
        rule::{Check, Remarks, Rule, insertion},
    },
    sql::statement::{
        Detail, ObjectKind as O, ObjectRef, ObjectRole,
        StatementKind::{Create, Other},
        Verb,
    },
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "create-without-guard",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("create_without_guard.md"),
    check: Check::Step(check),
};

/// How PostgreSQL lets the statement be written so that it may run again.
#[derive(Clone, Copy)]
enum Form {
    IfNotExists,
    OrReplace,
    DropFirst,
    Caught,
}

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    let statement = step.statement;
    let flags = statement.flags;
    if !runs_again(facts, step) || flags.temporary || flags.or_replace {
        return;
    }
    let first = statement.first(ObjectRole::Makes);
    match (statement.kind, first) {
        // IF NOT EXISTS would keep the invalid index of a failed build; see the page.
        (Create(O::Index), Some(index)) if flags.concurrently => {
            report(facts, step, remarks, index, Condition::TABLE, Form::DropFirst);
        }
        (Create(kind), Some(object)) if !flags.if_not_exists => {
            if let Some((condition, form)) = form(facts, step, kind) {
                report(facts, step, remarks, object, condition, form);
            }
        }
        (Other(Verb::CreateTableAs), Some(table)) if !flags.if_not_exists => {
            report(facts, step, remarks, table, Condition::TABLE, Form::IfNotExists);
        }
        _ => {}
    }
}

fn form(facts: &FileFacts<'_>, step: &Step<'_>, kind: O) -> Option<(Condition, Form)> {
    let head: String = step.statement.span.of(facts.text()).chars().take(40).collect();
    let constraint_trigger = || contains_word(&head, "constraint");
    Some(match kind {
        O::Table | O::ForeignTable | O::Index | O::MaterializedView | O::Sequence => {
            (Condition::TABLE, Form::IfNotExists)
        }
        // With elements, PostgreSQL knows no IF NOT EXISTS.
        O::Schema if matches!(step.statement.detail, Detail::Schema(_)) => (Condition::SCHEMA, Form::Caught),
        O::Schema => (Condition::SCHEMA, Form::IfNotExists),
        O::Extension | O::Statistics | O::Collation | O::Server => (Condition::OBJECT, Form::IfNotExists),
        O::View => (Condition::TABLE, Form::OrReplace),
        O::Function | O::Procedure | O::Aggregate => (Condition::FUNCTION, Form::OrReplace),
        O::Rule => (Condition::OBJECT, Form::OrReplace),
        O::Trigger if facts.set.settings.server_version >= 14 && !constraint_trigger() => {
            (Condition::OBJECT, Form::OrReplace)
        }
        O::Trigger | O::Policy => (Condition::OBJECT, Form::DropFirst),
        O::Type | O::Domain | O::Role | O::Publication | O::EventTrigger => (Condition::OBJECT, Form::Caught),
        _ => return None,
    })
}

fn report(
    facts: &FileFacts<'_>,
    step: &Step<'_>,
    remarks: &mut Remarks<'_>,
    object: &ObjectRef,
    condition: Condition,
    form: Form,
) {
    let statement = step.statement;
    if is_guarded(facts, step, object, condition) {
        return;
    }
    let name = object.span.of(facts.text());
    let table = || object.of.as_ref().map(ToString::to_string).unwrap_or_default();
    let (help, fix): (_, Option<Fix>) = match form {
        Form::IfNotExists => {
            let fix = || insertion("Add IF NOT EXISTS", object.span.start, "if not exists ");
            ("Add IF NOT EXISTS.", is_editable(facts, step).then(fix))
        }
        Form::OrReplace => {
            let fix = || insertion("Add OR REPLACE", statement.span.start + "create".len(), " or replace");
            ("Write CREATE OR REPLACE.", is_editable(facts, step).then(fix))
        }
        Form::DropFirst => {
            let drop = match object.kind {
                O::Index => format!("drop index concurrently if exists {}", index_name(object)),
                kind => format!("drop {kind} if exists {name} on {}", table()),
            };
            let fix = statement_before(facts, step, "Drop it first", &drop);
            ("Drop it first, IF EXISTS, in the same file.", fix)
        }
        Form::Caught => ("Catch this error in a DO block, or look first.", wrapped(facts, step, condition)),
    };
    remarks.at(object.span, second_run(facts, step, name, condition)).help(help).fix(fix);
}
