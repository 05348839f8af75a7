//! The workflow triple of the real set: shown on a copy, then applied, validated and undone on the command line.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

use crate::{bench::on_runtime, process::Server};

const SETUP: &str = "20250801000000_complete_setup.sql";
const FEATURE: &str = "20250801000300_add_workflow_system.sql";

fn set() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations")
}

/// The command line on one file of the set.
fn studio(command: &str, file: &str, url: &str, more: &[&str]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_studio"));
    process.arg(command).arg(set().join(file)).args(more).env("DATABASE_URL", url);
    process.output().unwrap()
}

fn ends(command: &str, file: &str, url: &str, more: &[&str], code: i32) -> String {
    let output = studio(command, file, url, more);
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{command} {file}: {said}{complained}");
    said
}

#[test]
fn the_workflow_triple_is_shown_on_a_copy_and_then_done() {
    on_runtime(async {
        let open = fs::Permissions::from_mode(0o755);
        let data = tempfile::Builder::new().permissions(open).tempdir().unwrap();
        let data = data.path().join("engine");
        let server = Server::with_engine(&set(), &data);
        let cookie = server.sign_in();
        let socket = data.join("target/socket").display().to_string().replace('/', "%2F");
        let url = format!("postgresql://postgres@{socket}/archon");

        ends("apply", SETUP, &url, &[], 1);
        ends("apply", SETUP, &url, &["--yes"], 0);
        let text = fs::read_to_string(set().join(FEATURE)).unwrap();
        let change = server.open(&cookie, FEATURE, &text);
        let address = format!("/api/changes/{}/dry-runs", change["id"]);
        let run = server.ask("POST", &address, &cookie, &json!({}));
        let shown = server.end_of(&cookie, run["id"].as_str().unwrap());
        let summary = shown["run"]["summary"].as_str().unwrap();
        assert_eq!(shown["run"]["state"], "done", "{summary}");
        assert!(
            summary.starts_with("It applies. All ") && summary.contains("It rolls back to the schema"),
            "{summary}"
        );
        let progress = shown["view"]["steps"][0]["progress"][0].as_str().unwrap();
        assert!(progress.contains("was copied with its rows"), "{progress}");
        assert!(summary.ends_with("of the target are as they were before."), "{summary}");
        assert_eq!(fs::read_dir(data.join("proofs")).unwrap().count(), 0, "nothing is left of the copy");

        ends("apply", FEATURE, &url, &["--yes"], 0);
        let said = ends("validate", "validate/validate_workflow_schema.sql", &url, &[], 0);
        assert!(said.contains("✅"), "{said}");
        let status: Value =
            serde_json::from_str(&ends("status", FEATURE, &url, &["--format", "json"], 1)).unwrap();
        assert_eq!(status["files"][0]["state"], "applied");
        assert_eq!(status["without_file"], json!(["20250801000000"]));
        ends("rollback", "rollback/rollback_workflow_system.sql", &url, &["--yes"], 0);
        ends("validate", "validate/validate_workflow_schema.sql", &url, &[], 1);
        ends("status", "nowhere.sql", &url, &[], 2);
        server.stop();
    });
}
