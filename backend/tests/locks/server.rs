//! An engine with the world that the cases speak of.

use std::fs;
use std::future::poll_fn;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use studio_backend::engine::{self, Engine, EngineConfig, Limits, Zone, locate};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, NoTls, SimpleQueryMessage};

pub(crate) const WORLD: &str = include_str!("world.sql");

/// Dropped last: the folder goes when the server has.
pub(crate) struct Server {
    engine: engine::Server,
    _folder: TempDir,
}

impl Server {
    /// With a database `world`.
    pub(crate) async fn start() -> Self {
        // A folder that PostgreSQL's unprivileged user can enter.
        let open = fs::Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().prefix("locks-").permissions(open).tempdir().unwrap();
        let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
        let binaries = locate(explicit.as_deref()).unwrap_or_else(|error| panic!("{error}"));
        let data = folder.path().join("data");
        let engine = Engine::open(EngineConfig { binaries, data, limits: Limits::default() }).await;
        let engine = engine.unwrap_or_else(|error| panic!("{error}"));
        let engine = engine.start(Zone::Target).await.unwrap_or_else(|error| panic!("{error}"));
        engine.create_database("world").await.unwrap();
        let server = Self { engine, _folder: folder };
        server.connect().await.batch_execute(WORLD).await.unwrap();
        server
    }

    /// A second database, as Supabase hands it out.
    pub(crate) async fn connect_to_supabase(&self) -> Client {
        self.engine.create_database("supabase").await.unwrap();
        self.engine.prepare("supabase").await.unwrap();
        self.connect_to("supabase").await
    }

    pub(crate) async fn connect(&self) -> Client {
        self.connect_to("world").await
    }

    async fn connect_to(&self, database: &str) -> Client {
        let url = self.engine.superuser_url(database);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// A connection, and the SQLSTATE of every warning it brings.
    pub(crate) async fn connect_and_listen(&self) -> (Client, UnboundedReceiver<String>) {
        let url = self.engine.superuser_url("world");
        let (client, mut connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let (send, warnings) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notice(notice) = message
                    && notice.severity() == "WARNING"
                {
                    let _nobody_listens = send.send(notice.code().code().to_owned());
                }
            }
        });
        (client, warnings)
    }

    pub(crate) fn major(&self) -> u16 {
        self.engine.version().split(['.', ' ']).next().and_then(|major| major.parse().ok()).unwrap()
    }

    pub(crate) async fn stop(self) {
        self.engine.stop().await;
    }
}

/// The rows of a query as text, over the simple protocol: it needs no types and takes no locks of its own.
pub(crate) async fn ask(client: &Client, sql: &str) -> Vec<Vec<Option<String>>> {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()).collect()
}
