//! The rows of the workflow system as an application holds them: a struct for each table, an enum for each type.
//! A column that has a default is never null here, because the application writes none.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// An enum of the database: the same words in the same order.
pub(crate) trait DatabaseEnum: Serialize + Sized + 'static {
    const TYPE: &'static str;
    const ALL: &'static [Self];
}

macro_rules! database_enum {
    ($(#[$meta:meta])* $name:ident = $type:literal { $($variant:ident),+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($variant),+ }

        impl DatabaseEnum for $name {
            const TYPE: &'static str = $type;
            const ALL: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

database_enum! {
    /// Life of a workflow template.
    WorkflowStatus = "workflow_status" { Draft, Active, Deprecated, Archived }
}

database_enum! {
    /// What a step does.
    StepType = "workflow_step_type" { Action, Condition, WorkflowLink, Parallel, Loop }
}

database_enum! {
    /// State of one run of a workflow.
    ExecutionStatus = "workflow_execution_status" { Pending, Running, Paused, Completed, Failed, Cancelled }
}

database_enum! {
    /// State of one attempt at one step.
    StepStatus = "step_execution_status" { Pending, Running, Completed, Failed, Skipped, Retrying }
}

/// A row of a table. Every column is a field, and no field is without a column; [`crate::store::fit`] sees to it.
pub(crate) trait Row: Serialize + DeserializeOwned + std::fmt::Debug + Sync {
    const TABLE: &'static str;

    fn id(&self) -> Uuid;
}

/// What a new row must say; the database says the rest.
pub(crate) trait Draft: Serialize + std::fmt::Debug + Sync {
    type Row: Row;
}

macro_rules! table {
    ($table:literal: $draft:ident -> $row:ident) => {
        impl Row for $row {
            const TABLE: &'static str = $table;

            fn id(&self) -> Uuid {
                self.id
            }
        }

        impl Draft for $draft {
            type Row = $row;
        }
    };
}

table!("archon_workflow_templates": NewTemplate -> Template);
table!("archon_workflow_executions": NewExecution -> Execution);
table!("archon_workflow_step_executions": NewStep -> Step);
table!("archon_workflow_template_versions": NewVersion -> Version);

/// A workflow as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) version: String,
    pub(crate) status: WorkflowStatus,
    pub(crate) category: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) parameters: Value,
    pub(crate) outputs: Value,
    pub(crate) steps: Vec<Value>,
    pub(crate) timeout_minutes: i32,
    pub(crate) max_retries: i32,
    pub(crate) retry_delay_seconds: i32,
    pub(crate) created_by: String,
    pub(crate) is_public: bool,
    pub(crate) allowed_assignees: Vec<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// One run of a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Execution {
    pub(crate) id: Uuid,
    pub(crate) workflow_template_id: Uuid,
    pub(crate) triggered_by: String,
    pub(crate) trigger_context: Value,
    pub(crate) input_parameters: Value,
    pub(crate) execution_context: Value,
    pub(crate) status: ExecutionStatus,
    pub(crate) current_step_index: i32,
    pub(crate) total_steps: i32,
    pub(crate) progress_percentage: f64,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) paused_at: Option<Timestamp>,
    pub(crate) output_data: Option<Value>,
    pub(crate) error_message: Option<String>,
    pub(crate) error_details: Option<Value>,
    pub(crate) execution_log: Vec<Value>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// One attempt at one step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) id: Uuid,
    pub(crate) workflow_execution_id: Uuid,
    pub(crate) step_index: i32,
    pub(crate) step_name: String,
    pub(crate) step_type: StepType,
    pub(crate) step_config: Value,
    pub(crate) status: StepStatus,
    pub(crate) attempt_number: i32,
    pub(crate) max_attempts: i32,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) input_data: Option<Value>,
    pub(crate) output_data: Option<Value>,
    pub(crate) error_message: Option<String>,
    pub(crate) error_details: Option<Value>,
    pub(crate) tool_name: Option<String>,
    pub(crate) tool_parameters: Option<Value>,
    pub(crate) tool_result: Option<Value>,
    pub(crate) sub_workflow_execution_id: Option<Uuid>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A snapshot of a template, written once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    pub(crate) id: Uuid,
    pub(crate) workflow_template_id: Uuid,
    pub(crate) version_number: i32,
    pub(crate) version_tag: Option<String>,
    pub(crate) template_snapshot: Value,
    pub(crate) change_summary: Option<String>,
    pub(crate) change_type: String,
    pub(crate) breaking_changes: bool,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewTemplate {
    pub(crate) name: String,
    pub(crate) title: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewExecution {
    pub(crate) workflow_template_id: Uuid,
    pub(crate) triggered_by: String,
    pub(crate) total_steps: i32,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewStep {
    pub(crate) workflow_execution_id: Uuid,
    pub(crate) step_index: i32,
    pub(crate) step_name: String,
    pub(crate) step_type: StepType,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewVersion {
    pub(crate) workflow_template_id: Uuid,
    pub(crate) version_number: i32,
    pub(crate) template_snapshot: Value,
}

impl NewTemplate {
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), title: format!("Workflow {name}") }
    }
}

impl NewExecution {
    pub(crate) fn of(template: &Template, total_steps: i32) -> Self {
        Self { workflow_template_id: template.id, triggered_by: "tester".to_owned(), total_steps }
    }
}

impl NewStep {
    pub(crate) fn of(execution: &Execution, step_index: i32, step_type: StepType) -> Self {
        let step_name = format!("step {step_index}");
        Self { workflow_execution_id: execution.id, step_index, step_name, step_type }
    }
}

impl NewVersion {
    pub(crate) fn of(template: &Template, version_number: i32) -> Self {
        let template_snapshot = serde_json::to_value(template).unwrap();
        Self { workflow_template_id: template.id, version_number, template_snapshot }
    }
}
