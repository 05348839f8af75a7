//! One segment that is a transaction: BEGIN, its statements, the ledger, COMMIT, and again when another
//! session stood in the way.

use std::time::Duration;

use studio_kernel::{
    plan::{PlannedFile, PlannedStatement, Purpose, Segment},
    run::{RunEventKind, SqlError},
    sql::text_settings,
};

use super::{
    runner::{Runner, Step, Stop, micros},
    settle::Settled,
};
use crate::pg::target::{
    Failure, Refusal,
    fence::{self, Place},
    session::AtEnd,
};

/// How often a segment is tried before another session's lock counts as a failure.
const TRIES: u32 = 5;

/// Before the second try; doubled for each one after it.
const PAUSE: Duration = Duration::from_millis(250);

/// Lock timeout, deadlock, serialization failure: another session was in the way, the SQL may be right.
const IN_THE_WAY: [&str; 3] = ["55P03", "40P01", "40001"];

/// Why a validation's segment is never committed.
const VALIDATION: &str = "A validation is always undone.";

/// Why a segment is given up whose transaction is not the one it began.
pub(super) const ESCAPED: &str = "A statement ended the transaction itself, so what it did cannot be undone by the studio. \
    Remove COMMIT and ROLLBACK from the file.";

/// Why a run does not go on behind a statement that changed how texts are read.
pub(super) const READS: &str = "which decides how the server reads the texts behind it, so nothing more was sent. \
    Take that out of what the statement runs.";

/// How one try ended.
pub(super) enum Try {
    Committed(Option<String>),
    /// A validation, after its last statement.
    Undone,
    /// The server refused; the index is the statement's, `None` when the studio's own commands were refused;
    /// the time is that of a statement that was itself refused.
    Refused(Option<usize>, Box<Refusal>, Option<Duration>),
    /// The studio itself says no.
    Denied(String),
    /// Asked to stop between two statements.
    Stopped,
    /// The connection broke; whether COMMIT may have arrived.
    Lost {
        statement: Option<usize>,
        heard: String,
        committing: bool,
    },
}

impl Runner<'_> {
    /// Runs segment `at` of a step to its end.
    pub(super) async fn transaction(&mut self, step: &Step, at: usize, last: bool) -> Result<(), Stop> {
        let Some((file, segment)) = step.segment(at) else { return Ok(()) };
        let index = step.index;
        for attempt in 1.. {
            self.run.emit(RunEventKind::SegmentStarted { step: index, segment: at });
            let tried = self.attempt(step, file, segment, at, last).await;
            let (reason, stop) = match tried {
                Try::Committed(row) => {
                    self.run.emit(RunEventKind::SegmentCommitted { step: index, segment: at, ledger: row });
                    return Ok(());
                }
                Try::Undone => {
                    self.undo().await;
                    (VALIDATION.to_owned(), None)
                }
                Try::Refused(statement, refusal, took) => {
                    self.undo().await;
                    let again = IN_THE_WAY.contains(&refusal.sqlstate.as_str()) && attempt < TRIES;
                    if again && !self.run.is_stopping() {
                        self.retry(index, at, &refusal, attempt).await;
                        continue;
                    }
                    self.refused(step, file, statement, *refusal, took)
                }
                Try::Denied(why) => {
                    self.undo().await;
                    (why.clone(), Some(Stop::Failed(why)))
                }
                Try::Stopped => {
                    self.undo().await;
                    ("The run was stopped.".to_owned(), Some(Stop::Cancelled))
                }
                Try::Lost { statement, heard, committing } => {
                    return self.lost(step, at, statement, &heard, committing).await;
                }
            };
            self.run.emit(RunEventKind::SegmentRolledBack { step: index, segment: at, reason });
            return stop.map_or(Ok(()), Err);
        }
        Ok(())
    }

    pub(super) async fn attempt(
        &mut self,
        step: &Step,
        file: &PlannedFile,
        segment: &Segment,
        at: usize,
        last: bool,
    ) -> Try {
        let xid = match self.begin(file, segment).await {
            Ok(xid) => xid,
            Err(failure) => return own(failure),
        };
        for statement in &segment.statements {
            if self.run.is_stopping() {
                return Try::Stopped;
            }
            match self.statement(step, statement).await {
                Ok(()) => match self.reads_otherwise(step, statement).await {
                    Ok(None) => {}
                    Ok(Some(why)) => return Try::Denied(why),
                    Err(failure) => return own(failure),
                },
                Err((Failure::Refused(refusal), took)) => {
                    return Try::Refused(Some(statement.index), Box::new(refusal), Some(took));
                }
                Err((Failure::Lost(heard), _)) => {
                    return Try::Lost { statement: Some(statement.index), heard, committing: false };
                }
            }
        }
        let Some(epoch) = self.epoch.filter(|_| file.purpose != Purpose::Validate) else {
            return match self.session.at_end().await {
                Ok(at_end) => undone(at_end, xid.as_deref()),
                Err(failure) => own(failure),
            };
        };
        if let Err(error) = self.journal.keeps_up().await {
            return Try::Denied(format!(
                "The studio's own journal did not answer ({error}), so nothing was committed."
            ));
        }
        // Without a statement only what took effect by itself is recorded.
        if self.run.is_stopping() && !segment.statements.is_empty() {
            return Try::Stopped;
        }
        let last_statement = segment.statements.last().map(|statement| statement.index);
        let place = Place { step: step.index, segment: at };
        let moving = fence::move_on(&self.session, epoch, self.run.id(), place, xid.as_deref());
        if let Some(version) = file.version.as_deref().filter(|_| last) {
            return self.commit_file(step, moving, version, last_statement).await;
        }
        let next = file.segments.get(at + 1).filter(|_| !last);
        let (ended, has_begun) = self.commit_segment(moving, next, last_statement).await;
        // Where it did not end well, what was begun is undone with it.
        self.has_begun = has_begun && matches!(ended, Try::Committed(_));
        ended
    }

    /// Begins a segment's transaction. Where more than one statement runs in it, it answers with the transaction's id, so
    /// that one that ends the transaction behind our back is seen.
    async fn begin(&mut self, file: &PlannedFile, segment: &Segment) -> Result<Option<String>, Failure> {
        if std::mem::take(&mut self.has_begun) {
            return Ok(None);
        }
        if is_single(segment) && file.purpose != Purpose::Validate {
            return self.session.command("begin").await.map(|_| None);
        }
        self.session.begin(self.settings.read_only).await.map(Some)
    }

    /// What keeps the next statement from being read as it is shown: a setting that the server reports with the
    /// end of this one. What a RESET brings back is the server's own default, and is pinned again.
    pub(super) async fn reads_otherwise(
        &mut self,
        step: &Step,
        after: &PlannedStatement,
    ) -> Result<Option<String>, Failure> {
        let may_reset = match after.kind.as_str() {
            "reset" | "discard" => true,
            "set" => text_settings::is_mentioned(after.span.of(&step.text)),
            _ => false,
        };
        if may_reset {
            self.session.pin().await?;
        }
        let other = self.session.reads_otherwise();
        Ok(other.map(|name| format!("Line {}: the statement changed {name}, {READS}", after.line)))
    }

    /// What is open is undone by the server even if this never arrives: nobody has said COMMIT.
    async fn undo(&mut self) {
        if let Err(failure) = self.session.command("rollback").await {
            tracing::debug!(run = self.run.id(), ?failure, "ROLLBACK was not answered");
        }
    }

    async fn retry(&mut self, step: usize, segment: usize, refusal: &Refusal, attempt: u32) {
        let reason = format!("{} (SQLSTATE {}); it is tried again.", refusal.message, refusal.sqlstate);
        self.run.emit(RunEventKind::SegmentRolledBack { step, segment, reason });
        let jitter = Duration::from_millis(u64::from(rand::random::<u8>()));
        let pause = PAUSE * 2_u32.pow(attempt - 1) + jitter;
        let text = format!(
            "Another session is in the way: {} Try {} of {TRIES} follows in {} ms.",
            sentence(&refusal.message),
            attempt + 1,
            pause.as_millis()
        );
        self.run.emit(RunEventKind::Progress { step, text });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.run.stopping() => {}
        }
    }

    fn refused(
        &mut self,
        step: &Step,
        file: &PlannedFile,
        statement: Option<usize>,
        refusal: Refusal,
        took: Option<Duration>,
    ) -> (String, Option<Stop>) {
        if refusal.sqlstate == "57014" && self.run.is_stopping() {
            return ("The run was stopped.".to_owned(), Some(Stop::Cancelled));
        }
        let Some(index) = statement else {
            let why = format!("{} (SQLSTATE {})", refusal.message, refusal.sqlstate);
            return (why.clone(), Some(Stop::Failed(format!("{} could not be recorded: {why}.", file.path))));
        };
        let error = step.locate(index, refusal);
        let why = format!("{} (SQLSTATE {})", error.message, error.sqlstate);
        let stop =
            Stop::Failed(format!("{} failed at line {}, column {}.", file.path, error.line, error.column));
        self.fail(step.index, index, error, took);
        (why, Some(stop))
    }

    pub(super) fn fail(&self, step: usize, statement: usize, error: SqlError, took: Option<Duration>) {
        let micros = took.map(micros);
        self.run.emit(RunEventKind::StatementFailed { step, statement, micros, error });
    }

    async fn lost(
        &mut self,
        step: &Step,
        at: usize,
        statement: Option<usize>,
        heard: &str,
        committing: bool,
    ) -> Result<(), Stop> {
        let index = step.index;
        if let Some(statement) = statement {
            let refusal = Refusal {
                sqlstate: "08006".to_owned(),
                message: format!("The connection to the target broke: {heard}."),
                ..Refusal::default()
            };
            self.fail(index, statement, step.locate(statement, refusal), None);
        }
        match self.settle(index, at, committing).await {
            Settled::Committed => {
                let row = step.ledger_row(at);
                self.run.emit(RunEventKind::SegmentCommitted { step: index, segment: at, ledger: row });
                Err(Stop::LostAfter(format!(
                    "The connection broke after a COMMIT that had arrived: {heard}."
                )))
            }
            Settled::RolledBack => {
                let reason = format!("The connection broke: {heard}.");
                self.run.emit(RunEventKind::SegmentRolledBack {
                    step: index,
                    segment: at,
                    reason: reason.clone(),
                });
                Err(Stop::Failed(reason))
            }
            Settled::Unknown(why) => {
                self.run.emit(RunEventKind::SegmentUnknown { step: index, segment: at });
                Err(Stop::Unknown(why))
            }
        }
    }
}

/// The end of a validation that has run to its last statement.
fn undone(at_end: AtEnd, xid: Option<&str>) -> Try {
    match at_end.unpinned {
        _ if Some(at_end.xid.as_str()) != xid => Try::Denied(ESCAPED.to_owned()),
        Some(names) => Try::Denied(otherwise(&names)),
        None => Try::Undone,
    }
}

/// Nothing in such a segment can end its transaction: one statement is one command, and those that end one are not sent.
pub(super) fn is_single(segment: &Segment) -> bool {
    segment.statements.len() == 1
}

pub(super) fn otherwise(what: &str) -> String {
    format!("A statement changed {what}, {READS}")
}

/// The studio's own command failed; no statement is to blame.
pub(super) fn own(failure: Failure) -> Try {
    match failure {
        Failure::Refused(refusal) => Try::Refused(None, Box::new(refusal), None),
        Failure::Lost(heard) => Try::Lost { statement: None, heard, committing: false },
    }
}

/// A message of the server as a sentence of ours.
pub(super) fn sentence(message: &str) -> String {
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{message}{end}")
}
