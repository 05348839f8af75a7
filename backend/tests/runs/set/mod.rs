//! The real migration set: it applies in order, a second time changes nothing, a rollback undoes exactly its
//! feature, and a validation notices every object that is gone. Files that join the set are tested with it.

mod contents;
mod readers;

use std::path::Path;

use studio_backend::{
    pg::target::fingerprint::{Difference, Fingerprint},
    services::folder::Folder,
};
use studio_kernel::{
    migration::{Migration, MigrationSet},
    run::RunState,
};
use tokio_postgres::{Client, types::ToSql};

use crate::bench::{Bench, connect, engine_url, on_runtime};

async fn set() -> MigrationSet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let snapshot = Folder::new(root).snapshot().await.unwrap();
    assert_eq!(snapshot.unreadable, []);
    snapshot.set.clone()
}

fn forward(set: &MigrationSet) -> Vec<&Migration> {
    let files: Vec<&Migration> = set.files().iter().filter(|file| file.role.is_forward()).collect();
    assert!(files.len() >= 2, "the set is not there");
    files
}

async fn fingerprint(bench: &Bench) -> Fingerprint {
    let session = bench.target.open("test").await.unwrap();
    Fingerprint::take(&session).await.unwrap()
}

/// What differs from before, but for the table in which rollbacks keep what they remove.
async fn differences(bench: &Bench, before: &Fingerprint) -> Vec<Difference> {
    let mut found = before.changes_to(&fingerprint(bench).await);
    found.retain(|difference| !difference.name.contains("archon_rollback"));
    found
}

/// Every row of every table that the set makes, as one text.
async fn rows(client: &Client) -> String {
    let tables = "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables \
                  where schemaname = 'public' order by 1";
    let mut all = String::new();
    for row in client.query(tables, &[]).await.unwrap() {
        let table: String = row.get(0);
        let text =
            format!("select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {table} as t");
        let rows: String = client.query_one(&text, &[]).await.unwrap().get(0);
        all.push_str(&format!("{table}\n{rows}\n"));
    }
    all
}

/// As `psql -1 -f` sends it.
async fn whole(client: &Client, text: &str) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(&format!("begin;\n{text}\n;commit;")).await
}

#[test]
fn the_set_applies_in_order_and_a_second_time_changes_nothing() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_twice").await;
        for file in forward(&set) {
            let run = bench.run(&[(file.path.as_str(), file.text.as_str())]).await;
            assert_eq!(run.state, RunState::Done, "{}: {}", file.path, run.summary);
        }
        let (schema, before) = (fingerprint(&bench).await, rows(&bench.client).await);
        assert!(schema.len() > 100 && before.len() > 1_000, "there is something to compare");
        for file in forward(&set) {
            let again = whole(&bench.client, &file.text).await;
            assert!(again.is_ok(), "{}: {again:?}", file.path);
            assert_eq!(schema.changes_to(&fingerprint(&bench).await), [], "{}", file.path);
            assert_eq!(rows(&bench.client).await, before, "{}", file.path);
        }
    });
}

#[test]
fn each_rollback_undoes_its_feature_twice_and_the_feature_comes_back_the_same() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_rollback").await;
        let mut tried = 0;
        for file in forward(&set) {
            let (before, kept) = (fingerprint(&bench).await, rows(&bench.client).await);
            whole(&bench.client, &file.text).await.unwrap();
            let Some(rollback) = set.triple(&file.path).and_then(|triple| triple.rollback) else { continue };
            let after = fingerprint(&bench).await;
            for time in ["once", "twice"] {
                whole(&bench.client, &rollback.text).await.unwrap();
                assert_eq!(differences(&bench, &before).await, [], "{} {time}", rollback.path);
                assert_eq!(rows(&bench.client).await, kept, "{} {time}", rollback.path);
            }
            whole(&bench.client, &file.text).await.unwrap();
            assert_eq!(differences(&bench, &after).await, [], "{}", file.path);
            tried += 1;
        }
        assert!(tried > 0, "no rollback was tried");
    });
}

/// Ways to break what tables of a feature consist of: what is dropped, the word that must be named, and the
/// statement.
const BREAKAGES: &str = "
    select 'table', c.relname::text, format('drop table public.%I cascade', c.relname)
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname ~ $1
    union all
    select 'column', a.attname::text, format('alter table public.%I drop column %I cascade', c.relname, a.attname)
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname ~ $1
    union all
    select 'type', t.typname::text, format('drop type public.%I cascade', t.typname)
    from pg_type t where t.typnamespace = 'public'::regnamespace and t.typtype = 'e'
      and exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid
                  where a.atttypid = t.oid and c.relname ~ $1 and c.relkind = 'r')
    union all
    select 'index', i.indexname::text, format('drop index public.%I', i.indexname)
    from pg_indexes i where i.schemaname = 'public' and i.tablename ~ $1 and i.indexname like 'idx%'
    union all
    select 'policy', p.policyname::text, format('drop policy %I on public.%I', p.policyname, p.tablename)
    from pg_policies p where p.schemaname = 'public' and p.tablename ~ $1
    union all
    select 'trigger', g.tgname::text, format('drop trigger %I on public.%I', g.tgname, c.relname)
    from pg_trigger g join pg_class c on c.oid = g.tgrelid where not g.tgisinternal and c.relname ~ $1
    union all
    select 'constraint', k.conname::text,
           format('alter table public.%I drop constraint %I cascade', c.relname, k.conname)
    from pg_constraint k join pg_class c on c.oid = k.conrelid where k.contype <> 'n' and c.relname ~ $1";

/// The validations, each with the tables of its feature.
const VALIDATIONS: [(&str, &str); 3] = [
    ("validate/validate_workflow_schema.sql", "^archon_workflow_"),
    (
        "validate/validate_template_injection_schema.sql",
        "^archon_template_(injection|components|assignments)",
    ),
    ("validate/validate_component_hierarchy.sql", "^archon_(template_definitions|components|component_)"),
];

#[test]
fn each_validation_notices_every_object_that_is_gone_and_leaves_nothing() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_mutations").await;
        let client = &bench.client;
        for file in forward(&set) {
            whole(client, &file.text).await.unwrap();
        }
        for (path, tables) in VALIDATIONS {
            let validation = set.get(path).unwrap();
            let (schema, before) = (fingerprint(&bench).await, rows(client).await);
            whole(client, &validation.text).await.unwrap();
            assert_eq!(schema.changes_to(&fingerprint(&bench).await), [], "{path}");
            assert_eq!(rows(client).await, before, "{path}");
            let breakages = client.query(BREAKAGES, &[&tables]).await.unwrap();
            let mut unnoticed = Vec::new();
            for row in &breakages {
                let (kind, name, statement): (String, String, String) = (row.get(0), row.get(1), row.get(2));
                client.batch_execute(&format!("begin; {statement}")).await.unwrap();
                let said = client.batch_execute(&validation.text).await;
                client.batch_execute("rollback").await.unwrap();
                let error = said.err().and_then(|error| Some(error.as_db_error()?.message().to_owned()));
                if !error.is_some_and(|message| message.contains(&name)) {
                    unnoticed.push(format!("{kind} {name}"));
                }
            }
            let noticed = breakages.len() - unnoticed.len();
            println!("{path}: {noticed} of {} breakages noticed", breakages.len());
            assert!(breakages.len() > 60, "{} breakages are not the whole feature", breakages.len());
            assert_eq!(unnoticed, Vec::<String>::new(), "{path}");
        }
        let validations = set.files().iter().filter(|file| file.path.starts_with("validate/")).count();
        assert_eq!(validations, VALIDATIONS.len(), "a validation is not tried");
    });
}

#[test]
fn a_template_expands_with_its_components_and_refuses_what_it_cannot() {
    on_runtime(async {
        let set = set().await;
        let bench = Bench::new("set_expansion").await;
        let client = &bench.client;
        for file in forward(&set) {
            whole(client, &file.text).await.unwrap();
        }
        let planted = "insert into public.archon_template_components (name, instruction_text) values
               ('action::a', 'first {{group::b}}'), ('group::b', 'second'),
               ('group::c', '{{group::d}}'), ('group::d', '{{group::c}}');
             insert into public.archon_template_injection_templates (name, template_content) values
               ('workflow::good', '{{action::a}}, then {{USER_TASK}}'),
               ('workflow::circle', '{{USER_TASK}} {{group::c}}'),
               ('workflow::stranger', '{{USER_TASK}} {{group::nobody}}')";
        client.batch_execute(planted).await.unwrap();
        let expand = async |name: &str| {
            let sql = "select public.expand_archon_template($1, 'my {{group::c}}')";
            let row = client.query_one(sql, &[&name]).await;
            row.map(|row| row.get::<_, String>(0))
                .map_err(|error| error.as_db_error().unwrap().message().to_owned())
        };
        // Braces in what the user wrote are the user's.
        assert_eq!(expand("workflow::good").await.unwrap(), "first second, then my {{group::c}}");
        assert!(expand("workflow::circle").await.unwrap_err().contains("group::c > group::d > group::c"));
        assert!(expand("workflow::stranger").await.unwrap_err().contains("group::nobody"));
        assert!(expand("workflow::none").await.unwrap_err().contains("workflow::none"));
        for seeded in ["workflow::default", "workflow::hotfix", "workflow::research", "workflow::deployment"]
        {
            let text = expand(seeded).await.unwrap();
            assert!(text.contains("my {{group::c}}") && text.len() > 300, "{seeded}: {text}");
        }
        let misspelt = "insert into public.archon_template_injection_templates (name, template_content) \
                        values ('workflow::bad', '{{USER_TASK}} {{two words}}')";
        assert!(client.batch_execute(misspelt).await.is_err());
    });
}

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
        whole(&bench.client, "update public.archon_settings set value = 'google' where key = 'LLM_PROVIDER'")
            .await
            .unwrap();
        apply("20250801000100_add_split_providers.sql").await;
        assert_eq!(value("CHAT_PROVIDER").await, "google");
        assert_eq!(value("EMBEDDING_PROVIDER").await, "google");
        whole(
            &bench.client,
            "update public.archon_settings set value = 'ollama' where key = 'CHAT_PROVIDER'",
        )
        .await
        .unwrap();
        apply("20250801000100_add_split_providers.sql").await;
        assert_eq!(value("CHAT_PROVIDER").await, "ollama");
        apply("20250801000200_add_fallback_providers.sql").await;
        assert_eq!(value("ENABLE_PROVIDER_FALLBACK").await, "false");
    });
}

#[test]
fn two_sessions_never_close_a_circle_of_dependencies_together() {
    on_runtime(async {
        const ROUNDS: usize = 60;
        let set = set().await;
        let bench = Bench::new("set_circles").await;
        for file in forward(&set) {
            whole(&bench.client, &file.text).await.unwrap();
        }
        let other = connect(&engine_url(&bench.database)).await;
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
        }
        let stored = bench.ask("select count(*) from public.archon_component_dependencies").await;
        assert_eq!(stored, ROUNDS.to_string());
    });
}
