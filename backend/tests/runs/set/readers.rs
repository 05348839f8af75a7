//! The set as every program reads it that the README names: psql, the Supabase CLI, sqlx and the studio make the
//! same database of it, and those two that share a ledger know what the other has applied.
//! The README's lines are run as they stand there. `cargo xtask readers` installs the programs.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use studio_backend::engine::locate;
use studio_kernel::{
    migration::MigrationSet,
    run::api::{FileState, Migrations},
};

use super::{Rows, contents::Contents, fingerprint, forward, set};
use crate::{
    bench::{Bench, on_runtime},
    bridge::Bridge,
    process::Server,
};

/// A program that applies the set, by the first words of its line in the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Psql,
    Supabase,
    Sqlx,
    Studio,
}

impl Reader {
    const ALL: [Self; 4] = [Self::Psql, Self::Supabase, Self::Sqlx, Self::Studio];

    fn line(self) -> &'static str {
        let words = match self {
            Self::Psql => "for file in migrations/*.sql; do psql ",
            Self::Supabase => "supabase db push ",
            Self::Sqlx => "sqlx migrate run",
            Self::Studio => "studio apply migrations ",
        };
        let mut lines = include_str!("../../../../migrations/README.md").lines();
        lines
            .find(|line| line.starts_with(words))
            .unwrap_or_else(|| panic!("the README has no line `{words}`"))
    }

    fn apply(self, bench: &Bench) -> Said {
        typed(self.line(), bench, 0)
    }

    /// The versions in the order in which they were applied: by the transactions of the ledger's rows, and for
    /// psql, which has none, by its calls.
    async fn order(self, bench: &Bench, said: &Said) -> Vec<String> {
        let ledger = match self {
            Self::Supabase | Self::Studio => "supabase_migrations.schema_migrations",
            Self::Sqlx => "public._sqlx_migrations",
            Self::Psql => {
                let calls = said.complaints.lines().filter(|line| line.starts_with("+ psql"));
                let files = calls.filter_map(|call| call.split_once(" -f migrations/"));
                return files.filter_map(|(_, file)| Some(file.split_once('_')?.0.to_owned())).collect();
            }
        };
        let sql = format!("select version::text from {ledger} order by xmin::text::bigint");
        bench.client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

/// What a command printed.
struct Said {
    output: String,
    complaints: String,
}

/// Runs a line as somebody would type it in the root of the repository.
#[track_caller]
fn typed(line: &str, bench: &Bench, code: i32) -> Said {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let home = tempfile::tempdir().unwrap();
    // Not every reader knows addresses of sockets.
    let bridge = Bridge::to(&bench.socket());
    let address = format!("postgresql://postgres@{}/{}?sslmode=disable", bridge.address, bench.database);
    let output = Command::new("sh")
        // -x shows each call.
        .args(["-xc", line])
        .current_dir(root)
        .env("PATH", env::join_paths(programs()).unwrap())
        .env("DATABASE_URL", address)
        // The CLI asks nobody for news and keeps nothing.
        .env("SUPABASE_HOME", home.path())
        .env("SUPABASE_TELEMETRY_DISABLED", "1")
        .env("SUPABASE_NO_UPDATE_NOTIFIER", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let said = Said { output: text(output.stdout), complaints: text(output.stderr) };
    let Said { output: out, complaints } = &said;
    assert_ne!(
        output.status.code(),
        Some(127),
        "`cargo xtask readers` installs what is missing: {complaints}"
    );
    assert_eq!(output.status.code(), Some(code), "{line}\n{out}{complaints}");
    said
}

/// Where programs are: this build's studio, what `cargo xtask readers` installed, psql beside the engine.
fn programs() -> Vec<PathBuf> {
    let studio = Path::new(env!("CARGO_BIN_EXE_studio")).parent().unwrap();
    let explicit = env::var_os("STUDIO_ENGINE").map(PathBuf::from);
    let engine = locate(explicit.as_deref()).unwrap_or_else(|error| panic!("{error}"));
    let own = [studio.to_owned(), studio.parent().unwrap().join("readers"), engine.join("bin")];
    let path = env::var_os("PATH").unwrap_or_default();
    own.into_iter().chain(env::split_paths(&path)).collect()
}

fn versions(set: &MigrationSet) -> Vec<String> {
    forward(set).iter().map(|file| file.file_name.version.clone().unwrap()).collect()
}

/// Every byte that a second run could change.
async fn everything(bench: &Bench) -> String {
    let ledger = "select coalesce(string_agg(xmin::text || row::text, E'\\n' order by version), '')
        from supabase_migrations.schema_migrations as row";
    let ledger = match bench.versions().await.as_slice() {
        [] => String::new(),
        _ => bench.ask(ledger).await,
    };
    format!("{:?}{ledger}", Rows::of(&bench.client).await)
}

#[test]
fn every_reader_makes_the_same_database_and_a_second_time_changes_nothing() {
    on_runtime(async {
        let set = set().await;
        let mut first: Option<Contents> = None;
        for reader in Reader::ALL {
            let bench = Bench::new(&format!("readers_{reader:?}").to_lowercase()).await;
            let said = reader.apply(&bench);
            let order = reader.order(&bench, &said).await;
            assert_eq!(order, versions(&set), "{reader:?}: {}", said.complaints);
            let (schema, before) = (fingerprint(&bench).await, everything(&bench).await);
            reader.apply(&bench);
            assert_eq!(schema.changes_to(&fingerprint(&bench).await), [], "{reader:?}");
            assert_eq!(everything(&bench).await, before, "{reader:?}");
            // The one ledger that lies among the set's own tables.
            bench.client.batch_execute("drop table if exists public._sqlx_migrations").await.unwrap();
            let contents = Contents::of(&bench).await;
            let (objects, rows) = contents.len();
            println!("{reader:?}: {} files, {objects} objects, {rows} rows", versions(&set).len());
            assert!(objects > 100 && rows > 10, "there is something to compare");
            match &first {
                None => first = Some(contents),
                Some(first) => assert_eq!(first.differences(&contents), Vec::<String>::new(), "{reader:?}"),
            }
        }
    });
}

/// What a program knows of the set on a database: the state of each forward file, and versions without one.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    files: BTreeMap<String, FileState>,
    unknown: Vec<String>,
}

impl Known {
    fn all_applied(set: &MigrationSet) -> Self {
        let applied = versions(set).into_iter().map(|version| (version, FileState::Applied));
        Self { files: applied.collect(), unknown: Vec::new() }
    }

    /// By `supabase migration list`, which looks at versions alone.
    fn to_the_cli(bench: &Bench) -> Self {
        let line =
            "supabase migration list --workdir .ci/supabase --output-format json --remote=\"$DATABASE_URL\"";
        let list: Value = serde_json::from_str(&typed(line, bench, 0).output).unwrap();
        let mut known = Self { files: BTreeMap::new(), unknown: Vec::new() };
        for row in list["migrations"].as_array().unwrap() {
            match (row["local"].as_str().unwrap(), row["remote"].as_str().unwrap()) {
                ("", remote) => known.unknown.push(remote.to_owned()),
                (local, "") => drop(known.files.insert(local.to_owned(), FileState::Pending)),
                (local, remote) => {
                    assert_eq!(local, remote);
                    known.files.insert(local.to_owned(), FileState::Applied);
                }
            }
        }
        known
    }

    /// By `studio status`.
    fn to_the_studio(bench: &Bench, code: i32) -> Self {
        let said = typed("studio status migrations --format json", bench, code);
        let status: Value = serde_json::from_str(&said.output).unwrap();
        let files = status["files"].as_array().unwrap().iter().map(|file| {
            let state: FileState = serde_json::from_value(file["state"].clone()).unwrap();
            (file["version"].as_str().unwrap_or_default().to_owned(), state)
        });
        Self {
            files: files.filter(|(_, state)| *state != FileState::Standing).collect(),
            unknown: serde_json::from_value(status["without_file"].clone()).unwrap(),
        }
    }

    /// By the list of files that the studio's page shows.
    async fn to_the_page(bench: &Bench) -> Self {
        let state = Bench::new(&format!("{}_state", bench.database)).await;
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let server = Server::start(&migrations, bench, &state.database);
        let list = server.ask("GET", "/api/migrations", &server.sign_in(), &Value::Null);
        let list: Migrations = serde_json::from_value(list).unwrap();
        let files = list.files.into_iter().filter(|file| file.role.is_forward());
        Self {
            files: files.map(|file| (file.version.unwrap(), file.state)).collect(),
            unknown: list.without_file.into_iter().map(|(version, _)| version).collect(),
        }
    }
}

#[test]
fn the_cli_and_the_studio_know_what_the_other_has_applied() {
    on_runtime(async {
        let set = set().await;
        let all = Known::all_applied(&set);
        for (one, other) in [(Reader::Studio, Reader::Supabase), (Reader::Supabase, Reader::Studio)] {
            let bench = Bench::new(&format!("readers_{one:?}_first").to_lowercase()).await;
            one.apply(&bench);
            assert_eq!(Known::to_the_cli(&bench), all, "{one:?}");
            assert_eq!(Known::to_the_studio(&bench, 0), all, "{one:?}");
            assert_eq!(Known::to_the_page(&bench).await, all, "{one:?}");
            let before = everything(&bench).await;
            other.apply(&bench);
            assert_eq!(everything(&bench).await, before, "{other:?} after {one:?}");
        }
    });
}

#[test]
fn a_database_of_psql_or_sqlx_is_taken_over_without_a_change() {
    on_runtime(async {
        let set = set().await;
        let all = Known::all_applied(&set);
        for (one, other) in [(Reader::Psql, Reader::Supabase), (Reader::Sqlx, Reader::Studio)] {
            let bench = Bench::new(&format!("readers_after_{one:?}").to_lowercase()).await;
            one.apply(&bench);
            let none = Known::to_the_cli(&bench).files;
            assert!(none.len() == all.files.len() && none.values().all(|state| *state == FileState::Pending));
            let before = Contents::of(&bench).await;
            other.apply(&bench);
            assert_eq!(Known::to_the_cli(&bench), all, "{other:?}");
            assert_eq!(Known::to_the_studio(&bench, 0), all, "{other:?}");
            assert_eq!(before.differences(&Contents::of(&bench).await), Vec::<String>::new(), "{other:?}");
        }
    });
}

/// [`Known`], shown different.
#[test]
fn what_is_pending_edited_or_unknown_is_seen_by_both() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("readers_disturbed").await;
        Reader::Supabase.apply(&bench);
        let (edited, pending) = (versions(&set).remove(0), versions(&set).pop().unwrap());
        let ledger = "supabase_migrations.schema_migrations";
        let disturb = format!(
            "delete from {ledger} where version = '{pending}';
             update {ledger} set statements[1] = 'select 1' where version = '{edited}';
             insert into {ledger} (version, name) values ('20990101000000', 'gone')"
        );
        bench.client.batch_execute(&disturb).await.unwrap();
        let mut known = Known::all_applied(&set);
        known.files.insert(pending, FileState::Pending);
        known.unknown.push("20990101000000".to_owned());
        assert_eq!(Known::to_the_cli(&bench), known);
        known.files.insert(edited, FileState::Edited);
        assert_eq!(Known::to_the_studio(&bench, 1), known);
        assert_eq!(Known::to_the_page(&bench).await, known);
    });
}
