//! A server of its own for each test, a database for each text.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use studio_backend::{
    engine::{self, Engine, EngineConfig, Limits, Zone, locate},
    pg::target::{Target, snapshot},
};
use studio_kernel::schema::Snapshot;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

pub(crate) struct Server {
    engine: engine::Server,
    _folder: TempDir,
}

pub(crate) struct Database {
    pub(crate) client: Client,
    target: Target,
}

impl Server {
    pub(crate) async fn start() -> Self {
        // PostgreSQL's unprivileged user must be able to enter it.
        let open = fs::Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().prefix("model-").permissions(open).tempdir().unwrap();
        let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
        let binaries = locate(explicit.as_deref()).unwrap_or_else(|error| panic!("{error}"));
        let config = EngineConfig { binaries, data: folder.path().join("data"), limits: Limits::default() };
        let engine = Engine::open(config).await.unwrap_or_else(|error| panic!("{error}"));
        let engine = engine.start(Zone::Target).await.unwrap_or_else(|error| panic!("{error}"));
        Self { engine, _folder: folder }
    }

    /// A new database, prepared as Supabase's are.
    pub(crate) async fn database(&self, name: &str) -> Database {
        self.engine.create_database(name).await.unwrap();
        self.engine.prepare(name).await.unwrap();
        let url = self.engine.superuser_url(name);
        let target = Target::new(&url, None, true).unwrap();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        Database { client, target }
    }

    pub(crate) async fn stop(self) {
        self.engine.stop().await;
    }
}

impl Database {
    /// Runs a text as `psql -1 -f` does, and leaves nothing of it in the session.
    pub(crate) async fn run(&self, text: &str) -> Result<(), String> {
        let run = self.client.batch_execute(&format!("begin;\n{text}\n;commit")).await;
        run.map_err(|error| match error.as_db_error() {
            Some(said) => format!("{} {:?} {:?}", said.message(), said.detail(), said.position()),
            None => error.to_string(),
        })?;
        self.client.batch_execute("discard all").await.map_err(|error| error.to_string())
    }

    pub(crate) async fn snapshot(&self) -> Snapshot {
        let session = self.target.open("model").await.unwrap();
        snapshot::take(&session).await.unwrap_or_else(|error| panic!("{error}"))
    }
}
