//! After a broken connection: waits until the run's backend is gone, then asks the database which segments are there.
//! It never guesses, and it never runs anything of the plan.

use std::time::Duration;

use studio_kernel::{
    plan::SegmentKind,
    run::{RunEventKind, SegmentState},
};
use tokio::time::Instant;

use super::{live::LiveRun, runner::Runner};
use crate::pg::target::{
    Session, Target, TargetError,
    fence::{self, Place, Reached},
    outcome,
};

/// How long the target may stay away before the outcome counts as unknown.
const WITHIN: Duration = Duration::from_secs(60);

/// How long the run's backend may go on by itself before it is ended.
const BACKEND_ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Between two looks.
const POLL: Duration = Duration::from_millis(100);

/// What is true of a segment whose connection broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is in the database for good.
    Committed,
    /// Nothing of it is in the database.
    RolledBack,
    /// It cannot be known, with the reason.
    Unknown(String),
}

impl Runner<'_> {
    /// Settles a segment of this run that is a transaction; `committing` when its COMMIT may have arrived.
    pub(super) async fn settle(&mut self, step: usize, segment: usize, committing: bool) -> Settled {
        let text = "The connection broke; the database is asked what became of the transaction.".to_owned();
        self.run.emit(RunEventKind::Progress { step, text });
        let session = match quiet(self.target, self.run.id(), &self.process).await {
            Ok(session) => session,
            // The server undoes what nobody commits.
            Err(_) if !committing => return Settled::RolledBack,
            Err(why) => return Settled::Unknown(why),
        };
        let reached = match fence::take_from(&session, self.run.id()).await {
            Ok(reached) => reached,
            Err(_) if !committing => return Settled::RolledBack,
            Err(error) => return Settled::Unknown(error.message),
        };
        self.epoch = reached.epoch;
        if reached.place >= Some(Place { step, segment }) {
            return Settled::Committed;
        }
        match forgotten(self.run, &reached) {
            Some(why) => Settled::Unknown(why),
            None => Settled::RolledBack,
        }
    }
}

/// What is to be said of a server that has lost what it had confirmed, as after a failover to a copy that was behind. What
/// it had confirmed is not known any more.
pub(super) fn forgotten(run: &LiveRun, reached: &Reached) -> Option<String> {
    if !reached.known {
        return Some("The target does not know this run any more. Look at what is there.".to_owned());
    }
    let behind = run.look(|view| {
        let segments = view.steps.iter().enumerate().flat_map(|(step, of_step)| {
            let segments = of_step.segments.iter().enumerate();
            segments.map(move |(segment, found)| (Place { step, segment }, found))
        });
        let behind = segments
            .filter(|(place, found)| found.state == SegmentState::Committed && reached.place < Some(*place));
        behind.map(|(place, found)| (place, found.kind)).collect::<Vec<_>>()
    });
    // A statement that stands alone does not move the fence.
    let (last, _) = behind.iter().rfind(|(_, kind)| *kind == SegmentKind::Transaction)?;
    for (Place { step, segment }, _) in &behind {
        run.emit(RunEventKind::SegmentUnknown { step: *step, segment: *segment });
    }
    Some(format!(
        "The target had confirmed segment {} of step {} and does not have it any more: it was restored, or another \
         server took its place. Look at what is there.",
        last.segment + 1,
        last.step + 1
    ))
}

/// Returns a session to the target once no backend of the run is left there, found by the run's name or by its process.
///
/// # Errors
/// Why the target could not be asked in time.
pub async fn quiet(target: &Target, run: &str, process: &str) -> Result<Session, String> {
    let began = Instant::now();
    loop {
        let why = match look(target, run, process, began).await {
            Ok(Some(session)) => return Ok(session),
            Ok(None) => "the run's backend has not ended".to_owned(),
            Err(error) => error.message,
        };
        if began.elapsed() > WITHIN {
            return Err(format!("The target could not be asked for a minute: {why}"));
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn look(
    target: &Target,
    run: &str,
    process: &str,
    began: Instant,
) -> Result<Option<Session>, TargetError> {
    let session = target.open("studio recovery").await?;
    let left = outcome::backends(&session, run, process).await?;
    if left.is_empty() {
        return Ok(Some(session));
    }
    if began.elapsed() > BACKEND_ENDS_WITHIN {
        for pid in left {
            outcome::terminate(&session, pid).await?;
        }
    }
    Ok(None)
}
