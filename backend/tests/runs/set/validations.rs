//! Each validation passes on a good database and leaves nothing behind; with any one object of its feature gone, it fails
//! and names that object. The objects are those by which the fingerprint grows when the forward file is applied.

use studio_backend::pg::target::fingerprint::{Change, Difference};
use tokio_postgres::Client;

use super::{DATA, Rows, column, fingerprint, forward, refusal, set, whole};
use crate::bench::{Bench, on_runtime};

/// One way to break a feature: what is broken, the word that must be named, and the statement that does it.
struct Breakage {
    what: String,
    word: String,
    statement: String,
}

impl Breakage {
    fn new(what: impl Into<String>, word: &str, statement: String) -> Self {
        Self { what: what.into(), word: word.to_owned(), statement }
    }
}

/// The object's own name, without its schema, table or arguments.
fn bare(name: &str) -> &str {
    let name = name.split('(').next().unwrap_or(name);
    name.rsplit('.').next().unwrap_or(name)
}

/// How an object that the feature added is taken away; none for what has no life of its own.
fn breakages(object: &Difference, constraints: &[String], views: &[String]) -> Vec<Breakage> {
    let (kind, name) = (object.kind.as_str(), object.name.as_str());
    let what = format!("{kind} {name}");
    let one = |word: &str, statement: String| vec![Breakage::new(what.clone(), word, statement)];
    match kind {
        "table" => vec![
            Breakage::new(what.clone(), bare(name), format!("drop table {name} cascade")),
            Breakage::new(
                format!("row level security on {name}"),
                bare(name),
                format!("alter table {name} disable row level security"),
            ),
        ],
        "view" | "type" | "function" => one(bare(name), format!("drop {kind} {name} cascade")),
        "column" => {
            let (table, column) = name.rsplit_once('.').unwrap();
            if views.iter().any(|view| view == table) {
                return Vec::new();
            }
            one(column, format!("alter table {table} drop column {column} cascade"))
        }
        // An index of a constraint goes with the constraint.
        "index" if constraints.iter().any(|constraint| constraint == bare(name)) => Vec::new(),
        "index" => one(bare(name), format!("drop index {name}")),
        "constraint" => {
            let (constraint, table) = name.split_once(" on ").unwrap();
            one(constraint, format!("alter table {table} drop constraint {constraint} cascade"))
        }
        "trigger" => {
            let (trigger, table) = name.split_once(" on ").unwrap();
            vec![
                Breakage::new(what.clone(), trigger, format!("drop trigger {trigger} on {table}")),
                Breakage::new(
                    format!("{what}, switched off"),
                    trigger,
                    format!("alter table {table} disable trigger {trigger}"),
                ),
            ]
        }
        "policy" => {
            let (policy, table) = name.split_once(" on ").unwrap();
            one(policy, format!("drop policy {policy} on {table}"))
        }
        // A sequence belongs to its column, and a comment is for people.
        "sequence" | "comment" => Vec::new(),
        _ => panic!("no way to break {what} is known"),
    }
}

/// A NOT NULL is a part of its column, whose name is the one to be said.
async fn nullable(client: &Client, constraint: &str) -> Option<Breakage> {
    let (name, table) = constraint.split_once(" on ")?;
    let sql = format!(
        "select attname from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1]
         where contype = 'n' and conname = '{name}' and conrelid = '{table}'::regclass
           and not exists (select from pg_constraint as own where own.contype = 'p' and own.conrelid = attrelid
                           and attnum = any (own.conkey))"
    );
    let column = column(client, &sql).await.pop()?;
    let statement = format!("alter table {table} alter column {column} drop not null");
    Some(Breakage::new(format!("not null of {table}.{column}"), &column, statement))
}

#[test]
fn each_validation_notices_every_object_that_is_gone_and_leaves_nothing() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_mutations").await;
        let client = &bench.client;
        let mut tried = 0;
        for file in forward(&set) {
            let without = fingerprint(&bench).await;
            whole(client, &file.text).await.unwrap();
            whole(client, DATA).await.unwrap();
            let Some(validation) = set.triple(&file.path).and_then(|triple| triple.validation) else {
                continue;
            };
            let path = &validation.path;
            let (schema, before) = (fingerprint(&bench).await, Rows::of(client).await);
            whole(client, &validation.text).await.unwrap();
            assert_eq!(schema.changes_to(&fingerprint(&bench).await), [], "{path}");
            assert_eq!(before.changes_to(&Rows::of(client).await), Vec::<String>::new(), "{path}");

            let added =
                without.changes_to(&schema).into_iter().filter(|change| change.change == Change::Added);
            let added: Vec<Difference> = added.collect();
            let names = |kind: &str| -> Vec<String> {
                let of_kind = added.iter().filter(|object| object.kind == kind);
                of_kind.map(|object| object.name.split(" on ").next().unwrap().to_owned()).collect()
            };
            let (constraints, views) = (names("constraint"), names("view"));
            let mut all = Vec::new();
            for object in &added {
                match nullable(client, &object.name).await {
                    Some(breakage) => all.push(breakage),
                    None if object.name.split(" on ").next().unwrap().ends_with("_not_null") => {}
                    None => all.extend(breakages(object, &constraints, &views)),
                }
            }
            let mut unnoticed = Vec::new();
            for breakage in &all {
                client.batch_execute(&format!("begin; {}", breakage.statement)).await.unwrap();
                let said = client.batch_execute(&validation.text).await;
                client.batch_execute("rollback").await.unwrap();
                if !said.is_err_and(|error| refusal(&error).1.contains(&breakage.word)) {
                    unnoticed.push(breakage.what.clone());
                }
            }
            println!("{path}: {} of {} breakages noticed", all.len() - unnoticed.len(), all.len());
            assert!(all.len() > 40, "{} breakages are not the whole feature", all.len());
            assert_eq!(unnoticed, Vec::<String>::new(), "{path}");
            tried += 1;
        }
        let validations = set.files().iter().filter(|file| file.path.starts_with("validate/")).count();
        assert_eq!(tried, validations, "a validation is not tried");
    });
}

#[test]
fn the_test_of_components_passes_fails_and_leaves_nothing() {
    on_runtime(async {
        let bench = super::stocked("set_component_test").await;
        let text = super::text("tests/test_component_migration.sql").await;
        let (schema, before) = (fingerprint(&bench).await, Rows::of(&bench.client).await);
        whole(&bench.client, &text).await.unwrap();
        assert_eq!(schema.changes_to(&fingerprint(&bench).await), []);
        assert_eq!(before.changes_to(&Rows::of(&bench.client).await), Vec::<String>::new());
        for (broken, named) in [
            (
                "drop trigger refuse_archon_component_dependencies_cycle on public.archon_component_dependencies",
                "a circle by way of two others is refused",
            ),
            (
                "alter table public.archon_components drop constraint archon_components_name_unique",
                "a second component of the same name is refused",
            ),
            (
                "alter table public.archon_components alter column order_index set default 1",
                "a new component has not been started",
            ),
            ("drop view public.archon_component_hierarchy", "ended early"),
        ] {
            let failed = whole(&bench.client, &format!("{broken};\n{text}")).await.unwrap_err();
            assert!(refusal(&failed).1.contains(named), "{broken}: {failed:?}");
        }
    });
}
