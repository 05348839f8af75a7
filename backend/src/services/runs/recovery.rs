//! Runs that a stopped server left behind: each is told what became of it, by asking the database.
//! It changes nothing there, and no run goes on.

use std::sync::Arc;

use studio_kernel::{
    plan::{PlannedStatement, SegmentKind},
    run::{RunEventKind, RunKind, RunState, RunView, SegmentState, SqlError, StatementState},
    text::Span,
};

use super::{
    ending,
    executor::tell,
    journal::{self, Journal},
    live::LiveRun,
    read::{self, Left},
    runner::{self, Stop},
    settle::{self, Settled},
    standalone,
};
use crate::{
    error::Result,
    pg::target::{Session, ledger},
    services::changes,
    state::AppState,
};

/// Why a run that is found at the start does not go on.
const STOPPED: &str = "The server was stopped while this run was under way.";

/// A segment that was open when the server stopped.
struct Open {
    step: usize,
    segment: usize,
    kind: SegmentKind,
    /// The statement that was sent and not answered.
    statement: Option<PlannedStatement>,
    /// Every statement was answered.
    answered: bool,
}

/// Settles every run that has not ended. Returns how many there were.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn recover(state: &AppState) -> Result<usize> {
    let client = state.studio.client().await?;
    let left = read::left(&*client).await?;
    let now: jiff::Timestamp = client.query_one("select clock_timestamp()", &[]).await?.try_get(0)?;
    drop(client);
    for run in &left {
        let events = read::events(&state.studio, &run.id, 0, i64::MAX).await?;
        let live = Arc::new(LiveRun::new(run.id.clone(), run.kind, now, events));
        let journal = Journal::keep(&state.studio, &live);
        let (ended, summary) = settle(state, run, &live).await?;
        let change = run.change.filter(|_| run.kind == RunKind::Apply);
        tell(state, change, &run.id, ended).await?;
        live.emit(RunEventKind::Ended { state: ended, summary });
        journal.flush().await?;
    }
    Ok(left.len())
}

async fn settle(state: &AppState, run: &Left, live: &LiveRun) -> Result<(RunState, String)> {
    let open = live.look(open_segment);
    if run.kind != RunKind::Apply {
        close(live, open.as_ref(), &Settled::RolledBack, None, STOPPED);
        return Ok((RunState::Failed, format!("{STOPPED} Nothing of it remains.")));
    }
    let session = match settle::quiet(&state.target, &run.id).await {
        Ok(session) => session,
        Err(why) => {
            close(live, open.as_ref(), &Settled::Unknown(why.clone()), None, STOPPED);
            let unknown = Err(Stop::Unknown(format!("{STOPPED} {why}")));
            return Ok(live.look(|view| ending::of_apply(view, &unknown)));
        }
    };
    let Some(open) = open else {
        let lost = Err(Stop::LostAfter(STOPPED.to_owned()));
        return Ok(live.look(|view| ending::of_apply(view, &lost)));
    };
    let (settled, row) = truth(state, run, &open, session).await?;
    close(live, Some(&open), &settled, row, STOPPED);
    let stop = match settled {
        Settled::Committed | Settled::RolledBack => Stop::LostAfter(STOPPED.to_owned()),
        Settled::Unknown(why) => Stop::Unknown(format!("{STOPPED} {why}")),
    };
    Ok(live.look(|view| ending::of_apply(view, &Err(stop))))
}

/// What is true of the open segment, and the ledger row that came with it.
async fn truth(
    state: &AppState,
    run: &Left,
    open: &Open,
    session: Session,
) -> Result<(Settled, Option<String>)> {
    let intent = journal::last_intent(&state.studio, &run.id).await?;
    let intent = intent.filter(|intent| (intent.step, intent.segment) == (open.step, open.segment));
    let xid = intent.as_ref().and_then(|intent| intent.xid.as_deref());
    let step = read::step(&state.studio, &run.id, open.step).await?;
    let row = step.as_ref().and_then(|step| runner::ledger_row(step, open.segment));
    let recorded = match &row {
        Some(row) => ledger::has(&session, row.get(1..).unwrap_or_default()).await? == row.starts_with('+'),
        None => false,
    };
    let settled = match open.kind {
        SegmentKind::Transaction => match settle::transaction(&session, xid).await {
            // An old server forgets ids; the ledger row came with the same COMMIT.
            Settled::Unknown(_) if recorded => Settled::Committed,
            Settled::Unknown(_) if row.is_some() => Settled::RolledBack,
            other => other,
        },
        SegmentKind::Standalone if open.answered => Settled::Committed,
        // Nothing was sent before the intent was stored.
        SegmentKind::Standalone if intent.is_none() => Settled::RolledBack,
        SegmentKind::Standalone => {
            let file = step.as_ref().and_then(|step| step.file.as_ref());
            let segment = file.and_then(|file| file.segments.get(open.segment));
            match (file, segment.and_then(|segment| segment.statements.first())) {
                (Some(file), Some(planned)) => {
                    let bytes = changes::blob(&state.studio, &file.sha256).await?;
                    standalone::look(session, &String::from_utf8_lossy(&bytes), planned.span).await
                }
                _ => standalone::look(session, "", Span::at(0)).await,
            }
        }
    };
    let row = row.filter(|_| settled == Settled::Committed && recorded);
    Ok((settled, row))
}

fn open_segment(view: &RunView) -> Option<Open> {
    view.steps.iter().enumerate().find_map(|(step, of_step)| {
        let running = of_step.segments.iter().enumerate();
        let (segment, found) = running.clone().find(|(_, segment)| segment.state == SegmentState::Running)?;
        let sent = found.statements.iter().find(|statement| statement.state == StatementState::Running);
        let answered = found.statements.iter().all(|statement| statement.state == StatementState::Done);
        Some(Open {
            step,
            segment,
            kind: found.kind,
            statement: sent.map(|sent| sent.planned.clone()),
            answered,
        })
    })
}

/// Ends what is under way in a run whose session is given up, and of which nothing remains.
pub(super) fn close_open(live: &LiveRun, why: &str) {
    close(live, live.look(open_segment).as_ref(), &Settled::RolledBack, None, why);
}

fn close(live: &LiveRun, open: Option<&Open>, settled: &Settled, ledger: Option<String>, why: &str) {
    let Some(Open { step, segment, statement, .. }) = open else { return };
    let (step, segment) = (*step, *segment);
    if let Some(planned) = statement {
        let statement = planned.index;
        live.emit(match settled {
            Settled::Unknown(_) => RunEventKind::StatementUnknown { step, statement },
            Settled::Committed => RunEventKind::StatementDone { step, statement, rows: None, micros: None },
            Settled::RolledBack => {
                let message = why.to_owned();
                let (span, line) = (planned.span, planned.line);
                let error = SqlError {
                    sqlstate: "08006".to_owned(),
                    message,
                    span,
                    line,
                    column: 1,
                    ..SqlError::default()
                };
                RunEventKind::StatementFailed { step, statement, micros: None, error }
            }
        });
    }
    live.emit(match settled {
        Settled::Committed => RunEventKind::SegmentCommitted { step, segment, ledger },
        Settled::RolledBack => RunEventKind::SegmentRolledBack { step, segment, reason: why.to_owned() },
        Settled::Unknown(_) => RunEventKind::SegmentUnknown { step, segment },
    });
}
