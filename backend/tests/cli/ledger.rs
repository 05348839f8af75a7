//! What the ledger knows of a file, against what the file says.

use std::process::Output;

use serde_json::Value;

use crate::bench::{Database, folder, said};

const PATH: &str = "20250801000000_fruit.sql";

fn json(output: &Output) -> (Option<i32>, Value) {
    (output.status.code(), serde_json::from_str(&said(output).0).unwrap_or_else(|_| panic!("{output:?}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_says_which_files_it_runs_and_takes_no_other_that_was_named() {
    let database = Database::start().await;
    let folder = folder(&[
        (PATH, "create table public.fruit (id bigint primary key);"),
        (
            "rollback/20250801000000_fruit.sql",
            "-- Undoes the table.\n-- forward: 20250801000000_fruit.sql\ndrop table public.fruit;",
        ),
        ("validate/fruit.sql", "do $$ begin raise notice '✅ one'; end $$;"),
    ]);
    let ends = |command: &str, path: &str| {
        let output = database.studio(command, &folder.path().join(path)).arg("--yes").output().unwrap();
        let (printed, complaint) = said(&output);
        (output.status.code(), printed + &complaint)
    };
    for (command, path, role) in [
        ("rollback", PATH, "feature"),
        ("validate", PATH, "feature"),
        ("apply", "rollback/20250801000000_fruit.sql", "rollback"),
        ("apply", "validate/fruit.sql", "validation"),
    ] {
        let (code, complaint) = ends(command, path);
        assert_eq!(code, Some(2), "{command} {path}: {complaint}");
        assert!(complaint.contains(&format!("has the role {role}")), "{complaint}");
    }
    for command in ["apply", "validate", "rollback"] {
        let (code, said) = ends(command, "");
        assert_eq!(code, Some(0), "{command}: {said}");
    }
    database.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_file_that_was_applied_is_taken_for_applied() {
    let database = Database::start().await;
    let first = folder(&[(PATH, "select 1;")]);
    let apply = |folder: &tempfile::TempDir, more: &[&str]| {
        database.studio("apply", folder.path()).args(["--format", "json"]).args(more).output().unwrap()
    };
    let (code, planned) = json(&apply(&first, &[]));
    assert_eq!((code, &planned["run"]), (Some(1), &Value::Null));
    assert_eq!(planned["plan"]["files"][0]["purpose"], "apply");
    let (code, done) = json(&apply(&first, &["--yes"]));
    assert_eq!((code, &done["run"]["state"]), (Some(0), &Value::from("done")));
    let (code, again) = json(&apply(&first, &["--yes"]));
    assert_eq!((code, &again["run"]), (Some(0), &Value::Null));
    assert_eq!(again["plan"]["files"][0]["purpose"], "keep");

    let other = folder(&[("20250801000000_bread.sql", "select 2;")]);
    let (code, refused) = json(&apply(&other, &["--yes"]));
    assert_eq!((code, &refused["run"]), (Some(1), &Value::Null));
    let refusal = &refused["plan"]["refusals"][0];
    assert_eq!(refusal["code"], "other-name");
    assert!(refusal["message"].as_str().unwrap().contains("as fruit, not as bread"), "{refusal}");

    let edited = folder(&[(PATH, "select 2;"), ("20250802000000_new.sql", "select 3;")]);
    let output = apply(&edited, &["--yes"]);
    assert_eq!(json(&output).1["run"]["state"], "done");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).1.contains("20250801000000_fruit.sql was edited"), "{output:?}");
    database.stop().await;
}
