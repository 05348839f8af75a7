//! What the functions and triggers of the core, the providers, template injection and components do.

use tokio_postgres::types::ToSql;

use super::{another, column, refusal, set, stocked, whole};
use crate::bench::{Bench, on_runtime};

#[test]
fn a_provider_that_was_chosen_is_carried_over_and_then_left_alone() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_providers").await;
        let apply = async |path: &str| whole(&bench.client, &set.get(path).unwrap().text).await.unwrap();
        let value = async |key: &str| {
            bench.ask(&format!("select value from public.archon_settings where key = '{key}'")).await
        };
        apply("20250801000000_complete_setup.sql").await;
        let chosen = "update public.archon_settings set value = 'google' where key = 'LLM_PROVIDER'";
        whole(&bench.client, chosen).await.unwrap();
        apply("20250801000100_add_split_providers.sql").await;
        assert_eq!(value("CHAT_PROVIDER").await, "google");
        assert_eq!(value("EMBEDDING_PROVIDER").await, "google");
        let other = "update public.archon_settings set value = 'ollama' where key = 'CHAT_PROVIDER'";
        whole(&bench.client, other).await.unwrap();
        apply("20250801000100_add_split_providers.sql").await;
        assert_eq!(value("CHAT_PROVIDER").await, "ollama");
        apply("20250801000200_add_fallback_providers.sql").await;
        assert_eq!(value("ENABLE_PROVIDER_FALLBACK").await, "false");
    });
}

#[test]
fn a_task_is_archived_with_its_live_subtasks_and_nothing_else() {
    on_runtime(async {
        let bench = stocked("set_archive").await;
        let planted = "
            with root as (insert into public.archon_tasks (title) values ('root') returning id),
              child as (insert into public.archon_tasks (title, parent_task_id) select 'child', id from root returning id),
              grandchild as (
                insert into public.archon_tasks (title, parent_task_id) select 'grandchild', id from child returning id
              )
            insert into public.archon_tasks (title, parent_task_id, archived, archived_by)
            select 'archived before', id, true, 'somebody' from root";
        bench.client.batch_execute(planted).await.unwrap();
        let others = "select md5(string_agg(task::text, '' order by id)) from public.archon_tasks as task
                      where title not in ('root', 'child', 'grandchild', 'archived before')";
        let before = bench.ask(others).await;
        let archive = "select public.archive_task(id, 'Ada') from public.archon_tasks where title = 'root'";
        assert_eq!(bench.ask(archive).await, "true");
        let who = "select title || ' by ' || archived_by || (archived_at is not null)::text from public.archon_tasks
                   where archived and title in ('root', 'child', 'grandchild', 'archived before') order by title";
        assert_eq!(
            column(&bench.client, who).await,
            [
                "archived before by somebodyfalse",
                "child by Adatrue",
                "grandchild by Adatrue",
                "root by Adatrue"
            ]
        );
        assert_eq!(bench.ask(archive).await, "false", "there is nothing left to archive");
        assert_eq!(bench.ask("select public.archive_task(gen_random_uuid())").await, "false");
        assert_eq!(bench.ask(others).await, before);
        // Two tasks that name each other as parent do not keep it running for ever.
        let circle = "update public.archon_tasks set archived = false,
              parent_task_id = (select id from public.archon_tasks where title = 'grandchild') where title = 'root';
            update public.archon_tasks set archived = false where title in ('child', 'grandchild')";
        bench.client.batch_execute(circle).await.unwrap();
        assert_eq!(bench.ask(archive).await, "true");
    });
}

#[test]
fn a_template_expands_with_its_components_and_refuses_what_it_cannot() {
    on_runtime(async {
        let bench = stocked("set_expansion").await;
        let client = &bench.client;
        let planted = "insert into public.archon_template_components (name, instruction_text) values
               ('action::a', 'first {{group::b}}'), ('group::b', 'second'),
               ('group::c', '{{group::d}}'), ('group::d', '{{group::c}}'),
               ('group::misspelt', '{{ action::a }}'),
               ('sequence::s', '{{action::a}} {{action::a}}'), ('validation::v', 'checked');
             insert into public.archon_template_components (name, instruction_text, is_active)
             values ('group::off', 'switched off', false);
             insert into public.archon_template_injection_templates (name, template_content) values
               ('workflow::good', '{{action::a}}, then {{USER_TASK}}'),
               ('workflow::all', '{{sequence::s}} {{validation::v}} {{USER_TASK}} {{USER_TASK}}'),
               ('workflow::circle', '{{USER_TASK}} {{group::c}}'),
               ('workflow::off', '{{USER_TASK}} {{group::off}}'),
               ('workflow::capital', '{{USER_TASK}} {{Action::a}}'),
               ('workflow::unknown', '{{USER_TASK}} {{UNKNOWN_NAME}}'),
               ('workflow::inner', '{{USER_TASK}} {{group::misspelt}}'),
               ('workflow::stranger', '{{USER_TASK}} {{group::nobody}}')";
        client.batch_execute(planted).await.unwrap();
        let expand = async |name: &str| {
            let sql = "select public.expand_archon_template($1, 'my {{group::c}}')";
            let row = client.query_one(sql, &[&name]).await;
            row.map(|row| row.get::<_, String>(0)).map_err(|error| {
                let (code, message) = refusal(&error);
                format!("{code} {message}")
            })
        };
        // Braces in what the user wrote are the user's.
        assert_eq!(expand("workflow::good").await.unwrap(), "first second, then my {{group::c}}");
        assert_eq!(
            expand("workflow::all").await.unwrap(),
            "first second first second checked my {{group::c}} my {{group::c}}"
        );
        let circle = expand("workflow::circle").await.unwrap_err();
        assert!(circle.starts_with("42P19") && circle.contains("group::c > group::d > group::c"), "{circle}");
        for (name, stranger) in [
            ("workflow::stranger", "group::nobody"),
            ("workflow::off", "group::off"),
            ("workflow::none", "workflow::none"),
            ("workflow::capital", "Action::a"),
            ("workflow::unknown", "UNKNOWN_NAME"),
            ("workflow::inner", " action::a "),
        ] {
            let said = expand(name).await.unwrap_err();
            assert!(said.starts_with("P0002") && said.contains(stranger), "{said}");
        }
        for seeded in ["workflow::default", "workflow::hotfix", "workflow::research", "workflow::deployment"]
        {
            let text = expand(seeded).await.unwrap();
            assert!(text.contains("my {{group::c}}") && text.len() > 300, "{seeded}: {text}");
        }
        for content in [
            "{{USER_TASK}} {{two words}}",
            "no place for the task",
            "{{USER_TASK}} {{open",
            "{{USER_TASK}} }}",
        ] {
            let sql = "insert into public.archon_template_injection_templates (name, template_content) values ('workflow::bad', $1)";
            let refused = client.execute(sql, &[&content]).await.unwrap_err();
            assert_eq!(refusal(&refused).0, "23514", "{content}");
        }
    });
}

#[test]
fn two_sessions_never_close_a_circle_of_dependencies_together() {
    on_runtime(async {
        const ROUNDS: usize = 60;
        let bench = stocked("set_circles").await;
        let other = another(&bench).await;
        bench.client.batch_execute("delete from public.archon_component_dependencies").await.unwrap();
        let planted =
            "with project as (insert into public.archon_projects (title) values ('circles') returning id)
             insert into public.archon_components (project_id, name)
             select project.id, format('%s-%s', side, round)
             from project, unnest(array['left', 'right']) as side, generate_series(1, $1::int) as round";
        bench.client.execute(planted, &[&i32::try_from(ROUNDS).unwrap()]).await.unwrap();
        let add = "insert into public.archon_component_dependencies (component_id, depends_on_component_id)
             select a.id, b.id from public.archon_components a, public.archon_components b
             where a.name = $1 and b.name = $2";
        for round in 1..=ROUNDS {
            let (left, right) = (format!("left-{round}"), format!("right-{round}"));
            let there: [&(dyn ToSql + Sync); 2] = [&left, &right];
            let back: [&(dyn ToSql + Sync); 2] = [&right, &left];
            let (one, two) = tokio::join!(bench.client.execute(add, &there), other.execute(add, &back));
            assert!(one.is_ok() != two.is_ok(), "round {round}: {one:?} and {two:?}");
            let loser = one.err().or(two.err()).unwrap();
            assert_eq!(refusal(&loser).0, "23000", "{loser:?}");
        }
        let stored = bench.ask("select count(*) from public.archon_component_dependencies").await;
        assert_eq!(stored, ROUNDS.to_string());
        // An update closes a circle as well as an insert does.
        let turn =
            "update public.archon_component_dependencies as d set component_id = d.depends_on_component_id,
               depends_on_component_id = d.component_id
             from public.archon_components as c where c.id = d.component_id and c.name = 'left-1'";
        bench.client.batch_execute(turn).await.unwrap();
        // A snapshot older than the lock could not see the other session's half.
        for isolation in ["repeatable read", "serializable"] {
            bench.client.batch_execute(&format!("begin isolation level {isolation}")).await.unwrap();
            let refused = bench.client.execute(add, &[&"left-2", &"left-3"]).await.unwrap_err();
            assert_eq!(refusal(&refused).0, "0A000", "{isolation}");
            bench.client.batch_execute("rollback").await.unwrap();
        }
    });
}

#[test]
fn existing_tasks_belong_to_main_and_show_no_change() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_main").await;
        whole(&bench.client, &set.get("20250801000000_complete_setup.sql").unwrap().text).await.unwrap();
        let planted = "insert into public.archon_projects (title) values ('old');
            insert into public.archon_tasks (project_id, title, updated_at)
            select id, 'old task', '2024-05-06' from public.archon_projects;
            insert into public.archon_tasks (title, updated_at) values ('nobody''s', '2024-05-06')";
        whole(&bench.client, planted).await.unwrap();
        let hierarchy = &set.get("20250801001400_add_component_hierarchy.sql").unwrap().text;
        whole(&bench.client, hierarchy).await.unwrap();
        let tasks =
            "select task.title || ' ' || coalesce(component.name, '-') || ' ' || task.updated_at::date
             from public.archon_tasks as task
             left join public.archon_components as component on component.id = task.component_id
             order by 1";
        assert_eq!(column(&bench.client, tasks).await, ["nobody's - 2024-05-06", "old task main 2024-05-06"]);
        // The trigger that was silent for that is awake again.
        bench.client.batch_execute("update public.archon_tasks set title = title").await.unwrap();
        let touched = "select bool_and(updated_at > now() - interval '1 hour') from public.archon_tasks";
        assert_eq!(bench.ask(touched).await, "true");
    });
}
