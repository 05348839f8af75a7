//! The throw-away copy of the target that a dry run works on: a backup of the embedded target with its rows, or else an
//! empty database in which what the ledger has recorded is applied again. Whatever the ledger says runs in the copy
//! alone: whoever can write to the target's ledger could have put it there.

use std::{sync::Arc, time::Instant};

use studio_kernel::{
    migration::{MigrationSet, SourceFile},
    plan,
    run::{RunEventKind, RunKind},
};

use super::{Journal, LiveRun, Order, Step, order};
use crate::{
    engine::{Engine, EngineError, Proof, Source},
    pg::target::{Settings, Target, TargetError, ledger},
    services::runs::Stop,
    state::AppState,
};

/// Makes a server for the copy of a run; nothing of the target is in it yet unless the target is embedded.
pub(super) async fn make(state: &AppState, engine: &Arc<Engine>, run: &LiveRun) -> Result<Proof, Stop> {
    let source = match &state.target_server {
        Some(server) => Source::Server(server),
        None => Source::Empty(state.target.database()),
    };
    engine.prove(run.id(), source).await.map_err(|error| of_engine(&error).into())
}

/// The copy as a target, when it holds what the target holds; says on the run how that was done.
pub(super) async fn fill(
    state: &AppState,
    proof: &Proof,
    run: &LiveRun,
    began: Instant,
) -> Result<Target, Stop> {
    let copy = Target::new(&proof.url(state.target.database()), None, true)?;
    let how = match state.target_server {
        Some(_) => format!("{} was copied with its rows.", state.target.name()),
        None => {
            let recorded = replay(state, &copy).await?;
            format!(
                "The target is on another server, so the copy was rebuilt from the {recorded} migrations its ledger \
                 has recorded; what was made without them is missing."
            )
        }
    };
    let text = format!("{how} It took {} ms.", began.elapsed().as_millis());
    run.emit(RunEventKind::Progress { step: 0, text });
    Ok(copy)
}

/// Applies what the ledger has recorded, unseen.
async fn replay(state: &AppState, copy: &Target) -> Result<usize, Stop> {
    let session = state.target.open("studio ledger").await?;
    let rows = ledger::applied(&session).await?;
    session.close().await;
    let mut files = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(statements) = &row.statements else {
            return Err(Stop::Failed(format!(
                "The ledger does not hold the statements of version {}, so the copy cannot be rebuilt.",
                row.version
            )));
        };
        let text = statements.iter().map(|statement| format!("{statement};\n")).collect();
        files.push(SourceFile { path: format!("{}_{}.sql", row.version, row.name), text });
    }
    apply(copy, files).await?;
    Ok(rows.len())
}

async fn apply(copy: &Target, files: Vec<SourceFile>) -> Result<(), Stop> {
    let set = MigrationSet::new(files.iter().cloned());
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let plan = plan::plan(&set, &paths, &std::collections::BTreeSet::new());
    if let Some(refusal) = plan.refusals.first() {
        return Err(Stop::Failed(format!(
            "The copy cannot be rebuilt: {}: {}",
            refusal.path, refusal.message
        )));
    }
    let planned = order::steps(&plan);
    let steps = planned.iter().enumerate().map(|(index, planned)| {
        let path = planned.file.as_ref().map(|file| file.path.as_str()).unwrap_or_default();
        let text = set.get(path).map_or_else(|| Arc::from(""), |file| Arc::from(file.text.as_str()));
        Step { index, planned: planned.clone(), text }
    });
    let steps: Vec<Step> = steps.collect();
    let id = uuid::Uuid::now_v7().to_string();
    let unseen = LiveRun::begin(id, RunKind::Apply, copy.name(), planned);
    let journal = Journal::none();
    let order =
        Order { run: &unseen, journal: &journal, target: copy, by: "studio", settings: Settings::default() };
    order.execute(&steps, true).await.map_err(|stop| match stop {
        Stop::Failed(why) => Stop::Failed(format!("The copy could not be rebuilt: {why}")),
        other => other,
    })
}

fn of_engine(error: &EngineError) -> TargetError {
    TargetError::new("engine", error.to_string(), "")
}
