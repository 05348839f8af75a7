//! What is kept of runs: the accepted run, its events in batches, and the intents that recovery rests on.
//! Writing events never slows a run down; only what must be known before a statement that commits by itself is waited for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use studio_kernel::{
    plan::Digest,
    review::Person,
    run::{RunEvent, RunEventKind, RunKind, RunState, event::RunStep},
};
use tokio::sync::watch;

use super::live::LiveRun;
use crate::{
    error::{Error, Result},
    pg::{GenericClient, ToSql, Transaction, Type, studio::Studio},
};

/// How long a run waits for its journal before it gives up.
const STORED_WITHIN: Duration = Duration::from_secs(10);

/// How long events gather for one write while nobody waits for them. A page that has seen an event which a server that is
/// killed has not stored would take the first one after the restart for it, so this is short.
const GATHER: Duration = Duration::from_millis(25);

/// How long events may not be stored before a COMMIT waits for them.
const MAY_LAG: Duration = Duration::from_secs(1);

/// Between attempts to write to a database that does not answer.
const AGAIN: Duration = Duration::from_millis(250);

/// A run to accept.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// Why it runs.
    pub kind: RunKind,
    /// The change it executes, and which of its revisions.
    pub change: Option<(i64, u32)>,
    /// For people: the change's title or the file's path.
    pub title: &'a str,
    /// The target's name.
    pub target: &'a str,
    /// Who started it.
    pub person: &'a Person,
    /// What was approved.
    pub digest: Option<&'a Digest>,
    /// Chosen by the page; the same key answers with the same run.
    pub idempotency_key: Option<&'a str>,
    /// Whether it only reads on the target.
    pub read_only: bool,
    /// What it will do, in order.
    pub steps: Vec<RunStep>,
}

/// What became of the wish to start a run. It counts once the transaction is committed.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// A run that nobody executes yet; hand it to [`super::spawn`].
    New(Box<Start>),
    /// The idempotency key was used before: the id of that run.
    Known(String),
}

/// A run that was just accepted.
#[derive(Clone, Debug)]
pub struct Start {
    /// Also the `application_name` of its session.
    pub id: String,
    /// Why it runs.
    pub kind: RunKind,
    /// The change it executes.
    pub change: Option<i64>,
    /// Who started it.
    pub person: Person,
    /// Whether it only reads on the target.
    pub read_only: bool,
    /// Its first event, which says what it will do and is stored with it.
    pub queued: RunEvent,
    /// When, by the studio database's clock.
    pub now: Timestamp,
}

/// Accepts a run, in the transaction that decided that it may run.
///
/// # Errors
/// [`Error::Refused`] with `running` when another run that changes the target has not ended;
/// [`Error::Database`].
pub async fn insert(transaction: &Transaction<'_>, run: NewRun<'_>) -> Result<Accepted> {
    if let Some(key) = run.idempotency_key {
        let known = "select id from studio.runs where idempotency_key = $1";
        if let Some(row) = transaction.query_opt(known, &[&key]).await? {
            return Ok(Accepted::Known(row.try_get(0)?));
        }
    }
    let id = uuid::Uuid::now_v7().to_string();
    let (change, revision) = run.change.unzip();
    let revision = revision.and_then(|revision| i32::try_from(revision).ok());
    let digest = run.digest.map(Digest::as_str);
    let sql =
        "insert into studio.runs (id, kind, change, revision, title, target, person, digest, idempotency_key)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               on conflict (target) where kind = 'apply' and ended is null do nothing
               returning clock_timestamp() as now";
    let kind = run.kind.as_str();
    let values: [(&(dyn ToSql + Sync), Type); 9] = [
        (&id, Type::TEXT),
        (&kind, Type::TEXT),
        (&change, Type::INT8),
        (&revision, Type::INT4),
        (&run.title, Type::TEXT),
        (&run.target, Type::TEXT),
        (&run.person.id, Type::TEXT),
        (&digest, Type::TEXT),
        (&run.idempotency_key, Type::TEXT),
    ];
    let rows = transaction.query_typed(sql, &values).await?;
    let Some(row) = rows.first() else {
        return Err(Error::refused(
            "running",
            "Another run is under way on this target; wait for its end or cancel it.",
        ));
    };
    let now: Timestamp = row.try_get("now")?;
    let queued = RunEvent {
        seq: 1,
        at: now.to_string(),
        kind: RunEventKind::Queued { kind: run.kind, target: run.target.to_owned(), steps: run.steps },
    };
    store(transaction, &id, std::slice::from_ref(&queued)).await?;
    let person = run.person.clone();
    let (kind, read_only) = (run.kind, run.read_only);
    Ok(Accepted::New(Box::new(Start { id, kind, change, person, read_only, queued, now })))
}

/// The journal of one run: keeps its events, or is nothing for a run on the command line.
#[derive(Clone)]
pub struct Journal {
    kept: Option<Kept>,
}

#[derive(Clone)]
struct Kept {
    run: Arc<LiveRun>,
    wishes: Arc<watch::Sender<Wishes>>,
    stored: watch::Receiver<Stored>,
}

/// What somebody waits for.
#[derive(Clone, Debug, Default)]
struct Wishes {
    /// The newest event that is to be stored now instead of soon.
    event: u64,
    /// How many intents there were, and the last of them.
    intents: u64,
    intent: Option<Intent>,
}

/// What is stored: events to this number, and so many intents.
#[derive(Clone, Copy, Debug)]
struct Stored {
    event: u64,
    intents: u64,
    /// Since when there is an event that is not stored.
    behind_since: Option<Instant>,
}

impl Journal {
    /// Keeps nothing.
    pub const fn none() -> Self {
        Self { kept: None }
    }

    /// Keeps a run's events from now on, until its last one is stored.
    pub fn keep(studio: &Studio, run: &Arc<LiveRun>) -> Self {
        let event = run.after(0).first().map_or(0, |_| *run.newest().borrow());
        let (sender, stored) = watch::channel(Stored { event, intents: 0, behind_since: None });
        let wishes = Arc::new(watch::Sender::new(Wishes::default()));
        tokio::spawn(write(studio.clone(), Arc::clone(run), wishes.subscribe(), sender));
        Self { kept: Some(Kept { run: Arc::clone(run), wishes, stored }) }
    }

    /// Returns when everything that has happened so far is stored.
    ///
    /// # Errors
    /// [`Error::Busy`] when the studio's own database takes too long.
    pub async fn flush(&self) -> Result<()> {
        self.store(None).await
    }

    /// Records that a statement is about to be sent that commits by itself. Everything that happened before is stored
    /// with it.
    ///
    /// # Errors
    /// [`Error::Busy`] when the studio's own database takes too long; the statement must not be sent then.
    pub async fn intend(&self, step: usize, segment: usize) -> Result<()> {
        self.store(Some(Intent { step, segment })).await
    }

    /// Returns once everything is stored that happened more than a second ago. A transaction needs no more before its
    /// COMMIT, because the target itself keeps which segments of a run it has.
    ///
    /// # Errors
    /// [`Error::Busy`] when the studio's own database takes too long; nothing more is to be committed then.
    pub async fn keeps_up(&self) -> Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let since = kept.stored.borrow().behind_since;
        match since.is_some_and(|since| since.elapsed() > MAY_LAG) {
            true => self.store(None).await,
            false => Ok(()),
        }
    }

    async fn store(&self, intent: Option<Intent>) -> Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let newest = *kept.run.newest().borrow();
        let mut intents = 0;
        kept.wishes.send_modify(|wishes| {
            wishes.event = newest;
            if intent.is_some() {
                wishes.intents += 1;
                wishes.intent = intent;
            }
            intents = wishes.intents;
        });
        let mut stored = kept.stored.clone();
        let stored = stored.wait_for(|stored| stored.event >= newest && stored.intents >= intents);
        match tokio::time::timeout(STORED_WITHIN, stored).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Error::Busy),
        }
    }
}

/// A statement that commits by itself and was about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The step.
    pub step: usize,
    /// The segment in it.
    pub segment: usize,
}

/// The intent a run recorded last.
///
/// # Errors
/// [`Error::Database`].
pub async fn last_intent(studio: &Studio, run: &str) -> Result<Option<Intent>> {
    let sql = "select step, segment from studio.run_intents where run = $1
               order by step desc, segment desc limit 1";
    let client = studio.client().await?;
    let Some(row) = client.query_opt(sql, &[&run]).await? else { return Ok(None) };
    let index =
        |column| -> Result<usize> { Ok(usize::try_from(row.try_get::<_, i32>(column)?).unwrap_or_default()) };
    Ok(Some(Intent { step: index("step")?, segment: index("segment")? }))
}

/// Writes events in groups: what happens shortly after another is stored with it, unless somebody waits.
async fn write(
    studio: Studio,
    run: Arc<LiveRun>,
    mut wishes: watch::Receiver<Wishes>,
    stored: watch::Sender<Stored>,
) {
    let mut newest = run.newest();
    let mut done = *stored.borrow();
    loop {
        let is_waited_for = |wishes: &Wishes| wishes.event > done.event || wishes.intents > done.intents;
        // The senders live as long as this task holds the run, and somebody may still wait.
        let may_gather = tokio::select! {
            _ = newest.wait_for(|seq| *seq > done.event) => true,
            Ok(_) = wishes.wait_for(is_waited_for) => false,
        };
        done.behind_since = done.behind_since.or_else(|| Some(Instant::now()));
        stored.send_replace(done);
        if may_gather {
            let _ = tokio::time::timeout(GATHER, wishes.wait_for(is_waited_for)).await;
        }
        let wish = wishes.borrow_and_update().clone();
        let begun = Instant::now();
        let events = run.after(done.event);
        let intent = wish.intent.as_ref().filter(|_| wish.intents > done.intents);
        match append(&studio, run.id(), &events, intent).await {
            Ok(()) => {
                done.event = events.last().map_or(done.event, |last| last.seq);
                done.intents = wish.intents;
                done.behind_since = (*newest.borrow() > done.event).then_some(begun);
                stored.send_replace(done);
                if matches!(events.last(), Some(RunEvent { kind: RunEventKind::Ended { .. }, .. })) {
                    return;
                }
            }
            Err(error) => {
                let reason = error.with_causes();
                tracing::warn!(run = run.id(), reason, "events of a run are not stored yet");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Stores events, what they make of the run's row, and an intent: one statement, so all of it or nothing.
async fn append(studio: &Studio, run: &str, events: &[RunEvent], intent: Option<&Intent>) -> Result<()> {
    let sql = "with events as (
                   insert into studio.run_events (run, seq, event)
                   select $1, seq, event::jsonb from unnest($2::bigint[], $3::text[]) as given (seq, event)
                   on conflict do nothing
               ), intent as (
                   insert into studio.run_intents (run, step, segment)
                   select $1, $4, $5 where $4 is not null
                   on conflict (run, step, segment) do update set at = excluded.at
               )
               update studio.runs
               set state = $6, ended = $7::text::timestamptz, summary = coalesce($8, summary)
               where $6 is not null and id = $1 and ended is null";
    let (seqs, texts) = written(events)?;
    let (step, segment) = intent.map(|intent| (number(intent.step), number(intent.segment))).unzip();
    let state = events.iter().rev().find_map(|event| match &event.kind {
        RunEventKind::Waiting { .. } => Some((RunState::Waiting, None)),
        RunEventKind::Started { .. } => Some((RunState::Running, None)),
        RunEventKind::Cancelling { .. } => Some((RunState::Cancelling, None)),
        RunEventKind::Ended { state, summary } => Some((*state, Some((&event.at, summary)))),
        _ => None,
    });
    let (state, end) = state.map_or((None, None), |(state, end)| (Some(state.as_str()), end));
    let (ended, summary) = end.unzip();
    let client = studio.client().await?;
    client
        .execute_typed(
            sql,
            &[
                (&run, Type::TEXT),
                (&seqs, Type::INT8_ARRAY),
                (&texts, Type::TEXT_ARRAY),
                (&step, Type::INT4),
                (&segment, Type::INT4),
                (&state, Type::TEXT),
                (&ended, Type::TEXT),
                (&summary, Type::TEXT),
            ],
        )
        .await?;
    client.done();
    Ok(())
}

async fn store(client: &impl GenericClient, run: &str, events: &[RunEvent]) -> Result<()> {
    let sql = "insert into studio.run_events (run, seq, event)
               select $1, seq, event::jsonb from unnest($2::bigint[], $3::text[]) as given (seq, event)
               on conflict do nothing";
    let (seqs, texts) = written(events)?;
    let values: [(&(dyn ToSql + Sync), Type); 3] =
        [(&run, Type::TEXT), (&seqs, Type::INT8_ARRAY), (&texts, Type::TEXT_ARRAY)];
    client.execute_typed(sql, &values).await?;
    Ok(())
}

fn written(events: &[RunEvent]) -> Result<(Vec<i64>, Vec<String>)> {
    let mut seqs = Vec::with_capacity(events.len());
    let mut texts = Vec::with_capacity(events.len());
    for event in events {
        seqs.push(i64::try_from(event.seq).unwrap_or(i64::MAX));
        let text = serde_json::to_string(event);
        texts.push(text.map_err(|error| Error::Corrupt(format!("an event of a run: {error}")))?);
    }
    Ok((seqs, texts))
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
