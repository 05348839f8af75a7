//! Who may do what: for each table of the set, each of the three API roles and each command, and who may call which
//! function. What a role is refused, and what it is shown none of, are told apart.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use super::{column, refusal, stocked};
use crate::bench::on_runtime;

/// What anon, authenticated and service_role may do, as letters: read, write (insert), update, delete.
/// `-` is refused; `0` would be a command that runs and reaches no row.
const TABLES: [(&str, [&str; 3]); 22] = [
    ("archon_code_examples", ["r---", "r---", "rwud"]),
    ("archon_component_dependencies", ["----", "r---", "rwud"]),
    ("archon_component_metadata", ["----", "r---", "rwud"]),
    ("archon_components", ["----", "r---", "rwud"]),
    ("archon_crawled_pages", ["r---", "r---", "rwud"]),
    ("archon_document_versions", ["----", "r---", "rwud"]),
    ("archon_project_sources", ["----", "r-u-", "rwud"]),
    ("archon_projects", ["----", "r-u-", "rwud"]),
    ("archon_prompts", ["----", "r---", "rwud"]),
    ("archon_settings", ["----", "r-u-", "rwud"]),
    ("archon_sources", ["r---", "r---", "rwud"]),
    ("archon_tasks", ["----", "r-u-", "rwud"]),
    ("archon_template_assignment_audit", ["----", "----", "r---"]),
    ("archon_template_assignment_cache", ["----", "----", "rwud"]),
    ("archon_template_assignments", ["r---", "r---", "rwud"]),
    ("archon_template_components", ["r---", "r---", "rwud"]),
    ("archon_template_definitions", ["----", "r---", "rwud"]),
    ("archon_template_injection_templates", ["r---", "r---", "rwud"]),
    ("archon_workflow_executions", ["r---", "r---", "rwud"]),
    ("archon_workflow_step_executions", ["r---", "r---", "rwud"]),
    ("archon_workflow_template_versions", ["r---", "r---", "rwud"]),
    ("archon_workflow_templates", ["r---", "r---", "rwud"]),
];

const ROLES: [&str; 3] = ["anon", "authenticated", "service_role"];

/// The letter of a command that has run or was refused. Errors that come after the rights were checked are a yes.
fn letter(yes: char, total: i64, outcome: Result<i64, tokio_postgres::Error>) -> char {
    match outcome {
        Ok(reached) if reached == total => yes,
        Ok(0) => '0',
        Ok(_) => '?',
        Err(error) => match refusal(&error).0 {
            "42501" => '-',
            // Another row has its key, or another row needs it.
            "23505" | "23503" => yes,
            other => panic!("{other}: {error:?}"),
        },
    }
}

/// What a role with this token may do with a table. Policies are judged for service_role too, although it may pass them by.
async fn rights(client: &Client, table: &str, role: &str, token: &str) -> String {
    let total = format!("select count(*) from public.{table}");
    let total: i64 = client.query_one(&total, &[]).await.unwrap().get(0);
    assert!(total > 0, "{table} is empty, so nothing would be tried");
    let row = format!("select to_jsonb(t)::text from public.{table} as t limit 1");
    let row: String = client.query_one(&row, &[]).await.unwrap().get(0);
    let column = format!(
        "select attname::text from pg_attribute where attrelid = 'public.{table}'::regclass
         and attnum > 0 and attidentity = '' order by attname in ('id', 'created_at') desc, attnum limit 1"
    );
    let column: String = client.query_one(&column, &[]).await.unwrap().get(0);
    let commands = [
        ('r', format!("select count(*) from public.{table}")),
        (
            'w',
            format!(
                "with added as (insert into public.{table} overriding system value
                   select (jsonb_populate_record(null::public.{table}, $row${row}$row$)).* returning 1)
                 select count(*) from added"
            ),
        ),
        (
            'u',
            format!(
                "with changed as (update public.{table} set {column} = {column} returning 1) select count(*) from changed"
            ),
        ),
        ('d', format!("with gone as (delete from public.{table} returning 1) select count(*) from gone")),
    ];
    let mut letters = String::new();
    for (yes, command) in commands {
        let become_it = format!(
            "begin; alter role service_role nobypassrls; set local role {role};
             set local request.jwt.claims = '{{\"role\": \"{token}\"}}'"
        );
        client.batch_execute(&become_it).await.unwrap();
        // `returning` needs the right to read, so a command that is refused for that alone would be misread.
        let outcome = client.query_one(&command, &[]).await.map(|row| row.get(0));
        client.batch_execute("rollback").await.unwrap();
        letters.push(letter(yes, total, outcome));
    }
    letters
}

#[test]
fn each_role_may_do_with_each_table_what_the_text_says() {
    on_runtime(async {
        let bench = stocked("set_rights").await;
        let client = &bench.client;
        let tables = "select tablename from pg_tables where schemaname = 'public' order by 1";
        let expected: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
        assert_eq!(column(client, tables).await, expected, "a table is not in the matrix");
        let (mut wrong, mut judged) = (Vec::new(), 0);
        for (table, expected) in TABLES {
            for (role, expected) in ROLES.into_iter().zip(expected) {
                let found = rights(client, table, role, role).await;
                judged += 4;
                if found != expected {
                    wrong.push(format!("{table} for {role}: {found} instead of {expected}"));
                }
            }
        }
        println!("{judged} of {judged} rights are as the text says");
        assert_eq!(wrong, Vec::<String>::new());
    });
}

/// A session whose token says something else than its role reaches no row of what is not public.
#[test]
fn a_role_without_its_token_reaches_nothing() {
    on_runtime(async {
        let bench = stocked("set_tokens").await;
        for table in ["archon_settings", "archon_tasks", "archon_projects", "archon_project_sources"] {
            assert_eq!(rights(&bench.client, table, "authenticated", "anon").await, "0-0-", "{table}");
        }
        for table in ["archon_settings", "archon_template_assignment_cache"] {
            assert_eq!(
                rights(&bench.client, table, "service_role", "authenticated").await,
                "0-00",
                "{table}"
            );
        }
    });
}

#[test]
fn each_function_may_be_called_by_whom_it_is_for() {
    on_runtime(async {
        let bench = stocked("set_calls").await;
        let everybody = "anon authenticated service_role";
        let expected = BTreeMap::from([
            ("archive_task", "authenticated service_role"),
            ("archon_condition_holds", everybody),
            ("archon_template_places", "authenticated service_role"),
            ("cache_template_resolution", "service_role"),
            ("cleanup_expired_template_cache", "service_role"),
            ("expand_archon_template", everybody),
            ("expand_archon_template_components", everybody),
            ("invalidate_template_assignment_cache", "service_role"),
            ("match_archon_code_examples", everybody),
            ("match_archon_crawled_pages", everybody),
            ("resolve_template_inheritance", "authenticated service_role"),
        ]);
        let sql = "select proname || ': ' || string_agg(role, ' ' order by role)
             from pg_proc cross join unnest(array['anon', 'authenticated', 'service_role']) as role
             where pronamespace = 'public'::regnamespace and prorettype <> 'trigger'::regtype
               and has_function_privilege(role, pg_proc.oid, 'execute')
             group by proname, pg_proc.oid order by 1";
        let expected: Vec<String> = expected.iter().map(|(name, roles)| format!("{name}: {roles}")).collect();
        assert_eq!(column(&bench.client, sql).await, expected);
        // Whoever may ask which template applies gets an answer, and whoever may not is told so.
        for (role, answer) in [("authenticated", Ok("workflow::made_5")), ("anon", Err("42501"))] {
            let ask = format!(
                "begin; set local role {role}; set local request.jwt.claims = '{{\"role\": \"{role}\"}}'"
            );
            bench.client.batch_execute(&ask).await.unwrap();
            let sql = "select template_name from public.resolve_template_inheritance(
                   (select id from public.archon_tasks where title = 'Project 1: task 4'), 'task')";
            let got = bench.client.query_one(sql, &[]).await;
            bench.client.batch_execute("rollback").await.unwrap();
            let got = got.map(|row| row.get::<_, String>(0)).map_err(|error| refusal(&error).0.to_owned());
            assert_eq!(got.as_deref().map_err(String::as_str), answer, "{role}");
        }
    });
}

/// Projects of some age grant every new table to the API roles; what the set grants is all there is.
#[test]
fn what_the_server_grants_by_default_is_taken_back() {
    on_runtime(async {
        let bench = crate::bench::Bench::new("set_default_grants").await;
        let generous = "alter default privileges in schema public grant all on tables to anon, authenticated, service_role";
        bench.client.batch_execute(generous).await.unwrap();
        for file in super::forward(&super::set().await) {
            super::whole(&bench.client, &file.text).await.unwrap();
            super::whole(&bench.client, super::DATA).await.unwrap();
        }
        let beyond = "select grantee || ' ' || privilege_type || ' ' || table_name from information_schema.role_table_grants
             where table_schema = 'public' and grantee in ('anon', 'authenticated', 'service_role', 'PUBLIC')
               and privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')";
        assert_eq!(column(&bench.client, beyond).await, Vec::<String>::new());
        for (table, expected) in TABLES {
            for (role, expected) in ROLES.into_iter().zip(expected) {
                assert_eq!(rights(&bench.client, table, role, role).await, expected, "{table} for {role}");
            }
        }
    });
}
