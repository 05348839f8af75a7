//! Many sessions at once: workers that share a queue of executions, authors that number versions.

use std::{collections::BTreeSet, sync::Arc};

use harness::database::{Database, on_runtime};
use tokio::{sync::Barrier, task::JoinSet};
use tokio_postgres::{Client, GenericClient, error::SqlState};
use uuid::Uuid;

use crate::{
    models::{
        Execution, ExecutionStatus, NewExecution, NewStep, NewTemplate, NewVersion, Step, StepStatus,
        StepType, Template, Version,
    },
    store::{all, create, must_fit, read, refusal, update},
};

const WORKERS: usize = 8;
const EXECUTIONS: usize = 60;
const STEPS: i32 = 3;

/// Takes the oldest execution that nobody has taken.
const CLAIM: &str = "
    update public.archon_workflow_executions as claimed set status = 'running', started_at = now()
    where id = (select id from public.archon_workflow_executions where status = 'pending'
                order by created_at limit 1 for update skip locked)
    returning to_jsonb(claimed)";

/// Goes one step on, if nobody else has.
const ADVANCE: &str = "
    update public.archon_workflow_executions as moved set
        current_step_index = current_step_index + 1,
        progress_percentage = round(100.0 * (current_step_index + 1) / total_steps, 2),
        status = case when current_step_index + 1 = total_steps then 'completed' else status end,
        completed_at = case when current_step_index + 1 = total_steps then now() end
    where id = $1::text::uuid and current_step_index = $2 and status = 'running'
    returning to_jsonb(moved)";

async fn claim(client: &impl GenericClient) -> Option<Execution> {
    let row = client.query_opt(CLAIM, &[]).await.unwrap();
    row.map(|row| must_fit(row.get(0)))
}

/// Completes the step that the execution stands before; `None` when another session did.
async fn advance(client: &mut Client, execution: &Execution) -> Option<Execution> {
    let index = execution.current_step_index;
    let transaction = client.transaction().await.unwrap();
    let moved = transaction.query_opt(ADVANCE, &[&execution.id.to_string(), &index]).await.unwrap();
    let moved: Execution = must_fit(moved?.get(0));
    let step = create(&transaction, &NewStep::of(execution, index, StepType::Action)).await.unwrap();
    let done = Step { status: StepStatus::Completed, completed_at: moved.completed_at, ..step };
    update(&transaction, &done).await.unwrap();
    transaction.commit().await.unwrap();
    Some(moved)
}

/// Works until the queue is empty; answers with what it took. No worker goes on before each has an execution.
async fn work(mut client: Client, all_have_one: Arc<Barrier>) -> Vec<Uuid> {
    let mut taken = Vec::new();
    while let Some(mut execution) = claim(&client).await {
        if taken.is_empty() {
            all_have_one.wait().await;
        }
        assert_eq!((execution.status, execution.current_step_index), (ExecutionStatus::Running, 0));
        taken.push(execution.id);
        while execution.status == ExecutionStatus::Running {
            execution = advance(&mut client, &execution).await.unwrap();
            let expected = [0.0, 33.33, 66.67, 100.0][usize::try_from(execution.current_step_index).unwrap()];
            assert!((execution.progress_percentage - expected).abs() < 1e-9, "{execution:?}");
        }
    }
    taken
}

/// What was taken by more than one, or more than once.
fn twice(taken: &[Vec<Uuid>]) -> BTreeSet<Uuid> {
    let mut seen = BTreeSet::new();
    taken.iter().flatten().filter(|id| !seen.insert(**id)).copied().collect()
}

async fn queue(client: &Client, length: usize) -> Template {
    let template = create(client, &NewTemplate::named("queue")).await.unwrap();
    for _ in 0..length {
        create(client, &NewExecution::of(&template, STEPS)).await.unwrap();
    }
    template
}

#[test]
fn workers_share_a_queue_and_nothing_is_done_twice_or_left() {
    on_runtime(async {
        let database = Database::with_workflows("workflow_queue").await;
        let client = database.connect().await;
        queue(&client, EXECUTIONS).await;
        let all_have_one = Arc::new(Barrier::new(WORKERS));
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            workers.spawn(work(database.connect().await, Arc::clone(&all_have_one)));
        }
        let taken = workers.join_all().await;
        assert_eq!(twice(&taken), BTreeSet::new());
        let executions = all::<Execution>(&client).await;
        let ids: BTreeSet<Uuid> = executions.iter().map(|execution| execution.id).collect();
        assert_eq!(taken.iter().flatten().copied().collect::<BTreeSet<_>>(), ids);
        assert_eq!(ids.len(), EXECUTIONS);
        for execution in &executions {
            assert_eq!(execution.status, ExecutionStatus::Completed);
            assert_eq!((execution.current_step_index, execution.progress_percentage), (STEPS, 100.0));
            assert!(execution.started_at.unwrap() < execution.completed_at.unwrap());
        }
        let steps = all::<Step>(&client).await;
        let places: BTreeSet<_> =
            steps.iter().map(|step| (step.workflow_execution_id, step.step_index)).collect();
        assert_eq!(places.len(), steps.len(), "a step was written twice");
        assert_eq!(steps.len(), EXECUTIONS * usize::try_from(STEPS).unwrap());
        assert!(steps.iter().all(|step| step.status == StepStatus::Completed));
    });
}

/// The same check on workers that read first and write then: it sees what they do wrong.
#[test]
fn a_claim_without_a_lock_is_noticed() {
    on_runtime(async {
        let database = Database::with_workflows("workflow_unlocked").await;
        let (one, two) = (database.connect().await, database.connect().await);
        queue(&one, 1).await;
        let look = "select id::text from public.archon_workflow_executions where status = 'pending'";
        let take =
            "update public.archon_workflow_executions set status = 'running' where id = $1::text::uuid";
        let mut taken = Vec::new();
        let seen = [one.query_one(look, &[]).await.unwrap(), two.query_one(look, &[]).await.unwrap()];
        for (client, row) in [&one, &two].into_iter().zip(seen) {
            let id: String = row.get(0);
            assert_eq!(client.execute(take, &[&id]).await.unwrap(), 1);
            taken.push(vec![id.parse().unwrap()]);
        }
        assert_eq!(twice(&taken).len(), 1);
    });
}

#[test]
fn an_execution_whose_worker_is_gone_goes_to_the_next() {
    on_runtime(async {
        let database = Database::with_workflows("workflow_lost").await;
        let (mut lost, next) = (database.connect().await, database.connect().await);
        queue(&next, 1).await;
        let pid: i32 = lost.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
        let transaction = lost.transaction().await.unwrap();
        let claimed = claim(&transaction).await.unwrap();
        assert_eq!(claim(&next).await, None, "another worker does not wait for it");
        let ended = next.query_one("select pg_terminate_backend($1, 30000)", &[&pid]).await.unwrap();
        assert!(ended.get::<_, bool>(0));
        assert_eq!(claim(&next).await.unwrap().id, claimed.id);
    });
}

#[test]
fn of_two_sessions_at_one_step_one_goes_on() {
    on_runtime(async {
        let database = Database::with_workflows("workflow_race").await;
        let (mut one, mut two) = (database.connect().await, database.connect().await);
        queue(&one, 20).await;
        while let Some(mut execution) = claim(&one).await {
            while execution.status == ExecutionStatus::Running {
                let both = tokio::join!(advance(&mut one, &execution), advance(&mut two, &execution));
                let ((Some(moved), None) | (None, Some(moved))) = both else { panic!("{both:?}") };
                execution = moved;
            }
        }
        assert_eq!(all::<Step>(&one).await.len(), 20 * usize::try_from(STEPS).unwrap());
    });
}

#[test]
fn of_two_versions_with_one_number_one_stays() {
    on_runtime(async {
        const ROUNDS: i32 = 40;
        let database = Database::with_workflows("workflow_versions").await;
        let (one, two) = (database.connect().await, database.connect().await);
        let template = queue(&one, 0).await;
        for number in 1..=ROUNDS {
            let draft = NewVersion::of(&template, number);
            let (left, right) = tokio::join!(create(&one, &draft), create(&two, &draft));
            let (stays, goes) = if left.is_ok() { (left, right) } else { (right, left) };
            let stays = stays.unwrap();
            let error = refusal(goes);
            assert_eq!(*error.code(), SqlState::UNIQUE_VIOLATION);
            assert_eq!(error.constraint(), Some("archon_workflow_template_versions_number_unique"));
            assert_eq!(read::<Version>(&two, stays.id).await, Some(stays));
        }
        let versions = all::<Version>(&one).await;
        let numbers: Vec<i32> = versions.iter().map(|version| version.version_number).collect();
        assert_eq!(numbers, (1..=ROUNDS).collect::<Vec<_>>());
    });
}
