//! Throw-away copies of the target in the studio's own engine: made by the engine where the target is one of
//! its databases, else rebuilt from what the ledger has recorded.

use std::sync::Arc;

use secrecy::ExposeSecret;
use studio_kernel::{
    migration::{MigrationSet, SourceFile},
    plan,
    run::RunKind,
};

use super::{Journal, LiveRun, Order, Step, order};
use crate::{
    engine::{Engine, EngineError},
    pg::target::{Settings, Target, TargetError, ledger, outcome},
    services::runs::Stop,
    state::AppState,
};

/// How the names of all copies begin.
const PREFIX: &str = "studio_dry_run_";

/// The SQLSTATE of a template that somebody is connected to.
const IN_USE: &str = "55006";

/// The name of a run's copy.
pub(super) fn name(run: &str) -> String {
    format!("{PREFIX}{}", run.replace('-', ""))
}

/// Drops what a server that was killed has left. Returns how many copies there were.
///
/// # Errors
/// [`TargetError`].
pub async fn clean(engine: &Engine) -> Result<usize, TargetError> {
    let target = Target::new(engine.connection_string("postgres").expose_secret(), None, true)?;
    let session = target.open("studio cleaning").await?;
    let left = outcome::databases(&session, PREFIX).await?;
    for name in &left {
        engine.drop_database(name).await.map_err(|error| of_engine(&error))?;
    }
    Ok(left.len())
}

/// Makes a copy and says how.
pub(super) async fn make(state: &AppState, engine: &Engine, name: &str) -> Result<String, Stop> {
    if !state.target.embedded() {
        let recorded = rebuild(state, engine, name).await?;
        return Ok(format!(
            "The target is on another server, so the copy was rebuilt from the {recorded} migrations its ledger \
             has recorded; what was made without them is missing."
        ));
    }
    match engine.create_from_template(name, state.target.database()).await {
        Ok(()) => Ok(format!("{} was copied with its rows.", state.target.name())),
        Err(EngineError::Database { code: Some(code), .. }) if code == IN_USE => {
            let recorded = rebuild(state, engine, name).await?;
            Ok(format!(
                "Others are connected to the target, so the copy was rebuilt from the {recorded} migrations its \
                 ledger has recorded; what was made without them is missing."
            ))
        }
        Err(error) => Err(of_engine(&error).into()),
    }
}

async fn rebuild(state: &AppState, engine: &Engine, name: &str) -> Result<usize, Stop> {
    engine.create_database(name).await.map_err(|error| of_engine(&error))?;
    engine.prepare(name).await.map_err(|error| of_engine(&error))?;
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
    let copy = Target::new(engine.connection_string(name).expose_secret(), None, true)?;
    replay(&copy, files).await?;
    Ok(rows.len())
}

/// Applies what the ledger has recorded to an empty copy, unseen.
async fn replay(copy: &Target, files: Vec<SourceFile>) -> Result<(), Stop> {
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
