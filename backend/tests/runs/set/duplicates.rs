//! `cleanup_component_duplicates`: planted duplicates are merged, what refers to them is turned to the kept one, and
//! nothing else changes.

use super::{Rows, column, differences, fingerprint, refusal, stocked, text, whole};
use crate::bench::on_runtime;

const FILE: &str = "maintenance/cleanup_component_duplicates.sql";

/// In one project: user-auth (kept), user_auth and userauth; mail (kept) and ma-il; others that must stay as they are.
/// `user-auth` stands below `userauth`, which stands below `root`.
const PLANTED: &str = "
    insert into public.archon_projects (id, title) values ('00000000-0000-4000-8000-0000000000aa', 'planted');
    insert into public.archon_template_definitions (id, name, title, template_data)
    values ('00000000-0000-4000-8000-0000000000dd', 'planted', 'Planted', '{}');
    insert into public.archon_components
      (id, project_id, name, description, created_at, context_data, completion_gates, template_id)
    select ('00000000-0000-4000-8000-0000000000' || id)::uuid, '00000000-0000-4000-8000-0000000000aa', name, description,
      timestamptz '2025-01-01' + at * interval '1 day', context::jsonb, gates::jsonb, template_id::uuid
    from (values
      ('01', 'root', 'stays', 1, '{}', '[]', null),
      ('02', 'user-auth', '', 2, '{\"a\": 1}', '[\"built\"]', null),
      ('03', 'user_auth', 'second', 3, '{\"a\": 2, \"b\": 2}', '[\"built\", \"tested\"]', null),
      ('04', 'userauth', 'third', 4, '{\"b\": 3, \"c\": 3}', '[\"signed\"]', '00000000-0000-4000-8000-0000000000dd'),
      ('05', 'mail', null, 5, '{}', '[]', null),
      ('06', 'ma-il', null, 6, '{}', '[]', null),
      ('07', 'child', null, 7, '{}', '[]', null),
      ('08', 'user-auth-2', null, 8, '{}', '[]', null)
    ) as planted (id, name, description, at, context, gates, template_id);
    update public.archon_components as component
    set parent_component_id = ('00000000-0000-4000-8000-0000000000' || parent)::uuid
    from (values ('02', '04'), ('04', '01'), ('03', '02'), ('07', '03')) as below (id, parent)
    where component.id = ('00000000-0000-4000-8000-0000000000' || below.id)::uuid;
    insert into public.archon_tasks (project_id, title, component_id)
    select '00000000-0000-4000-8000-0000000000aa', 'planted ' || id, ('00000000-0000-4000-8000-0000000000' || id)::uuid
    from unnest(array['01', '02', '03', '04', '06']) as id;
    insert into public.archon_component_dependencies (component_id, depends_on_component_id, dependency_type)
    select ('00000000-0000-4000-8000-0000000000' || one)::uuid, ('00000000-0000-4000-8000-0000000000' || other)::uuid, kind
    from (values ('02', '05', 'soft'), ('03', '05', 'hard'), ('04', '06', 'optional'), ('03', '02', 'hard'), ('07', '04', 'soft'),
      ('08', '01', 'hard')) as planted (one, other, kind);
    insert into public.archon_component_metadata (component_id, key, value)
    select ('00000000-0000-4000-8000-0000000000' || id)::uuid, key, to_jsonb(value)
    from (values ('02', 'owner', 'kept'), ('03', 'owner', 'lost'), ('03', 'cost', 'older'), ('04', 'cost', 'newer'),
      ('06', 'owner', 'mail')) as planted (id, key, value)";

#[test]
fn duplicates_are_merged_and_nothing_else_changes() {
    on_runtime(async {
        let bench = stocked("set_duplicates").await;
        let client = &bench.client;
        let (schema, before) = (fingerprint(&bench).await, Rows::of(client).await);
        whole(client, PLANTED).await.unwrap();
        let planted = Rows::of(client).await;
        let cleanup = text(FILE).await;
        whole(client, &cleanup).await.unwrap();

        let components = "select concat_ws(' | ', component.name, parent.name, component.description, component.context_data,
               component.completion_gates, definition.name)
             from public.archon_components as component
             left join public.archon_components as parent on parent.id = component.parent_component_id
             left join public.archon_template_definitions as definition on definition.id = component.template_id
             where component.project_id = '00000000-0000-4000-8000-0000000000aa' order by component.created_at";
        assert_eq!(
            column(client, components).await,
            [
                "root | stays | {} | []",
                r#"user-auth | root | second | {"a": 1, "b": 2, "c": 3} | ["built", "tested", "signed"] | planted"#,
                "mail | {} | []",
                "child | user-auth | {} | []",
                "user-auth-2 | {} | []",
            ]
        );
        let dependencies = "select concat_ws(' ', one.name, dependency.dependency_type, other.name)
             from public.archon_component_dependencies as dependency
             join public.archon_components as one on one.id = dependency.component_id
             join public.archon_components as other on other.id = dependency.depends_on_component_id
             where one.project_id = '00000000-0000-4000-8000-0000000000aa' order by 1";
        assert_eq!(
            column(client, dependencies).await,
            ["child soft user-auth", "user-auth hard mail", "user-auth-2 hard root"]
        );
        let metadata = "select concat_ws(' ', component.name, metadata.key, metadata.value #>> '{}')
             from public.archon_component_metadata as metadata
             join public.archon_components as component on component.id = metadata.component_id
             where component.project_id = '00000000-0000-4000-8000-0000000000aa' order by 1";
        assert_eq!(
            column(client, metadata).await,
            ["mail owner mail", "user-auth cost older", "user-auth owner kept"]
        );
        let tasks = "select concat_ws(' ', task.title, component.name)
             from public.archon_tasks as task left join public.archon_components as component on component.id = task.component_id
             where task.title like 'planted%' order by 1";
        assert_eq!(
            column(client, tasks).await,
            [
                "planted 01 root",
                "planted 02 user-auth",
                "planted 03 user-auth",
                "planted 04 user-auth",
                "planted 06 mail"
            ]
        );

        // Everything that was not planted is as it was; what was removed or turned is kept.
        assert_eq!(differences(&bench, &schema).await, []);
        let changed = before.changes_to(&Rows::of(client).await);
        assert!(changed.iter().all(|line| line.contains(": 0 rows gone")), "{changed:?}");
        let exported = "select string_agg(table_name || ' ' || count, ', ' order by table_name) from (
               select table_name, count(*) from archon_rollback.exported_rows group by 1
             ) as kept";
        assert_eq!(
            bench.ask(exported).await,
            "archon_component_dependencies 5, archon_component_metadata 4, archon_components 6, archon_tasks 3"
        );
        assert_ne!(planted.changes_to(&Rows::of(client).await), Vec::<String>::new());

        let after = Rows::of(client).await;
        whole(client, &cleanup).await.unwrap();
        assert_eq!(
            after.changes_to(&Rows::of(client).await),
            Vec::<String>::new(),
            "there is nothing left to merge"
        );
    });
}

#[test]
fn what_would_close_a_circle_stops_the_file_and_changes_nothing() {
    on_runtime(async {
        let bench = stocked("set_duplicate_circle").await;
        let client = &bench.client;
        let project = "select id from public.archon_projects where title = 'Project 3'";
        let cleanup = text(FILE).await;
        let plant = |more: &str| {
            format!(
                "insert into public.archon_components (project_id, name, created_at)
                 select ({project}), name, now() + age * interval '1 second'
                 from unnest(array['x-y', 'middle', 'xy', 'pq', 'p-q']) with ordinality as planted (name, age);
                 {more}"
            )
        };
        let by_name = |name: &str| format!("(select id from public.archon_components where name = '{name}')");
        let dependency = |one: &str, other: &str| {
            format!(
                "insert into public.archon_component_dependencies (component_id, depends_on_component_id)
                 values ({}, {});",
                by_name(one),
                by_name(other)
            )
        };
        let parent = |child: &str, above: &str| {
            format!(
                "update public.archon_components set parent_component_id = {} where name = '{child}';",
                by_name(above)
            )
        };
        let remove =
            "delete from public.archon_components where name in ('x-y', 'middle', 'xy', 'p-q', 'pq')";
        for (planted, said) in [
            (dependency("x-y", "middle") + &dependency("middle", "xy"), "would depend on itself"),
            (parent("x-y", "p-q") + &parent("pq", "xy"), "would stand below themselves: "),
        ] {
            whole(client, &plant(&planted)).await.unwrap();
            let before = Rows::of(client).await;
            let refused = whole(client, &cleanup).await.unwrap_err();
            let (code, message) = refusal(&refused);
            assert!(code == "23000" && message.contains(said), "{refused:?}");
            assert_eq!(before.changes_to(&Rows::of(client).await), Vec::<String>::new());
            client.batch_execute(remove).await.unwrap();
        }
    });
}

/// Contexts and gates that are no objects and lists, names that only look alike, and a circle of parents that was there.
#[test]
fn odd_values_stay_and_what_only_looks_alike_is_left_alone() {
    on_runtime(async {
        let bench = stocked("set_duplicate_oddities").await;
        let client = &bench.client;
        let planted = r#"
            with project as (insert into public.archon_projects (title) values ('odd') returning id)
            insert into public.archon_components (project_id, name, created_at, context_data, completion_gates)
            select project.id, name, now() + age * interval '1 second', context::jsonb, gates::jsonb
            from project, (select *, row_number() over () as age from (values
              ('a-list', '[1, 2]', 'null'), ('a_list', '{"a": 1}', '["new"]'),
              ('b-null', null, null), ('b_null', '{"a": 1}', '["new"]'),
              ('c-scalar', '"s"', '5'), ('c_scalar', null, '["new"]'),
              ('d-object', '{"a": 1}', '{"a": 1}'), ('d_object', '[3]', '["new"]'),
              ('part-1-1', '{}', '[]'), ('part-11', '{}', '[]'), ('v1-10', '{}', '[]'), ('v11-0', '{}', '[]'),
              ('-', '{}', '[]'), ('__', '{}', '[]'), ('ring-one', '{}', '[]'), ('ring-two', '{}', '[]')
            ) as listed (name, context, gates)) as planted;
            update public.archon_components as component set parent_component_id = other.id
            from public.archon_components as other
            where component.name in ('ring-one', 'ring-two') and other.name in ('ring-one', 'ring-two')
              and other.id <> component.id"#;
        whole(client, planted).await.unwrap();
        whole(client, &text(FILE).await).await.unwrap();
        let left = "select concat_ws(' | ', name, coalesce(context_data::text, '-'), coalesce(completion_gates::text, '-'))
             from public.archon_components join public.archon_projects on archon_projects.id = project_id
             where title = 'odd' order by name collate \"C\"";
        assert_eq!(
            column(client, left).await,
            [
                "- | {} | []",
                r#"__ | {} | []"#,
                r#"a-list | [1, 2] | ["new"]"#,
                r#"b-null | {"a": 1} | ["new"]"#,
                r#"c-scalar | "s" | 5"#,
                r#"d-object | {"a": 1} | {"a": 1}"#,
                "part-1-1 | {} | []",
                "part-11 | {} | []",
                "ring-one | {} | []",
                "ring-two | {} | []",
                "v1-10 | {} | []",
                "v11-0 | {} | []",
            ]
        );
    });
}
