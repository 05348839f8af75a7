//! Folders of migration files, a database for a test, and the program on both.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use studio_backend::engine::{Engine, EngineConfig, Limits, Server, Zone, locate};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The program, told of no database.
pub(crate) fn studio(command: &str, path: &Path) -> Command {
    let mut studio = Command::new(env!("CARGO_BIN_EXE_studio"));
    studio.arg(command).arg(path).env_remove("DATABASE_URL").env_remove("STUDIO_STATE_URL");
    studio
}

/// What it said on standard output and on standard error.
pub(crate) fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// An engine with one empty database, until it is stopped.
pub(crate) struct Database {
    engine: Server,
    url: String,
    pub(crate) client: Client,
    _data: TempDir,
}

impl Database {
    pub(crate) async fn start() -> Self {
        let open = fs::Permissions::from_mode(0o755);
        let data = tempfile::Builder::new().prefix("cli-").permissions(open).tempdir().unwrap();
        let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
        let binaries = locate(explicit.as_deref()).unwrap_or_else(|error| panic!("{error}"));
        let config = EngineConfig { binaries, data: data.path().join("data"), limits: Limits::default() };
        let engine = Engine::open(config).await.unwrap_or_else(|error| panic!("{error}"));
        let engine = engine.start(Zone::Target).await.unwrap_or_else(|error| panic!("{error}"));
        engine.create_database("app").await.unwrap();
        let url = engine.url("app");
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        Self { engine, url, client, _data: data }
    }

    /// The program on this database.
    pub(crate) fn studio(&self, command: &str, path: &Path) -> Command {
        let mut studio = studio(command, path);
        studio.env("DATABASE_URL", &self.url);
        studio
    }

    /// The first column of the first row, as text.
    pub(crate) async fn ask(&self, sql: &str) -> String {
        let sql = format!("select ({sql})::text");
        self.client.query_one(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0)
    }

    pub(crate) async fn stop(self) {
        drop(self.client);
        self.engine.stop().await;
    }
}
