//! Everything that the four tables refuse: each check, key, foreign key, not-null, enum and width at least once,
//! with the SQLSTATE and the name that the database gives. The catalogue says whether the list is complete.

use std::collections::BTreeSet;

use harness::database::{Database, on_runtime};
use serde_json::{Value, json};
use tokio_postgres::{Client, Error, error::SqlState};
use uuid::Uuid;

use crate::{
    models::{
        Execution, NewExecution, NewStep, NewTemplate, NewVersion, Row, Step, StepType, Template, Version,
    },
    store::{create, insert, names, refusal},
};

const TABLES: [&str; 4] = [Template::TABLE, Execution::TABLE, Step::TABLE, Version::TABLE];

/// Every limit of some tables: by its name, or by its column and what is asked of it where it has none.
const LIMITS: &str = "
    select conrelid::regclass::text, conname::text from pg_constraint
    where conrelid = any ($1::text[]::regclass[]) and contype in ('c', 'u', 'p', 'f', 'x')
    union all
    select attrelid::regclass::text, attname || ' ' || asked
    from pg_attribute
    join pg_type on pg_type.oid = atttypid
    cross join lateral (values
        ('not null', attnotnull),
        (format_type(atttypid, atttypmod), typtype = 'e' or atttypmod >= 0)
    ) as limits (asked, holds)
    where attrelid = any ($1::text[]::regclass[]) and attnum > 0 and not attisdropped and holds";

/// A row that breaks exactly one limit: the columns given here, the others as in a good row.
struct Case {
    table: &'static str,
    limit: String,
    breaks: Value,
    code: SqlState,
}

/// Cases of one table, by what they break.
#[derive(Clone, Copy)]
struct Of(&'static str);

impl Of {
    fn case(self, limit: String, code: SqlState, breaks: Value) -> Case {
        Case { table: self.0, limit, breaks, code }
    }

    fn check(self, name: &str, breaks: Value) -> Case {
        self.case(format!("{}_{name}", self.0), SqlState::CHECK_VIOLATION, breaks)
    }

    fn unique(self, name: &str, breaks: Value) -> Case {
        self.case(format!("{}_{name}", self.0), SqlState::UNIQUE_VIOLATION, breaks)
    }

    fn foreign(self, name: &str, breaks: Value) -> Case {
        self.case(format!("{}_{name}", self.0), SqlState::FOREIGN_KEY_VIOLATION, breaks)
    }

    fn required(self, column: &str) -> Case {
        let breaks = json!({ column: null });
        self.case(format!("{column} not null"), SqlState::NOT_NULL_VIOLATION, breaks)
    }

    fn word(self, column: &str, name: &str) -> Case {
        let breaks = json!({ column: "unheard_of" });
        self.case(format!("{column} {name}"), SqlState::INVALID_TEXT_REPRESENTATION, breaks)
    }

    fn width(self, column: &str, most: usize) -> Case {
        let breaks = json!({ column: "x".repeat(most + 1) });
        let limit = format!("{column} character varying({most})");
        self.case(limit, SqlState::STRING_DATA_RIGHT_TRUNCATION, breaks)
    }
}

fn cases(planted: &Planted) -> Vec<Case> {
    let [template, execution, step, version] = TABLES.map(Of);
    let [a_template, an_execution, a_step, a_version] = planted.existing;
    let nobody = Uuid::now_v7();
    let too_precise = SqlState::NUMERIC_VALUE_OUT_OF_RANGE;
    vec![
        template.unique("pkey", json!({ "id": a_template })),
        template.check("name_format", json!({ "name": "Two Words" })),
        template.check("name_format", json!({ "name": "" })),
        template.check("version_semver", json!({ "version": "1.0" })),
        template.check("version_semver", json!({ "version": "v1.0.0" })),
        template.check("timeout_positive", json!({ "timeout_minutes": 0 })),
        template.check("max_retries_not_negative", json!({ "max_retries": -1 })),
        template.required("id"),
        template.required("name"),
        template.required("title"),
        template.required("steps"),
        template.required("created_by"),
        template.word("status", "workflow_status"),
        template.width("name", 255),
        template.width("version", 50),
        template.width("category", 100),
        execution.unique("pkey", json!({ "id": an_execution })),
        execution.foreign("template_fk", json!({ "workflow_template_id": nobody })),
        execution.check("step_in_range", json!({ "current_step_index": -1 })),
        execution.check("step_in_range", json!({ "current_step_index": 4, "total_steps": 3 })),
        execution.check("progress_in_range", json!({ "progress_percentage": -0.01 })),
        execution.check("progress_in_range", json!({ "progress_percentage": 100.01 })),
        execution.required("id"),
        execution.required("workflow_template_id"),
        execution.required("triggered_by"),
        execution.word("status", "workflow_execution_status"),
        execution.case(
            "progress_percentage numeric(5,2)".to_owned(),
            too_precise,
            json!({ "progress_percentage": 1000 }),
        ),
        step.unique("pkey", json!({ "id": a_step })),
        step.foreign("execution_fk", json!({ "workflow_execution_id": nobody })),
        step.foreign("sub_workflow_fk", json!({ "sub_workflow_execution_id": nobody })),
        step.check("step_index_not_negative", json!({ "step_index": -1 })),
        step.check("attempt_in_range", json!({ "attempt_number": 0 })),
        step.check("attempt_in_range", json!({ "attempt_number": 3, "max_attempts": 2 })),
        step.required("id"),
        step.required("workflow_execution_id"),
        step.required("step_index"),
        step.required("step_name"),
        step.required("step_type"),
        step.word("step_type", "workflow_step_type"),
        step.word("status", "step_execution_status"),
        step.width("step_name", 255),
        step.width("tool_name", 255),
        version.unique("pkey", json!({ "id": a_version })),
        version.foreign("template_fk", json!({ "workflow_template_id": nobody })),
        version.check("number_positive", json!({ "version_number": 0 })),
        version.unique("number_unique", json!({ "version_number": 1 })),
        version.unique("tag_unique", json!({ "version_tag": "stable" })),
        version.required("id"),
        version.required("workflow_template_id"),
        version.required("version_number"),
        version.required("template_snapshot"),
        version.width("version_tag", 50),
    ]
}

/// Rows that just keep every limit.
fn on_the_edge() -> Vec<(&'static str, Value)> {
    vec![
        (Template::TABLE, json!({})),
        (Template::TABLE, json!({ "name": "a_b-9".repeat(51), "version": "0.0.0-rc.1+7" })),
        (Template::TABLE, json!({ "timeout_minutes": 1, "max_retries": 0, "category": "é".repeat(100) })),
        (Execution::TABLE, json!({})),
        (Execution::TABLE, json!({ "current_step_index": 3, "total_steps": 3, "progress_percentage": 100 })),
        (Execution::TABLE, json!({ "total_steps": 0, "progress_percentage": 0 })),
        (Step::TABLE, json!({})),
        (Step::TABLE, json!({ "attempt_number": 2, "max_attempts": 2, "step_index": 0 })),
        (Version::TABLE, json!({})),
        (Version::TABLE, json!({ "version_tag": null, "version_number": i32::MAX })),
    ]
}

/// Rows that are there, and for each table a good row that can be added.
struct Planted {
    existing: [Uuid; 4],
    good: [Value; 4],
}

impl Planted {
    async fn plant(client: &Client) -> Self {
        let template = create(client, &NewTemplate::named("planted")).await.unwrap();
        let execution = create(client, &NewExecution::of(&template, 3)).await.unwrap();
        let step = create(client, &NewStep::of(&execution, 0, StepType::Action)).await.unwrap();
        let version = create(client, &NewVersion::of(&template, 1)).await.unwrap();
        let tag = "update public.archon_workflow_template_versions set version_tag = 'stable'";
        client.batch_execute(tag).await.unwrap();
        let good = [
            json!(NewTemplate::named("good")),
            json!(NewExecution::of(&template, 3)),
            json!(NewStep::of(&execution, 1, StepType::Action)),
            json!(NewVersion::of(&template, 2)),
        ];
        Self { existing: [template.id, execution.id, step.id, version.id], good }
    }

    /// Adds the good row of a table with some columns changed, and takes it back.
    async fn add(&self, client: &mut Client, table: &str, changed: &Value) -> Result<Value, Error> {
        let place = TABLES.iter().position(|name| *name == table).unwrap();
        let mut row = self.good[place].clone();
        for (column, value) in changed.as_object().unwrap() {
            row[column] = value.clone();
        }
        let transaction = client.transaction().await.unwrap();
        let answer = insert(&transaction, table, &names(&row), &row).await;
        transaction.rollback().await.unwrap();
        answer
    }

    /// Why the case does not hold; `None` when the database refuses its row for the limit's sake.
    async fn wrong(&self, client: &mut Client, case: &Case) -> Option<String> {
        let Case { table, limit, breaks, code } = case;
        let answer = self.add(client, table, breaks).await;
        if let Ok(row) = answer {
            return Some(format!("{table} {limit}: accepted {row}"));
        }
        let error = refusal(answer);
        let of_column = || error.column().map(|column| format!("{column} not null"));
        let named = error.constraint().map(str::to_owned).or_else(of_column);
        // Errors of a type name nothing; the good row shows that the changed column is the reason.
        let expected = code.code().starts_with("23").then(|| limit.clone());
        (error.code() != code || named != expected).then(|| format!("{table} {limit}: {error:?}"))
    }
}

/// Limits that the catalogue has and the cases have not, and the other way round.
async fn uncovered(client: &Client, cases: &[Case]) -> [BTreeSet<String>; 2] {
    let rows = client.query(LIMITS, &[&TABLES.as_slice()]).await.unwrap();
    let there = rows.iter().map(|row| format!("{} {}", row.get::<_, &str>(0), row.get::<_, &str>(1)));
    let there: BTreeSet<String> = there.collect();
    let tried = cases.iter().map(|case| format!("{} {}", case.table, case.limit)).collect();
    println!("{} of {} limits are tried", (&there & &tried).len(), there.len());
    [&there - &tried, &tried - &there]
}

#[test]
fn each_limit_is_kept_and_named() {
    on_runtime(async {
        let mut client = Database::with_workflows("workflow_limits").await.connect().await;
        let planted = Planted::plant(&client).await;
        let cases = cases(&planted);
        let mut wrong = Vec::new();
        for case in &cases {
            wrong.extend(planted.wrong(&mut client, case).await);
        }
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(uncovered(&client, &cases).await, [BTreeSet::new(), BTreeSet::new()]);
        for (table, row) in on_the_edge() {
            let added = planted.add(&mut client, table, &row).await;
            assert!(added.is_ok(), "{table} {row}: {added:?}");
        }
    });
}

/// The list, shown failing: limits without a case, limits that are gone, one that has another name.
#[test]
fn a_limit_that_is_not_tried_or_not_kept_is_noticed() {
    on_runtime(async {
        let mut client = Database::with_workflows("workflow_limits_fail").await.connect().await;
        let planted = Planted::plant(&client).await;
        let cases = cases(&planted);
        let change = "
            alter table public.archon_workflow_templates
                drop constraint archon_workflow_templates_timeout_positive,
                alter column category type varchar(99);
            alter table public.archon_workflow_executions alter column trigger_context set not null;
            alter table public.archon_workflow_template_versions
                rename constraint archon_workflow_template_versions_number_positive to positive";
        client.batch_execute(change).await.unwrap();
        let [untried, gone] = uncovered(&client, &cases).await;
        let expected = [
            "archon_workflow_executions trigger_context not null",
            "archon_workflow_template_versions positive",
            "archon_workflow_templates category character varying(99)",
        ];
        assert_eq!(untried.into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(gone.len(), 3, "{gone:?}");
        let case = |name: &str| cases.iter().find(|case| case.limit.ends_with(name)).unwrap();
        let accepted = planted.wrong(&mut client, case("timeout_positive")).await.unwrap();
        assert!(accepted.contains("accepted"), "{accepted}");
        let renamed = planted.wrong(&mut client, case("number_positive")).await.unwrap();
        assert!(renamed.contains("\"positive\""), "{renamed}");
    });
}
