//! The server's log: one event is one line, whatever the texts are that clients send.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
};

use serde_json::{Value, json};

use crate::{
    bench::{Bench, on_runtime},
    process::Server,
};

/// Ends a line, moves the cursor, ends a line for other readers, turns the direction of reading.
const FORGED: &str =
    "x\n1999-01-01T00:00:00Z  WARN forged: all is well\r\u{1b}[2K\u{9b}1A\u{2028}forged\u{85}forged\u{202e}";

#[test]
fn no_text_of_a_client_makes_a_line_of_its_own() {
    for format in ["text", "json"] {
        on_runtime(async {
            let bench = Bench::new(&format!("log_{format}")).await;
            let state = Bench::new(&format!("log_state_{format}")).await;
            let folder = tempfile::tempdir().unwrap();
            let kept = tempfile::tempdir().unwrap();
            let log = kept.path().join("log");
            let server = Server::told(folder.path(), &bench, &state.database, |command| {
                command.args(["--log-format", format]).arg("--audit-anchor").arg(kept.path().join("heads"));
                command.env("RUST_LOG", "studio_backend=trace").stderr(File::create(&log).unwrap())
            });
            let cookie = server.sign_in();
            let file = json!({ "path": FORGED, "text": "select 1;" });
            for (method, path, body) in [
                ("PUT", "/api/people/x", json!({ "role": FORGED })),
                ("PUT", "/api/me", json!({ "name": FORGED })),
                ("PUT", "/api/me", json!({ FORGED: 1 })),
                ("POST", "/api/session", json!({ "token": FORGED, "name": FORGED })),
                ("POST", "/api/validations", json!({ "path": format!("{FORGED}.sql") })),
                ("POST", "/api/changes", json!({ "title": FORGED, "description": FORGED, "files": [file] })),
                (
                    "POST",
                    "/api/changes/1/runs",
                    json!({ "expected_digest": FORGED, "idempotency_key": FORGED }),
                ),
                ("POST", "/api/changes/%0aforged/runs", json!({ FORGED: FORGED })),
                ("GET", "/api/files?path=%0aforged", Value::Null),
                ("FORGED", "/api/me", json!(FORGED)),
            ] {
                server.send(method, path, &cookie, &body);
            }
            server.send(
                "GET",
                "/api/me\r\nUser-Agent: forged\u{85}forged\r\nX-Forged: ",
                &cookie,
                &Value::Null,
            );
            server.stop();
            let log = fs::read_to_string(&log).unwrap();
            let quoting = log.lines().filter(|line| line.contains("forged")).count();
            assert!(quoting >= 4, "{quoting} events quote the texts, and this test needs some: {log}");
            for line in log.split('\n').filter(|line| !line.is_empty()) {
                let begins = match format {
                    "json" => {
                        serde_json::from_str::<Value>(line).is_ok_and(|event| event["level"].is_string())
                    }
                    // Ours says its module; the forged one has a time that is long ago.
                    _ => line.starts_with("20") && line.contains(" studio_backend"),
                };
                assert!(begins, "no event of ours: {line:?}");
                let acts = |letter: char| letter.is_control() || "\u{2028}\u{2029}\u{202e}".contains(letter);
                assert!(!line.contains(acts), "{line:?}");
            }
        });
    }
}

#[test]
fn the_sign_in_link_is_in_a_file_of_its_own_and_not_in_the_output() {
    on_runtime(async {
        let bench = Bench::new("link").await;
        let state = Bench::new("link_state").await;
        let folder = tempfile::tempdir().unwrap();
        let kept = tempfile::tempdir().unwrap();
        let log = kept.path().join("log");
        let server = Server::told(folder.path(), &bench, &state.database, |command| {
            command.arg("--audit-anchor").arg(kept.path().join("heads"));
            command.env("RUST_LOG", "trace").stderr(File::create(&log).unwrap())
        });
        let cookie = server.sign_in();
        let (said, link, token) = server.start_link();
        assert_eq!(fs::metadata(link).unwrap().permissions().mode() & 0o777, 0o600);
        let (_, session) = cookie.split_once('=').unwrap();
        let log = fs::read_to_string(&log).unwrap();
        assert!(!log.is_empty() && said.contains("/sign-in"), "{said}");
        for secret in [token, session] {
            assert!(!said.contains(secret) && !log.contains(secret), "{said}{log}");
        }
        server.stop();
    });
}
