//! One statement that PostgreSQL refuses inside a transaction block, or that may commit: announced before, looked at
//! afterwards.
//! It is never repeated by itself, because what a broken one left behind decides what a second one does.

use std::time::Duration;

use studio_kernel::{
    plan::{PlannedFile, PlannedStatement, Purpose, Segment, SegmentKind},
    run::RunEventKind,
    sql::{
        self,
        statement::{Detail, ObjectKind, ObjectRole, StatementKind},
    },
    text::Span,
};

use super::{
    runner::{Runner, Step, Stop},
    settle::{self, Settled},
    transaction::{READS, Try, sentence},
};
use crate::pg::target::{Failure, Refusal, Session, TargetError, fence, outcome};

/// Statements that may leave an invalid index, with CONCURRENTLY: nothing else can, because functions and blocks must not
/// say that word. <https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>
const INDEXING: [&str; 4] = ["create_index", "drop_index", "reindex", "unknown"];

impl Runner<'_> {
    /// Runs segment `at` of a step to its end.
    pub(super) async fn standalone(&mut self, step: &Step, at: usize, last: bool) -> Result<(), Stop> {
        let Some((file, segment)) = step.segment(at) else { return Ok(()) };
        let Some(planned) = segment.statements.first() else { return Ok(()) };
        if file.purpose == Purpose::Validate {
            return Err(Stop::Failed(format!(
                "{} holds a statement that cannot be undone (line {}), so it cannot run as a validation.",
                file.path, planned.line
            )));
        }
        let index = step.index;
        let sql = planned.span.of(&step.text);
        self.be_patient().await?;
        let before = self.carcasses(planned).await?;
        if before.is_some()
            && let Some(carcass) = hidden_carcass(&self.session, sql).await
        {
            return Err(Stop::Failed(format!(
                "{}, line {}: the index {carcass} exists and is invalid, so IF NOT EXISTS would leave it so. Drop \
                 it with DROP INDEX CONCURRENTLY {carcass} first.",
                file.path, planned.line
            )));
        }
        self.run.emit(RunEventKind::SegmentStarted { step: index, segment: at });
        if let Err(error) = self.journal.intend(index, at).await {
            let why = format!("The studio's own journal did not answer ({error}), so nothing was sent.");
            self.run.emit(RunEventKind::SegmentRolledBack { step: index, segment: at, reason: why.clone() });
            return Err(Stop::Failed(why));
        }
        match self.statement(step, planned).await {
            Ok(()) => {}
            Err((Failure::Refused(refusal), took)) => {
                return Err(self
                    .standalone_refused(step, at, planned, refusal, took, before.as_deref())
                    .await);
            }
            Err((Failure::Lost(heard), _)) => {
                return self.standalone_lost(step, at, planned, last, &heard, false).await;
            }
        }
        match self.behind(step, planned, before.as_deref()).await {
            Ok(Behind::Well) => {}
            Ok(Behind::ReadsOtherwise(why)) => {
                self.run.emit(RunEventKind::SegmentCommitted { step: index, segment: at, ledger: None });
                return Err(Stop::Failed(format!("{}. {why}", file.path)));
            }
            Ok(Behind::Carcass(carcass)) => {
                let why = format!(
                    "It left the invalid index {carcass}; drop it with DROP INDEX CONCURRENTLY {carcass}."
                );
                let reason = why.clone();
                self.run.emit(RunEventKind::SegmentRolledBack { step: index, segment: at, reason });
                return Err(Stop::Failed(why));
            }
            Err(heard) => return self.standalone_lost(step, at, planned, last, &heard, true).await,
        }
        let recorded = if last { self.after_standalone(step, file, at).await } else { Ok(None) };
        self.commit_standalone(index, at, recorded)
    }

    /// The statement has taken effect; whether its file is recorded is another question.
    fn commit_standalone(
        &self,
        step: usize,
        segment: usize,
        recorded: Result<Option<String>, Stop>,
    ) -> Result<(), Stop> {
        let ledger = recorded.as_ref().ok().cloned().flatten();
        self.run.emit(RunEventKind::SegmentCommitted { step, segment, ledger });
        recorded.map(drop)
    }

    /// Looks at the session and the database behind a statement that was answered. The error is what was heard instead.
    async fn behind(
        &mut self,
        step: &Step,
        planned: &PlannedStatement,
        before: Option<&[String]>,
    ) -> Result<Behind, String> {
        if let Some(why) = self.reads_otherwise(step, planned).await.map_err(message)? {
            return Ok(Behind::ReadsOtherwise(why));
        }
        // A cancel request that was meant for the statement may hit the question behind it.
        let unpinned = match self.session.unpinned().await {
            Err(Failure::Refused(_)) => self.session.unpinned().await,
            answered => answered,
        };
        if let Some(names) = unpinned.map_err(message)? {
            return Ok(Behind::ReadsOtherwise(changed(planned, &names)));
        }
        let new = self.new_carcasses(before).await.map_err(|error| error.message)?;
        Ok(new.into_iter().next().map_or(Behind::Well, Behind::Carcass))
    }

    /// Waiting for old snapshots is what a concurrent build does; a short timeout only leaves carcasses.
    /// Everything else that the file has set goes on to hold.
    async fn be_patient(&mut self) -> Result<(), Stop> {
        if self.lifted.is_none() {
            let settings = self.settings;
            let lifted = self.session.lift(&settings).await.map_err(|failure| Stop::Failed(said(failure)))?;
            // Nothing to put back is known as well.
            self.lifted = Some(lifted.unwrap_or_default());
        }
        Ok(())
    }

    /// Puts the run's own timeouts back, unless a statement has set them itself.
    pub(super) async fn put_back(&mut self) -> Result<(), Stop> {
        match self.lifted.take() {
            Some(back) if !back.is_empty() => {
                self.session.command(&back).await.map(drop).map_err(|failure| Stop::Failed(said(failure)))
            }
            _ => Ok(()),
        }
    }

    /// A file without a statement is recorded all the same.
    pub(super) async fn only_recorded(&mut self, step: &Step, file: &PlannedFile) -> Result<(), Stop> {
        if matches!(file.purpose, Purpose::Validate | Purpose::Keep) {
            return Ok(());
        }
        self.after_standalone(step, file, 0).await.map(drop)
    }

    /// The ledger row of a file whose last statement could not share a transaction with it.
    pub(super) async fn after_standalone(
        &mut self,
        step: &Step,
        file: &PlannedFile,
        at: usize,
    ) -> Result<Option<String>, Stop> {
        let empty = Segment { kind: SegmentKind::Transaction, reason: String::new(), statements: Vec::new() };
        let why = match self.attempt(step, file, &empty, at, true).await {
            Try::Committed(row) => return Ok(row),
            Try::Undone => return Ok(None),
            Try::Refused(_, refusal, _) => sentence(&refusal.message),
            Try::Denied(why) => why,
            Try::Stopped => "The run was stopped.".to_owned(),
            Try::Lost { heard, committing, .. } => match self.settle(step.index, at, committing).await {
                Settled::Committed => return Ok(step.ledger_row(at)),
                Settled::RolledBack => format!("The connection broke: {heard}."),
                Settled::Unknown(why) => return Err(Stop::Unknown(why)),
            },
        };
        // Only the recording is undone; an error of the rollback changes nothing about that.
        let _ = self.session.command("rollback").await;
        Err(unrecorded(file, &why))
    }

    async fn standalone_refused(
        &mut self,
        step: &Step,
        at: usize,
        planned: &PlannedStatement,
        refusal: Refusal,
        took: Duration,
        before: Option<&[String]>,
    ) -> Stop {
        let index = step.index;
        let stopped = refusal.sqlstate == "57014" && self.run.is_stopping();
        let mut reason = if stopped { "The run was stopped.".to_owned() } else { sentence(&refusal.message) };
        if let Ok(carcasses) = self.new_carcasses(before).await {
            for carcass in carcasses {
                let left = format!(
                    " It left the invalid index {carcass}; drop it with DROP INDEX CONCURRENTLY {carcass}."
                );
                reason.push_str(&left);
            }
        }
        let error = step.locate(planned.index, refusal);
        let line = error.line;
        self.fail(index, planned.index, error, Some(took));
        self.run.emit(RunEventKind::SegmentRolledBack { step: index, segment: at, reason: reason.clone() });
        match stopped {
            true => Stop::Cancelled,
            false => Stop::Failed(format!("{} failed at line {line}. {reason}", step.path())),
        }
    }

    /// What became of a statement whose connection broke; `answered` when it had succeeded before.
    async fn standalone_lost(
        &mut self,
        step: &Step,
        at: usize,
        planned: &PlannedStatement,
        last: bool,
        heard: &str,
        answered: bool,
    ) -> Result<(), Stop> {
        let index = step.index;
        self.session.abort();
        let settled = match settle::quiet(self.target, self.run.id(), &self.process).await {
            Ok(session) => self.look_again(step, planned, &session, answered).await,
            Err(_) if answered => Settled::Committed,
            Err(why) => Settled::Unknown(why),
        };
        match settled {
            Settled::Committed => {
                let recorded = if last { self.record_anew(step, at).await } else { Ok(None) };
                self.commit_standalone(index, at, recorded)?;
                Err(Stop::LostAfter(format!(
                    "The connection broke after the statement had taken effect: {heard}."
                )))
            }
            Settled::RolledBack => {
                let reason = format!("The connection broke: {heard}. The statement has no effect.");
                self.run.emit(RunEventKind::SegmentRolledBack {
                    step: index,
                    segment: at,
                    reason: reason.clone(),
                });
                Err(Stop::Failed(reason))
            }
            Settled::Unknown(why) => {
                self.run.emit(RunEventKind::StatementUnknown { step: index, statement: planned.index });
                self.run.emit(RunEventKind::SegmentUnknown { step: index, segment: at });
                Err(Stop::Unknown(why))
            }
        }
    }

    async fn look_again(
        &mut self,
        step: &Step,
        planned: &PlannedStatement,
        session: &Session,
        answered: bool,
    ) -> Settled {
        let reached = match fence::take_from(session, self.run.id()).await {
            Ok(reached) => reached,
            Err(error) => return Settled::Unknown(error.message),
        };
        self.epoch = reached.epoch;
        if let Some(why) = settle::forgotten(self.run, &reached) {
            return Settled::Unknown(why);
        }
        match look(session, &step.text, planned.span).await {
            Settled::RolledBack if answered => Settled::Unknown(
                "The statement had succeeded, and what it did is not there any more. Look at what is there."
                    .to_owned(),
            ),
            _ if answered => Settled::Committed,
            settled => settled,
        }
    }

    /// Records a file in another session than the one that was lost, unless another run has begun meanwhile.
    async fn record_anew(&mut self, step: &Step, at: usize) -> Result<Option<String>, Stop> {
        let Some(file) = &step.planned.file else { return Ok(None) };
        let told = |why: String| unrecorded(file, &why);
        if self.epoch.is_none() {
            return Err(told("another run has begun on the target since.".to_owned()));
        }
        let session = self.target.connect(self.run.id()).await;
        self.session = session.map_err(|error| told(error.message))?;
        self.process = outcome::process(&self.session).await.map_err(|error| told(error.message))?;
        self.arrange().await.map_err(|stop| told(stop.words()))?;
        self.take().await.map_err(|stop| told(stop.words()))?;
        self.after_standalone(step, file, at).await
    }

    /// The indexes that are invalid before a statement that may leave one more; `None` before all others.
    async fn carcasses(&self, planned: &PlannedStatement) -> Result<Option<Vec<String>>, Stop> {
        match INDEXING.contains(&planned.kind.as_str()) {
            true => Ok(Some(outcome::invalid_indexes(&self.session).await?)),
            false => Ok(None),
        }
    }

    async fn new_carcasses(&self, before: Option<&[String]>) -> Result<Vec<String>, TargetError> {
        let Some(before) = before else { return Ok(Vec::new()) };
        let mut now = outcome::invalid_indexes(&self.session).await?;
        now.retain(|index| !before.contains(index));
        Ok(now)
    }
}

/// How things stand behind a statement that was answered.
enum Behind {
    Well,
    /// The server would read what follows otherwise than it is shown.
    ReadsOtherwise(String),
    /// An invalid index that was not there before.
    Carcass(String),
}

/// The end of a run whose file is there as a whole and not in the ledger.
pub(super) fn unrecorded(file: &PlannedFile, why: &str) -> Stop {
    let path = &file.path;
    Stop::Failed(format!("All statements of {path} took effect, but its version is not recorded: {why}"))
}

/// What is true of a standalone statement of `text` whose backend is gone: only an index can be looked at.
pub(super) async fn look(session: &Session, text: &str, span: Span) -> Settled {
    // A name without a schema is found along the path that the file had set by then.
    if let Some(path) = search_path(text, span)
        && let Err(failure) = session.command(path).await
    {
        return Settled::Unknown(said(failure));
    }
    let Some((name, made)) = index_of(span.of(text)) else {
        return Settled::Unknown(
            "Whether the statement took effect cannot be seen from outside; look and decide.".to_owned(),
        );
    };
    match (outcome::index_state(session, &name).await, made) {
        (Ok(Some(true)), true) | (Ok(None), false) => Settled::Committed,
        (Ok(None), true) | (Ok(Some(true)), false) => Settled::RolledBack,
        (Ok(Some(false)), _) => Settled::Unknown(format!(
            "The index {name} exists and is invalid. Drop it with DROP INDEX CONCURRENTLY {name}, then run again."
        )),
        (Err(error), _) => Settled::Unknown(error.message),
    }
}

/// The last statement before `span` that sets the session's search path.
fn search_path(text: &str, span: Span) -> Option<&str> {
    let before = sql::parse(text.get(..span.start)?);
    let path = before.statements.iter().rfind(|statement| {
        let sets = matches!(&statement.detail, Detail::Setting { name, .. } if name == "search_path");
        sets && !statement.flags.local
    });
    // Of the same text, because the outline's spans begin where it begins.
    path.map(|statement| statement.span.of(text))
}

/// The index a statement makes (true) or drops (false), as PostgreSQL finds it.
fn index_of(sql: &str) -> Option<(String, bool)> {
    let parsed = sql::parse(sql);
    let statement = parsed.statements.first()?;
    match statement.kind {
        StatementKind::Create(ObjectKind::Index) => {
            let made = statement.first(ObjectRole::Makes).filter(|made| made.kind == ObjectKind::Index)?;
            let name = made.name.to_string();
            // An index lives in its table's schema, whatever the search path says.
            let schema = made.of.as_ref().map(ToString::to_string);
            let schema = schema.as_deref().and_then(|table| table.rsplit_once('.')).map(|(schema, _)| schema);
            let qualified = match schema {
                Some(schema) if !name.contains('.') => format!("{schema}.{name}"),
                _ => name,
            };
            Some((qualified, true))
        }
        StatementKind::Drop(ObjectKind::Index) => {
            Some((statement.first(ObjectRole::Drops)?.name.to_string(), false))
        }
        _ => None,
    }
}

/// An invalid index that `create index … if not exists` would take for its own work.
async fn hidden_carcass(session: &Session, sql: &str) -> Option<String> {
    let parsed = sql::parse(sql);
    let statement = parsed.statements.first().filter(|statement| statement.flags.if_not_exists)?;
    let (name, true) = index_of(statement.span.of(sql))? else { return None };
    // When it cannot be asked, the statement itself will say why.
    let state = outcome::index_state(session, &name).await.ok()?;
    (state == Some(false)).then_some(name)
}

fn changed(planned: &PlannedStatement, names: &str) -> String {
    format!("Line {}: the statement changed {names}, {READS}", planned.line)
}

fn said(failure: Failure) -> String {
    format!("The session could not be prepared: {}.", message(failure))
}

fn message(failure: Failure) -> String {
    let (Failure::Refused(Refusal { message, .. }) | Failure::Lost(message)) = failure;
    message
}
