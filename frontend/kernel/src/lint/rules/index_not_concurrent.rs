//! CREATE INDEX that keeps writers out. Help, examples and tests: `index_not_concurrent.md`.

use crate::{
    graph::{ObjectKey, Step},
    lint::{
        facts::FileFacts,
        finding::{Fix, Severity},
        guard::index_name,
        rule::{Check, Remarks, Rule},
    },
    sql::statement::{ObjectKind, ObjectRef, ObjectRole, StatementKind},
    text::{Edit, Span},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "index-not-concurrent",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("index_not_concurrent.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    let statement = step.statement;
    let flags = statement.flags;
    // ONLY is for partitioned parents, which have no rows of their own.
    let plain =
        statement.kind == StatementKind::Create(ObjectKind::Index) && !flags.concurrently && !flags.only;
    if !plain || step.deferred || !facts.has_effect() {
        return;
    }
    let Some(table) = statement.first(ObjectRole::Uses) else { return };
    let place = statement.span.start;
    if facts.is_new(&ObjectKey::relation(&table.name), place) || facts.set.is_partitioned(&table.name) {
        return;
    }
    let message = format!(
        "Building this index takes SHARE on {}: reads go on, every write waits until it is built.",
        table.name
    );
    let fix = statement.first(ObjectRole::Makes).and_then(|index| concurrently(facts, step, index));
    remarks.at(table.span, message).help("Build it CONCURRENTLY, outside a transaction.").fix(fix);
}

/// The index is dropped first, because a failed build leaves an invalid one behind, and IF NOT EXISTS would
/// keep it.
fn concurrently(facts: &FileFacts<'_>, step: &Step<'_>, index: &ObjectRef) -> Option<Fix> {
    let start = step.statement.span.start;
    if step.body.is_some() || facts.in_transaction(start) || facts.file.header.transaction.is_some() {
        return None;
    }
    let name = index.span.of(facts.text());
    let unique = if step.statement.flags.unique { "unique " } else { "" };
    let dropped = index_name(index);
    let text =
        format!("drop index concurrently if exists {dropped};\ncreate {unique}index concurrently {name}");
    let edits = vec![Edit { span: Span::new(start, index.span.end), text }];
    Some(Fix { title: "Build it CONCURRENTLY".to_owned(), edits })
}
