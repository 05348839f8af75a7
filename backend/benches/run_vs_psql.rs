//! How long a run of `complete_setup` takes, as a ratio to `psql -f` with the same file on the same server: in a
//! single transaction (`psql -1`), and statement by statement. Both get a fresh database
//! with an empty ledger each time, alternately; the run is kept in the studio's journal as in the server.
//!
//! `cargo bench -p studio-backend --bench run_vs_psql`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to print")]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use studio_backend::{
    engine::{Engine, EngineConfig, Limits, Server, Zone, locate},
    pg::{
        studio::{StateAddress, Studio},
        target::{
            Settings, Target,
            ledger::{self, Shape},
        },
    },
    services::runs::{
        Accepted, Journal, NewRun, Order, Registry, Step, journal,
        order::{checked, steps},
    },
};
use studio_kernel::{
    migration::{MigrationSet, SourceFile},
    plan::plan,
    review::{Person, PersonRole},
    run::{RunKind, RunState},
};

const FILE: &str = "20250801000000_complete_setup.sql";
const ROUNDS: usize = 25;

/// How the file is run, what psql needs for it, and the bar, as the median of the ratios.
const MODES: [(&str, &str, &[&str], f64); 2] = [
    ("in one transaction", "-- transaction: single", &["-1"], 1.1),
    ("by statement", "-- transaction: none because the benchmark asks how long that takes", &[], 1.3),
];

#[tokio::main]
async fn main() {
    let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
    let binaries = locate(explicit.as_deref()).unwrap();
    let open = fs::Permissions::from_mode(0o755);
    let folder = tempfile::Builder::new().permissions(open).tempdir().unwrap();
    let data = folder.path().join("engine");
    let config = EngineConfig { binaries: binaries.clone(), data, limits: Limits::default() };
    let engine = Engine::open(config).await.unwrap();
    let (state, engine) =
        (engine.start(Zone::State).await.unwrap(), engine.start(Zone::Target).await.unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    state.create_database("studio").await.unwrap();
    let of_state = |url: String| Target::new(&url, None, true).unwrap();
    let (owner, server) = (of_state(state.owner_url("studio")), of_state(state.url("studio")));
    let studio = Studio::open(StateAddress::Own { owner, server }).await.unwrap();
    let person =
        Person { id: "bench".to_owned(), name: "Bench".to_owned(), role: PersonRole::Admin, disabled: false };
    let insert = "insert into studio.people (id, name, role) values ('bench', 'Bench', 'admin')";
    studio.client().await.unwrap().execute(insert, &[]).await.unwrap();

    let mut slower = Vec::new();
    for (mode, header, options, bar) in MODES {
        let mut text = text.replacen(MODES[0].1, header, 1);
        if options.is_empty() {
            // Outside a transaction it would have no effect.
            text = text.replace("\nset local ", "\nset ");
        }
        let path = folder.path().join(FILE);
        fs::write(&path, &text).unwrap();
        let (mut by_psql, mut by_studio) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            fresh(&engine).await;
            by_psql.push(psql(&binaries, &engine, &path, options));
            fresh(&engine).await;
            let (studio, target, person, text) =
                (studio.clone(), target(&engine, "bench"), person.clone(), text.clone());
            // As the server does: the thread that asked does not execute.
            let run = tokio::spawn(async move { run(&studio, &target, &person, &text).await });
            by_studio.push(run.await.unwrap());
        }
        // Each run is compared with its neighbour, because a machine is slower at one time than at another.
        let pairs = by_psql.iter().zip(&by_studio);
        let ratio = median(pairs.map(|(psql, studio)| studio.as_secs_f64() / psql.as_secs_f64()).collect());
        let seconds = |times: Vec<Duration>| median(times.iter().map(Duration::as_secs_f64).collect());
        let (psql, studio) = (seconds(by_psql), seconds(by_studio));
        println!("{mode}");
        println!("  psql     {:>8.1} ms", psql * 1e3);
        println!("  studio   {:>8.1} ms", studio * 1e3);
        println!("  ratio    {ratio:>8.2}   (bar {bar})");
        slower.extend((ratio > bar).then_some(mode));
    }
    engine.stop().await;
    state.stop().await;
    assert!(slower.is_empty(), "a run is slower than the bar: {slower:?}");
}

fn target(engine: &Server, database: &str) -> Target {
    Target::new(&engine.url(database), None, true).unwrap()
}

async fn fresh(engine: &Server) {
    engine.drop_database("bench").await.unwrap();
    engine.create_database("bench").await.unwrap();
    engine.prepare("bench").await.unwrap();
    // A database has a ledger after its first run; making it is no part of the others.
    let session = target(engine, "bench").open("bench").await.unwrap();
    ledger::create(&session, &Shape::read(&session).await.unwrap()).await.unwrap();
    session.close().await;
}

fn psql(binaries: &Path, engine: &Server, file: &Path, options: &[&str]) -> Duration {
    let url = engine.url("bench");
    let began = Instant::now();
    let status = Command::new(binaries.join("bin/psql"))
        .args(["--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1"])
        .args(options)
        .arg("-f")
        .arg(file)
        .arg(url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    began.elapsed()
}

async fn run(studio: &Studio, target: &Target, person: &Person, text: &str) -> Duration {
    let began = Instant::now();
    let set = MigrationSet::new([SourceFile { path: FILE.to_owned(), text: text.to_owned() }]);
    let plan = plan(&set, &[FILE], &BTreeSet::new());
    let mut client = studio.client().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let wish = NewRun {
        kind: RunKind::Apply,
        change: None,
        title: FILE,
        target: target.name(),
        person,
        digest: None,
        idempotency_key: None,
        read_only: false,
        steps: steps(&plan),
    };
    let accepted = journal::insert(&transaction, wish).await.unwrap();
    transaction.commit().await.unwrap();
    drop(client);
    let Accepted::New(start) = accepted else { unreachable!("no key was given") };
    let run = Registry::default().admit(&start);
    let journal = Journal::keep(studio, &run);
    let planned = run.steps().remove(0);
    let text = checked(planned.file.as_ref().unwrap(), text.as_bytes().to_vec()).unwrap();
    let steps = [Step { index: 0, planned, text }];
    let order = Order { run: &run, journal: &journal, target, by: "Bench", settings: Settings::default() };
    let (state, summary) = order.apply(&steps).await;
    assert_eq!(state, RunState::Done, "{summary}");
    run.emit(studio_kernel::run::RunEventKind::Ended { state, summary });
    journal.flush().await.unwrap();
    began.elapsed()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
