//! Tables that the Data API shows to everyone. Help, examples and tests: `rls_disabled_in_exposed_schema.md`.

use crate::{
    graph::{Step, key},
    lint::{
        facts::FileFacts,
        finding::Severity,
        guard::is_editable,
        rule::{Check, Remarks, Rule, insertion},
    },
    name::{QualifiedName, SearchPath},
    sql::statement::{
        ActionKind, Detail, ObjectKind, ObjectRole,
        StatementKind::{Create, Other},
        Verb,
    },
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rls-disabled-in-exposed-schema",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("rls_disabled_in_exposed_schema.md"),
    check: Check::Step(check),
};

const HELP: &str = "Enable row level security, or move the table to a schema that is not exposed.";

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    if step.deferred || !facts.file.role.is_forward() {
        return;
    }
    let statement = step.statement;
    let exposed = |name: &QualifiedName| {
        let schema = name.schema.as_ref().map(|schema| schema.as_str().to_owned());
        schema.is_some_and(|schema| facts.set.settings.exposed_schemas.contains(&schema))
    };
    let path = SearchPath::default();
    if let Some(action) = statement.actions().iter().find(|action| action.kind == ActionKind::DisableRls)
        && let Some(table) = statement.first(ObjectRole::Changes)
        && exposed(&table.name.resolved(&path))
    {
        let message = format!("Anyone with the public API key can read and write {} after this.", table.name);
        remarks.at(action.span, message).help(HELP);
    }
    // A partitioned parent holds no rows; its partitions are tables of their own.
    let holds_rows = match (&statement.kind, &statement.detail) {
        (Create(ObjectKind::Table), Detail::CreateTable(table)) => !table.partitioned,
        (Create(ObjectKind::Table) | Other(Verb::CreateTableAs), _) => true,
        _ => false,
    };
    let Some(table) = statement.first(ObjectRole::Makes).filter(|_| holds_rows && !statement.flags.temporary)
    else {
        return;
    };
    let name = table.name.resolved(&path);
    if !exposed(&name) || facts.set.secures(&name) || facts.drops(&key(table)) {
        return;
    }
    let message = format!(
        "The schema {} is exposed and no file enables row level security: anyone with the public API key \
         can read and write {}.",
        name.schema.as_ref().map_or("", |schema| schema.as_str()),
        table.name
    );
    let enable = format!(";\nalter table {} enable row level security", table.span.of(facts.text()));
    let fix = || insertion("Enable row level security", statement.span.end, enable);
    remarks.at(table.span, message).help(HELP).fix(is_editable(facts, step).then(fix));
}
