//! What stands behind a segment's last statement: the fence, the ledger and COMMIT, in one exchange.
//! Whether the segment is in the database is told by the fence alone.

use studio_kernel::plan::{Purpose, Segment, SegmentKind};

use super::{
    runner::{Runner, Step},
    transaction::{ESCAPED, Try, is_single, otherwise, own},
};
use crate::pg::target::{Failure, Place, Refusal, fence::Moved, ledger};

/// Why a runner that was paused for long stops.
const TAKEN_OVER: &str =
    "Another run has begun on this target meanwhile, so this one may not write any more.";

impl Runner<'_> {
    /// Sends what stands behind the last statement, in one exchange: the fence moves on, the ledger has the file with its
    /// last segment, COMMIT, which is a ROLLBACK for the server where the fence did not move, and what begins the next
    /// segment where that is known. Answers how it ended, and whether that was begun.
    pub(super) async fn commit(
        &self,
        step: &Step,
        moving: impl Future<Output = Result<Moved, Failure>>,
        version: Option<&str>,
        next: Option<&Segment>,
        last_statement: Option<usize>,
    ) -> (Try, bool) {
        let session = &self.session;
        let back = async {
            match self.is_own {
                true => Ok(None),
                false => session.command(&self.settings.own()).await,
            }
        };
        let recording = async {
            match version {
                Some(version) => self.record(step, version).await,
                None => Ok(None),
            }
        };
        let beginning = async {
            match next.is_some_and(|next| next.kind == SegmentKind::Transaction && is_single(next)) {
                true => session.command("begin").await.is_ok(),
                false => false,
            }
        };
        let (back, moved, recorded, committed, has_begun) = tokio::join!(
            biased;
            back,
            moving,
            recording,
            session.command("commit"),
            beginning,
        );
        // Each is refused behind one that was refused, so the first says why.
        let ended = match (back, moved, recorded, committed) {
            (Err(failure), ..) | (_, Err(failure), ..) | (_, Ok(Moved::On), Err(failure), _) => {
                behind(failure)
            }
            (_, Ok(Moved::TakenOver), ..) => Try::Denied(TAKEN_OVER.to_owned()),
            (_, Ok(Moved::Escaped), ..) => Try::Denied(ESCAPED.to_owned()),
            (_, Ok(Moved::ReadsOtherwise), ..) => Try::Denied(otherwise("a setting")),
            (_, Ok(Moved::On), Ok(recorded), Ok(_)) => Try::Committed(recorded),
            (_, Ok(Moved::On), Ok(_), Err(Failure::Refused(refusal))) => {
                Try::Refused(last_statement, Box::new(at_commit(refusal)), None)
            }
            (_, Ok(Moved::On), Ok(_), Err(failure)) => behind(failure),
        };
        (ended, has_begun)
    }

    /// Writes or removes the ledger row of a file.
    async fn record(&self, step: &Step, version: &str) -> Result<Option<String>, Failure> {
        let Some(file) = &step.planned.file else { return Ok(None) };
        match file.purpose {
            Purpose::Apply => {
                let statements = step.statements();
                let created_by = self.names_who_applied.then_some(self.by);
                let row = ledger::NewRow { version, name: &file.name, statements: &statements, created_by };
                ledger::insert(&self.session, row).await.map(|()| Some(format!("+{version}")))
            }
            Purpose::Rollback => {
                ledger::delete(&self.session, version).await.map(|was| was.then(|| format!("-{version}")))
            }
            Purpose::Validate | Purpose::Maintain | Purpose::Keep => Ok(None),
        }
    }
}

/// One of the commands with COMMIT behind them failed.
fn behind(failure: Failure) -> Try {
    match failure {
        Failure::Lost(heard) => Try::Lost { statement: None, heard, committing: true },
        refused => own(refused),
    }
}

/// A deferred constraint speaks up at COMMIT; the last statement stands for the transaction.
fn at_commit(refusal: Refusal) -> Refusal {
    let context = match refusal.context {
        Some(context) => format!("{context}\nat COMMIT"),
        None => "at COMMIT".to_owned(),
    };
    Refusal { context: Some(context), place: Place::Nowhere, ..refusal }
}
