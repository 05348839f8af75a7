//! Each rollback undoes exactly its own feature, can run twice, and keeps what it removes: the rows come back.

use super::{DATA, Rows, differences, fingerprint, forward, set, stocked, whole};
use crate::bench::{Bench, on_runtime};

/// The statements at the head of a rollback by which its rows come back, as somebody would copy them.
fn way_back(rollback: &str) -> String {
    let head = rollback.lines().take_while(|line| line.starts_with("--"));
    let told = head.skip_while(|line| !line.starts_with("-- To bring everything back"));
    let statements: Vec<&str> = told.filter_map(|line| line.strip_prefix("--   ")).collect();
    assert!(statements.len() > 5, "no way back is told: {statements:?}");
    statements.join("\n")
}

/// Tables of which the way back says nothing: what they hold is made anew, or grows by the way back itself.
const NOT_BROUGHT_BACK: [&str; 2] = ["archon_template_assignment_cache", "archon_template_assignment_audit"];

#[test]
fn each_rollback_undoes_its_feature_twice_and_its_rows_come_back() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_rollback").await;
        let client = &bench.client;
        let mut tried = Vec::new();
        for file in forward(&set) {
            let (before, kept) = (fingerprint(&bench).await, Rows::of(client).await);
            whole(client, &file.text).await.unwrap();
            let Some(rollback) = set.triple(&file.path).and_then(|triple| triple.rollback) else {
                whole(client, DATA).await.unwrap();
                continue;
            };
            let (after, fresh) = (fingerprint(&bench).await, Rows::of(client).await);
            whole(client, DATA).await.unwrap();
            let (stocked, lasting) = (Rows::of(client).await, Rows::lasting(client).await);
            assert_ne!(fresh.changes_to(&stocked), Vec::<String>::new(), "{} has no rows", file.path);
            for time in ["once", "twice"] {
                whole(client, &rollback.text).await.unwrap();
                assert_eq!(differences(&bench, &before).await, [], "{} {time}", rollback.path);
                // What the enhancement let into a table that was there before is switched off, and no other row is new.
                let enhanced = rollback.path == "rollback/rollback_template_assignments.sql";
                let expected: &[&str] =
                    if enhanced { &["public.archon_template_assignments: 0 rows gone, 30 new"] } else { &[] };
                assert_eq!(kept.changes_to(&Rows::of(client).await), expected, "{} {time}", rollback.path);
                if enhanced {
                    let active = "select count(*) from public.archon_template_assignments where is_active";
                    assert_eq!(bench.ask(active).await, "150");
                }
            }
            whole(client, &file.text).await.unwrap();
            assert_eq!(differences(&bench, &after).await, [], "{}", file.path);
            whole(client, &way_back(&rollback.text)).await.unwrap();
            let lost = lasting.changes_to(&Rows::lasting(client).await);
            let lost: Vec<&String> = lost.iter().filter(|line| !line.contains("_cache:")).collect();
            assert_eq!(lost, Vec::<&String>::new(), "{}", rollback.path);
            whole(client, "drop schema archon_rollback cascade").await.unwrap();
            println!("{}: undone twice, and its rows came back", rollback.path);
            tried.push(rollback.path.clone());
        }
        let rollbacks = set.files().iter().filter(|file| file.path.starts_with("rollback/")).count();
        assert_eq!(tried.len(), rollbacks, "only {tried:?} were tried");
    });
}

/// What was exported by an earlier rollback, by another feature, or by a clean-up does not rise again.
#[test]
fn everything_goes_out_and_comes_back_as_it_last_was() {
    on_runtime(async {
        let set = set().await;
        let bench = stocked("set_out_and_back").await;
        let client = &bench.client;
        let schema = fingerprint(&bench).await;
        let rollback_of = |path: &str| set.triple(path).and_then(|triple| triple.rollback);
        for edit in [
            "insert into public.archon_components (project_id, name)
             select project_id, 'part_1' from public.archon_components where name = 'part-1'",
            "update public.archon_workflow_templates set title = 'Edited' where name = 'made-1';
             delete from public.archon_workflow_templates where name = 'made-2';
             delete from public.archon_component_metadata;
             update public.archon_tasks set template_metadata = '{\"template\": \"other\"}' where task_order = 3;
             delete from public.archon_template_assignments where hierarchy_level = 'global'",
            "select 1",
        ] {
            whole(client, edit).await.unwrap();
            if edit.contains("part_1") {
                whole(client, &set.get("maintenance/cleanup_component_duplicates.sql").unwrap().text).await.unwrap();
            }
            let before = Rows::lasting(client).await.without(&NOT_BROUGHT_BACK);
            for file in forward(&set).iter().rev() {
                if let Some(rollback) = rollback_of(&file.path) {
                    whole(client, &rollback.text).await.unwrap();
                }
            }
            for file in forward(&set) {
                whole(client, &file.text).await.unwrap();
                if let Some(rollback) = rollback_of(&file.path) {
                    let sql = way_back(&rollback.text);
                    whole(client, &sql).await.unwrap_or_else(|error| panic!("{}: {error:?}", rollback.path));
                }
            }
            let after = Rows::lasting(client).await.without(&NOT_BROUGHT_BACK);
            assert_eq!(before.changes_to(&after), Vec::<String>::new(), "{edit}");
            assert_eq!(differences(&bench, &schema).await, []);
        }
    });
}
