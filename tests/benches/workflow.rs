//! What the workflow system's keys, triggers and indexes cost and what they bring, each as a ratio to a peer on
//! the same server in the same run:
//!
//! - writing an execution with its steps: to tables of the same columns and nothing else;
//! - finding the next execution of a queue, and the executions of a task: to the same query without an index.
//!
//! `cargo bench -p studio-tests --bench workflow`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to print")]

use std::time::{Duration, Instant};

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use harness::database::{Database, runtime};
use tokio_postgres::{Client, Statement};

/// As many executions wait.
const QUEUE: &str = "
    insert into public.archon_workflow_templates (name, title) values ('bench', 'Bench');
    insert into public.archon_workflow_executions
        (workflow_template_id, triggered_by, trigger_context, total_steps, created_at)
    select t.id, 'bench', jsonb_build_object('task', n, 'project', n % 50), 4, now() - n * interval '1 second'
    from public.archon_workflow_templates t, generate_series(1, 5000) as n;
    create schema plain;
    create table plain.archon_workflow_executions
        (like public.archon_workflow_executions including defaults);
    create table plain.archon_workflow_step_executions
        (like public.archon_workflow_step_executions including defaults);
    vacuum analyze;";

/// An execution with four steps, in the schema that stands for `{}`.
const CREATE: &str = "
    with execution as (
        insert into {}.archon_workflow_executions (workflow_template_id, triggered_by, total_steps)
        select id, 'bench', 4 from public.archon_workflow_templates returning id
    )
    insert into {}.archon_workflow_step_executions (workflow_execution_id, step_index, step_name, step_type)
    select execution.id, n, 'step', 'action' from execution, generate_series(0, 3) as n";

/// What a worker looks for.
const NEXT: &str = "
    select id from public.archon_workflow_executions where status = 'pending'
    order by created_at limit 1 for update skip locked";

const OF_TASK: &str = "
    select id from public.archon_workflow_executions where trigger_context @> '{\"task\": 4711}'";

/// A commit does not wait for the disk, which would hide everything else.
const COMMITS_AT_ONCE: &str = "set synchronous_commit = off";

const WITHOUT_INDEXES: &str =
    "set synchronous_commit = off; set enable_indexscan = off; set enable_bitmapscan = off";

/// The bars, as ratios of the medians.
const CREATE_AT_MOST: f64 = 6.0;
const NEXT_AT_MOST: f64 = 0.5;
const OF_TASK_AT_MOST: f64 = 0.5;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    let database = runtime().block_on(async {
        let database = Database::with_workflows("workflow_bench").await;
        for statement in QUEUE.split(';') {
            database.connect().await.batch_execute(statement).await.unwrap();
        }
        database
    });
    let session = |settings: &str, sql: &str| {
        runtime().block_on(async {
            let client = database.connect().await;
            client.batch_execute(settings).await.unwrap();
            let statement = client.prepare(sql).await.unwrap();
            Side { client, statement }
        })
    };
    let (own, plain) = (session(COMMITS_AT_ONCE, NEXT), session(WITHOUT_INDEXES, NEXT));
    compare(&mut criterion, "next of 5,000 executions", &own, ("without an index", &plain), NEXT_AT_MOST);
    let (own, plain) = (session(COMMITS_AT_ONCE, OF_TASK), session(WITHOUT_INDEXES, OF_TASK));
    compare(&mut criterion, "executions of a task", &own, ("without an index", &plain), OF_TASK_AT_MOST);
    // Last, because it makes the queue longer.
    let own = session(COMMITS_AT_ONCE, &CREATE.replace("{}", "public"));
    let plain = session(COMMITS_AT_ONCE, &CREATE.replace("{}", "plain"));
    compare(
        &mut criterion,
        "create an execution with 4 steps",
        &own,
        ("plain tables", &plain),
        CREATE_AT_MOST,
    );
    criterion.final_summary();
}

/// A session and the statement that it repeats.
struct Side {
    client: Client,
    statement: Statement,
}

/// Measures both, prints the ratio and holds it against the bar.
fn compare(criterion: &mut Criterion, what: &str, own: &Side, (name, peer): (&str, &Side), bar: f64) {
    let mut group = criterion.benchmark_group(what);
    let own = measure(&mut group, "workflow system", own);
    let peer = measure(&mut group, name, peer);
    group.finish();
    // A filter on the command line can leave one out.
    let (Some(own), Some(peer)) = (own, peer) else { return };
    let ratio = own / peer;
    println!("{what}: {:.3} ms, {name} {:.3} ms, ratio {ratio:.2} (bar {bar})\n", own * 1e3, peer * 1e3);
    assert!(ratio <= bar, "{what}: over the bar");
}

/// The median of the samples, in seconds.
fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, side: &Side) -> Option<f64> {
    let mut samples = Vec::new();
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let took = runtime().block_on(async {
                let began = Instant::now();
                for _ in 0..rounds {
                    side.client.query(&side.statement, &[]).await.unwrap();
                }
                began.elapsed()
            });
            samples.push(took.as_secs_f64() / rounds as f64);
            took
        });
    });
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied()
}
