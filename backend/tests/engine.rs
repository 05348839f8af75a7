//! The embedded PostgreSQL against real server programs: starts, stops, accidents, databases.
//! Without an engine these tests fail and say how to get one; nothing is skipped.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use studio_backend::engine::{Engine, EngineConfig, EngineError, Limits, Server, Source, Zone, locate};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// A folder that PostgreSQL's unprivileged user can enter.
fn folder() -> TempDir {
    let open = fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("engine-").permissions(open).tempdir().unwrap()
}

fn config(data: &Path) -> EngineConfig {
    let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
    let binaries = locate(explicit.as_deref()).unwrap_or_else(|error| panic!("{error}"));
    EngineConfig { binaries, data: data.to_owned(), limits: Limits::default() }
}

async fn start(data: &Path) -> Server {
    let engine = Engine::open(config(data)).await.unwrap_or_else(|error| panic!("{error}"));
    engine.start(Zone::Target).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn connect(engine: &Server, database: &str) -> Client {
    connect_to(&engine.url(database)).await
}

async fn connect_to(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn ask(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0)
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap()).unwrap()
}

fn is_gone(number: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    // A process that nobody has collected yet is gone as well.
    stat.is_empty() || stat.contains(") Z ")
}

#[tokio::test]
async fn data_survives_a_stop_and_a_second_start() {
    let folder = folder();
    let data = folder.path().join("data");
    let engine = start(&data).await;
    let (first_pid, first_url) = (engine.pid(), engine.url("app"));
    engine.create_database("app").await.unwrap();
    let client = connect(&engine, "app").await;
    client.batch_execute("create table kept as select 42::text as answer").await.unwrap();
    engine.stop().await;
    assert!(is_gone(first_pid), "the server outlives `stop`");
    assert!(!data.join("target/data/postmaster.pid").exists(), "the stop was not clean");

    let engine = start(&data).await;
    let second_url = engine.url("app");
    assert_eq!(first_url, second_url, "the address changed");
    assert_eq!(ask(&connect(&engine, "app").await, "select answer from kept").await, "42");
    engine.stop().await;
}

#[tokio::test]
async fn it_is_safe_and_complete() {
    let folder = folder();
    let data = folder.path().join("data");
    let engine = start(&data).await;
    engine.create_database("app").await.unwrap();
    engine.prepare("app").await.unwrap();
    let client = connect(&engine, "app").await;
    let version = ask(&client, "show server_version").await;
    assert!(version.starts_with(engine.version()), "{version} is not {}", engine.version());
    for (sql, expected) in [
        ("show fsync", "on"),
        ("show full_page_writes", "on"),
        ("show synchronous_commit", "on"),
        ("show listen_addresses", ""),
        ("show server_encoding", "UTF8"),
        ("show data_checksums", "on"),
        ("show is_superuser", "off"),
        ("select session_user::text", "postgres"),
        ("select upper('ä')", "Ä"),
    ] {
        assert_eq!(ask(&client, sql).await, expected, "{sql}");
    }
    for extension in ["vector", "pgcrypto", "uuid-ossp", "pg_trgm"] {
        client.batch_execute(&format!("create extension if not exists \"{extension}\"")).await.unwrap();
    }
    assert_eq!(ask(&client, "select ('[1,2]'::vector <-> '[1,4]')::text").await, "2");

    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(data.join("target/socket")), 0o700);
    assert_eq!(mode(data.join("target/data")), 0o700);
    assert_eq!(mode(data.join("target/postgres.log")), 0o600);
    engine.stop().await;
}

#[tokio::test]
async fn databases_are_prepared_copied_and_dropped() {
    let folder = folder();
    let engine = start(&folder.path().join("data")).await;
    let odd_name = "copy \"of\" base/1?";
    engine.create_database("base").await.unwrap();
    for _again in 0..2 {
        engine.prepare("base").await.unwrap();
    }
    engine.create_from_template(odd_name, "base").await.unwrap();
    let copy = connect(&engine, odd_name).await;
    assert_eq!(ask(&copy, "select coalesce(auth.role(), 'nobody')").await, "nobody");

    let taken = engine.create_database("base").await.unwrap_err();
    assert!(matches!(&taken, EngineError::Database { code: Some(code), .. } if code == "42P04"));
    // Though `copy` is still connected.
    engine.drop_database(odd_name).await.unwrap();
    engine.drop_database(odd_name).await.unwrap();
    let left = "select count(*)::text from pg_database where datname like 'copy%'";
    assert_eq!(ask(&connect(&engine, "base").await, left).await, "0");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_are_whole_whoever_copies_and_makes_checkpoints_meanwhile() {
    let folder = folder();
    let engine = Engine::open(config(&folder.path().join("data"))).await.unwrap();
    let server = engine.start(Zone::Target).await.unwrap();
    server.create_database("app").await.unwrap();
    let client = connect(&server, "app").await;
    client.batch_execute("create table kept as select 42::text as answer").await.unwrap();
    let restless = connect_to(&server.superuser_url("app")).await;
    let copying = async {
        for round in 0..2 {
            let ids = ["a", "b", "c"].map(|name| format!("{name}{round}"));
            let copies = ids.iter().map(|id| engine.prove(id, Source::Server(&server)));
            for copy in futures_util::future::join_all(copies).await {
                let copy = copy.unwrap_or_else(|error| panic!("{error}"));
                let copied = connect_to(&copy.url("app")).await;
                assert_eq!(ask(&copied, "select answer from kept").await, "42");
                copy.stop().await.unwrap();
            }
        }
    };
    let checkpoints = async {
        loop {
            restless.query("select pg_switch_wal()", &[]).await.unwrap();
            restless.batch_execute("checkpoint").await.unwrap();
        }
    };
    tokio::select! {
        () = copying => {}
        () = checkpoints => {}
    }
    drop(restless);
    server.stop().await;
}

#[tokio::test]
async fn a_folder_has_one_owner_and_is_never_taken_from_others() {
    let folder = folder();
    let data = folder.path().join("data");
    let engine = start(&data).await;
    let second = Engine::open(config(&data)).await.unwrap_err();
    assert!(matches!(second, EngineError::InUse { .. }), "{second}");
    assert!(second.to_string().contains(&std::process::id().to_string()), "{second}");
    engine.stop().await;

    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("letter.txt"), "dear").unwrap();
    let refused = Engine::open(config(&foreign)).await.unwrap_err();
    assert!(matches!(refused, EngineError::Foreign(_)), "{refused}");

    fs::write(data.join("target/data/PG_VERSION"), "9\n").unwrap();
    let engine = Engine::open(config(&data)).await.unwrap();
    let old = engine.start(Zone::Target).await.unwrap_err();
    assert!(matches!(&old, EngineError::WrongMajor { found, .. } if found == "9"), "{old}");
}

#[tokio::test]
async fn a_killed_server_recovers_what_was_committed() {
    let folder = folder();
    let data = folder.path().join("data");
    let engine = start(&data).await;
    engine.create_database("app").await.unwrap();
    let client = connect(&engine, "app").await;
    client.batch_execute("create table kept as select 'yes' as answer").await.unwrap();
    kill_process(pid(engine.pid()), Signal::KILL).unwrap();
    engine.stop().await;
    assert!(data.join("target/data/postmaster.pid").exists(), "nothing is stale, so nothing is tested");

    let engine = start(&data).await;
    assert_eq!(ask(&connect(&engine, "app").await, "select answer from kept").await, "yes");
    engine.stop().await;
}

#[tokio::test]
async fn a_stale_pid_file_that_names_a_stranger_is_no_obstacle() {
    let folder = folder();
    let data = folder.path().join("data");
    start(&data).await.stop().await;
    let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
    let stale = data.join("target/data/postmaster.pid");
    for text in [format!("{}\n{}\n", stranger.id(), data.join("target/data").display()), String::new()] {
        fs::write(&stale, text).unwrap();
        start(&data).await.stop().await;
    }
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was harmed");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

/// Names the folder of the process that the test below starts and kills.
const HELPER: &str = "ENGINE_TEST_HELPER";

/// Not a test by itself: the body of the helper process, which owns an engine until it is killed.
#[tokio::test]
async fn helper_process() {
    let Some(data) = std::env::var_os(HELPER) else { return };
    let engine = start(Path::new(&data)).await;
    println!("\nserver={}", engine.pid());
    std::future::pending::<()>().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_killed_studio_leaves_no_server_and_the_next_one_starts() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{PidfdFlags, pidfd_open};
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let folder = folder();
    let data = folder.path().join("data");
    let mut helper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "helper_process", "--nocapture"])
        .env(HELPER, &data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(helper.stdout.take().unwrap()).lines().map(Result::unwrap);
    let server = lines.find_map(|line| line.strip_prefix("server=")?.parse().ok());
    let server: u32 = server.expect("the helper process says its server's number");

    let end = pidfd_open(pid(server), PidfdFlags::empty()).unwrap();
    helper.kill().unwrap();
    helper.wait().unwrap();
    let within = Timespec { tv_sec: 20, tv_nsec: 0 };
    let ended = poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&within)).unwrap();
    assert!(ended == 1 && is_gone(server), "the server outlives its studio");

    let engine = start(&data).await;
    assert_ne!(engine.pid(), server);
    engine.stop().await;
}
