//! The two resets: `RESET_DB` leaves nothing of the set, `factory_reset` empties what it was asked to and nothing else,
//! wherever it is cut off.

use studio_kernel::{migration::SourceFile, sql};
use tokio_postgres::Client;

use super::{Rows, another, column, differences, fingerprint, forward, refusal, set, stocked, text, whole};
use crate::bench::{Bench, on_runtime};

#[test]
fn reset_db_leaves_nothing_and_the_set_applies_again() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_reset").await;
        let client = &bench.client;
        let empty = fingerprint(&bench).await;
        for file in forward(&set) {
            bench.run(&[(file.path.as_str(), file.text.as_str())]).await;
            whole(client, super::DATA).await.unwrap();
        }
        let full = fingerprint(&bench).await;
        let rollback = set.get("rollback/rollback_component_hierarchy.sql").unwrap();
        whole(client, &rollback.text).await.unwrap();
        let ours = bench.versions().await;
        assert_eq!(ours.len(), forward(&set).len());
        let other = "insert into supabase_migrations.schema_migrations (version) values ('20240101000000')";
        client.batch_execute(other).await.unwrap();

        let reset = text("maintenance/RESET_DB.sql").await;
        let before = Rows::of(client).await;
        let refused = whole(client, &reset).await.unwrap_err();
        assert_eq!(refusal(&refused).0, "55000");
        assert_eq!(before.changes_to(&Rows::of(client).await), Vec::<String>::new());

        client.batch_execute("set archon.confirm = 'RESET_DB'").await.unwrap();
        for time in ["once", "twice"] {
            whole(client, &reset).await.unwrap();
            let left = empty.changes_to(&fingerprint(&bench).await);
            let left: Vec<String> = left.iter().map(ToString::to_string).collect();
            // The extension may serve others, and the right to use `public` was there on Supabase before.
            assert_eq!(left, ["extension vector was added"], "{time}");
            assert_eq!(bench.versions().await, ["20240101000000"], "{time}");
        }
        for file in forward(&set) {
            whole(client, &file.text).await.unwrap();
        }
        assert_eq!(full.changes_to(&fingerprint(&bench).await), []);
    });
}

#[test]
fn reset_db_stops_at_what_is_somebody_elses() {
    on_runtime(async {
        let bench = stocked("set_reset_stops").await;
        let client = &bench.client;
        let planted = "create view public.mine as select id from public.archon_prompts; set archon.confirm = 'RESET_DB'";
        client.batch_execute(planted).await.unwrap();
        let before = fingerprint(&bench).await;
        let refused = whole(client, &text("maintenance/RESET_DB.sql").await).await.unwrap_err();
        assert_eq!(refusal(&refused).0, "2BP01");
        assert_eq!(before.changes_to(&fingerprint(&bench).await), []);
    });
}

const FACTORY_RESET: &str = "maintenance/factory_reset.sql";

/// The tables of each group, as the head of the file describes them.
const GROUPS: [(&str, &[&str]); 5] = [
    ("executions", &["archon_workflow_step_executions", "archon_workflow_executions"]),
    (
        "projects",
        &[
            "archon_template_assignments",
            "archon_document_versions",
            "archon_project_sources",
            "archon_tasks",
            "archon_component_metadata",
            "archon_component_dependencies",
            "archon_components",
            "archon_projects",
        ],
    ),
    ("knowledge", &["archon_code_examples", "archon_crawled_pages", "archon_sources"]),
    (
        "templates",
        &[
            "archon_workflow_template_versions",
            "archon_workflow_templates",
            "archon_template_components",
            "archon_template_injection_templates",
            "archon_template_definitions",
        ],
    ),
    ("settings", &["archon_settings", "archon_prompts"]),
];

/// The statements of the file, each sent alone as psql does.
async fn statements() -> Vec<String> {
    let text = text(FACTORY_RESET).await;
    let file = SourceFile { path: FACTORY_RESET.to_owned(), text };
    let read = sql::parse(&file.text);
    let spans = read.statements.iter().map(|statement| statement.span);
    let sent: Vec<String> = spans.map(|span| file.text[span.start..span.end].to_owned()).collect();
    assert!(sent.len() > 15, "{} statements", sent.len());
    sent
}

async fn send(client: &Client, statements: &[String]) {
    for statement in statements {
        client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

/// Emptied and kept tables hold what they should, and every removed row was exported once.
async fn judge(bench: &Bench, before: &Rows, groups: &[&str], place: &str) {
    let emptied: Vec<&str> = GROUPS
        .iter()
        .filter(|(group, _)| groups.contains(group))
        .flat_map(|(_, tables)| tables.iter().copied())
        .collect();
    let now = Rows::of(&bench.client).await;
    for table in &emptied {
        let name = format!("public.{table}");
        assert_eq!(now.0[&name].len(), 0, "{place}: {table} is not empty");
        let held: i64 = before.0[&name].values().sum();
        let exported =
            format!("select count(*) from archon_rollback.exported_rows where table_name = '{table}'");
        assert_eq!(bench.ask(&exported).await, held.to_string(), "{place}: {table}");
    }
    // The cache only repeats assignments, and the log of assignments grows.
    let others =
        [&emptied[..], &["archon_template_assignment_cache", "archon_template_assignment_audit"]].concat();
    let changed = before.clone().without(&others).changes_to(&now.without(&others));
    assert_eq!(changed, Vec::<String>::new(), "{place}: what was to stay has changed");
    let unfinished = "select count(*) from archon_rollback.factory_resets where finished_at is null";
    assert_eq!(bench.ask(unfinished).await, "0", "{place}");
}

#[test]
fn every_group_that_is_named_is_emptied_and_no_other() {
    on_runtime(async {
        let sent = statements().await;
        let everything = "executions, projects,knowledge ,templates,settings";
        for (number, (named, groups)) in [
            ("", &["executions", "projects", "knowledge"][..]),
            ("executions", &["executions"]),
            ("knowledge,settings", &["knowledge", "settings"]),
            (everything, &["executions", "projects", "knowledge", "templates", "settings"]),
        ]
        .into_iter()
        .enumerate()
        {
            let bench = stocked(&format!("set_factory_{number}")).await;
            let (schema, before) = (fingerprint(&bench).await, Rows::of(&bench.client).await);
            let confirm = format!("set archon.confirm = 'factory_reset'; set archon.reset = '{named}'");
            bench.client.batch_execute(&confirm).await.unwrap();
            send(&bench.client, &sent).await;
            judge(&bench, &before, groups, named).await;
            assert_eq!(differences(&bench, &schema).await, []);
        }
    });
}

#[test]
fn defaults_come_back_with_setup_and_seeds() {
    on_runtime(async {
        let bench = stocked("set_factory_defaults").await;
        let confirm = "set archon.confirm = 'factory_reset';
             set archon.reset = 'executions,projects,knowledge,templates,settings'";
        bench.client.batch_execute(confirm).await.unwrap();
        send(&bench.client, &statements().await).await;
        let set = set().await;
        for file in forward(&set) {
            whole(&bench.client, &file.text).await.unwrap();
        }
        let fresh = Bench::new("set_factory_fresh").await;
        for file in forward(&set) {
            whole(&fresh.client, &file.text).await.unwrap();
        }
        for names in [
            "select key || coalesce(value, '') from public.archon_settings order by 1",
            "select prompt_name || prompt from public.archon_prompts order by 1",
            "select name from public.archon_workflow_templates order by 1",
            "select name || template_content from public.archon_template_injection_templates order by 1",
            "select name || instruction_text from public.archon_template_components order by 1",
        ] {
            assert_eq!(column(&bench.client, names).await, column(&fresh.client, names).await);
        }
    });
}

#[test]
fn a_reset_that_is_cut_off_anywhere_goes_on_where_it_stopped() {
    on_runtime(async {
        let sent = statements().await;
        let groups = ["executions", "projects", "knowledge"];
        let before = Rows::of(&stocked("set_factory_cut").await.client).await;
        for cut in 1..sent.len() {
            let bench = stocked("set_factory_cut").await;
            let first = another(&bench).await;
            first.batch_execute("set archon.confirm = 'factory_reset'").await.unwrap();
            send(&first, &sent[..cut]).await;
            drop(first);
            let second = another(&bench).await;
            second.batch_execute("set archon.confirm = 'factory_reset'").await.unwrap();
            send(&second, &sent).await;
            judge(&bench, &before, &groups, &format!("cut after statement {cut}")).await;
        }
        println!("cut off behind each of {} statements, and each time finished", sent.len() - 1);
    });
}

#[test]
fn a_session_that_is_ended_in_the_middle_of_a_stage_has_done_nothing_of_it() {
    on_runtime(async {
        let sent = statements().await;
        let bench = stocked("set_factory_killed").await;
        let before = Rows::of(&bench.client).await;
        let victim = another(&bench).await;
        victim
            .batch_execute("set archon.confirm = 'factory_reset'; set application_name = 'victim'")
            .await
            .unwrap();
        // Another session holds the last table of the stage, so that the stage is surely under way when it is ended.
        let holder = another(&bench).await;
        holder
            .batch_execute("begin; lock table public.archon_projects in access exclusive mode")
            .await
            .unwrap();
        let stage = sent.iter().position(|statement| statement.contains("reset_group('projects'")).unwrap();
        send(&victim, &sent[..stage]).await;
        let waits = "select exists (select from pg_locks join pg_stat_activity using (pid)
             where application_name = 'victim' and not granted)";
        let (ended, ()) = tokio::join!(victim.batch_execute(&sent[stage]), async {
            bench.until(waits).await;
            bench.ask("select bool_and(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'victim'").await;
        });
        assert!(ended.is_err());
        holder.batch_execute("rollback").await.unwrap();
        let only = |tables: &[&str]| before.clone().without(tables);
        let kept = Rows::of(&bench.client).await.without(GROUPS[0].1);
        assert_eq!(
            only(GROUPS[0].1).changes_to(&kept),
            Vec::<String>::new(),
            "only the stage before is done"
        );

        let next = another(&bench).await;
        next.batch_execute("set archon.confirm = 'factory_reset'").await.unwrap();
        send(&next, &sent).await;
        judge(&bench, &before, &["executions", "projects", "knowledge"], "ended").await;
    });
}

#[test]
fn a_reset_refuses_what_it_cannot_mean() {
    on_runtime(async {
        let sent = statements().await;
        let bench = stocked("set_factory_refuses").await;
        let client = &bench.client;
        let before = Rows::of(client).await;
        let refused = client.batch_execute(&sent[0]).await.unwrap_err();
        assert_eq!(refusal(&refused).0, "55000", "not confirmed");
        client.batch_execute("set archon.confirm = 'factory_reset'").await.unwrap();
        let begin = sent.iter().position(|statement| statement.contains("archon.reset")).unwrap();
        send(client, &sent[..begin]).await;
        for (named, code) in
            [("everything", "22023"), ("templates", "22023"), ("templates,projects", "22023")]
        {
            client.batch_execute(&format!("set archon.reset = '{named}'")).await.unwrap();
            let refused = client.batch_execute(&sent[begin]).await.unwrap_err();
            assert_eq!(refusal(&refused).0, code, "{named}");
        }
        client.batch_execute("set archon.reset = 'knowledge'").await.unwrap();
        send(client, &sent[..=begin]).await;
        client.batch_execute("set archon.reset = 'projects'").await.unwrap();
        let refused = client.batch_execute(&sent[begin]).await.unwrap_err();
        assert!(refusal(&refused).1.contains("of knowledge is unfinished"), "{refused:?}");
        // A stage that failed while the client went on is noticed at the end.
        let refused = client.batch_execute(sent.last().unwrap()).await.unwrap_err();
        assert!(refusal(&refused).1.contains("knowledge not emptied"), "{refused:?}");
        assert_eq!(before.changes_to(&Rows::of(client).await), Vec::<String>::new());
    });
}

#[test]
fn two_who_reset_at_once_take_turns() {
    on_runtime(async {
        let sent = statements().await;
        let bench = stocked("set_factory_two").await;
        let before = Rows::of(&bench.client).await;
        let one = another(&bench).await;
        let two = another(&bench).await;
        for session in [&one, &two] {
            session.batch_execute("set archon.confirm = 'factory_reset'").await.unwrap();
        }
        // The lock is the session's: whichever comes first has to end for the other to go on.
        let reset = async |session: Client| send(&session, &sent).await;
        tokio::join!(reset(one), reset(two));
        let resets = "select count(*) from archon_rollback.factory_resets where finished_at is not null";
        assert_eq!(bench.ask(resets).await, "2");
        // The second found nothing: what was exported is what the first removed.
        judge(&bench, &before, &["executions", "projects", "knowledge"], "two").await;
    });
}
