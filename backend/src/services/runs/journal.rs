//! What is kept of runs: the accepted run, its events in batches, and the intents that recovery rests on.
//! Writing events never slows a run down; only what must be known before a COMMIT is waited for.

use std::{sync::Arc, time::Duration};

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
    pg::{GenericClient, Transaction, studio::Studio},
};

/// How long a run waits for its journal before it gives up.
const STORED_WITHIN: Duration = Duration::from_secs(10);

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
    /// What it will do.
    pub steps: Vec<RunStep>,
    /// Its first event, which is stored with it.
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
    let row = transaction
        .query_opt(
            sql,
            &[
                &id,
                &kind,
                &change,
                &revision,
                &run.title,
                &run.target,
                &run.person.id,
                &digest,
                &run.idempotency_key,
            ],
        )
        .await?;
    let Some(row) = row else {
        return Err(Error::refused(
            "running",
            "Another run is under way on this target; wait for its end or cancel it.",
        ));
    };
    let now: Timestamp = row.try_get("now")?;
    let queued = RunEvent {
        seq: 1,
        at: now.to_string(),
        kind: RunEventKind::Queued {
            kind: run.kind,
            target: run.target.to_owned(),
            steps: run.steps.clone(),
        },
    };
    store(transaction, &id, std::slice::from_ref(&queued)).await?;
    let person = run.person.clone();
    Ok(Accepted::New(Box::new(Start { id, kind: run.kind, change, person, steps: run.steps, queued, now })))
}

/// The journal of one run: keeps its events, or is nothing for a run on the command line.
#[derive(Clone)]
pub struct Journal {
    kept: Option<Kept>,
}

#[derive(Clone)]
struct Kept {
    studio: Studio,
    run: Arc<LiveRun>,
    stored: watch::Receiver<u64>,
}

impl Journal {
    /// Keeps nothing.
    pub const fn none() -> Self {
        Self { kept: None }
    }

    /// Keeps a run's events from now on, until its last one is stored.
    pub fn keep(studio: &Studio, run: &Arc<LiveRun>) -> Self {
        let already = run.after(0).first().map_or(0, |_| *run.newest().borrow());
        let (sender, stored) = watch::channel(already);
        tokio::spawn(write(studio.clone(), Arc::clone(run), already, sender));
        Self { kept: Some(Kept { studio: studio.clone(), run: Arc::clone(run), stored }) }
    }

    /// Returns when everything that has happened so far is stored.
    ///
    /// # Errors
    /// [`Error::Busy`] when the studio's own database takes too long.
    pub async fn flush(&self) -> Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let newest = *kept.run.newest().borrow();
        let mut stored = kept.stored.clone();
        match tokio::time::timeout(STORED_WITHIN, stored.wait_for(|seq| *seq >= newest)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Error::Busy),
        }
    }

    /// Records that a segment is about to take effect: with the transaction's id before its COMMIT, without
    /// before a standalone statement. Everything that happened before is stored with it.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Database`]; the segment must not take effect then.
    pub async fn intend(&self, step: usize, segment: usize, xid: Option<&str>) -> Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let sql = "insert into studio.run_intents (run, step, segment, xid) values ($1, $2, $3, $4)
                   on conflict (run, step, segment) do update set xid = excluded.xid, at = excluded.at";
        let (step, segment) = (number(step), number(segment));
        let intent = async {
            let client = kept.studio.client().await?;
            client.execute(sql, &[&kept.run.id(), &step, &segment, &xid]).await?;
            Ok(())
        };
        // At once, so that the disk is waited for once.
        tokio::try_join!(intent, self.flush()).map(drop)
    }
}

/// The last intent of a run, for recovery.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The step.
    pub step: usize,
    /// The segment in it.
    pub segment: usize,
    /// The transaction's id; `None` for a standalone statement.
    pub xid: Option<String>,
}

/// The intent a run recorded last.
///
/// # Errors
/// [`Error::Database`].
pub async fn last_intent(studio: &Studio, run: &str) -> Result<Option<Intent>> {
    let sql = "select step, segment, xid from studio.run_intents where run = $1
               order by step desc, segment desc limit 1";
    let client = studio.client().await?;
    let Some(row) = client.query_opt(sql, &[&run]).await? else { return Ok(None) };
    let index =
        |column| -> Result<usize> { Ok(usize::try_from(row.try_get::<_, i32>(column)?).unwrap_or_default()) };
    Ok(Some(Intent { step: index("step")?, segment: index("segment")?, xid: row.try_get("xid")? }))
}

/// Writes events in groups: while one group is on its way, the next one gathers.
async fn write(studio: Studio, run: Arc<LiveRun>, from: u64, stored: watch::Sender<u64>) {
    let mut newest = run.newest();
    let mut written = from;
    loop {
        // The sender lives in the run this task holds.
        let _ = newest.wait_for(|seq| *seq > written).await;
        let events = run.after(written);
        let Some(last) = events.last() else { continue };
        match append(&studio, run.id(), &events).await {
            Ok(()) => {
                written = last.seq;
                stored.send_replace(written);
                if matches!(last.kind, RunEventKind::Ended { .. }) {
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

/// Stores events and what they make of the run's row.
async fn append(studio: &Studio, run: &str, events: &[RunEvent]) -> Result<()> {
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    store(&transaction, run, events).await?;
    let state = events.iter().rev().find_map(|event| match &event.kind {
        RunEventKind::Waiting { .. } => Some((RunState::Waiting, None)),
        RunEventKind::Started { .. } => Some((RunState::Running, None)),
        RunEventKind::Cancelling { .. } => Some((RunState::Cancelling, None)),
        RunEventKind::Ended { state, summary } => Some((*state, Some((&event.at, summary)))),
        _ => None,
    });
    match state {
        Some((state, Some((at, summary)))) => {
            let sql = "update studio.runs set state = $2, ended = $3::text::timestamptz, summary = $4
                       where id = $1 and ended is null";
            transaction.execute(sql, &[&run, &state.as_str(), at, summary]).await?;
        }
        Some((state, None)) => {
            let sql = "update studio.runs set state = $2 where id = $1 and ended is null";
            transaction.execute(sql, &[&run, &state.as_str()]).await?;
        }
        None => {}
    }
    transaction.commit().await?;
    Ok(())
}

async fn store(client: &impl GenericClient, run: &str, events: &[RunEvent]) -> Result<()> {
    let sql = "insert into studio.run_events (run, seq, event)
               select $1, seq, event::jsonb from unnest($2::bigint[], $3::text[]) as given (seq, event)
               on conflict do nothing";
    let mut seqs = Vec::with_capacity(events.len());
    let mut texts = Vec::with_capacity(events.len());
    for event in events {
        seqs.push(i64::try_from(event.seq).unwrap_or(i64::MAX));
        let text = serde_json::to_string(event);
        texts.push(text.map_err(|error| Error::Corrupt(format!("an event of a run: {error}")))?);
    }
    client.execute(sql, &[&run, &seqs, &texts]).await?;
    Ok(())
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
