//! From an accepted run to its end: fetches the bytes by their digests, checks them, runs them, and says what
//! the end means. It decides nothing about whether a run may start; the gate did.

use std::{collections::BTreeMap, future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use studio_kernel::{
    review::{Person, PersonRole},
    run::{RunEventKind, RunKind, RunState, event::RunStep},
};

use super::{
    dry_run,
    journal::{Accepted, Journal, Start},
    live::LiveRun,
    order::{Order, checked},
    queue::Place,
    runner::Step,
};
use crate::{
    error::{Error, Result},
    pg::{studio::Studio, target::Settings},
    services::{
        audit::{self, Anchor, Entry, Origin},
        changes, people,
    },
    state::AppState,
};

/// Accepts a run and executes it, unless it is known already; answers with its id. A client that goes away meanwhile
/// changes nothing: what is accepted is executed.
///
/// # Errors
/// Those of accepting it.
pub async fn accept(
    state: &AppState,
    place: Option<Arc<Place>>,
    accepting: impl Future<Output = Result<Accepted>> + Send + 'static,
) -> Result<String> {
    let state = state.clone();
    let accepting = Origin::carried(accepting);
    let whole = tokio::spawn(async move {
        Ok(match accepting.await? {
            Accepted::Known(id) => id,
            Accepted::New(start) => {
                let id = start.id.clone();
                spawn(&state, *start, place);
                id
            }
        })
    });
    whole.await.unwrap_or_else(|error| Err(Error::Corrupt(format!("a task ended early: {error}"))))
}

/// Executes a run that was just accepted, once it is its turn. Closing the page does not end it; the server's end
/// stops it.
pub fn spawn(state: &AppState, start: Start, place: Option<Arc<Place>>) {
    let run = state.registry.admit(&start);
    let Start { id, kind, change, person, read_only, queued: _, now: _ } = start;
    let journal = Journal::keep(&state.studio.reserved(), &run);
    let state = state.clone();
    tokio::spawn(async move {
        // A panic drops the session, and the server undoes what was open; the run must still end.
        let conducted = async {
            match &place {
                Some(place) if place.turn(&run).await.is_err() => {
                    (RunState::Cancelled, "It was stopped before its turn; nothing was run.".to_owned())
                }
                Some(_) => match may_still(&state, &person, kind, read_only).await {
                    Ok(true) => conduct(&state, &person, read_only, &run, &journal).await,
                    Ok(false) => {
                        let why = "Whoever started it may not do so any more; nothing was run.";
                        (RunState::Cancelled, why.to_owned())
                    }
                    Err(error) => (RunState::Failed, format!("{error} Nothing was run.")),
                },
                None => conduct(&state, &person, read_only, &run, &journal).await,
            }
        };
        let conducted = AssertUnwindSafe(conducted).catch_unwind().await;
        drop(place);
        let (ended, summary) = conducted.unwrap_or_else(|_| {
            (
                RunState::Unknown,
                "The studio failed inside itself; its log says where. Look at the ledger.".to_owned(),
            )
        });
        // Told first: whoever has followed the run to its end finds the change as the run has left it, and a
        // server that is killed in between tells it again at its next start.
        if let Err(error) = tell(&state, change.filter(|_| kind == RunKind::Apply), &id, ended).await {
            tracing::error!(
                run = run.id(),
                reason = error.with_causes(),
                "a change does not know its run's end"
            );
        }
        run.emit(RunEventKind::Ended { state: ended, summary });
        if let Err(error) = journal.flush().await {
            tracing::error!(
                run = run.id(),
                reason = error.with_causes(),
                "the end of a run is not stored yet"
            );
        }
        keep_head(&state, kind, &run).await;
        state.registry.dismiss(run.id());
    });
}

/// Whether somebody may still do what they were let do before they waited, on this server or another.
async fn may_still(state: &AppState, person: &Person, kind: RunKind, read_only: bool) -> Result<bool> {
    let needs = match (kind, read_only) {
        (RunKind::Validate, false) | (RunKind::Apply, _) => PersonRole::Operator,
        (RunKind::Validate | RunKind::DryRun, _) => PersonRole::Author,
    };
    let client = state.studio.reserved().client().await?;
    let now = people::by_id(&*client, &person.id).await?;
    Ok(now.is_some_and(|now| !now.disabled && now.role.allows(needs)))
}

/// Keeps the head of the audit log where its database does not reach. Only what changes the target anyway writes there.
async fn keep_head(state: &AppState, kind: RunKind, run: &LiveRun) {
    let head = match Anchor::of(&state.studio, Some(run.id())).await {
        Ok(head) => head,
        Err(error) => {
            let reason = error.with_causes();
            return tracing::error!(run = run.id(), reason, "the audit log's head is not known");
        }
    };
    if let Some(anchors) = &state.anchors
        && let Err(error) = anchors.keep(&head).await
    {
        tracing::error!(run = run.id(), reason = error.with_causes(), "the audit log's head is not kept");
    }
    if kind == RunKind::Apply
        && let Err(error) = audit::beside::keep(&state.target, &head).await
    {
        let reason = error.to_string();
        tracing::warn!(run = run.id(), reason, "the audit log's head is not kept on the target");
    }
}

/// Tells the change what its run came to.
pub(super) async fn tell(state: &AppState, change: Option<i64>, run: &str, ended: RunState) -> Result<()> {
    let Some(change) = change else { return Ok(()) };
    let text = format!("ended the run: {ended}");
    let entry =
        Entry { person: None, action: "run_ended", change: Some(change), run: Some(run), text: &text };
    let client = state.studio.reserved().client().await?;
    audit::append(&*client, entry).await?;
    drop(client);
    match ended {
        RunState::Done => changes::applied(state, change, run).await,
        _ => Ok(()),
    }
}

async fn conduct(
    state: &AppState,
    person: &Person,
    read_only: bool,
    run: &LiveRun,
    journal: &Journal,
) -> (RunState, String) {
    let steps = match fetch(&state.studio.reserved(), run.steps()).await {
        Ok(steps) => steps,
        Err(why) => return (RunState::Failed, format!("{why} Nothing was run.")),
    };
    let order =
        Order { run, journal, target: &state.target, by: &person.name, settings: Settings::default() };
    match run.kind() {
        RunKind::Apply => order.apply(&steps).await,
        RunKind::Validate => {
            let settings = Settings { read_only, ..order.settings };
            Order { settings, ..order }.validate(&steps).await
        }
        RunKind::DryRun => dry_run::conduct(state, &order, &steps).await,
    }
}

/// The steps with the bytes their plan names.
async fn fetch(studio: &Studio, planned: Vec<RunStep>) -> Result<Vec<Step>, String> {
    let mut texts: BTreeMap<String, Arc<str>> = BTreeMap::new();
    let mut steps = Vec::with_capacity(planned.len());
    for (index, step) in planned.into_iter().enumerate() {
        let text = match &step.file {
            None => Arc::from(""),
            Some(file) => match texts.get(file.sha256.as_str()) {
                Some(text) => Arc::clone(text),
                None => {
                    let bytes = changes::blob(studio, &file.sha256).await;
                    let bytes = bytes.map_err(|error| format!("{} cannot be read: {error}.", file.path))?;
                    let planned = file.clone();
                    let text = tokio::task::spawn_blocking(move || checked(&planned, bytes)).await;
                    let text = text.map_err(|error| format!("{} cannot be read: {error}.", file.path))??;
                    texts.insert(file.sha256.clone(), Arc::clone(&text));
                    text
                }
            },
        };
        steps.push(Step { index, planned: step, text });
    }
    Ok(steps)
}
