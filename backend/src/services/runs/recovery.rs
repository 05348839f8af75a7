//! Runs that a stopped server left behind: each is told what became of it, by asking the database.
//! It writes nothing there but the ledger's row of a file that is there as a whole, and no run goes on.

use std::{sync::Arc, time::Duration};

use studio_kernel::{
    plan::{PlannedStatement, Purpose, SegmentKind},
    run::{
        RunEventKind, RunKind, RunState, RunView, SegmentState, SqlError, StatementState, StepView,
        event::RunStep,
    },
    text::Span,
};

use super::{
    ending,
    executor::tell,
    journal::{self, Intent, Journal},
    live::LiveRun,
    order,
    read::{self, Left},
    runner::{self, Runner, Step, Stop},
    settle::{self, Settled},
    standalone,
};
use crate::{
    error::Result,
    pg::target::{
        Session, Settings,
        fence::{self, Place, Reached},
        ledger,
    },
    services::changes,
    state::AppState,
};

/// Why a run that is found at the start does not go on.
const STOPPED: &str = "The server was stopped while this run was under way.";

/// How long the studio's start waits for a target that another run holds.
const FREE_WITHIN: Duration = Duration::from_secs(30);

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

/// A run that has not ended, and what is known of it.
struct Abandoned<'a> {
    state: &'a AppState,
    left: &'a Left,
    steps: Vec<RunStep>,
    /// The process of the server that worked for it, as far as it is known.
    process: String,
    live: &'a LiveRun,
    journal: &'a Journal,
}

/// Settles every run that has not ended. Returns how many there were.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn recover(state: &AppState) -> Result<usize> {
    let client = state.studio.client().await?;
    let runs = read::left(&*client).await?;
    let now: jiff::Timestamp = client.query_one("select clock_timestamp()", &[]).await?.try_get(0)?;
    drop(client);
    for left in &runs {
        let events = read::events(&state.studio, &left.id, 0, i64::MAX).await?;
        let steps = read::steps(&events).to_vec();
        let process = events.iter().find_map(|event| match &event.kind {
            RunEventKind::Started { backend, .. } => Some(backend.clone()),
            _ => None,
        });
        let process = process.unwrap_or_default();
        let live = Arc::new(LiveRun::new(left.id.clone(), left.kind, now, events));
        let journal = Journal::keep(&state.studio, &live);
        let run = Abandoned { state, left, steps, process, live: &live, journal: &journal };
        let (ended, summary) = run.settle().await?;
        let change = left.change.filter(|_| left.kind == RunKind::Apply);
        tell(state, change, &left.id, ended).await?;
        live.emit(RunEventKind::Ended { state: ended, summary });
        journal.flush().await?;
    }
    Ok(runs.len())
}

impl Abandoned<'_> {
    async fn settle(&self) -> Result<(RunState, String)> {
        if self.left.kind != RunKind::Apply {
            close_open(self.live, STOPPED);
            return Ok((RunState::Failed, format!("{STOPPED} Nothing of it remains.")));
        }
        let ended = match settle::quiet(&self.state.target, &self.left.id, &self.process).await {
            Ok(session) => match fence::take_from(&session, &self.left.id).await {
                Ok(reached) => self.compare(reached, &session).await?,
                Err(error) => self.unseen(&error.message),
            },
            Err(why) => self.unseen(&why),
        };
        Ok(self.live.look(|view| ending::of_apply(view, &Err(ended))))
    }

    /// Brings what the journal has heard in line with what the target says.
    async fn compare(&self, reached: Reached, session: &Session) -> Result<Stop> {
        self.commit_to(reached.place);
        // The target knows a run from its beginning on.
        let has_begun = self.live.look(|view| !view.server_version.is_empty());
        if has_begun && let Some(why) = settle::forgotten(self.live, &reached) {
            return Ok(self.unseen(&why));
        }
        if let Some(open) = self.live.look(open_segment) {
            let settled = match open.kind {
                // The fence has not moved with it.
                SegmentKind::Transaction => Settled::RolledBack,
                SegmentKind::Standalone if open.answered => Settled::Committed,
                SegmentKind::Standalone => self.look(&open, session).await?,
            };
            close(self.live, Some(&open), &settled, STOPPED);
            if let Settled::Unknown(why) = settled {
                return Ok(Stop::Unknown(format!("{STOPPED} {why}")));
            }
        }
        Ok(match self.unrecorded(reached.place) {
            None => Stop::LostAfter(STOPPED.to_owned()),
            Some(step) => match self.record(step, reached, session).await {
                Ok(()) => Stop::LostAfter(STOPPED.to_owned()),
                Err(stop) => stop,
            },
        })
    }

    /// The first step whose file belongs into the ledger or out of it, and of which the target does not say so.
    fn unrecorded(&self, reached: Option<Place>) -> Option<usize> {
        let steps = self.steps.iter().enumerate();
        let mut missing = steps.filter(|(step, planned)| {
            let segment = last_segment(planned);
            let belongs = runner::ledger_row(planned, segment).is_some();
            belongs && reached < Some(Place { step: *step, segment })
        });
        missing.next().map(|(step, _)| step)
    }

    /// The target could not be asked.
    fn unseen(&self, why: &str) -> Stop {
        let settled = Settled::Unknown(why.to_owned());
        close(self.live, self.live.look(open_segment).as_ref(), &settled, STOPPED);
        Stop::Unknown(format!("{STOPPED} {why}"))
    }

    /// Tells the run of all segments that the target has, whether the journal has heard of them or not.
    fn commit_to(&self, last: Option<Place>) {
        let Some(last) = last else { return };
        let missing = self.live.look(|view| {
            let writing = |step: &StepView| step.purpose != Some(Purpose::Validate);
            let steps = view.steps.iter().enumerate().filter(|(_, step)| writing(step));
            let all = steps.flat_map(|(step, of_step)| {
                let segments = of_step.segments.iter().enumerate();
                segments.map(move |(segment, found)| (Place { step, segment }, found.state))
            });
            let missing = all.filter(|(place, found)| *place <= last && *found != SegmentState::Committed);
            missing.map(|(place, _)| place).collect::<Vec<_>>()
        });
        for Place { step, segment } in missing {
            let ledger = self.steps.get(step).and_then(|planned| runner::ledger_row(planned, segment));
            self.live.emit(RunEventKind::SegmentCommitted { step, segment, ledger });
        }
    }

    /// What became of a statement that commits by itself.
    async fn look(&self, open: &Open, session: &Session) -> Result<Settled> {
        let intent = journal::last_intent(&self.state.studio, &self.left.id).await?;
        if intent != Some(Intent { step: open.step, segment: open.segment }) {
            // Nothing was sent before the intent was stored.
            return Ok(Settled::RolledBack);
        }
        let planned = self.steps.get(open.step).and_then(|planned| {
            let file = planned.file.as_ref()?;
            Some((file, file.segments.get(open.segment)?.statements.first()?))
        });
        let Some((file, planned)) = planned else {
            return Ok(standalone::look(session, "", Span::at(0)).await);
        };
        let bytes = changes::blob(&self.state.studio, &file.sha256).await?;
        Ok(standalone::look(session, &String::from_utf8_lossy(&bytes), planned.span).await)
    }

    /// Records a file whose last statement took effect by itself, unless it is there only in part.
    async fn record(&self, index: usize, reached: Reached, session: &Session) -> Result<(), Stop> {
        let segments = self.live.look(|view| {
            let states = view.steps.get(index).map(|step| &step.segments);
            states.map(|states| states.iter().map(|segment| segment.state).collect::<Vec<_>>())
        });
        let is_whole = |states: &Vec<SegmentState>| {
            !states.is_empty() && states.iter().all(|state| *state == SegmentState::Committed)
        };
        let planned = self.steps.get(index).filter(|_| segments.as_ref().is_some_and(is_whole));
        let file = planned.and_then(|planned| planned.file.as_ref());
        let (Some(planned), Some(file)) = (planned, file) else {
            return Err(Stop::Failed(STOPPED.to_owned()));
        };
        let told = |why: &str| standalone::unrecorded(file, why);
        let at = last_segment(planned);
        let row = runner::ledger_row(planned, at);
        let version = row.as_deref().and_then(|row| row.get(1..)).unwrap_or_default();
        let is_recorded = ledger::has(session, version).await.map_err(|error| told(&error.message))?;
        if is_recorded != (file.purpose == Purpose::Apply) {
            if reached.epoch.is_none() {
                return Err(told("another run has begun on the target since."));
            }
            let bytes = changes::blob(&self.state.studio, &file.sha256).await;
            let bytes = bytes.map_err(|error| told(&error.to_string()))?;
            let text = order::checked(file, bytes).map_err(|why| told(&why))?;
            let step = Step { index, planned: planned.clone(), text };
            let (target, by, settings) = (&self.state.target, self.left.by.as_str(), Settings::default());
            let starting = Runner::start(self.live, self.journal, target, by, settings, true);
            let mut runner = match tokio::time::timeout(FREE_WITHIN, starting).await {
                Ok(Ok(runner)) => runner,
                Ok(Err(stop)) => return Err(told(&stop.words())),
                Err(_) => return Err(told("the target did not become free.")),
            };
            // Whether somebody has come in between is known now that the target is ours.
            let recorded = match runner.follows(reached.epoch) {
                true => runner.after_standalone(&step, file, at).await,
                false => Err(told("another run has begun on the target since.")),
            };
            runner.finish().await;
            recorded?;
        }
        self.live.emit(RunEventKind::SegmentCommitted { step: index, segment: at, ledger: row });
        Ok(())
    }
}

fn last_segment(planned: &RunStep) -> usize {
    planned.file.as_ref().map_or(0, |file| file.segments.len().saturating_sub(1))
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
    close(live, live.look(open_segment).as_ref(), &Settled::RolledBack, why);
}

fn close(live: &LiveRun, open: Option<&Open>, settled: &Settled, why: &str) {
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
        Settled::Committed => RunEventKind::SegmentCommitted { step, segment, ledger: None },
        Settled::RolledBack => RunEventKind::SegmentRolledBack { step, segment, reason: why.to_owned() },
        Settled::Unknown(_) => RunEventKind::SegmentUnknown { step, segment },
    });
}
