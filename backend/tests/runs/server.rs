//! The whole server as a process: killed while a run is under way, started again, asked what happened.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use serde_json::{Value, json};

use crate::bench::{Bench, PATIENCE, engine_url, on_runtime};

const SLOW: &str = "create schema if not exists app;\nselect pg_sleep(600);\n";
const PATH: &str = "20260101000000_slow.sql";

/// A server that is killed when the test ends, however it ends.
struct Server {
    process: Child,
    address: String,
    token: String,
}

impl Server {
    fn start(migrations: &Path, bench: &Bench, state: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_studio"))
            .args(["serve", "--listen", "127.0.0.1:0", "--migrations"])
            .arg(migrations)
            .env("DATABASE_URL", engine_url(&bench.database))
            .env("STUDIO_STATE_URL", engine_url(state))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let link = lines.find_map(|line| {
            line.unwrap().split_once("/sign-in#token=").map(|(a, b)| (a.trim().to_owned(), b.to_owned()))
        });
        let (origin, token) = link.unwrap();
        // Whoever stops reading would stop the server at its next word.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address: origin.trim_start_matches("http://").to_owned(), token }
    }

    fn sign_in(&self) -> String {
        let (head, _) = self.send("POST", "/api/session", "", &json!({"token": self.token, "name": null}));
        let cookie = head.lines().find_map(|line| {
            line.to_lowercase().starts_with("set-cookie:").then(|| line[11..].trim().to_owned())
        });
        cookie.unwrap().split(';').next().unwrap().to_owned()
    }

    fn ask(&self, method: &str, path: &str, cookie: &str, body: &Value) -> Value {
        let (head, body) = self.send(method, path, cookie, body);
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {head}\n{body}");
        serde_json::from_str(&body).unwrap()
    }

    fn send(&self, method: &str, path: &str, cookie: &str, body: &Value) -> (String, String) {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {cookie}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {1}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// Opens, approves and starts a change of one file; answers with the run's id.
    fn run(&self, cookie: &str) -> String {
        let wish = json!({"title": "Slow", "description": "", "files": [{"path": PATH, "text": SLOW}]});
        let change = self.ask("POST", "/api/changes", cookie, &wish);
        let (id, digest) = (&change["id"], &change["digest"]);
        let decision = json!({"expected_digest": digest, "decision": "approve", "note": ""});
        self.ask("POST", &format!("/api/changes/{id}/approvals"), cookie, &decision);
        let start = json!({"expected_digest": digest, "idempotency_key": "0123456789abcdef"});
        let run = self.ask("POST", &format!("/api/changes/{id}/runs"), cookie, &start);
        run["id"].as_str().unwrap().to_owned()
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already when the test killed it itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn after_a_kill_the_ledger_and_the_run_agree() {
    on_runtime(async {
        let bench = Bench::new("server_killed").await;
        let state = Bench::new("server_killed_state").await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PATH), SLOW).unwrap();

        let server = Server::start(folder.path(), &bench, &state.database);
        let run = server.run(&server.sign_in());
        bench.until(&format!("select exists (select from pg_stat_activity where application_name = '{run}' and wait_event = 'PgSleep')")).await;
        server.kill();

        let server = Server::start(folder.path(), &bench, &state.database);
        let cookie = server.sign_in();
        let shown = server.ask("GET", &format!("/api/runs/{run}"), &cookie, &Value::Null);
        assert_eq!(shown["run"]["state"], "failed");
        assert_eq!(
            shown["run"]["summary"],
            "The server was stopped while this run was under way. Nothing of this run is in the database."
        );
        let states: Vec<_> = shown["view"]["steps"][0]["segments"][0]["statements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|statement| statement["state"].clone())
            .collect();
        assert_eq!(states, ["rolled_back", "failed"]);
        assert_eq!(bench.versions().await, Vec::<String>::new());
        assert_eq!(bench.ask("select to_regnamespace('app') is null").await, "true");
        assert_eq!(
            bench
                .ask(&format!("select count(*) from pg_stat_activity where application_name = '{run}'"))
                .await,
            "0"
        );
    });
}

#[test]
fn a_cancelled_run_streams_its_end() {
    on_runtime(async {
        let bench = Bench::new("server_cancelled").await;
        let state = Bench::new("server_cancelled_state").await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PATH), SLOW).unwrap();

        let server = Server::start(folder.path(), &bench, &state.database);
        let cookie = server.sign_in();
        let run = server.run(&cookie);
        bench.until(&format!("select exists (select from pg_stat_activity where application_name = '{run}' and wait_event = 'PgSleep')")).await;
        server.ask("POST", &format!("/api/runs/{run}/cancel"), &cookie, &json!({}));
        // The stream ends by itself with the run's last event.
        let began = Instant::now();
        let (_, events) =
            server.send("GET", &format!("/api/runs/{run}/events?after=1"), &cookie, &Value::Null);
        assert!(began.elapsed() < PATIENCE);
        assert!(
            !events.contains("\"event\":\"queued\"") && events.contains("\"state\":\"cancelled\""),
            "{events}"
        );
        let shown = server.ask("GET", &format!("/api/runs/{run}"), &cookie, &Value::Null);
        assert_eq!(shown["run"]["state"], "cancelled");
    });
}
