//! One engine for all tests of this program, a database for each, and a way to run texts on it.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use studio_backend::{
    engine::{Engine, EngineConfig, EngineError, Limits, Server, Zone, locate},
    pg::target::{Settings, Target},
    services::runs::{
        Journal, LiveRun, Order, Step,
        order::{checked, steps},
    },
};
use studio_kernel::{
    migration::{MigrationSet, SourceFile},
    plan,
    run::{RunKind, RunState, RunView, event::RunStep},
};
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_postgres::{Client, Config, NoTls};

/// Nothing that is waited for takes longer, unless it never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap())
}

/// A test that waits for what never comes fails after this time, with its name, instead of holding up all others.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// Runs a test on the one runtime that the engine lives in.
pub(crate) fn on_runtime(test: impl Future<Output = ()>) {
    let ended = runtime().block_on(async { tokio::time::timeout(LONGEST, test).await });
    assert!(ended.is_ok(), "the test waits for what never comes");
}

static ENGINE: tokio::sync::OnceCell<Server> = tokio::sync::OnceCell::const_new();

async fn engine() -> &'static Server {
    ENGINE.get_or_init(start).await
}

/// The address of a database that a [`Bench`] has made.
pub(crate) fn engine_url(database: &str) -> String {
    ENGINE.get().unwrap().url(database)
}

/// The same by the network of this machine, where something between listens on `between`.
pub(crate) fn engine_url_by(between: SocketAddr, database: &str) -> String {
    let config: Config = engine_url(database).parse().unwrap();
    let user = config.get_user().unwrap_or("postgres");
    let password = String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned();
    format!("postgresql://{user}:{password}@{between}/{database}?sslmode=disable")
}

/// Asks whether a run sleeps in a statement of its own.
pub(crate) fn sleeping(run: &str) -> String {
    format!(
        "select exists (select from pg_stat_activity where application_name = '{run}' and wait_event = 'PgSleep')"
    )
}

/// The folder stays between runs of the tests, because a second start is ten times as fast as a first one.
async fn start() -> Server {
    let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
    let binaries = locate(explicit.as_deref()).unwrap_or_else(|error| panic!("{error}"));
    let of_checkout = plan::Digest::of(env!("CARGO_MANIFEST_DIR").as_bytes());
    let parent = std::env::temp_dir().join(format!("studio-tests-{}", of_checkout.short()));
    fs::create_dir_all(&parent).unwrap();
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o755)).unwrap();
    let begin = Instant::now();
    loop {
        let config =
            EngineConfig { binaries: binaries.clone(), data: parent.join("runs"), limits: Limits::default() };
        match Engine::open(config).await {
            // Another run of the same tests has it; it will not take long.
            Err(EngineError::InUse { .. }) if begin.elapsed() < PATIENCE * 4 => {
                tokio::task::yield_now().await
            }
            other => {
                let engine = other.unwrap_or_else(|error| panic!("{error}"));
                return engine.start(Zone::Target).await.unwrap_or_else(|error| panic!("{error}"));
            }
        }
    }
}

/// A database of its own for one test, prepared as Supabase's are.
pub(crate) struct Bench {
    pub(crate) database: String,
    pub(crate) target: Target,
    pub(crate) client: Client,
}

impl Bench {
    pub(crate) async fn new(name: &str) -> Self {
        let (engine, database) = (engine().await, format!("runs_{name}"));
        engine.drop_database(&database).await.unwrap();
        engine.create_database(&database).await.unwrap();
        engine.prepare(&database).await.unwrap();
        Self::open(engine, database).await
    }

    /// A database whose runs are a superuser's, as on a server where DATABASE_URL names one.
    pub(crate) async fn for_superuser(name: &str) -> Self {
        let bench = Self::new(name).await;
        let url = ENGINE.get().unwrap().superuser_url(&bench.database);
        let target = Target::new(&url, None, true).unwrap();
        Self { target, client: connect(&url).await, ..bench }
    }

    /// A copy of another test's database, which nobody may be using.
    pub(crate) async fn copy(name: &str, of: &str) -> Self {
        let (engine, database) = (engine().await, format!("runs_{name}"));
        engine.drop_database(&database).await.unwrap();
        engine.create_from_template(&database, &format!("runs_{of}")).await.unwrap();
        Self::open(engine, database).await
    }

    async fn open(engine: &Server, database: String) -> Self {
        let url = engine.url(&database);
        let target = Target::new(&url, None, true).unwrap();
        let client = connect(&url).await;
        Self { database, target, client }
    }

    /// The folder of the server's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        ENGINE.get().unwrap().socket()
    }

    /// Applies the forward files of `files`, or whatever their roles say, in the order given.
    pub(crate) async fn run(&self, files: &[(&str, &str)]) -> RunView {
        let run = self.prepare(RunKind::Apply, files).await;
        run.go().await
    }

    /// Runs the only file of `files` as a validation.
    pub(crate) async fn validate(&self, text: &str) -> RunView {
        let run = self.prepare(RunKind::Validate, &[("validate/validate_it.sql", text)]).await;
        run.go().await
    }

    /// The same, as for somebody who may only read there.
    pub(crate) async fn validate_reading(&self, text: &str) -> RunView {
        let run = self.prepare(RunKind::Validate, &[("validate/validate_it.sql", text)]).await;
        run.go_with(Settings { read_only: true, ..Settings::default() }).await
    }

    pub(crate) async fn prepare(&self, kind: RunKind, files: &[(&str, &str)]) -> Prepared {
        let sources = files.iter().copied().map(SourceFile::from);
        let set = MigrationSet::new(sources);
        let applied: BTreeSet<String> = self.versions().await.into_iter().collect();
        let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
        let plan = plan::plan(&set, &paths, &applied);
        assert_eq!(plan.refusals, [], "{paths:?}");
        let planned = steps(&plan);
        let with_text = planned.iter().enumerate().map(|(index, planned)| {
            let file = planned.file.as_ref().unwrap();
            let bytes = set.get(&file.path).unwrap().text.clone().into_bytes();
            Step { index, planned: planned.clone(), text: checked(file, bytes).unwrap() }
        });
        let with_text = with_text.collect();
        Prepared { target: self.target.clone(), run: live(kind, &self.target, planned), steps: with_text }
    }

    /// The ledger's versions; none when there is no ledger.
    pub(crate) async fn versions(&self) -> Vec<String> {
        let exists = "select to_regclass('supabase_migrations.schema_migrations') is not null";
        if !self.client.query_one(exists, &[]).await.unwrap().get::<_, bool>(0) {
            return Vec::new();
        }
        let sql = "select version from supabase_migrations.schema_migrations order by version";
        self.client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// The first column of the first row, as text.
    pub(crate) async fn ask(&self, sql: &str) -> String {
        let sql = format!("select ({sql})::text");
        self.client.query_one(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0)
    }

    /// Waits until a question is answered with `true`.
    pub(crate) async fn until(&self, sql: &str) {
        let begin = Instant::now();
        while self.ask(sql).await != "true" {
            assert!(begin.elapsed() < PATIENCE, "it never came true: {sql}");
            tokio::task::yield_now().await;
        }
    }
}

/// A run that has not begun.
pub(crate) struct Prepared {
    target: Target,
    pub(crate) run: Arc<LiveRun>,
    steps: Vec<Step>,
}

impl Prepared {
    /// The same run by another way to its target.
    pub(crate) fn through(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// Executes it beside the test.
    pub(crate) fn begin(self: &Arc<Self>) -> JoinHandle<RunView> {
        let prepared = Arc::clone(self);
        tokio::spawn(async move { prepared.go().await })
    }

    pub(crate) async fn go(&self) -> RunView {
        self.go_with(Settings { lock_timeout: Duration::from_millis(200), ..Settings::default() }).await
    }

    pub(crate) async fn go_with(&self, settings: Settings) -> RunView {
        let journal = Journal::none();
        let order = Order { run: &self.run, journal: &journal, target: &self.target, by: "Ada", settings };
        let (state, summary) = match self.run.kind() {
            RunKind::Validate => order.validate(&self.steps).await,
            RunKind::Apply | RunKind::DryRun => order.apply(&self.steps).await,
        };
        let mut view = self.run.view();
        (view.state, view.summary) = (state, summary);
        view
    }
}

fn live(kind: RunKind, target: &Target, steps: Vec<RunStep>) -> Arc<LiveRun> {
    let id = uuid::Uuid::now_v7().to_string();
    Arc::new(LiveRun::begin(id, kind, target.name(), steps))
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// State and summary, to compare both at once.
pub(crate) fn said(view: &RunView) -> (RunState, &str) {
    (view.state, &view.summary)
}
