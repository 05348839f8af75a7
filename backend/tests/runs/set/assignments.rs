//! Which template applies: levels, inheritance, scope, conditions, validity, priority, the way back to the default.

use tokio_postgres::Client;

use super::{column, refusal, stocked, whole};
use crate::bench::on_runtime;

/// A project with a task, its subtask and that one's own, no assignments at all, and templates a to d.
pub(super) const PLACE: &str = "
    delete from public.archon_template_assignments;
    delete from public.archon_template_assignment_audit;
    insert into public.archon_template_injection_templates (name, template_content)
    select 'workflow::' || name, '{{USER_TASK}}' from unnest(array['a', 'b', 'c', 'd']) as name;
    insert into public.archon_projects (id, title) values ('00000000-0000-4000-8000-00000000000a', 'place');
    insert into public.archon_tasks (id, project_id, parent_task_id, title) values
      ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000a', null, 'task'),
      ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-00000000000a',
        '00000000-0000-4000-8000-000000000001', 'subtask'),
      ('00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-00000000000a',
        '00000000-0000-4000-8000-000000000002', 'subtask of it')";

pub(super) const PROJECT: &str = "00000000-0000-4000-8000-00000000000a";
pub(super) const TASK: &str = "00000000-0000-4000-8000-000000000001";
pub(super) const SUBTASK: &str = "00000000-0000-4000-8000-000000000002";
const DEEPER: &str = "00000000-0000-4000-8000-000000000003";
pub(super) const PHASE: &str = "00000000-0000-4000-8000-00000000000b";
const MILESTONE: &str = "00000000-0000-4000-8000-00000000000c";

/// Columns of an assignment, each with its value.
type Columns<'a> = &'a [(&'a str, &'a str)];

pub(super) async fn resolve(client: &Client, entity: &str, kind: &str, context: &str) -> String {
    let sql = format!(
        "select template_name || coalesce(' at ' || hierarchy_level::text, '')
         from public.resolve_template_inheritance('{entity}', '{kind}', null, '{context}')"
    );
    column(client, &sql).await.pop().unwrap_or_else(|| "nothing".to_owned())
}

/// Columns and values of one assignment.
pub(super) async fn assign(client: &Client, columns: &str, values: &str) {
    let sql = format!("insert into public.archon_template_assignments ({columns}) values ({values})");
    whole(client, &sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

#[test]
fn the_nearest_level_decides_and_the_default_stands_behind_all() {
    on_runtime(async {
        let bench = stocked("set_levels").await;
        let client = &bench.client;
        whole(client, PLACE).await.unwrap();
        let context = format!(r#"{{"phase_id": "{PHASE}", "milestone_id": "{MILESTONE}"}}"#);
        let resolved = async || resolve(client, DEEPER, "subtask", &context).await;

        assert_eq!(resolved().await, "workflow::default");
        let at = "hierarchy_level, entity_id, template_name";
        assign(client, at, "'global', null, 'workflow::a'").await;
        assert_eq!(resolved().await, "workflow::a at global");
        assign(client, at, &format!("'project', '{PROJECT}', 'workflow::b'")).await;
        assert_eq!(resolved().await, "workflow::b at project");
        assign(client, at, &format!("'milestone', '{MILESTONE}', 'workflow::c'")).await;
        assert_eq!(resolved().await, "workflow::c at milestone");
        assign(client, at, &format!("'phase', '{PHASE}', 'workflow::d'")).await;
        assert_eq!(resolved().await, "workflow::d at phase");
        assert_eq!(resolve(client, DEEPER, "subtask", "{}").await, "workflow::b at project");
        assign(client, at, &format!("'task', '{TASK}', 'workflow::a'")).await;
        assert_eq!(resolved().await, "workflow::a at task");
        assign(client, at, &format!("'task', '{SUBTASK}', 'workflow::b'")).await;
        assert_eq!(resolved().await, "workflow::b at task", "the parent is nearer than its parent");
        assign(client, at, &format!("'task', '{DEEPER}', 'workflow::c'")).await;
        assert_eq!(resolved().await, "workflow::c at task");

        let path = format!(
            "select string_agg(step ->> 'hierarchy_level', ' > ') from jsonb_array_elements((
               select resolution_path from public.resolve_template_inheritance('{SUBTASK}', 'subtask')
             )) as step"
        );
        assert_eq!(bench.ask(&path).await, "task");
        // A milestone is below its project but not below a phase that the context happens to name.
        assert_eq!(resolve(client, MILESTONE, "milestone", &context).await, "workflow::c at milestone");
        assert_eq!(resolve(client, PROJECT, "project", &context).await, "workflow::b at project");
        let strange = client
            .query("select public.resolve_template_inheritance(gen_random_uuid(), 'galaxy')", &[])
            .await;
        assert_eq!(refusal(&strange.unwrap_err()).0, "22P02");

        // Without assignments, and with the default switched off, there is no answer.
        client.batch_execute("delete from public.archon_template_assignments; update public.archon_template_injection_templates set is_active = false where name = 'workflow::default'").await.unwrap();
        assert_eq!(resolved().await, "nothing");
    });
}

#[test]
fn scope_condition_time_and_priority_are_honoured() {
    on_runtime(async {
        let bench = stocked("set_scopes").await;
        let client = &bench.client;
        whole(client, PLACE).await.unwrap();
        // Columns beyond level, entity and template; what holds for the task and with which context.
        let not_inherited = ("inheritance_enabled", "false");
        let cases: &[(Columns<'_>, &str, bool)] = &[
            (&[], "{}", true),
            (&[not_inherited], "{}", false),
            (&[("is_active", "false")], "{}", false),
            (&[("effective_from", "now() + interval '1 minute'")], "{}", false),
            (
                &[
                    ("effective_from", "now() - interval '2 days'"),
                    ("effective_until", "now() - interval '1 day'"),
                ],
                "{}",
                false,
            ),
            (&[("effective_from", "null"), ("effective_until", "now() + interval '1 day'")], "{}", true),
            (
                &[
                    ("assignment_scope", "'specific_types'"),
                    ("assignment_context", r#"'{"types": ["task"]}'"#),
                ],
                "{}",
                true,
            ),
            (
                &[
                    ("assignment_scope", "'specific_types'"),
                    ("assignment_context", r#"'{"types": ["bug"]}'"#),
                ],
                "{}",
                false,
            ),
            (
                &[
                    ("assignment_scope", "'specific_types'"),
                    ("assignment_context", r#"'{"types": ["bug"]}'"#),
                ],
                r#"{"type": "bug"}"#,
                true,
            ),
        ];
        let at = async |extra: Columns<'_>, context: &str| {
            client.batch_execute("delete from public.archon_template_assignments").await.unwrap();
            let mut columns = "hierarchy_level, entity_id, template_name".to_owned();
            let mut values = format!("'project', '{PROJECT}', 'workflow::a'");
            for (column, value) in extra {
                columns.push_str(&format!(", {column}"));
                values.push_str(&format!(", {value}"));
            }
            assign(client, &columns, &values).await;
            resolve(client, TASK, "task", context).await
        };
        for (extra, context, applies) in cases {
            let expected = if *applies { "workflow::a at project" } else { "workflow::default" };
            assert_eq!(at(extra, context).await, expected, "{extra:?} {context}");
        }
        // At its own place an assignment applies without being inherited.
        at(&[not_inherited], "{}").await;
        assert_eq!(resolve(client, PROJECT, "project", "{}").await, "workflow::a at project");

        let conditions = [
            (r#"{"key": "team", "operator": "equals", "value": "red"}"#, true),
            (r#"{"key": "team", "operator": "not_equals", "value": "red"}"#, false),
            (r#"{"key": "absent", "operator": "not_equals", "value": "red"}"#, true),
            (r#"{"key": "absent", "operator": "equals", "value": null}"#, false),
            (r#"{"key": "team", "operator": "in", "value": ["blue", "red"]}"#, true),
            (r#"{"key": "tags", "operator": "contains", "value": "urgent"}"#, true),
            (r#"{"key": "tags", "operator": "contains", "value": "calm"}"#, false),
            (r#"{"key": "size.hours", "operator": "greater_than", "value": 3}"#, true),
            (r#"{"key": "size.hours", "operator": "less_than", "value": 3}"#, false),
            (r#"{"key": "team", "operator": "less_than", "value": 3}"#, false),
            (r#"{"key": "size.hours", "operator": "exists"}"#, true),
            (r#"{"key": "size.days", "operator": "exists"}"#, false),
            (r#"{"not": {"key": "team", "operator": "equals", "value": "red"}}"#, false),
            (
                r#"{"all": [{"key": "team", "operator": "exists"}, {"key": "tags", "operator": "exists"}]}"#,
                true,
            ),
            (
                r#"{"all": [{"key": "team", "operator": "exists"}, {"key": "none", "operator": "exists"}]}"#,
                false,
            ),
            (
                r#"{"any": [{"key": "none", "operator": "exists"}, {"key": "tags", "operator": "exists"}]}"#,
                true,
            ),
            (r#"{"any": []}"#, false),
            (r#"{"all": []}"#, true),
        ];
        let context = r#"{"team": "red", "tags": ["urgent", "small"], "size": {"hours": 5}}"#;
        for (condition, holds) in conditions {
            let logic = format!("'{condition}'");
            let got =
                at(&[("assignment_scope", "'conditional'"), ("conditional_logic", &logic)], context).await;
            assert_eq!(got == "workflow::a at project", holds, "{condition}");
        }

        // Of several at one place: priority, then scope, then the later one, then the smaller identifier.
        client.batch_execute("delete from public.archon_template_assignments").await.unwrap();
        let at = "hierarchy_level, entity_id, template_name, priority, assignment_scope, assignment_context, effective_from";
        let named = |template: &str, priority: i32, scope: &str, from: &str| {
            format!(
                "'project', '{PROJECT}', 'workflow::{template}', {priority}, '{scope}', '{{\"types\": [\"task\"]}}', '{from}'"
            )
        };
        assign(client, at, &named("a", 1, "all", "2025-01-01")).await;
        assign(client, at, &named("b", 1, "all", "2025-02-01")).await;
        assert_eq!(resolve(client, TASK, "task", "{}").await, "workflow::b at project", "the later one");
        assign(client, at, &named("c", 1, "specific_types", "2024-01-01")).await;
        assert_eq!(
            resolve(client, TASK, "task", "{}").await,
            "workflow::c at project",
            "the more particular one"
        );
        assign(client, at, &named("d", 2, "all", "2023-01-01")).await;
        assert_eq!(
            resolve(client, TASK, "task", "{}").await,
            "workflow::d at project",
            "the higher priority"
        );
        client.batch_execute("update public.archon_template_injection_templates set is_active = false where name = 'workflow::d'").await.unwrap();
        assert_eq!(
            resolve(client, TASK, "task", "{}").await,
            "workflow::c at project",
            "a template that is off is passed over"
        );
    });
}

#[test]
fn what_cannot_be_meant_is_refused_when_it_is_written() {
    on_runtime(async {
        let bench = stocked("set_refused").await;
        let client = &bench.client;
        whole(client, PLACE).await.unwrap();
        for (columns, values, code) in [
            ("effective_from, effective_until", "now(), now() - interval '1 day'", "23514"),
            ("assignment_scope", "'specific_types'", "23514"),
            ("assignment_scope", "'conditional'", "23514"),
            (
                "assignment_scope, conditional_logic",
                r#"'conditional', '{"key": "a", "operator": "is"}'"#,
                "22023",
            ),
            (
                "assignment_scope, conditional_logic",
                r#"'conditional', '{"any": [{"key": "a", "operator": "exists"}, {"key": "a", "operator": "is"}]}'"#,
                "22023",
            ),
            ("assignment_scope, conditional_logic", r#"'conditional', '{"all": "everything"}'"#, "22023"),
            ("assignment_scope, conditional_logic", r#"'conditional', '"all"'"#, "22023"),
            ("assignment_scope, conditional_logic", r#"'conditional', '["all"]'"#, "22023"),
            (
                "assignment_scope, conditional_logic",
                r#"'conditional', '{"all": [], "operator": "is"}'"#,
                "22023",
            ),
            ("assignment_scope, conditional_logic", r#"'conditional', '{"operator": "exists"}'"#, "22023"),
            (
                "assignment_scope, conditional_logic",
                r#"'conditional', '{"key": "a", "operator": "equals"}'"#,
                "22023",
            ),
            (
                "assignment_scope, conditional_logic",
                r#"'conditional', '{"key": "a", "operator": "greater_than", "value": "abc"}'"#,
                "22023",
            ),
            (
                "assignment_scope, conditional_logic",
                r#"'conditional', '{"key": "a", "operator": "in", "value": 3}'"#,
                "22023",
            ),
            ("entity_type", "repeat('long', 20)", "22001"),
        ] {
            let sql = format!(
                "insert into public.archon_template_assignments (hierarchy_level, entity_id, template_name, {columns})
                 values ('task', '{TASK}', 'workflow::a', {values})"
            );
            let refused = client.batch_execute(&sql).await.unwrap_err();
            assert_eq!(refusal(&refused).0, code, "{columns} {values}: {refused:?}");
        }
        let nowhere = "insert into public.archon_template_assignments (hierarchy_level, template_name) values ('task', 'workflow::a')";
        assert_eq!(refusal(&client.batch_execute(nowhere).await.unwrap_err()).0, "23502");
        let nothing = "insert into public.archon_template_assignments (hierarchy_level, template_name) values ('global', 'workflow::x')";
        let refused = client.batch_execute(nothing).await.unwrap_err();
        assert_eq!(refusal(&refused), ("23503", "template workflow::x does not exist"));
    });
}
