//! After a broken connection: waits until the run's backend is gone, then asks the database which segments are there.
//! It never guesses, and it never runs anything of the plan.

use std::time::Duration;

use studio_kernel::run::RunEventKind;
use tokio::time::Instant;

use super::runner::Runner;
use crate::pg::target::{Session, Target, TargetError, fence, outcome};

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
    pub(super) async fn settle(&self, step: usize, segment: usize, committing: bool) -> Settled {
        let text = "The connection broke; the database is asked what became of the transaction.".to_owned();
        self.run.emit(RunEventKind::Progress { step, text });
        let session = match quiet(self.target, self.run.id()).await {
            Ok(session) => session,
            // The server undoes what nobody commits.
            Err(_) if !committing => return Settled::RolledBack,
            Err(why) => return Settled::Unknown(why),
        };
        match fence::reached(&session, self.run.id()).await {
            Ok(last) if last >= Some(fence::Place { step, segment }) => Settled::Committed,
            Ok(_) => Settled::RolledBack,
            Err(error) => Settled::Unknown(error.message),
        }
    }
}

/// Returns a session to the target once no backend of the run is left there.
///
/// # Errors
/// Why the target could not be asked in time.
pub async fn quiet(target: &Target, run: &str) -> Result<Session, String> {
    let began = Instant::now();
    loop {
        let why = match look(target, run, began).await {
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

async fn look(target: &Target, run: &str, began: Instant) -> Result<Option<Session>, TargetError> {
    let session = target.open("studio recovery").await?;
    let left = outcome::backends(&session, run).await?;
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
