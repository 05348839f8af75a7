//! Rows of the four tables: created with their defaults, read, updated whole, deleted with what belongs to them.

use harness::database::{Database, on_runtime};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    models::{
        DatabaseEnum, Execution, ExecutionStatus, NewExecution, NewStep, NewTemplate, NewVersion, Row, Step,
        StepStatus, StepType, Template, Version, WorkflowStatus,
    },
    store::{all, create, delete, fit, insert, names, read, update},
};

/// A row of each table, the execution of the template, the step of the execution, the version of the template.
async fn one_of_each(client: &Client) -> (Template, Execution, Step, Version) {
    let template = create(client, &NewTemplate::named("release")).await.unwrap();
    let execution = create(client, &NewExecution::of(&template, 2)).await.unwrap();
    let step = create(client, &NewStep::of(&execution, 0, StepType::Action)).await.unwrap();
    let version = create(client, &NewVersion::of(&template, 1)).await.unwrap();
    (template, execution, step, version)
}

#[test]
fn enums_have_the_words_of_the_database() {
    async fn check<E: DatabaseEnum>(client: &Client) {
        let sql = "select enumlabel::text from pg_enum where enumtypid = to_regtype('public.' || $1::text) \
                   order by enumsortorder";
        let rows = client.query(sql, &[&E::TYPE]).await.unwrap();
        let there: Vec<Value> = rows.iter().map(|row| row.get::<_, String>(0).into()).collect();
        let here: Vec<Value> = E::ALL.iter().map(|word| serde_json::to_value(word).unwrap()).collect();
        assert_eq!(here, there, "{}", E::TYPE);
    }
    on_runtime(async {
        let client = Database::with_workflows("workflow_enums").await.connect().await;
        check::<WorkflowStatus>(&client).await;
        check::<StepType>(&client).await;
        check::<ExecutionStatus>(&client).await;
        check::<StepStatus>(&client).await;
    });
}

#[test]
fn a_new_row_has_the_defaults() {
    on_runtime(async {
        let client = Database::with_workflows("workflow_defaults").await.connect().await;
        let (template, execution, step, version) = one_of_each(&client).await;
        let expected = Template {
            id: template.id,
            name: "release".to_owned(),
            title: "Workflow release".to_owned(),
            description: None,
            version: "1.0.0".to_owned(),
            status: WorkflowStatus::Draft,
            category: None,
            tags: Vec::new(),
            parameters: json!({}),
            outputs: json!({}),
            steps: Vec::new(),
            timeout_minutes: 60,
            max_retries: 3,
            retry_delay_seconds: 30,
            created_by: "system".to_owned(),
            is_public: false,
            allowed_assignees: Vec::new(),
            created_at: template.created_at,
            updated_at: template.created_at,
        };
        assert_eq!(template, expected);
        let expected = Execution {
            id: execution.id,
            workflow_template_id: template.id,
            triggered_by: "tester".to_owned(),
            trigger_context: json!({}),
            input_parameters: json!({}),
            execution_context: json!({}),
            status: ExecutionStatus::Pending,
            current_step_index: 0,
            total_steps: 2,
            progress_percentage: 0.0,
            started_at: None,
            completed_at: None,
            paused_at: None,
            output_data: None,
            error_message: None,
            error_details: None,
            execution_log: Vec::new(),
            created_at: execution.created_at,
            updated_at: execution.created_at,
        };
        assert_eq!(execution, expected);
        let expected = Step {
            id: step.id,
            workflow_execution_id: execution.id,
            step_index: 0,
            step_name: "step 0".to_owned(),
            step_type: StepType::Action,
            step_config: json!({}),
            status: StepStatus::Pending,
            attempt_number: 1,
            max_attempts: 1,
            started_at: None,
            completed_at: None,
            input_data: None,
            output_data: None,
            error_message: None,
            error_details: None,
            tool_name: None,
            tool_parameters: None,
            tool_result: None,
            sub_workflow_execution_id: None,
            created_at: step.created_at,
            updated_at: step.created_at,
        };
        assert_eq!(step, expected);
        let expected = Version {
            id: version.id,
            workflow_template_id: template.id,
            version_number: 1,
            version_tag: None,
            template_snapshot: serde_json::to_value(&template).unwrap(),
            change_summary: None,
            change_type: "update".to_owned(),
            breaking_changes: false,
            created_by: "system".to_owned(),
            created_at: version.created_at,
        };
        assert_eq!(version, expected);
    });
}

/// Updates a row and reads it again: what was written is there, whole.
async fn written<R: Row + PartialEq>(client: &Client, row: &R) -> R {
    let answer = update(client, row).await.unwrap();
    assert_eq!(read::<R>(client, row.id()).await.as_ref(), Some(&answer));
    answer
}

#[test]
fn every_column_is_written_and_read_and_updated_at_moves() {
    on_runtime(async {
        let client = Database::with_workflows("workflow_updates").await.connect().await;
        let (template, execution, step, version) = one_of_each(&client).await;
        let at: Timestamp = "2025-08-01T12:34:56.789012Z".parse().unwrap();

        let wish = Template {
            name: "release_2".to_owned(),
            title: "Züge & \"Gleise\" \u{1f680}".to_owned(),
            description: Some("two\nlines".to_owned()),
            version: "2.0.0-rc.1".to_owned(),
            status: WorkflowStatus::Active,
            category: Some("deployment".to_owned()),
            tags: vec!["nightly".to_owned(), "linux".to_owned()],
            parameters: json!({ "branch": { "type": "string", "default": null } }),
            outputs: json!({ "url": "string" }),
            steps: vec![json!({ "name": "build", "type": "action" }), json!([1, 2.5, false])],
            timeout_minutes: 5,
            max_retries: 0,
            retry_delay_seconds: 1,
            created_by: "ada".to_owned(),
            is_public: true,
            allowed_assignees: vec!["bob".to_owned()],
            ..template.clone()
        };
        let now = written(&client, &wish).await;
        assert!(now.updated_at > template.updated_at);
        assert_eq!(now, Template { updated_at: now.updated_at, ..wish });

        let wish = Execution {
            triggered_by: "ada".to_owned(),
            trigger_context: json!({ "task": 7 }),
            input_parameters: json!({ "branch": "main" }),
            execution_context: json!({ "worker": "one" }),
            status: ExecutionStatus::Paused,
            current_step_index: 1,
            total_steps: 3,
            progress_percentage: 33.33,
            started_at: Some(at),
            completed_at: Some(at),
            paused_at: Some(at),
            output_data: Some(json!("done")),
            error_message: Some("none".to_owned()),
            error_details: Some(json!({ "code": 0 })),
            execution_log: vec![json!({ "said": "hello" })],
            ..execution.clone()
        };
        let now = written(&client, &wish).await;
        assert!(now.updated_at > execution.updated_at);
        assert_eq!(now, Execution { updated_at: now.updated_at, ..wish });

        let wish = Step {
            step_index: 1,
            step_name: "start the other one".to_owned(),
            step_type: StepType::WorkflowLink,
            step_config: json!({ "workflow": "other" }),
            status: StepStatus::Retrying,
            attempt_number: 2,
            max_attempts: 3,
            started_at: Some(at),
            completed_at: Some(at),
            input_data: Some(json!([1])),
            output_data: Some(json!([2])),
            error_message: Some("timed out".to_owned()),
            error_details: Some(json!({ "after": "5 s" })),
            tool_name: Some("git".to_owned()),
            tool_parameters: Some(json!({ "depth": 1 })),
            tool_result: Some(json!(true)),
            sub_workflow_execution_id: Some(execution.id),
            ..step.clone()
        };
        let now = written(&client, &wish).await;
        assert!(now.updated_at > step.updated_at);
        assert_eq!(now, Step { updated_at: now.updated_at, ..wish });

        let wish = Version {
            version_number: 9,
            version_tag: Some("stable".to_owned()),
            template_snapshot: json!({ "steps": [] }),
            change_summary: Some("smaller".to_owned()),
            change_type: "rewrite".to_owned(),
            breaking_changes: true,
            created_by: "ada".to_owned(),
            ..version
        };
        assert_eq!(written(&client, &wish).await, wish);
    });
}

/// Nobody sets `updated_at` by hand, and `created_at` only on purpose.
#[test]
fn updated_at_is_the_databases_own() {
    on_runtime(async {
        let client = Database::with_workflows("workflow_updated_at").await.connect().await;
        let (template, execution, step, _) = one_of_each(&client).await;
        for (table, id, created) in [
            (Template::TABLE, template.id, template.created_at),
            (Execution::TABLE, execution.id, execution.created_at),
            (Step::TABLE, step.id, step.created_at),
        ] {
            let sql = format!(
                "update public.{table} set updated_at = '2000-01-01' where id = $1::text::uuid
                 returning created_at, updated_at, now()"
            );
            let row = client.query_one(&sql, &[&id.to_string()]).await.unwrap();
            let (kept, moved, now): (Timestamp, Timestamp, Timestamp) = (row.get(0), row.get(1), row.get(2));
            assert_eq!((kept, moved), (created, now), "{table}");
        }
    });
}

#[test]
fn a_template_takes_its_runs_and_versions_along_and_nothing_else() {
    on_runtime(async {
        let client = Database::with_workflows("workflow_cascade").await.connect().await;
        let (template, ..) = one_of_each(&client).await;
        let other = create(&client, &NewTemplate::named("other")).await.unwrap();
        let execution = create(&client, &NewExecution::of(&other, 1)).await.unwrap();
        let step = create(&client, &NewStep::of(&execution, 0, StepType::Loop)).await.unwrap();
        let version = create(&client, &NewVersion::of(&other, 1)).await.unwrap();
        assert!(delete::<Template>(&client, template.id).await);
        assert!(!delete::<Template>(&client, template.id).await, "it is gone already");
        assert_eq!(read::<Template>(&client, template.id).await, None);
        assert_eq!(all::<Template>(&client).await, [other]);
        assert_eq!(all::<Execution>(&client).await, [execution]);
        assert_eq!(all::<Step>(&client).await, [step]);
        assert_eq!(all::<Version>(&client).await, [version]);
    });
}

#[test]
fn a_step_outlives_the_run_that_it_started_but_not_its_own() {
    on_runtime(async {
        let client = Database::with_workflows("workflow_sub").await.connect().await;
        let (template, parent, step, version) = one_of_each(&client).await;
        let sub = create(&client, &NewExecution::of(&template, 1)).await.unwrap();
        create(&client, &NewStep::of(&sub, 0, StepType::Condition)).await.unwrap();
        let linked = Step { sub_workflow_execution_id: Some(sub.id), ..step };
        let linked = update(&client, &linked).await.unwrap();
        assert!(delete::<Execution>(&client, sub.id).await);
        let left = all::<Step>(&client).await;
        assert_eq!(left.len(), 1, "the steps of the sub-workflow went with it");
        assert_eq!(
            left[0],
            Step { sub_workflow_execution_id: None, updated_at: left[0].updated_at, ..linked }
        );
        assert!(delete::<Execution>(&client, parent.id).await);
        assert_eq!(all::<Step>(&client).await, []);
        assert!(delete::<Version>(&client, version.id).await);
        assert_eq!(all::<Template>(&client).await, [template]);
    });
}

/// The models, shown failing: a column more, a column less, a word that the enum does not have.
#[test]
fn a_row_that_differs_from_its_model_is_noticed() {
    on_runtime(async {
        let client = Database::with_workflows("workflow_misfit").await.connect().await;
        let misfit = async |change: &str| {
            client.batch_execute(&format!("begin; {change}")).await.unwrap();
            let draft = json!({ "name": Uuid::now_v7(), "title": "A row" });
            let row = insert(&client, Template::TABLE, &names(&draft), &draft).await.unwrap();
            client.batch_execute("rollback").await.unwrap();
            fit::<Template>(row).err()
        };
        let table = "alter table public.archon_workflow_templates";
        assert_eq!(misfit("").await, None);
        assert!(misfit(&format!("{table} add column extra text")).await.unwrap().contains("`extra`"));
        assert!(misfit(&format!("{table} drop column category")).await.unwrap().contains("category"));
        let retyped = format!("{table} alter column retry_delay_seconds type text");
        assert!(misfit(&retyped).await.unwrap().contains("expected i32"));
        let renamed = "alter type public.workflow_status rename value 'draft' to 'sketch'";
        assert!(misfit(renamed).await.unwrap().contains("`sketch`"));
    });
}
