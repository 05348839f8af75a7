//! A real PostgreSQL for tests: one engine for the process, a database of its own for each test.
//! It asserts nothing about what is in a database.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::OnceLock,
    time::{Duration, Instant},
};

use studio_backend::engine::{Engine, EngineConfig, EngineError, Limits, Server, Zone, locate};
use studio_kernel::plan::Digest;
use tokio::{runtime::Runtime, sync::OnceCell, time::timeout};
use tokio_postgres::{Client, NoTls};

use crate::tree;

/// No test takes longer, unless something that it waits for never comes.
const PATIENCE: Duration = Duration::from_secs(180);

/// The file that makes the workflow system, below `migrations/`.
pub const WORKFLOW: &str = "20250801000300_add_workflow_system.sql";

/// What [`WORKFLOW`] requires.
pub const SETUP: &str = "20250801000000_complete_setup.sql";

/// The one runtime, in which the engine lives.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap())
}

/// Runs a test on [`runtime`], for a limited time.
pub fn on_runtime(test: impl Future<Output = ()>) {
    let ended = runtime().block_on(async { timeout(PATIENCE, test).await });
    assert!(ended.is_ok(), "the test waits for something that does not come");
}

async fn engine() -> &'static Server {
    static ENGINE: OnceCell<Server> = OnceCell::const_new();
    ENGINE.get_or_init(start).await
}

/// The folder stays between runs of the tests, because a second start is ten times as fast as a first one.
async fn start() -> Server {
    let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
    let binaries = locate(explicit.as_deref()).unwrap_or_else(|error| panic!("{error}"));
    let of_checkout = Digest::of(tree::root().as_os_str().as_encoded_bytes());
    let parent = std::env::temp_dir().join(format!("studio-tests-{}", of_checkout.short()));
    fs::create_dir_all(&parent).unwrap();
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o755)).unwrap();
    let begin = Instant::now();
    loop {
        let config = EngineConfig {
            binaries: binaries.clone(),
            data: parent.join("workflow"),
            limits: Limits::default(),
        };
        match Engine::open(config).await {
            // Another run of the same tests has it; it will not take long.
            Err(EngineError::InUse { .. }) if begin.elapsed() < PATIENCE / 2 => {
                tokio::task::yield_now().await;
            }
            other => {
                let engine = other.unwrap_or_else(|error| panic!("{error}"));
                return engine.start(Zone::Target).await.unwrap_or_else(|error| panic!("{error}"));
            }
        }
    }
}

/// A file of the migration set.
pub fn migration(path: &str) -> String {
    fs::read_to_string(tree::root().join("migrations").join(path)).unwrap()
}

/// A database of its own for one test.
pub struct Database {
    url: String,
}

impl Database {
    /// With nothing in it but what every Supabase database has.
    pub async fn empty(name: &str) -> Self {
        let engine = engine().await;
        engine.drop_database(name).await.unwrap();
        engine.create_database(name).await.unwrap();
        engine.prepare(name).await.unwrap();
        Self { url: engine.url(name) }
    }

    /// With the workflow system and what it requires.
    pub async fn with_workflows(name: &str) -> Self {
        static TEMPLATE: OnceCell<&str> = OnceCell::const_new();
        let made = async || {
            let name = "workflow_template";
            let client = Self::empty(name).await.connect().await;
            for path in [SETUP, WORKFLOW] {
                // As `psql -1 -f` sends it.
                let text = format!("begin;\n{}\n;commit;", migration(path));
                client.batch_execute(&text).await.unwrap_or_else(|error| panic!("{path}: {error}"));
            }
            name
        };
        let template = TEMPLATE.get_or_init(made).await;
        let engine = engine().await;
        engine.drop_database(name).await.unwrap();
        engine.create_from_template(name, template).await.unwrap();
        Self { url: engine.url(name) }
    }

    /// A session as its owner.
    pub async fn connect(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(self.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Its address for its owner.
    pub fn url(&self) -> &str {
        &self.url
    }
}
