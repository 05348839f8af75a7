//! What an author may try in a dry run, which nobody has approved: each of the attempts alone, on a whole studio with
//! an engine of its own. After each, everything outside the copy is as it was, and the copy is gone.

mod attempts;
mod outside;

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::{bench::on_runtime, process::Server};

use attempts::ATTEMPTS;
use outside::Outside;

/// Where a file must not appear and none may change: everybody may write there.
const OPEN: u32 = 0o777;

#[test]
fn nothing_that_an_author_tries_in_a_dry_run_reaches_outside_the_copy() {
    on_runtime(async {
        let open = |mode| fs::Permissions::from_mode(mode);
        let home = tempfile::Builder::new().permissions(open(0o755)).tempdir().unwrap();
        let [data, set, outside] = ["data", "set", "outside"].map(|name| home.path().join(name));
        for folder in [&set, &outside] {
            fs::create_dir(folder).unwrap();
        }
        fs::set_permissions(&outside, open(OPEN)).unwrap();
        fs::write(outside.join("canary"), "untouched").unwrap();
        fs::set_permissions(outside.join("canary"), open(0o666)).unwrap();
        fs::write(set.join("20250101000000_first.sql"), "select 1;\n").unwrap();

        let limits = ["--proof-disk", "160", "--proof-time", "10", "--data-dir"];
        let server = Server::with(
            &set,
            limits.iter().map(|flag| (*flag).to_owned()).chain([data.display().to_string()]),
        );
        let admin = server.sign_in();
        let author = server.join(&admin, "Ann", "author");
        let seen = Outside::new(&data, &set, &outside);
        seen.plant().await;
        let before = seen.look().await;
        let mut states = Vec::new();
        for (number, (name, sql)) in ATTEMPTS.iter().enumerate() {
            let path = format!("202502{:02}{:06}_attempt.sql", 1 + number % 28, number);
            let text = sql.replace("{outside}", &outside.display().to_string());
            let text = text.replace("{state}", &data.join("state/socket").display().to_string());
            let change = server.open(&author, &path, &text);
            let address = format!("/api/changes/{}/dry-runs", change["id"]);
            let (head, body) = server.send("POST", &address, &author, &json!({}));
            let state = match head.starts_with("HTTP/1.1 200") {
                true => {
                    let run: Value = serde_json::from_str(&body).unwrap();
                    let shown = server.end_of(&author, run["id"].as_str().unwrap());
                    let words = shown["view"]["summary"].as_str().unwrap();
                    assert!(words.ends_with("of the target are as they were before."), "{name}: {words}");
                    shown["view"]["state"].as_str().unwrap().to_owned()
                }
                false => {
                    assert!(head.starts_with("HTTP/1.1 409"), "{name}: {head}\n{body}");
                    "refused".to_owned()
                }
            };
            let after = seen.look().await;
            assert_eq!(before.changes_to(&after), [] as [String; 0], "{name}: {sql}");
            assert_eq!(seen.copies(), 0, "{name}: something of the copy is left");
            states.push(state);
        }
        assert!(ATTEMPTS.len() >= 60);
        let count = |wanted: &str| states.iter().filter(|state| *state == wanted).count();
        println!(
            "{} attempts: {} refused before, {} failed in the copy, {} done in the copy",
            states.len(),
            count("refused"),
            count("failed"),
            count("done")
        );
        assert!(count("done") > 0 && count("failed") > 0, "{states:?}");
        server.stop();
    });
}

#[test]
fn whatever_reaches_outside_a_copy_is_seen() {
    on_runtime(async {
        let home = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
        let [data, set, outside] = ["data", "set", "outside"].map(|name| home.path().join(name));
        for folder in [&set, &outside] {
            fs::create_dir(folder).unwrap();
        }
        let server = Server::with_engine(&set, &data);
        server.sign_in();
        let seen = Outside::new(&data, &set, &outside);
        seen.plant().await;
        let mut before = seen.look().await;
        for (zone, database, sql) in [
            ("target", "archon", "create role eve superuser login"),
            ("target", "archon", "alter role postgres set search_path = evil"),
            ("target", "archon", "update public.canary set word = 'gone'"),
            ("target", "archon", "alter system set log_min_messages = 'debug1'"),
            ("state", "studio", "update studio.people set role = 'viewer'"),
            ("state", "studio", "alter role studio_server superuser"),
            ("state", "postgres", "create database eve"),
        ] {
            seen.connect(zone, database).await.batch_execute(sql).await.unwrap();
            let after = seen.look().await;
            assert_ne!(before.changes_to(&after), [] as [String; 0], "{sql}");
            before = after;
        }
        for path in [outside.join("x"), set.join("x.sql"), data.join("hba.conf")] {
            fs::write(&path, "x").unwrap();
            let after = seen.look().await;
            assert_ne!(before.changes_to(&after), [] as [String; 0], "{}", path.display());
            before = after;
        }
        server.stop();
    });
}
