//! What stays with an assignment: both its addresses, its template's name, and a record of every change.

use super::{
    assignments::{PHASE, PLACE, PROJECT, SUBTASK, TASK, assign, resolve},
    column, refusal, set, stocked, whole,
};
use crate::bench::{Bench, on_runtime};

#[test]
fn an_application_that_knows_one_address_fills_both() {
    on_runtime(async {
        let bench = stocked("set_addresses").await;
        let client = &bench.client;
        whole(client, PLACE).await.unwrap();
        let shown = async || {
            let sql = "select concat_ws(' ', hierarchy_type, right(hierarchy_id::text, 1), hierarchy_level,
                   right(entity_id::text, 1), entity_type, template_name, created_by)
                 from public.archon_template_assignments order by assigned_at, id";
            column(client, sql).await.pop().unwrap()
        };
        let old = "hierarchy_type, hierarchy_id, template_id, assigned_by";
        let a = "(select id from public.archon_template_injection_templates where name = 'workflow::a')";
        assign(client, old, &format!("'subtask', '{SUBTASK}', {a}, 'Ada'")).await;
        assert_eq!(shown().await, "subtask 2 task 2 subtask workflow::a Ada");
        let change = async |set: &str| {
            let sql = format!("update public.archon_template_assignments set {set}");
            client.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        };
        change(&format!("hierarchy_type = 'project', hierarchy_id = '{PROJECT}'")).await;
        assert_eq!(shown().await, "project a project a project workflow::a Ada");
        change(&format!("hierarchy_level = 'task', entity_id = '{TASK}', entity_type = null")).await;
        assert_eq!(shown().await, "task 1 task 1 task workflow::a Ada");
        change(&format!("hierarchy_level = 'project', entity_id = '{PROJECT}'")).await;
        assert_eq!(shown().await, "project a project a project workflow::a Ada");
        change("hierarchy_level = 'global'").await;
        assert_eq!(shown().await, "project 0 global global workflow::a Ada");
        change("template_name = 'workflow::b'").await;
        assert_eq!(shown().await, "project 0 global global workflow::b Ada");
        change(&format!("template_id = {a}")).await;
        assert_eq!(shown().await, "project 0 global global workflow::a Ada");
        client
            .batch_execute("update public.archon_template_injection_templates set name = 'workflow::z' where name = 'workflow::a'")
            .await
            .unwrap();
        assert_eq!(shown().await, "project 0 global global workflow::z Ada");
    });
}

#[test]
fn assignments_from_before_apply_where_they_did_and_show_no_change() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_before").await;
        for file in super::forward(&set).into_iter().take_while(|file| !file.path.contains("enhance")) {
            whole(&bench.client, &file.text).await.unwrap();
        }
        let planted = format!(
            "insert into public.archon_template_assignments
               (hierarchy_type, hierarchy_id, template_id, assigned_at, assigned_by, updated_at)
             select kind::public.template_hierarchy_type, '{PHASE}', id, '2024-02-03', 'Grace', '2024-05-06'
             from public.archon_template_injection_templates, unnest(array['phase', 'subtask']) as kind
             where name = 'workflow::hotfix'"
        );
        whole(&bench.client, &planted).await.unwrap();
        let enhancement = set.files().iter().find(|file| file.path.contains("enhance")).unwrap();
        whole(&bench.client, &enhancement.text).await.unwrap();
        let shown =
            "select concat_ws(' ', hierarchy_level, entity_type, template_name, created_by, assignment_scope,
               effective_from::date, updated_at::date)
             from public.archon_template_assignments order by 1";
        assert_eq!(
            column(&bench.client, shown).await,
            [
                "phase phase workflow::hotfix Grace all 2024-02-03 2024-05-06",
                "task subtask workflow::hotfix Grace all 2024-02-03 2024-05-06"
            ]
        );
        assert_eq!(bench.ask("select count(*) from public.archon_template_assignment_audit").await, "0");
        assert_eq!(resolve(&bench.client, PHASE, "phase", "{}").await, "workflow::hotfix at phase");
    });
}

#[test]
fn every_change_leaves_a_record_that_nobody_can_change() {
    on_runtime(async {
        let bench = stocked("set_audit").await;
        let client = &bench.client;
        whole(client, PLACE).await.unwrap();
        client.batch_execute("delete from public.archon_template_assignment_audit").await.unwrap();
        let by_service = async |sql: &str| {
            let claims =
                r#"set local role service_role; set local request.jwt.claims = '{"role": "service_role"}';"#;
            whole(client, &format!("{claims} {sql}")).await
        };
        let insert = format!(
            "insert into public.archon_template_assignments (hierarchy_level, entity_id, template_name)
             values ('task', '{TASK}', 'workflow::a')"
        );
        by_service(&insert).await.unwrap();
        by_service("update public.archon_template_assignments set priority = 7").await.unwrap();
        by_service("update public.archon_template_assignments set priority = 7").await.unwrap();
        let claims = r#"set local request.jwt.claims = '{"sub": "ada@example.com"}'"#;
        whole(client, &format!("{claims}; delete from public.archon_template_assignments")).await.unwrap();
        client.batch_execute("truncate public.archon_template_assignments").await.unwrap();
        let log = "select concat_ws(' ', operation, changed_by, old_content ->> 'priority', '→', new_content ->> 'priority')
             from public.archon_template_assignment_audit order by id";
        assert_eq!(
            column(client, log).await,
            [
                "insert service_role → 0",
                "update service_role 0 → 7",
                "delete ada@example.com 7 →",
                "truncate postgres →"
            ]
        );
        for tampering in [
            "delete from public.archon_template_assignment_audit",
            "update public.archon_template_assignment_audit set changed_by = 'nobody'",
            "insert into public.archon_template_assignment_audit (operation, changed_by) values ('insert', 'me')",
        ] {
            assert_eq!(refusal(&by_service(tampering).await.unwrap_err()).0, "42501", "{tampering}");
        }
    });
}
