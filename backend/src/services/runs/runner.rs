//! The executor's hands: one session that takes a target, runs files statement by statement, and lets go.
//! Which files run, and what their end means for the run, is decided by its callers.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use studio_kernel::{
    plan::{PlannedFile, PlannedStatement, Purpose, Segment, SegmentKind},
    run::{RunEventKind, SqlError, event::RunStep},
    text::Span,
    words::count,
};

use super::{journal::Journal, live::LiveRun, place};
use crate::pg::target::{
    Failure, Refusal, Session, Settings, Target, TargetError, fence,
    ledger::{self, Shape},
    lock, outcome,
};

/// Between two looks at the target's lock.
const LOCK_POLL: Duration = Duration::from_millis(100);

/// How long a run waits for the target.
const LOCK_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Statements that return or count rows; for all others the server's count is an empty word.
const WITH_ROWS: [&str; 12] = [
    "copy",
    "create_table_as",
    "delete",
    "execute",
    "fetch",
    "insert",
    "merge",
    "move",
    "select",
    "select_into",
    "update",
    "values",
];

/// A step of a run with the text of its file.
pub struct Step {
    /// Its position in the run.
    pub index: usize,
    /// As the run's first event has it.
    pub planned: RunStep,
    /// Exactly the bytes the plan names; empty for a step without a file.
    pub text: Arc<str>,
}

/// Why a run does not go on.
#[derive(Clone, Debug)]
pub enum Stop {
    /// A statement or a check failed; nothing of the open segment remains.
    Failed(String),
    /// Asked to stop; nothing of the open segment remains.
    Cancelled,
    /// The connection broke after a segment was committed.
    LostAfter(String),
    /// Whether the open segment is in the database cannot be known.
    Unknown(String),
}

impl Stop {
    /// Why, in a sentence.
    pub(super) fn words(self) -> String {
        match self {
            Self::Failed(why) | Self::LostAfter(why) | Self::Unknown(why) => why,
            Self::Cancelled => "The run was stopped.".to_owned(),
        }
    }
}

impl From<TargetError> for Stop {
    fn from(error: TargetError) -> Self {
        Self::Failed(format!("{} {}", error.message, error.help))
    }
}

/// A session that works for a run.
pub struct Runner<'a> {
    pub(super) run: &'a LiveRun,
    pub(super) journal: &'a Journal,
    pub(super) target: &'a Target,
    /// Who started it, for the ledger.
    pub(super) by: &'a str,
    pub(super) settings: Settings,
    pub(super) session: Session,
    /// What puts the run's own timeouts back that were lifted for statements alone.
    pub(super) lifted: Option<String>,
    /// The fence's number; `None` for a run that writes nothing.
    pub(super) epoch: Option<i64>,
    /// Whether the ledger has a column for who applied a version.
    pub(super) names_who_applied: bool,
    /// Whether the next segment's transaction was begun with the end of the one before.
    pub(super) has_begun: bool,
    /// What the ledger held once the target was ours: versions and names.
    recorded: BTreeMap<String, String>,
    /// The role in force.
    role: String,
    /// The server's process.
    pub(super) process: String,
}

impl<'a> Runner<'a> {
    /// Connects, waits for the target, and says that the run has started.
    pub async fn start(
        run: &'a LiveRun,
        journal: &'a Journal,
        target: &'a Target,
        by: &'a str,
        settings: Settings,
        writes: bool,
    ) -> Result<Self, Stop> {
        let session = target.connect(run.id()).await?;
        let (arranged, taken, shape) = tokio::join!(
            biased;
            session.arrange(&settings),
            lock::take(&session),
            Shape::read(&session),
        );
        arranged.map_err(unprepared)?;
        let mut runner = Self {
            run,
            journal,
            target,
            by,
            settings,
            session,
            lifted: None,
            epoch: None,
            names_who_applied: false,
            has_begun: false,
            recorded: BTreeMap::new(),
            role: String::new(),
            process: String::new(),
        };
        let shape = match taken? {
            true => shape?,
            false => {
                runner.take().await?;
                Shape::read(&runner.session).await?
            }
        };
        if writes {
            ledger::create(&runner.session, &shape).await?;
        }
        let epoch = async {
            match writes {
                true => fence::advance(&runner.session, run.id()).await.map(Some),
                false => Ok(None),
            }
        };
        let (epoch, recorded, role, process) = tokio::join!(
            biased;
            epoch,
            ledger::names(&runner.session, &shape),
            runner.session.role(),
            outcome::process(&runner.session),
        );
        runner.epoch = epoch?;
        runner.names_who_applied = shape.names_who_applied();
        runner.recorded = recorded?;
        runner.role = role.map_err(unprepared)?;
        runner.process = process?;
        Ok(runner)
    }

    /// Whether its epoch is the next one after this.
    pub(super) fn follows(&self, epoch: Option<i64>) -> bool {
        self.epoch.zip(epoch).is_some_and(|(now, before)| now == before + 1)
    }

    /// The session, for questions between files.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Says on what the run works, and as whom.
    pub fn announce(&self) {
        let role = self.role.clone();
        let version = self.session.server_version().to_owned();
        let settings = self.settings.phrases(self.session.version_number());
        let backend = self.process.clone();
        self.run.emit(RunEventKind::Started { server_version: version, role, settings, backend });
    }

    /// Waits for the target's lock.
    pub(super) async fn take(&mut self) -> Result<(), Stop> {
        let began = tokio::time::Instant::now();
        let mut named = None;
        while !lock::take(&self.session).await? {
            let holder = lock::holder(&self.session).await?;
            if let Some(holder) = holder.filter(|holder| named.as_ref() != Some(holder)) {
                self.run.emit(RunEventKind::Waiting { holder: holder.to_string() });
                named = Some(holder);
            }
            if began.elapsed() > LOCK_WITHIN {
                let holder = named.map_or_else(|| "another session".to_owned(), |holder| holder.to_string());
                return Err(Stop::Failed(format!("The target is still held by {holder}; nothing was run.")));
            }
            tokio::select! {
                () = tokio::time::sleep(LOCK_POLL) => {}
                () = self.run.stopping() => return Err(Stop::Cancelled),
            }
        }
        Ok(())
    }

    /// Refuses a plan that does not fit the ledger (any more): nothing is applied twice, nothing is undone
    /// that is not there.
    pub fn verify(&self, steps: &[Step]) -> Result<(), Stop> {
        let mut known: BTreeMap<&str, &str> =
            self.recorded.iter().map(|(version, name)| (version.as_str(), name.as_str())).collect();
        for file in steps.iter().filter_map(|step| step.planned.file.as_ref()) {
            let Some(version) = file.version.as_deref() else { continue };
            let why = match (file.purpose, known.contains_key(version)) {
                (Purpose::Apply, true) => "is recorded in the ledger already",
                (Purpose::Rollback, false) => "is not recorded in the ledger, so there is nothing to undo",
                (Purpose::Apply, false) => {
                    known.insert(version, &file.name);
                    continue;
                }
                (Purpose::Rollback, true) => {
                    known.remove(version);
                    continue;
                }
                _ => continue,
            };
            return Err(Stop::Failed(format!("{}: version {version} {why}.", file.path)));
        }
        Ok(())
    }

    /// Runs the files of all steps, if they fit the ledger.
    pub(super) async fn files(&mut self, steps: &[Step]) -> Result<(), Stop> {
        self.verify(steps)?;
        self.announce();
        let Some((last, before)) = steps.split_last() else { return Ok(()) };
        for step in before {
            self.file(step).await?;
        }
        // Behind the last one there is nothing to be ready for, and a connection that is lost then changes nothing.
        self.segments(last).await
    }

    /// Runs a step's file to its end, and is ready for another one.
    pub async fn file(&mut self, step: &Step) -> Result<(), Stop> {
        self.segments(step).await?;
        self.settle_in().await
    }

    async fn segments(&mut self, step: &Step) -> Result<(), Stop> {
        let Some(file) = &step.planned.file else { return Ok(()) };
        if file.segments.is_empty() {
            return self.only_recorded(step, file).await;
        }
        let last = file.segments.len() - 1;
        self.lifted = None;
        for (at, segment) in file.segments.iter().enumerate() {
            if self.run.is_stopping() {
                return Err(Stop::Cancelled);
            }
            match segment.kind {
                SegmentKind::Transaction => {
                    self.put_back().await?;
                    self.transaction(step, at, at == last).await?;
                }
                SegmentKind::Standalone => self.standalone(step, at, at == last).await?,
            }
        }
        Ok(())
    }

    /// After a file: whatever it has set is reset, and the target is still ours.
    async fn settle_in(&mut self) -> Result<(), Stop> {
        self.arrange().await?;
        if !lock::held(&self.session).await? && !lock::take(&self.session).await? {
            return Err(Stop::Failed(
                "The file gave up the studio's lock, and another session took the target.".to_owned(),
            ));
        }
        Ok(())
    }

    pub(super) async fn arrange(&mut self) -> Result<(), Stop> {
        self.session.arrange(&self.settings).await.map_err(unprepared)
    }

    /// Sends one statement; its events are emitted, except for its failure.
    pub(super) async fn statement(
        &mut self,
        step: &Step,
        planned: &PlannedStatement,
    ) -> Result<(), (Failure, Duration)> {
        let (index, statement, run) = (step.index, planned.index, self.run);
        run.emit(RunEventKind::StatementStarted { step: index, statement });
        // Only the file's own statements are cancelled, never a COMMIT or a question of the studio.
        run.works_through(Some(self.session.canceller()));
        let (mut kept, mut dropped, mut bytes) = (0, 0, 0);
        let executed = self
            .session
            .execute(planned.span.of(&step.text), &mut |notice| {
                if notice.has_place(kept) && run.has_room_for(&notice, &mut bytes) {
                    kept += 1;
                    run.emit(RunEventKind::Notice { step: index, statement, notice });
                } else {
                    dropped += 1;
                }
            })
            .await;
        run.works_through(None);
        if dropped > 0 {
            let were = if dropped == 1 { "was" } else { "were" };
            let text = format!("Line {}: {} {were} not kept.", planned.line, count(dropped, "more message"));
            run.emit(RunEventKind::Progress { step: index, text });
        }
        let executed = executed?;
        let rows = WITH_ROWS.contains(&planned.kind.as_str()).then_some(executed.rows);
        let micros = Some(micros(executed.took));
        run.emit(RunEventKind::StatementDone { step: index, statement, rows, micros });
        Ok(())
    }

    /// Gives up the lock and closes the session.
    pub async fn finish(self) {
        // A session that is lost already has given it up with its backend.
        if let Err(error) = lock::release(&self.session).await {
            tracing::debug!(run = self.run.id(), %error, "the target's lock was not given up");
        }
        self.session.close().await;
    }
}

impl Step {
    /// A segment of its file.
    pub(super) fn segment(&self, at: usize) -> Option<(&PlannedFile, &Segment)> {
        let file = self.planned.file.as_ref()?;
        Some((file, file.segments.get(at)?))
    }

    /// The path of its file, or its title.
    pub(super) fn path(&self) -> &str {
        self.planned.file.as_ref().map_or(&self.planned.title, |file| &file.path)
    }

    /// The texts of all its statements, as they are sent.
    pub(super) fn statements(&self) -> Vec<&str> {
        let planned = self.planned.file.iter().flat_map(PlannedFile::statements);
        planned.map(|planned| planned.span.of(&self.text)).collect()
    }

    /// The refusal of a statement, with its place in the file.
    pub(super) fn locate(&self, statement: usize, refusal: Refusal) -> SqlError {
        let mut planned = self.planned.file.iter().flat_map(PlannedFile::statements);
        let span = planned.find(|planned| planned.index == statement).map(|planned| planned.span);
        place::locate(&self.text, span.unwrap_or(Span::at(0)), refusal)
    }

    /// What a segment's COMMIT does to the ledger.
    pub(super) fn ledger_row(&self, at: usize) -> Option<String> {
        ledger_row(&self.planned, at)
    }
}

/// What the COMMIT of a step's segment does to the ledger.
pub(super) fn ledger_row(step: &RunStep, at: usize) -> Option<String> {
    let file = step.file.as_ref().filter(|file| at + 1 >= file.segments.len())?;
    let sign = match file.purpose {
        Purpose::Apply => '+',
        Purpose::Rollback => '-',
        Purpose::Validate | Purpose::Maintain | Purpose::Keep => return None,
    };
    file.version.as_ref().map(|version| format!("{sign}{version}"))
}

/// As events carry a duration.
pub(super) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

pub(super) fn unprepared(failure: Failure) -> Stop {
    let (Failure::Refused(Refusal { message, .. }) | Failure::Lost(message)) = failure;
    Stop::Failed(format!("The session could not be prepared: {message}."))
}
