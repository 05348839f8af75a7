//! The audit log as the command line and an export see it, and what a rewrite cannot reach.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{
    bench::{Bench, engine_url, on_runtime},
    process::Server,
};

const PATH: &str = "20260101000000_a.sql";

fn studio(state: &str, heads: &Path, args: &[&str]) -> (Option<i32>, String) {
    studio_with(None, state, heads, args)
}

fn studio_with(target: Option<&str>, state: &str, heads: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_studio"));
    command.env("STUDIO_STATE_URL", engine_url(state)).env("STUDIO_AUDIT_ANCHOR", heads);
    match target {
        Some(target) => command.env("DATABASE_URL", engine_url(target)),
        None => command.env_remove("DATABASE_URL"),
    };
    let Output { status, stdout, stderr } = command.arg("audit").args(args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
}

/// The same with a target, in whose ledger's comment the head of the log is kept as well.
fn with_target(target: &str, state: &str, heads: &Path) -> (Option<i32>, String) {
    studio_with(Some(target), state, heads, &["verify"])
}

/// Writes the whole log anew as the tables' owner, with every hash computed again.
const REWRITE: &str = "
    begin;
    create temp table kept as table studio.audit;
    alter table studio.audit disable trigger user;
    delete from studio.audit;
    update studio.audit_head set seq = 0, hash = sha256('');
    alter table studio.audit enable trigger chain;
    insert into studio.audit (person, name, action, change, run, text, address, session)
    select person, name, action, change, run, case seq when 2 then 'nothing' else text end, address, session
    from kept order by seq;
    alter table studio.audit enable trigger user;
    drop table kept;
    commit";

const CUT: &str = "
    begin;
    alter table studio.audit disable trigger user;
    delete from studio.audit where seq > 3;
    update studio.audit_head set seq = 3, hash = (select hash from studio.audit where seq = 3);
    alter table studio.audit enable trigger user;
    commit";

#[test]
fn a_log_that_was_rewritten_whole_or_cut_off_does_not_fit_the_heads_kept_outside() {
    on_runtime(async {
        let bench = Bench::new("audit_target").await;
        let state = Bench::new("audit_state").await;
        let folder = tempfile::tempdir().unwrap();
        let kept = tempfile::tempdir().unwrap();
        let (heads, export) = (kept.path().join("new/heads.jsonl"), kept.path().join("log.jsonl"));
        let server = Server::told(folder.path(), &bench, &state.database, |command| {
            command.arg("--audit-anchor").arg(&heads)
        });
        let cookie = server.sign_in();
        let run = server.run(&cookie, PATH, "create schema if not exists app;\n");
        server.end_of(&cookie, &run);
        server.stop();
        let lines: Vec<Value> = fs::read_to_string(&heads)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(lines.iter().any(|line| line["run"] == run.as_str()), "{lines:?}");
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&heads).unwrap().permissions()) & 0o777,
            0o600
        );
        let last = &lines[lines.len() - 1]["seq"];

        let (code, said) = studio(&state.database, &heads, &["verify"]);
        assert_eq!((code, said.contains(&format!("is intact: {last} entries"))), (Some(0), true), "{said}");
        let (code, all) = studio(&state.database, &heads, &["export"]);
        assert_eq!((code, all.lines().count().to_string()), (Some(0), last.to_string()), "{all}");
        fs::write(&export, &all).unwrap();
        let file = export.to_str().unwrap();
        assert_eq!(studio("none", &heads, &["verify", file]).0, Some(0));
        fs::write(&export, all.replacen("opened the change", "opened a change", 1)).unwrap();
        let (code, said) = studio("none", &heads, &["verify", file]);
        assert_eq!((code, said.contains("entry 2 does not follow")), (Some(1), true), "{said}");
        fs::write(&export, "{}\n").unwrap();
        assert_eq!(studio("none", &heads, &["verify", file]).0, Some(2));

        let none = kept.path().join("none");
        let (code, said) = studio("none", &none, &["verify", file]);
        assert_eq!((code, said.contains("There is no file")), (Some(2), true), "{said}");
        fs::write(&none, "").unwrap();
        assert_eq!(with_target(&bench.database, &state.database, &none).0, Some(0));

        state.client.batch_execute(REWRITE).await.unwrap();
        let (code, said) = with_target(&bench.database, &state.database, &none);
        assert_eq!(
            (code, said.contains("WAS TAMPERED WITH")),
            (Some(1), true),
            "the ledger's comment: {said}"
        );
        assert_eq!(studio(&state.database, &none, &["verify"]).0, Some(0), "its hashes fit each other");
        let (code, said) = studio(&state.database, &heads, &["verify"]);
        assert_eq!(
            (code, said.contains("WAS TAMPERED WITH") && said.contains("entries from 1 on")),
            (Some(1), true),
            "{said}"
        );
        let (code, all) = studio(&state.database, &none, &["export"]);
        assert_eq!(code, Some(0));
        fs::write(&export, all).unwrap();
        assert_eq!(studio("none", &heads, &["verify", file]).0, Some(1));

        state.client.batch_execute(CUT).await.unwrap();
        assert_eq!(studio(&state.database, &none, &["verify"]).0, Some(0));
        let (code, said) = studio(&state.database, &heads, &["verify"]);
        assert_eq!((code, said.contains("entries from 4 on")), (Some(1), true), "{said}");

        let other = Bench::new("audit_other").await;
        let (code, said) = studio(&other.database, &heads, &["verify"]);
        assert_eq!((code, said.contains("WAS REPLACED")), (Some(1), true), "{said}");
    });
}
