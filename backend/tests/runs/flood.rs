//! One author and many strangers ask for as much as they can, all at once, of a studio with an engine of its own.
//! An admin is answered all the while, a run on the target ends right, and nothing is left behind.
//! How long the admin waits is measured by the benchmark `under_attack`, which runs the same flood.

use std::{
    fs,
    io::Write,
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::process::Server;

/// An unoptimised kernel is ten times as slow, so its flood is a tenth as high.
const HEIGHT: usize = if cfg!(debug_assertions) { 1 } else { 10 };

/// A change of this many bytes is read again with each look at the list.
const LARGE: usize = 43_000 * HEIGHT;

/// Statements of one change: as many as the server takes.
const STATEMENTS: usize = 10_000 * HEIGHT;

/// Actions of one statement.
const ACTIONS: usize = 4_000 * HEIGHT;

/// Bytes of one notice.
const NOTICE: usize = 60_000_000;

/// Dry runs that one person asks for.
const DRY_RUNS: usize = 130;

/// Connections that never end their head, and bodies that never end.
const HALF_HEADS: usize = 400;
const HALF_BODIES: usize = 12;

/// Connections of somebody who has signed in, and who asks for nothing more.
const HELD: usize = 200;

/// Long bodies that an author begins and never ends.
const LONG_BODIES: usize = 20;

/// Threads that ask for lists and changes, and how often each does.
const READERS: usize = 10;
const READS: usize = 12;

/// What the flood has shown.
#[derive(Debug)]
pub(crate) struct Flood {
    /// How long each request of the admin took, in order of length.
    pub(crate) waits: Vec<Duration>,
    /// The most memory that the studio's process had at once.
    pub(crate) memory: u64,
    /// Dry runs that were let in, and those that were refused.
    pub(crate) dry_runs: [usize; 2],
}

fn many(unit: impl Fn(usize) -> String, bytes: usize) -> String {
    let mut text = String::new();
    for index in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&unit(index));
    }
    text
}

fn columns() -> String {
    let actions: Vec<String> = (0..ACTIONS).map(|index| format!("add column c{index} text")).collect();
    format!(
        "create table if not exists public.wide (id bigint primary key);\nalter table public.wide {};\n",
        actions.join(", ")
    )
}

/// The status of an answer; 0 when the connection was closed instead.
fn status(server: &Server, method: &str, path: &str, cookie: &str) -> u16 {
    let head = server.try_send(method, path, cookie).unwrap_or_default();
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Opens a connection, sends the beginning of a request, and never the rest.
fn half(server: &Server, beginning: &[u8]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server.address()).ok()?;
    // It may be refused in the middle, which is right.
    let _ = stream.write_all(beginning);
    Some(stream)
}

/// Runs the whole flood and checks what must hold whatever the machine.
pub(crate) fn flood() -> Flood {
    let folder = tempfile::tempdir().unwrap();
    let open = fs::Permissions::from_mode(0o755);
    let data = tempfile::Builder::new().permissions(open).tempdir().unwrap();
    let data = data.path().join("engine");
    let server = Server::with_engine(folder.path(), &data);
    let admin = server.sign_in();
    let eve = server.join(&admin, "Eve", "author");
    let vera = server.join(&admin, "Vera", "viewer");

    let table =
        |index| format!("create table if not exists public.t{index} (id bigint primary key, name text);\n");
    let large: Vec<Value> = (1..=2)
        .map(|number| server.open(&eve, &format!("2026010100000{number}_large.sql"), &many(table, LARGE)))
        .collect();
    let wide = server.open(&eve, "20260101000003_wide.sql", &columns());
    let notice = format!("do $$ begin raise notice '%', repeat('x', {NOTICE}); end $$;\n");
    let loud = server.open(&eve, "20260101000004_loud.sql", &notice);
    let rows = server.open(&eve, "20260101000006_rows.sql", &"select 1;\n".repeat(STATEMENTS));
    // Two hundred statements, each of which the journal notes.
    let steps = "select pg_sleep(0.02);\n".repeat(200);
    let text = format!("create schema if not exists kept;\n{steps}");
    let run = server.run(&admin, "20260101000005_kept.sql", &text);

    let id = |change: &Value| change["id"].as_i64().unwrap();
    let mut reads = vec!["/api/changes".to_owned(), "/api/migrations".to_owned()];
    reads.extend(large.iter().chain([&wide, &rows]).map(|change| format!("/api/changes/{}", id(change))));
    let dry_runs = [&loud, &wide, &rows].map(|change| format!("/api/changes/{}/dry-runs", id(change)));
    // The first of them runs while everybody looks at it.
    let shown = server.ask("POST", &dry_runs[2], &eve, &Value::Null);
    reads.push(format!("/api/runs/{}", shown["id"].as_str().unwrap()));

    let over = AtomicBool::new(false);
    let half_head = b"GET /api/me HTTP/1.1\r\nHost: ".to_vec();
    let half_body = format!(
        "POST /api/session HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nContent-Type: application/json\r\n\
         Content-Length: 31000000\r\n\r\n{1}",
        server.address(),
        "x".repeat(1 << 20)
    );
    let long_body = format!(
        "POST /api/changes HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {eve}\r\n\
         Content-Type: application/json\r\nContent-Length: 15000000\r\n\r\n{1}",
        server.address(),
        "x".repeat(1 << 20)
    );
    let asked = format!("GET /api/me HTTP/1.1\r\nHost: {}\r\nCookie: {vera}\r\n\r\n", server.address());
    let (waits, let_in) = thread::scope(|scope| {
        let strangers = scope.spawn(|| {
            let heads = (0..HALF_HEADS).map(|_| half(&server, &half_head));
            let bodies = (0..HALF_BODIES).map(|_| half(&server, half_body.as_bytes()));
            let long = (0..LONG_BODIES).map(|_| half(&server, long_body.as_bytes()));
            let signed_in = (0..HELD).map(|_| half(&server, asked.as_bytes()));
            let held: Vec<Option<TcpStream>> = signed_in.chain(heads).chain(bodies).chain(long).collect();
            while !over.load(Ordering::Relaxed) {
                thread::yield_now();
                thread::sleep(Duration::from_millis(5));
            }
            drop(held);
        });
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let (reads, server) = (&reads, &server);
                let who = if reader % 2 == 0 { &eve } else { &vera };
                scope.spawn(move || {
                    for read in 0..READS {
                        status(server, "GET", &reads[(reader + read) % reads.len()], who);
                    }
                })
            })
            .collect();
        let asking = scope.spawn(|| {
            let statuses = (0..DRY_RUNS).map(|index| status(&server, "POST", &dry_runs[index % 3], &eve));
            statuses.collect::<Vec<u16>>()
        });
        let waiting = scope.spawn(|| {
            let mut waits = Vec::new();
            while !over.load(Ordering::Relaxed) {
                for path in ["/api/me", "/api/people", "/api/runs"] {
                    let began = Instant::now();
                    let status = status(&server, "GET", path, &admin);
                    waits.push(began.elapsed());
                    assert_eq!(status, 200, "the admin asked for {path}");
                }
                thread::sleep(Duration::from_millis(20));
            }
            waits
        });
        let let_in = asking.join().unwrap();
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        let ended = server.end_of(&admin, &run);
        over.store(true, Ordering::Relaxed);
        assert_eq!(ended["run"]["state"], "done", "{}", ended["run"]["summary"]);
        strangers.join().unwrap();
        (waiting.join().unwrap(), let_in)
    });

    let accepted = let_in.iter().filter(|status| **status == 200).count();
    let refused = let_in.iter().filter(|status| **status == 429).count();
    assert_eq!(accepted + refused, DRY_RUNS, "{let_in:?}");
    assert!(accepted > 0 && refused > accepted, "{accepted} accepted, {refused} refused");
    every_run_ends(&server, &admin);
    assert_eq!(fs::read_dir(data.join("proofs")).unwrap().count(), 0, "nothing is left of the copies");
    let memory = server.most_memory();
    server.stop();
    let mut waits = waits;
    waits.sort();
    Flood { waits, memory, dry_runs: [accepted, refused] }
}

/// Follows every run to its end; a loud one was done, with what it said cut.
fn every_run_ends(server: &Server, admin: &str) {
    let runs = server.ask("GET", "/api/runs", admin, &Value::Null);
    for run in runs["runs"].as_array().unwrap() {
        let ended = server.end_of(admin, run["id"].as_str().unwrap());
        assert!(!ended["run"]["ended"].is_null(), "{}", ended["run"]);
        let size = ended.to_string().len();
        assert!(size < 48 << 20, "an answer of {size} bytes");
    }
}

#[test]
fn an_admin_is_answered_and_a_run_ends_right_whatever_others_ask_for() {
    let flood = flood();
    let [accepted, refused] = flood.dry_runs;
    let (requests, memory) = (flood.waits.len(), flood.memory >> 20);
    println!(
        "{requests} requests of the admin, {memory} MB at most, {accepted} dry runs let in, {refused} refused"
    );
    assert!(flood.waits.len() > 20, "the flood was over too soon to show anything: {flood:?}");
    assert!(flood.memory < 1 << 30, "{} MB", flood.memory >> 20);
}
