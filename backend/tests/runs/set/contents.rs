//! What a database holds, apart from what chance and the clock gave it, so that two databases can be compared
//! that the same files have made.

use std::collections::BTreeMap;

use serde_json::Value;
use studio_backend::pg::target::fingerprint::Fingerprint;
use studio_kernel::plan::Digest;
use tokio_postgres::Client;
use uuid::Uuid;

use super::fingerprint;
use crate::bench::{Bench, on_runtime};

/// Schema and rows.
pub(super) struct Contents {
    schema: Fingerprint,
    /// With how often they are there.
    rows: BTreeMap<String, usize>,
}

impl Contents {
    pub(super) async fn of(bench: &Bench) -> Self {
        Self { schema: fingerprint(bench).await, rows: rows(&bench.client).await }
    }

    /// How many objects and different rows there are.
    pub(super) fn len(&self) -> (usize, usize) {
        (self.schema.len(), self.rows.len())
    }

    /// Objects that differ, and rows that only one of the two has.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found: Vec<String> =
            self.schema.changes_to(&other.schema).iter().map(ToString::to_string).collect();
        for (one, another, fate) in [(self, other, "is missing"), (other, self, "was added")] {
            let only = one.rows.iter().filter(|(row, times)| another.rows.get(*row) != Some(times));
            found.extend(only.map(|(row, _)| format!("{row} {fate}")));
        }
        found
    }
}

/// The rows of all tables without times, and with what an id stands for in the place of the id.
async fn rows(client: &Client) -> BTreeMap<String, usize> {
    let tables = "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables
        where schemaname = 'public' order by 1";
    let mut all: Vec<(String, Value)> = Vec::new();
    for table in client.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        let rows = client.query(&format!("select to_jsonb(t) from {table} as t"), &[]).await.unwrap();
        all.extend(rows.iter().map(|row| (table.clone(), row.get(0))));
    }
    let meaning = |table: &str, row: &Value| {
        let row = lasting(row, &|_| Some(String::new())).to_string();
        format!("{table} {}", Digest::of(row.as_bytes()).short())
    };
    let meanings: BTreeMap<&str, String> =
        all.iter().filter_map(|(table, row)| Some((row.get("id")?.as_str()?, meaning(table, row)))).collect();
    let mut rows = BTreeMap::new();
    for (table, row) in &all {
        let row = lasting(row, &|id| meanings.get(id).cloned());
        *rows.entry(format!("{table} {row}")).or_default() += 1;
    }
    rows
}

/// The value without times, and with other words for the ids that `word` knows; tables keep copies of rows as
/// JSON, so both can lie deep.
fn lasting(value: &Value, word: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => Value::Null,
        Value::String(text) if Uuid::parse_str(text).is_ok() => {
            Value::String(word(text).unwrap_or_else(|| text.clone()))
        }
        Value::Array(values) => values.iter().map(|value| lasting(value, word)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), lasting(value, word))).collect()
        }
        _ => value.clone(),
    }
}

#[test]
fn chance_and_the_clock_make_no_difference_and_all_else_does() {
    on_runtime(async {
        let of = async |name: &str, more: &str| {
            let bench = Bench::new(&format!("set_contents_{name}")).await;
            let made = "create table public.fruit (
                    id uuid primary key default gen_random_uuid(), name text, at timestamptz default clock_timestamp());
                create table public.basket (
                    id uuid primary key default gen_random_uuid(), fruit uuid references public.fruit, copy jsonb);
                insert into public.fruit (name) values ('apple'), ('pear');
                insert into public.basket (fruit, copy) select id, to_jsonb(fruit) from public.fruit where name = 'apple'";
            bench.client.batch_execute(made).await.unwrap();
            bench.client.batch_execute(more).await.unwrap();
            Contents::of(&bench).await
        };
        let first = of("first", "").await;
        assert_eq!(first.differences(&of("again", "").await), Vec::<String>::new());
        for (name, change) in [
            ("word", "update public.fruit set name = 'plum' where name = 'pear'"),
            ("link", "update public.basket set fruit = (select id from public.fruit where name = 'pear')"),
            ("copy", "update public.basket set copy = jsonb_set(copy, '{name}', '\"plum\"')"),
            ("twice", "insert into public.fruit (name) values ('pear')"),
            ("index", "create index fruit_name on public.fruit (name)"),
        ] {
            assert_ne!(first.differences(&of(name, change).await), Vec::<String>::new(), "{name}");
        }
    });
}
