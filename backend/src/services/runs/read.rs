//! Runs for pages: from memory while they are under way here, else from the studio's database.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use studio_kernel::{
    migration::SourceFile,
    review::Person,
    run::{
        RunEvent, RunEventKind, RunKind, RunView,
        api::{Run, RunSummary, Runs},
        event::RunStep,
    },
};
use tokio::sync::watch;

use super::LiveRun;
use crate::{
    error::{Error, Result},
    pg::{
        GenericClient, Row,
        studio::{Studio, time, word},
    },
    services::{
        answers::{OF_A_STATEMENT, Written},
        stored,
    },
    state::AppState,
};

/// How many runs a list shows.
const LISTED: i64 = 200;

/// How many events are read at once.
const BATCH: i64 = 1_000;

/// Between two looks at a run that another process executes.
const LOOK: Duration = Duration::from_millis(300);

/// Runs with who started them; what follows says which.
fn select() -> String {
    let person = stored::person_at("run.began");
    format!(
        "select run.*, {person} from studio.runs as run join studio.people as person on person.id = run.person"
    )
}

/// `GET /api/runs`.
///
/// # Errors
/// [`Error::Database`], [`Error::Corrupt`].
pub async fn list(state: &AppState) -> Result<Runs> {
    let client = state.studio.client().await?;
    let sql = format!("{} order by run.began desc, run.id desc limit {LISTED}", select());
    let rows = client.query(&sql, &[]).await?;
    let mut runs = rows.iter().map(of_row).collect::<Result<Vec<_>>>()?;
    for run in &mut runs {
        freshen(state, run);
    }
    Ok(Runs { runs })
}

/// One run, as in lists.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Database`], [`Error::Corrupt`].
pub async fn summary(state: &AppState, id: &str) -> Result<RunSummary> {
    let client = state.studio.client().await?;
    let row = client.query_opt(&format!("{} where run.id = $1", select()), &[&id]).await?;
    let mut run = of_row(&row.ok_or(Error::NotFound("run"))?)?;
    freshen(state, &mut run);
    Ok(run)
}

/// `GET /api/runs/{id}`.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Database`], [`Error::Corrupt`].
pub async fn show(state: &AppState, person: &Person, id: &str) -> Result<Written> {
    let turn = state.answers().turn(&person.id).await?;
    let run = summary(state, id).await?;
    let files = files(&state.studio, id).await?;
    let live = state.registry.get(id);
    let told = match &live {
        Some(_) => Vec::new(),
        None => texts(&state.studio, id, 0, i64::MAX).await?,
    };
    let statements = live.as_ref().map_or(0, |live| live.statements());
    let bytes = files.iter().map(|file| file.text.len()).sum::<usize>()
        + told.iter().map(String::len).sum::<usize>()
        + statements * OF_A_STATEMENT;
    turn.write(bytes, move || {
        let view = match live {
            Some(live) => live.view(),
            None => RunView::fold(run.kind, &read(&run.id, &told)?),
        };
        Ok(Run { run, view, files })
    })
    .await
}

/// The texts of the files that a run's first event names.
async fn files(studio: &Studio, id: &str) -> Result<Vec<SourceFile>> {
    let named = "select file->>'path' as path, file->>'sha256' as sha256
                 from studio.run_events,
                     jsonb_path_query(event, '$.steps[*].file ? (@ != null)') with ordinality as step (file, at)
                 where run = $1 and seq = 1 order by at";
    let client = studio.client().await?;
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for row in client.query(named, &[&id]).await? {
        let path: String = row.try_get("path")?;
        if seen.insert(path.clone()) {
            let bytes = stored::blob(&*client, row.try_get("sha256")?).await?;
            let text = String::from_utf8(bytes).map_err(|error| Error::Corrupt(error.to_string()))?;
            files.push(SourceFile { path, text });
        }
    }
    Ok(files)
}

/// Stored events after `seq`, in order, at most `limit`.
///
/// # Errors
/// [`Error::Database`], [`Error::Corrupt`].
pub async fn events(studio: &Studio, id: &str, seq: u64, limit: i64) -> Result<Vec<RunEvent>> {
    read(id, &texts(studio, id, seq, limit).await?)
}

async fn texts(studio: &Studio, id: &str, seq: u64, limit: i64) -> Result<Vec<String>> {
    let sql = "select event::text from studio.run_events where run = $1 and seq > $2 order by seq limit $3";
    let client = studio.client().await?;
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    let rows = client.query(sql, &[&id, &seq, &limit]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn read(id: &str, texts: &[String]) -> Result<Vec<RunEvent>> {
    let event = |text: &String| serde_json::from_str(text);
    let events: serde_json::Result<_> = texts.iter().map(event).collect();
    events.map_err(|error| Error::Corrupt(format!("an event of run {id}: {error}")))
}

/// The steps of a run, as its first event has them.
pub fn steps(events: &[RunEvent]) -> &[RunStep] {
    match events.first().map(|event| &event.kind) {
        Some(RunEventKind::Queued { steps, .. }) => steps,
        _ => &[],
    }
}

/// A run that has not ended and of which this process knows nothing.
#[derive(Clone, Debug)]
pub struct Left {
    /// The run.
    pub id: String,
    /// Why it ran.
    pub kind: RunKind,
    /// The change it executed.
    pub change: Option<i64>,
    /// The name of who started it.
    pub by: String,
}

/// Runs that have not ended, oldest first.
///
/// # Errors
/// [`Error::Database`], [`Error::Corrupt`].
pub async fn left(client: &impl GenericClient) -> Result<Vec<Left>> {
    let sql = "select runs.id, kind, change, name from studio.runs join studio.people on people.id = person
               where ended is null order by began";
    let rows = client.query(sql, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(Left {
                id: row.try_get("id")?,
                kind: word(row, "kind")?,
                change: row.try_get("change")?,
                by: row.try_get("name")?,
            })
        })
        .collect()
}

/// Groups of events after `seq`, and after the first, until the run's last one or the server's end.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Database`].
pub async fn follow(
    state: &AppState,
    id: &str,
    seq: u64,
) -> Result<impl Stream<Item = Vec<RunEvent>> + use<>> {
    summary(state, id).await?;
    // The first event is the whole plan; whoever shows a run has asked for it.
    let seq = seq.max(1);
    let live = state.registry.get(id);
    let newest = live.as_ref().map(|run| run.newest());
    let shutdown = state.shutdown.clone();
    let follower = Follower {
        state: state.clone(),
        id: id.to_owned(),
        seq,
        live: live.zip(newest),
        shutdown,
        over: false,
    };
    Ok(stream::unfold(follower, |mut follower| async {
        let events = follower.next().await?;
        Some((events, follower))
    }))
}

struct Follower {
    state: AppState,
    id: String,
    seq: u64,
    live: Option<(Arc<LiveRun>, watch::Receiver<u64>)>,
    shutdown: watch::Receiver<bool>,
    over: bool,
}

impl Follower {
    async fn next(&mut self) -> Option<Vec<RunEvent>> {
        while !self.over && !*self.shutdown.borrow() {
            let events = match &self.live {
                Some((run, _)) => run.after(self.seq),
                None => self.stored().await?,
            };
            if let Some(last) = events.last() {
                self.seq = last.seq;
                self.over = matches!(last.kind, RunEventKind::Ended { .. });
                return Some(events);
            }
            self.wait().await;
        }
        None
    }

    /// Ends the stream on an error: the page asks again and is told then.
    async fn stored(&mut self) -> Option<Vec<RunEvent>> {
        let events = events(&self.state.studio, &self.id, self.seq, BATCH).await.ok()?;
        if events.is_empty() {
            // Somebody who has seen the last event waits for nothing.
            self.over = summary(&self.state, &self.id).await.ok()?.ended.is_some();
        }
        Some(events)
    }

    async fn wait(&mut self) {
        let more = async {
            match &mut self.live {
                // An error means that the run is gone, and its last event is in its log.
                Some((_, newest)) => drop(newest.changed().await),
                None => tokio::time::sleep(LOOK).await,
            }
        };
        tokio::select! {
            () = more => {}
            _ = self.shutdown.wait_for(|stop| *stop) => {}
        }
    }
}

/// What is in memory is newer than what is stored.
fn freshen(state: &AppState, run: &mut RunSummary) {
    if let Some(live) = state.registry.get(&run.id) {
        (run.state, run.ended, run.summary) = live.standing();
    }
}

fn of_row(row: &Row) -> Result<RunSummary> {
    let ended: Option<jiff::Timestamp> = row.try_get("ended")?;
    Ok(RunSummary {
        id: row.try_get("id")?,
        kind: word(row, "kind")?,
        state: word(row, "state")?,
        change: row.try_get("change")?,
        title: row.try_get("title")?,
        target: row.try_get("target")?,
        person: stored::person(row)?,
        began: time(row, "began")?,
        ended: ended.map(|at| at.to_string()),
        summary: row.try_get("summary")?,
    })
}
