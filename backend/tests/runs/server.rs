//! The whole server as a process: killed while a run is under way, started again, asked what happened.

use std::time::Instant;

use serde_json::{Value, json};

use crate::{
    bench::{Bench, PATIENCE, connect, engine_url, on_runtime},
    process::Server,
};

const SLOW: &str = "create schema if not exists app;\nselect pg_sleep(600);\n";
const PATH: &str = "20260101000000_slow.sql";

#[test]
fn after_a_kill_the_ledger_and_the_run_agree() {
    on_runtime(async {
        let bench = Bench::new("server_killed").await;
        let state = Bench::new("server_killed_state").await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PATH), SLOW).unwrap();

        let server = Server::start(folder.path(), &bench, &state.database);
        let run = server.run(&server.sign_in(), PATH, SLOW);
        bench.until(&format!("select exists (select from pg_stat_activity where application_name = '{run}' and wait_event = 'PgSleep')")).await;
        // Events are stored behind the run's back; the kill comes when the last one is there.
        state.until("select exists (select from studio.run_events where event ->> 'event' = 'statement_started' and event ->> 'statement' = '1')").await;
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
fn what_the_journal_has_not_heard_is_told_by_the_target_after_a_kill() {
    on_runtime(async {
        let bench = Bench::new("server_behind").await;
        let state = Bench::new("server_behind_state").await;
        let folder = tempfile::tempdir().unwrap();
        let text = "-- Marks.\n-- transaction: none because the test counts commits\n\
            select pg_advisory_xact_lock(42);\ninsert into public.marks values (1);\n\
            insert into public.marks values (2);\nselect pg_sleep(600);\n";
        bench
            .client
            .batch_execute("create table public.marks (seq int); select pg_advisory_lock(42)")
            .await
            .unwrap();

        let server = Server::start(folder.path(), &bench, &state.database);
        let run = server.run(&server.sign_in(), PATH, text);
        let waits_for = |what: &str| {
            format!(
                "select exists (select from pg_stat_activity where application_name = '{run}' and wait_event = '{what}')"
            )
        };
        bench.until(&waits_for("advisory")).await;
        state
            .until(
                "select exists (select from studio.run_events where event ->> 'event' = 'statement_started')",
            )
            .await;
        // From here on the journal hears nothing.
        state
            .client
            .batch_execute("begin; lock table studio.run_events in share row exclusive mode")
            .await
            .unwrap();
        bench.client.batch_execute("select pg_advisory_unlock(42)").await.unwrap();
        bench.until(&waits_for("PgSleep")).await;
        server.kill();
        state.client.batch_execute("rollback").await.unwrap();

        let server = Server::start(folder.path(), &bench, &state.database);
        let shown = server.ask("GET", &format!("/api/runs/{run}"), &server.sign_in(), &Value::Null);
        assert_eq!(shown["run"]["state"], "failed");
        assert_eq!(
            shown["run"]["summary"],
            "The server was stopped while this run was under way. In the database, but not recorded in the ledger: \
             the first 3 of 4 segments of 20260101000000_slow.sql."
        );
        assert_eq!(bench.ask("select count(*) from public.marks").await, "2");
        assert_eq!(bench.versions().await, Vec::<String>::new());
    });
}

#[test]
fn a_file_that_took_effect_as_a_whole_is_recorded_after_a_kill() {
    on_runtime(async {
        let bench = Bench::new("server_recorded").await;
        let state = Bench::new("server_recorded_state").await;
        let folder = tempfile::tempdir().unwrap();
        let first = "create table public.marks (seq int);\n";
        bench.run(&[("20250101000000_first.sql", first)]).await;
        std::fs::write(folder.path().join("20250101000000_first.sql"), first).unwrap();
        let text = "insert into public.marks values (1);\ndrop index concurrently if exists marks_seq;\n\
            create index concurrently if not exists marks_seq on public.marks (seq);\n";

        let server = Server::start(folder.path(), &bench, &state.database);
        let cookie = server.sign_in();
        let other = connect(&engine_url(&bench.database)).await;
        let lock = "begin; lock table supabase_migrations.schema_migrations in share mode";
        other.batch_execute(lock).await.unwrap();
        let run = server.run(&cookie, PATH, text);
        bench.until(&format!(
            "select exists (select from pg_stat_activity where application_name = '{run}' and wait_event_type = 'Lock' \
             and query like 'insert into supabase_migrations.schema_migrations%')"
        )).await;
        state.until("select exists (select from studio.run_events where event ->> 'event' = 'statement_done' and event ->> 'statement' = '2')").await;
        server.kill();
        other.batch_execute("rollback").await.unwrap();
        assert_eq!(bench.versions().await, ["20250101000000"]);

        let server = Server::start(folder.path(), &bench, &state.database);
        let cookie = server.sign_in();
        let shown = server.ask("GET", &format!("/api/runs/{run}"), &cookie, &Value::Null);
        assert_eq!(shown["run"]["state"], "done", "{}", shown["run"]["summary"]);
        assert_eq!(bench.versions().await, ["20250101000000", "20260101000000"]);
        assert_eq!(bench.ask("select count(*) from public.marks").await, "1");
    });
}

#[test]
fn a_studio_does_not_outlive_a_database_server_of_its_own() {
    on_runtime(async {
        let folder = tempfile::tempdir().unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let data = tempfile::Builder::new().permissions(open).tempdir().unwrap();
        let data = data.path().join("engine");
        for zone in ["target", "state"] {
            let server = Server::with_engine(folder.path(), &data);
            let file = std::fs::read_to_string(data.join(zone).join("data/postmaster.pid")).unwrap();
            let pid = file.lines().next().unwrap().parse().unwrap();
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            assert_eq!(server.ended(), Some(1), "the server of the {zone} is gone");
        }
        let again = Server::with_engine(folder.path(), &data);
        again.ask("GET", "/api/me", &again.sign_in(), &Value::Null);
        again.stop();
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
        let run = server.run(&cookie, PATH, SLOW);
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
