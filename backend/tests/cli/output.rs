//! Readers that stop reading, full disks, and names that would move a terminal's cursor.

use std::{
    fs::File,
    process::{Command, Stdio},
};

use crate::bench::{Database, folder, said, studio};

const TABLE: &str = "create table if not exists public.fruit (id bigint primary key);\n\
    alter table public.fruit enable row level security;\n";

/// A pipe whose reader has seen enough.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn ends(command: &mut Command, stdout: Stdio) -> (Option<i32>, String) {
    let output = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    (output.status.code(), said(&output).1)
}

#[test]
fn a_closed_pipe_is_no_error_and_a_full_disk_is_one() {
    let folder = folder(&[("20250801000000_fruit.sql", TABLE)]);
    let file = folder.path().join("20250801000000_fruit.sql");
    for command in ["lint", "inspect", "plan", "graph"] {
        assert_eq!(ends(&mut studio(command, &file), unread()), (Some(0), String::new()), "{command}");
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (code, complaint) = ends(&mut studio(command, &file), full.into());
        assert_eq!(code, Some(2), "{command}");
        assert!(complaint.starts_with("error: Standard output takes no more: "), "{complaint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_when_nobody_reads() {
    let database = Database::start().await;
    let folder = folder(&[("20250801000000_fruit.sql", TABLE)]);
    let ended = ends(database.studio("apply", folder.path()).arg("--yes"), unread());
    assert_eq!(ended, (Some(0), String::new()));
    let ledger = "select string_agg(version, ',') from supabase_migrations.schema_migrations";
    assert_eq!(database.ask(ledger).await, "20250801000000");
    database.stop().await;
}

#[test]
fn a_server_with_a_wrong_address_starts_nothing() {
    let folder = folder(&[("20250801000000_fruit.sql", TABLE)]);
    let data = folder.path().join("data");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_studio"));
    serve.args(["serve", "--listen", "127.0.0.1:0", "--migrations"]).arg(folder.path());
    serve.arg("--data-dir").arg(&data).env_remove("STUDIO_STATE_URL");
    let output = serve.env("DATABASE_URL", "postgresql://u:x@hunter2@localhost/a").output().unwrap();
    let (printed, complaint) = said(&output);
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("The database URL cannot be used."), "{complaint}");
    assert!(!printed.contains("PostgreSQL") && !data.exists(), "{printed}");
}

#[test]
fn a_files_name_does_not_move_the_cursor() {
    let folder = folder(&[("20250801000000_\u{1b}[2Jfruit.sql", TABLE)]);
    let output = studio("plan", folder.path()).output().unwrap();
    assert_eq!(said(&output).0.lines().next(), Some("apply  20250801000000_\\u001b[2Jfruit.sql"));
    let nowhere = studio("lint", &folder.path().join("\u{1b}c.sql")).output().unwrap();
    let complaint = said(&nowhere).1;
    assert!(complaint.contains("\\u001bc.sql") && !complaint.contains('\u{1b}'), "{complaint}");
}

#[test]
fn a_plan_says_locks_in_words_and_in_json() {
    let alter = "alter table public.fruit add column number bigserial;\n\
        alter table public.fruit alter column number set not null;\n\
        create unique index concurrently fruit_number on public.fruit (number);\n";
    let folder = folder(&[("20250801000000_fruit.sql", TABLE), ("20250801000100_number.sql", alter)]);
    let file = folder.path().join("20250801000100_number.sql");
    let output = studio("plan", &file).args(["--postgres", "17"]).output().unwrap();
    let printed = said(&output).0;
    for sentence in [
        "ACCESS EXCLUSIVE on public.fruit, rewrites the table: every row gets a value of its own",
        "ACCESS EXCLUSIVE on public.fruit, perhaps reads the whole table: unless a valid constraint proves it",
        "SHARE UPDATE EXCLUSIVE on public.fruit, reads the whole table: an index is built from every row",
        "on its own, outside any transaction: PostgreSQL refuses it inside a transaction block.",
    ] {
        assert!(printed.contains(sentence), "{sentence}\n{printed}");
    }
    let output = studio("plan", &file).args(["--format", "json"]).output().unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let lock = &plan["files"][0]["segments"][0]["statements"][0]["locks"][0];
    let expected = serde_json::json!({
        "mode": "ACCESS EXCLUSIVE", "object": "public.fruit", "reach": "itself", "descends": false,
        "rewrites": true, "scans": false, "certain": true, "reason": "every row gets a value of its own",
    });
    assert_eq!(*lock, expected);
    let unknown = studio("plan", &file).args(["--postgres", "9"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn how_much_was_read_is_said() {
    let executes = "do $$ begin execute current_setting('a.b'); end $$;";
    let folder = folder(&[("20250801000000_fruit.sql", &format!("{TABLE}{executes}"))]);
    let (printed, _) = said(&studio("lint", folder.path()).output().unwrap());
    let expected = "2 of 3 statements fully read; 1 EXECUTE of text that nobody can know before it runs.";
    assert!(printed.contains(expected), "{printed}");
}
