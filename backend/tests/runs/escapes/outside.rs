//! Everything outside a throw-away copy that its SQL could reach for: the studio's state, the catalogs of both servers,
//! the target's rows, the migrations, the engine's own files, and a folder in which everybody may write.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use studio_kernel::plan::Digest;
use tokio_postgres::Client;

use crate::bench::connect;

/// Tables of the studio's state that no dry run writes.
const STATE: &str = "select tablename::text from pg_catalog.pg_tables where schemaname = 'studio'
    and tablename not in ('runs', 'run_events', 'run_intents', 'changes', 'revisions', 'revision_files', 'blobs',
        'audit', 'audit_head', 'sessions')";

/// What belongs to a whole server, as its superuser sees it.
const CATALOGS: [&str; 9] = [
    "select oid, * from pg_catalog.pg_authid",
    "select * from pg_catalog.pg_auth_members",
    "select * from pg_catalog.pg_db_role_setting",
    "select oid, datname, datdba, datallowconn, datconnlimit, datacl from pg_catalog.pg_database",
    "select oid, spcname, spcowner, spcacl, spcoptions from pg_catalog.pg_tablespace",
    "select * from pg_catalog.pg_shdescription",
    "select subname, subowner from pg_catalog.pg_subscription",
    "select slot_name, plugin from pg_catalog.pg_replication_slots",
    "select name, setting from pg_catalog.pg_file_settings",
];

/// What is in the target, besides its catalogs.
const TARGET: [&str; 6] = [
    "select * from public.canary",
    "select oid, * from pg_catalog.pg_largeobject_metadata",
    "select nspname, nspowner, nspacl from pg_catalog.pg_namespace where nspname !~ '^pg_(toast_)?temp_'",
    "select relname, relowner, relacl, relkind from pg_catalog.pg_class where relnamespace::regnamespace::text !~ '^pg_'",
    "select extname, extowner from pg_catalog.pg_extension",
    "select oid, lanname, lanowner from pg_catalog.pg_language",
];

/// Where to look.
pub(super) struct Outside {
    data: PathBuf,
    folders: [PathBuf; 2],
}

/// What was seen, by what it is.
pub(super) struct Seen(BTreeMap<String, Digest>);

impl Outside {
    pub(super) fn new(data: &Path, set: &Path, outside: &Path) -> Self {
        Self { data: data.to_owned(), folders: [set.to_owned(), outside.to_owned()] }
    }

    /// A session as the superuser, whom no SQL of a person runs as.
    pub(super) async fn connect(&self, zone: &str, database: &str) -> Client {
        let socket = self.data.join(zone).join("socket").display().to_string().replace('/', "%2F");
        connect(&format!("postgresql://studio_engine@{socket}/{database}")).await
    }

    /// A table with a row, so that there is something to lose.
    pub(super) async fn plant(&self) {
        let sql = "create table public.canary as select 'untouched'::text as word; alter table public.canary owner to postgres";
        self.connect("target", "archon").await.batch_execute(sql).await.unwrap();
    }

    /// How many copies there are.
    pub(super) fn copies(&self) -> usize {
        fs::read_dir(self.data.join("proofs")).map_or(0, Iterator::count)
    }

    pub(super) async fn look(&self) -> Seen {
        let mut seen = BTreeMap::new();
        let state = self.connect("state", "studio").await;
        let target = self.connect("target", "archon").await;
        for row in state.query(STATE, &[]).await.unwrap() {
            let table: String = row.get(0);
            let sql = format!("select * from studio.{table}");
            seen.insert(format!("studio.{table}"), rows(&state, &sql).await);
        }
        for sql in CATALOGS {
            seen.insert(format!("state: {sql}"), rows(&state, sql).await);
            seen.insert(format!("target: {sql}"), rows(&target, sql).await);
        }
        for sql in TARGET {
            seen.insert(sql.to_owned(), rows(&target, sql).await);
        }
        for folder in &self.folders {
            files(folder, &mut seen);
        }
        for file in [
            "hba.conf",
            "ident.conf",
            "proof_hba.conf",
            "state/data/postgresql.auto.conf",
            "target/data/postgresql.auto.conf",
        ] {
            seen.insert(file.to_owned(), Digest::of(&fs::read(self.data.join(file)).unwrap()));
        }
        files(&self.data.join("template"), &mut seen);
        Seen(seen)
    }
}

impl Seen {
    /// What differs, by its name.
    pub(super) fn changes_to(&self, later: &Self) -> Vec<String> {
        let keys = self.0.keys().chain(later.0.keys().filter(|key| !self.0.contains_key(*key)));
        keys.filter(|key| self.0.get(*key) != later.0.get(*key)).cloned().collect()
    }
}

/// The rows in any order.
async fn rows(client: &Client, sql: &str) -> Digest {
    let sql = format!(
        "select coalesce(string_agg(seen::text, E'\\n' order by seen::text), '') from ({sql}) as seen"
    );
    let text: String =
        client.query_one(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0);
    Digest::of(text.as_bytes())
}

/// Names, modes and bytes of everything in a folder.
fn files(folder: &Path, seen: &mut BTreeMap<String, Digest>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, metadata) = (entry.path(), entry.metadata().unwrap());
        if metadata.is_dir() {
            files(&path, seen);
            continue;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        let text = format!("{:?} {}", metadata.permissions(), Digest::of(&bytes));
        seen.insert(path.display().to_string(), Digest::of(text.as_bytes()));
    }
}
