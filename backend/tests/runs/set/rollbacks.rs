//! Each rollback undoes exactly its own feature, can run twice, and keeps what it removes: the rows come back.

use tokio_postgres::Client;

use super::{DATA, Rows, column, differences, fingerprint, forward, set, whole};
use crate::bench::{Bench, on_runtime};

/// Puts everything that was exported back, as the heads of the rollbacks say. Constraints and triggers are passed over:
/// the order of the tables is of no interest here, and updated_at comes back as it was.
async fn bring_back(client: &Client) {
    const EXPORTED: &str = "archon_rollback.exported_rows as exported where exported.table_name";
    let tables =
        "select distinct table_name from archon_rollback.exported_rows where table_name <> 'archon_tasks'";
    let mut sql = "set local session_replication_role = replica;".to_owned();
    for table in column(client, tables).await {
        sql.push_str(&format!(
            "delete from public.{table};
             insert into public.{table} overriding system value
             select (jsonb_populate_record(null::public.{table}, exported.content)).* from {EXPORTED} = '{table}';"
        ));
    }
    let columns = "select distinct key from archon_rollback.exported_rows, jsonb_object_keys(content) as key
                   where table_name = 'archon_tasks' and key <> 'id'";
    for name in column(client, columns).await {
        sql.push_str(&format!(
            "update public.archon_tasks as task
             set {name} = (jsonb_populate_record(null::public.archon_tasks, exported.content)).{name}
             from {EXPORTED} = 'archon_tasks' and task.id = (exported.content ->> 'id')::uuid;"
        ));
    }
    whole(client, &sql).await.unwrap();
}

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
            let stocked = {
                whole(client, DATA).await.unwrap();
                Rows::of(client).await
            };
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
            bring_back(client).await;
            let lost = stocked
                .without(&["archon_template_assignment_cache"])
                .changes_to(&Rows::of(client).await.without(&["archon_template_assignment_cache"]));
            assert_eq!(lost, Vec::<String>::new(), "{}", rollback.path);
            whole(client, "drop schema archon_rollback cascade").await.unwrap();
            println!("{}: undone twice, and its rows came back", rollback.path);
            tried.push(rollback.path.clone());
        }
        let rollbacks = set.files().iter().filter(|file| file.path.starts_with("rollback/")).count();
        assert_eq!(tried.len(), rollbacks, "only {tried:?} were tried");
    });
}
