//! A dry run: the change on a throw-away copy of the target, in a server of its own. It applies, validates, rolls
//! back, and compares the schema with the one it began with. The target is only read, and compared before and after.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use studio_kernel::{
    migration::MigrationSet,
    plan::{self, PlannedFile, Purpose},
    review::{Person, PersonRole},
    run::{RunEventKind, RunKind, RunState, event::RunStep},
    sql::{self, statement::ObjectRole},
    words::count,
};

use super::{
    Accepted, Journal, NewRun, Order, Runner, Step, Stop, copy, ending, journal, order,
    queue::Place,
    recovery, validation,
    witness::{Seen, Witness},
};
use crate::{
    engine::Engine,
    error::{Error, Result},
    pg::target::{
        Target,
        fingerprint::{Change, Difference, Fingerprint},
    },
    services::{
        audit::{self, Entry},
        gate::{Moment, assessment},
        people, policy, stored,
        stored::Lock,
    },
    state::AppState,
};

/// Accepts a dry run of a change's newest revision; the caller executes it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Refused`] when the plan must not run or there is nothing to run;
/// [`Error::Exhausted`] when its place is too small;
/// [`Error::Target`], [`Error::Database`].
pub async fn start(state: &AppState, person: &Person, id: i64, place: Option<&Place>) -> Result<Accepted> {
    if state.engine.is_none() {
        return Err(Error::refused(
            "no-engine",
            "A dry run needs the studio's own PostgreSQL for the copy, and this server runs without one.",
        ));
    }
    let moment = Moment::now(state).await?;
    let applied = moment.ledger.versions();
    let client = state.studio.client().await?;
    let change = stored::change(&*client, id, Lock::None).await?;
    let policy = policy::policy(&*client).await?;
    drop(client);
    let revision = change.newest()?;
    let assessed = assessment(state, &moment.inputs(policy, revision)).await?;
    validation::may_run(&assessed.plan)?;
    let turn = state.answers().turn(&person.id).await?;
    let planned = Arc::clone(&assessed);
    let steps = turn.work(assessed.bytes(), move || steps(&planned.set, &planned.plan, &applied)).await?;
    place.map(|place| place.holds(order::statements(&steps))).transpose()?;
    let mut client = state.studio.client().await?;
    let transaction = client.transaction().await?;
    let person = &people::locked_as(&transaction, person, PersonRole::Author).await?;
    for file in steps.iter().filter_map(|step| step.file.as_ref()) {
        if let Some(source) = assessed.set.get(&file.path) {
            stored::keep(&transaction, &source.text).await?;
        }
    }
    let run = NewRun {
        kind: RunKind::DryRun,
        change: Some((id, revision.number)),
        title: &change.title,
        target: state.target.name(),
        person,
        digest: Some(&assessed.bound.digest),
        idempotency_key: None,
        read_only: false,
        steps,
    };
    let accepted = journal::insert(&transaction, run).await?;
    if let Accepted::New(start) = &accepted {
        let text = format!("started a dry run of revision {}", revision.number);
        let (action, run) = ("dry_run_started", Some(start.id.as_str()));
        let entry = Entry { person: Some(person), action, change: Some(id), run, text: &text };
        audit::append(&transaction, entry).await?;
    }
    transaction.commit().await?;
    Ok(accepted)
}

/// Copy, the change itself, the proofs of its files, their undoing in reverse, comparison.
fn steps(set: &MigrationSet, plan: &plan::Plan, applied: &BTreeSet<String>) -> Result<Vec<RunStep>> {
    let changes = order::steps(plan);
    if changes.is_empty() {
        return Err(Error::refused("nothing-to-run", "Every file of this change is applied already."));
    }
    let forward: Vec<&PlannedFile> =
        plan.files.iter().filter(|file| file.purpose == Purpose::Apply).collect();
    let mut after = applied.clone();
    after.extend(forward.iter().filter_map(|file| file.version.clone()));
    let mut steps = vec![RunStep { title: "Copy the database".to_owned(), file: None }];
    steps.extend(changes);
    for validation in forward.iter().filter_map(|file| set.triple(&file.path)?.validation) {
        steps.extend(alone(set, &validation.path, &after)?);
    }
    // The newest go first, and back to the first one that nothing undoes.
    let rollbacks = forward.iter().rev().map_while(|file| set.triple(&file.path)?.rollback);
    let mut oldest = None;
    for (rollback, file) in rollbacks.zip(forward.iter().rev()) {
        steps.extend(alone(set, &rollback.path, &after)?);
        oldest = Some(file);
    }
    if let Some(file) = oldest {
        let title = format!("Compare with the schema before {}", file.path);
        steps.push(RunStep { title, file: None });
    }
    Ok(steps)
}

fn alone(set: &MigrationSet, path: &str, applied: &BTreeSet<String>) -> Result<Vec<RunStep>> {
    let plan = plan::plan(set, &[path], applied);
    validation::may_run(&plan)?;
    Ok(order::steps(&plan))
}

/// Executes an accepted dry run. The copy is removed in any case.
pub(super) async fn conduct(state: &AppState, order: &Order<'_>, steps: &[Step]) -> (RunState, String) {
    let Some(engine) = &state.engine else {
        return (RunState::Failed, "The studio's own PostgreSQL is not running.".to_owned());
    };
    let witness = Witness::of(&state.target).await;
    let ended = in_copy(state, engine, order, steps).await;
    let seen = witness.again(&state.target).await;
    let words = seen.words();
    match ended {
        Ok((RunState::Done, said)) if matches!(seen, Seen::Changed(_)) => {
            (RunState::Failed, format!("{said} {words}"))
        }
        Ok((state, said)) => (state, format!("{said} {words}")),
        Err(Stop::Cancelled) => {
            (RunState::Cancelled, format!("The dry run was stopped; its copy is gone. {words}"))
        }
        Err(Stop::Failed(why) | Stop::LostAfter(why) | Stop::Unknown(why)) => {
            (RunState::Failed, format!("{why} The copy is gone. {words}"))
        }
    }
}

async fn in_copy(
    state: &AppState,
    engine: &Arc<Engine>,
    order: &Order<'_>,
    steps: &[Step],
) -> Result<(RunState, String), Stop> {
    let began = Instant::now();
    let proof = copy::make(state, engine, order.run).await?;
    let work = async {
        let (copy, differs) = copy::fill(state, &proof, order.run, began).await?;
        let (ended, said) = on_copy(&copy, proof.version(), order, steps).await?;
        Ok((ended, [Some(said), differs].into_iter().flatten().collect::<Vec<_>>().join(" ")))
    };
    let ended = tokio::select! {
        ended = work => ended,
        why = proof.exceeded() => {
            recovery::close_open(order.run, &why);
            Err(Stop::Failed(why))
        }
    };
    if let Err(error) = proof.stop().await {
        tracing::warn!(%error, "files of a throw-away copy are left; the next start removes them");
    }
    ended
}

async fn on_copy(
    copy: &Target,
    version: &str,
    order: &Order<'_>,
    steps: &[Step],
) -> Result<(RunState, String), Stop> {
    let journal = Journal::none();
    let mut runner = Runner::start(order.run, &journal, copy, order.by, order.settings, true).await?;
    let ended = prove(&mut runner, version, order, steps).await;
    runner.finish().await;
    ended
}

async fn prove(
    runner: &mut Runner<'_>,
    version: &str,
    order: &Order<'_>,
    steps: &[Step],
) -> Result<(RunState, String), Stop> {
    runner.announce();
    runner.verify(steps)?;
    let way_back = WayBack::of(steps);
    let mut start = None;
    let mut checks = Vec::new();
    let mut flaws = Vec::new();
    let mut made = Vec::new();
    for step in steps {
        let Some(file) = &step.planned.file else { continue };
        if way_back.from == Some(step.index) {
            start = Some(Fingerprint::take(runner.session()).await?);
        }
        runner.file(step).await?;
        match file.purpose {
            Purpose::Validate => match order.run.look(|view| view.steps.get(step.index).map(ending::judge)) {
                Some((RunState::Done, words)) => checks.push(words),
                Some((_, words)) => flaws.push(format!("{}: {words}", file.path)),
                None => {}
            },
            Purpose::Rollback => made.extend(makes(&step.text)),
            Purpose::Apply | Purpose::Maintain | Purpose::Keep => {}
        }
    }
    let compared = steps.last().filter(|step| step.planned.file.is_none());
    if let (Some(step), Some(start)) = (compared, &start) {
        let end = Fingerprint::take(runner.session()).await?;
        let (kept, differing): (Vec<_>, Vec<_>) =
            start.changes_to(&end).into_iter().partition(|difference| is_own(difference, &made));
        let text = format!("{} objects before, {} after.", start.len(), end.len());
        order.run.emit(RunEventKind::Progress { step: step.index, text });
        for difference in &kept {
            let text = format!("{difference}: the rollback file itself makes it.");
            order.run.emit(RunEventKind::Progress { step: step.index, text });
        }
        for difference in &differing {
            order.run.emit(RunEventKind::Progress { step: step.index, text: format!("{difference}.") });
        }
        if !differing.is_empty() {
            flaws
                .push(format!("After the rollback {} differ from before.", count(differing.len(), "object")));
        }
    }
    Ok(summary(version, &checks, &flaws, &way_back))
}

/// How far the rollback files lead back.
struct WayBack {
    /// The step of the oldest file that is undone.
    from: Option<usize>,
    /// The forward files before it, which stay.
    stay: Vec<String>,
}

impl WayBack {
    fn of(steps: &[Step]) -> Self {
        let with = |purpose| {
            let files = steps.iter().filter_map(|step| Some((step.index, step.planned.file.as_ref()?)));
            files.filter(move |(_, file)| file.purpose == purpose)
        };
        let stay = with(Purpose::Apply).count().saturating_sub(with(Purpose::Rollback).count());
        Self {
            from: with(Purpose::Apply).nth(stay).map(|(index, _)| index),
            stay: with(Purpose::Apply).take(stay).map(|(_, file)| file.path.clone()).collect(),
        }
    }

    fn words(&self) -> String {
        match (self.from, self.stay.as_slice()) {
            (None, _) => "No rollback file undoes it.".to_owned(),
            (Some(_), []) => "It rolls back to the schema it began with.".to_owned(),
            (Some(_), [.., last]) => format!("It rolls back as far as {last}, which nothing undoes."),
        }
    }
}

fn summary(version: &str, checks: &[String], flaws: &[String], back: &WayBack) -> (RunState, String) {
    let proved = format!("Shown on a copy by PostgreSQL {version}.");
    if !flaws.is_empty() {
        return (RunState::Failed, format!("It applies. {} {proved}", flaws.join(" ")));
    }
    let validates = match checks {
        [] => "There is no validation file.".to_owned(),
        checks => checks.join(" "),
    };
    let undoes = back.words();
    (RunState::Done, format!("It applies. {validates} {undoes} {proved}"))
}

/// The objects a rollback file makes itself, such as a table it copies rows into before it drops theirs.
fn makes(text: &str) -> Vec<String> {
    let parsed = sql::parse(text);
    let made = parsed.statements.iter().flat_map(|statement| statement.in_role(ObjectRole::Makes));
    made.map(|object| object.name.to_string()).collect()
}

/// Whether an object that was added is one that the rollback made on purpose, or belongs to one: a column, an
/// index, a constraint, a sequence or a comment.
fn is_own(difference: &Difference, made: &[String]) -> bool {
    let belongs = |word: &str, made: &String| {
        word.strip_prefix(made.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_']))
    };
    difference.change == Change::Added
        && difference.name.split(' ').any(|word| made.iter().any(|made| belongs(word, made)))
}
