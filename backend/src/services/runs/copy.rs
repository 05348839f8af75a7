//! The throw-away copy of the target that a dry run works on: a backup of the embedded target with its rows, or else an
//! empty database in which what the ledger has recorded is applied again. Whatever the ledger says runs in the copy
//! alone: whoever can write to the target's ledger could have put it there.

use std::{sync::Arc, time::Instant};

use studio_kernel::{
    migration::{MigrationSet, SourceFile},
    plan,
    run::{RunEventKind, RunKind},
};

use super::{Journal, LiveRun, Order, Step, order, runner};
use crate::{
    engine::{Engine, EngineError, Proof, Source},
    pg::target::{Settings, Target, TargetError, ledger},
    services::runs::Stop,
    state::AppState,
};

/// Whom a copy's files run as.
const COPY_ROLE: &str = "postgres";

/// Makes a server for the copy of a run; nothing of the target is in it yet unless the target is embedded.
pub(super) async fn make(state: &AppState, engine: &Arc<Engine>, run: &LiveRun) -> Result<Proof, Stop> {
    let source = match &state.target_server {
        Some(server) => Source::Server(server),
        None => Source::Empty(state.target.database()),
    };
    engine.prove(run.id(), source).await.map_err(|error| of_engine(run, &error).into())
}

/// The copy as a target, when it holds what the target holds, and how the target's server differs; says on the run
/// how that was done.
pub(super) async fn fill(
    state: &AppState,
    proof: &Proof,
    run: &LiveRun,
    began: Instant,
) -> Result<(Target, Option<String>), Stop> {
    let copy = Target::new(&proof.url(state.target.database()), None, true)?;
    let (how, differs) = match state.target_server {
        Some(_) => (format!("{} was copied with its rows.", state.target.name()), None),
        None => {
            let Replayed { recorded, version, role } = replay(state, &copy).await?;
            let how = format!(
                "The target is on another server, so the copy was rebuilt from the {recorded} migrations its ledger \
                 has recorded; what was made without them is missing."
            );
            (how, differs(&version, proof.version(), &role))
        }
    };
    let text = format!("{how} It took {} ms.", began.elapsed().as_millis());
    run.emit(RunEventKind::Progress { step: 0, text });
    Ok((copy, differs))
}

/// What was applied to a copy, and what the target is.
struct Replayed {
    recorded: usize,
    version: String,
    role: String,
}

/// How the target differs from the copy's server, where a file can tell.
fn differs(target: &str, copy: &str, role: &str) -> Option<String> {
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    let version = (major(target) != major(copy)).then(|| format!("the target runs PostgreSQL {target}"));
    let role = (role != COPY_ROLE).then(|| format!("runs there work as {role}, and here as {COPY_ROLE}"));
    let differs: Vec<String> = [version, role].into_iter().flatten().collect();
    (!differs.is_empty()).then(|| format!("It shows less than usual: {}.", differs.join(", and ")))
}

/// Applies what the ledger has recorded, unseen.
async fn replay(state: &AppState, copy: &Target) -> Result<Replayed, Stop> {
    let session = state.target.open("studio ledger").await?;
    let rows = ledger::applied(&session).await?;
    let version = session.server_version().to_owned();
    let role = session.role().await;
    session.close().await;
    let role = role.map_err(runner::unprepared)?;
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
    Ok(Replayed { recorded: rows.len(), version, role })
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
    order.execute(&steps).await.map_err(|stop| match stop {
        Stop::Failed(why) => Stop::Failed(format!("The copy could not be rebuilt: {why}")),
        other => other,
    })
}

fn of_engine(run: &LiveRun, error: &EngineError) -> TargetError {
    tracing::error!(run = run.id(), reason = %error, "there is no server for a copy");
    TargetError::new("engine", error.told(), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_says_how_the_target_differs_where_a_file_can_tell() {
        assert_eq!(differs("18.1", "18.4", "postgres"), None);
        let words = |target, role| differs(target, "18.4", role).unwrap_or_default();
        assert_eq!(words("15.8", "postgres"), "It shows less than usual: the target runs PostgreSQL 15.8.");
        assert_eq!(
            words("18.4", "app"),
            "It shows less than usual: runs there work as app, and here as postgres."
        );
        let both = words("15.8", "app");
        assert!(both.contains("PostgreSQL 15.8, and runs there work as app"), "{both}");
    }

    #[test]
    fn who_uses_the_studio_is_told_no_folder_of_the_server() {
        let log = "/var/lib/studio/proofs/1/postgres.log".into();
        let told = EngineError::Ended { log, said: "FATAL".to_owned() }.told();
        assert!(!told.contains('/') && told.contains("log says why"), "{told}");
        assert!(EngineError::LargeTarget { megabytes: 9, limit: 4 }.told().contains("9 MB"));
    }
}
