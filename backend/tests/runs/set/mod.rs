//! The real migration set on a real PostgreSQL, with rows in its tables: order, rollbacks, validations, resets, rights and
//! behaviour. Files that join the set are tested with it. What the set says about itself is not tested here.

mod addresses;
mod assignments;
mod behaviour;
mod cache;
mod contents;
mod duplicates;
mod order;
mod readers;
mod resets;
mod rights;
mod rollbacks;
mod search;
mod validations;
mod workflows;

use std::{collections::BTreeMap, path::Path};

use studio_backend::{
    pg::target::fingerprint::{Difference, Fingerprint},
    services::folder::Folder,
};
use studio_kernel::migration::{Migration, MigrationSet};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, Error};

use crate::bench::{Bench, connect, engine_url};

/// Fills every table that is there and still empty; see its head.
const DATA: &str = include_str!("data.sql");

/// The database that [`stocked`] copies.
const STOCK: &str = "set_stock";

async fn set() -> MigrationSet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let snapshot = Folder::new(root).snapshot().await.unwrap();
    assert_eq!(snapshot.unreadable, []);
    snapshot.set.clone()
}

fn forward(set: &MigrationSet) -> Vec<&Migration> {
    let files: Vec<&Migration> = set.files().iter().filter(|file| file.role.is_forward()).collect();
    assert!(files.len() >= 2, "the set is not there");
    files
}

/// The text of one file.
async fn text(path: &str) -> String {
    set().await.get(path).unwrap_or_else(|| panic!("{path} is not in the set")).text.clone()
}

/// A database with the whole set and a few thousand rows.
async fn stocked(name: &str) -> Bench {
    static MADE: OnceCell<()> = OnceCell::const_new();
    let make = async || {
        let bench = Bench::new(STOCK).await;
        for file in forward(&set().await) {
            whole(&bench.client, &file.text).await.unwrap();
            whole(&bench.client, DATA).await.unwrap();
        }
    };
    MADE.get_or_init(make).await;
    Bench::copy(name, STOCK).await
}

/// A second session in the same database.
async fn another(bench: &Bench) -> Client {
    connect(&engine_url(&bench.database)).await
}

async fn fingerprint(bench: &Bench) -> Fingerprint {
    let session = bench.target.open("test").await.unwrap();
    Fingerprint::take(&session).await.unwrap()
}

/// What differs from before, but for the schema in which rollbacks keep what they remove.
async fn differences(bench: &Bench, before: &Fingerprint) -> Vec<Difference> {
    let mut found = before.changes_to(&fingerprint(bench).await);
    found.retain(|difference| !difference.name.contains("archon_rollback"));
    found
}

/// Every row of every table in `public`: for each table, each row's digest and how often it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rows(BTreeMap<String, BTreeMap<String, i64>>);

impl Rows {
    async fn of(client: &Client) -> Self {
        Self::digested(client, "t::text").await
    }

    /// Without `updated_at`, which moves when a row is written again as it was.
    async fn lasting(client: &Client) -> Self {
        Self::digested(client, "(to_jsonb(t) - 'updated_at')::text").await
    }

    async fn digested(client: &Client, row: &str) -> Self {
        let tables = "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables \
                      where schemaname = 'public' order by 1";
        let mut all = BTreeMap::new();
        for name in client.query(tables, &[]).await.unwrap() {
            let table: String = name.get(0);
            let digests = format!("select md5({row}), count(*) from {table} as t group by 1");
            let rows = client.query(&digests, &[]).await.unwrap();
            all.insert(table, rows.iter().map(|row| (row.get(0), row.get(1))).collect());
        }
        Self(all)
    }

    fn total(&self) -> i64 {
        self.0.values().flat_map(BTreeMap::values).sum()
    }

    /// Table by table, how many rows are gone and how many are new; a changed row is both.
    fn changes_to(&self, later: &Self) -> Vec<String> {
        let none = BTreeMap::new();
        let tables = self.0.keys().chain(later.0.keys().filter(|table| !self.0.contains_key(*table)));
        let missing = |from: &BTreeMap<String, i64>, of: &BTreeMap<String, i64>| -> i64 {
            of.iter().map(|(row, count)| (count - from.get(row).copied().unwrap_or_default()).max(0)).sum()
        };
        tables
            .filter_map(|table| {
                let (before, after) =
                    (self.0.get(table).unwrap_or(&none), later.0.get(table).unwrap_or(&none));
                let (gone, new) = (missing(after, before), missing(before, after));
                (gone + new > 0).then(|| format!("{table}: {gone} rows gone, {new} new"))
            })
            .collect()
    }

    /// Without some tables.
    fn without(mut self, tables: &[&str]) -> Self {
        self.0.retain(|table, _| !tables.iter().any(|name| *table == format!("public.{name}")));
        self
    }
}

#[test]
fn a_changed_row_is_noticed() {
    let rows = |digests: &[(&str, i64)]| {
        let digests = digests.iter().map(|(digest, count)| ((*digest).to_owned(), *count)).collect();
        Rows(BTreeMap::from([("public.t".to_owned(), digests)]))
    };
    let before = rows(&[("a", 1), ("b", 2)]);
    assert_eq!(before.changes_to(&before), Vec::<String>::new());
    assert_eq!(before.changes_to(&rows(&[("a", 1), ("b", 1), ("c", 1)])), ["public.t: 1 rows gone, 1 new"]);
    assert_eq!(before.changes_to(&rows(&[]).without(&["t"])), ["public.t: 3 rows gone, 0 new"]);
}

/// As `psql -1 -f` sends it.
async fn whole(client: &Client, text: &str) -> Result<(), Error> {
    let sent = client.batch_execute(&format!("begin;\n{text}\n;commit;")).await;
    if sent.is_err() {
        client.batch_execute("rollback").await.unwrap();
    }
    sent
}

/// The first column of every row.
async fn column(client: &Client, sql: &str) -> Vec<String> {
    let sql = format!("select answer::text from ({sql}) as rows (answer)");
    let rows = client.query(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect()
}

/// SQLSTATE and message of an error of the database's.
fn refusal(error: &Error) -> (&str, &str) {
    let error = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
    (error.code().code(), error.message())
}
