//! What stands behind a segment's last statement: the fence, the ledger and COMMIT.
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
    /// Commits a file's last segment with what it does to the ledger, which is written only where the fence has moved.
    pub(super) async fn commit_file(
        &self,
        step: &Step,
        moving: impl Future<Output = Result<Moved, Failure>>,
        version: &str,
        last_statement: Option<usize>,
    ) -> Try {
        // With the run's own patience, whatever the file has set.
        let own_settings = self.settings.own();
        let (back, moved) = tokio::join!(biased; self.session.command(&own_settings), moving);
        if let Some(ended) = hindrance(back, moved) {
            return ended;
        }
        let recorded = match self.record(step, version).await {
            Ok(recorded) => recorded,
            Err(failure) => return own(failure),
        };
        committed(self.session.command("commit").await, recorded, last_statement)
    }

    /// Commits any other segment, in one exchange: the fence moves on, COMMIT, which is a ROLLBACK for the server where it
    /// did not, and what begins the next segment where that is known. Answers how it ended, and whether that was begun.
    pub(super) async fn commit_segment(
        &self,
        moving: impl Future<Output = Result<Moved, Failure>>,
        next: Option<&Segment>,
        last_statement: Option<usize>,
    ) -> (Try, bool) {
        let (session, own_settings) = (&self.session, self.settings.own());
        let beginning = async {
            match next.is_some_and(|next| next.kind == SegmentKind::Transaction && is_single(next)) {
                true => session.command("begin").await.is_ok(),
                false => false,
            }
        };
        let (back, moved, commit, has_begun) = tokio::join!(
            biased;
            session.command(&own_settings),
            moving,
            session.command("commit"),
            beginning,
        );
        let ended = hindrance(back, moved).map(may_be_committed);
        (ended.unwrap_or_else(|| committed(commit, None, last_statement)), has_begun)
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

/// Why the fence did not move. Each command is refused behind one that was refused, so the first says why.
fn hindrance(back: Result<Option<String>, Failure>, moved: Result<Moved, Failure>) -> Option<Try> {
    let why = match (back, moved) {
        (Err(failure), _) | (Ok(_), Err(failure)) => return Some(own(failure)),
        (Ok(_), Ok(Moved::On)) => return None,
        (Ok(_), Ok(Moved::TakenOver)) => TAKEN_OVER.to_owned(),
        (Ok(_), Ok(Moved::Escaped)) => ESCAPED.to_owned(),
        (Ok(_), Ok(Moved::ReadsOtherwise)) => otherwise("a setting"),
    };
    Some(Try::Denied(why))
}

/// A connection that broke with COMMIT sent as well.
fn may_be_committed(ended: Try) -> Try {
    match ended {
        Try::Lost { statement, heard, .. } => Try::Lost { statement, heard, committing: true },
        ended => ended,
    }
}

fn committed(
    answer: Result<Option<String>, Failure>,
    recorded: Option<String>,
    last_statement: Option<usize>,
) -> Try {
    match answer {
        Ok(_) => Try::Committed(recorded),
        Err(Failure::Refused(refusal)) => Try::Refused(last_statement, Box::new(at_commit(refusal)), None),
        Err(Failure::Lost(heard)) => Try::Lost { statement: None, heard, committing: true },
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
