//! The runs under way in this process. What is not here is in the studio's database.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use studio_kernel::{
    review::Person,
    run::{RunKind, api::RunSummary},
};
use tokio::sync::watch;

use super::{Start, live::LiveRun};
use crate::{
    error::Result,
    services::audit::{self, Entry},
    state::AppState,
};

/// Between two cancel requests: one that arrives between two statements meets nobody.
const CANCEL_EVERY: Duration = Duration::from_millis(200);

/// All runs of this process, by id.
pub struct Registry {
    runs: Mutex<HashMap<String, Arc<LiveRun>>>,
    /// How many there are, for whoever waits for the last.
    count: watch::Sender<usize>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { runs: Mutex::default(), count: watch::Sender::new(0) }
    }
}

impl Registry {
    /// Takes in a run that was just accepted.
    pub fn admit(&self, start: &Start) -> Arc<LiveRun> {
        let events = vec![start.queued.clone()];
        let run = LiveRun::new(start.id.clone(), start.kind, start.now, events).of(&start.person.id);
        let run = Arc::new(run);
        let mut runs = self.runs();
        runs.insert(start.id.clone(), Arc::clone(&run));
        self.count.send_replace(runs.len());
        run
    }

    /// The run, if it is under way here.
    pub fn get(&self, id: &str) -> Option<Arc<LiveRun>> {
        self.runs().get(id).cloned()
    }

    /// Forgets a run whose end is stored.
    pub fn dismiss(&self, id: &str) {
        let mut runs = self.runs();
        runs.remove(id);
        self.count.send_replace(runs.len());
    }

    /// Asks what somebody has started that changes nothing to stop: what they may do has changed.
    pub fn stop_of(&self, person: &str, by: &str) {
        let of_person = |run: &&Arc<LiveRun>| run.person() == person && run.kind() != RunKind::Apply;
        let runs: Vec<_> = self.runs().values().filter(of_person).cloned().collect();
        for run in runs {
            stop(run, by);
        }
    }

    /// Asks every run to stop and returns when all have ended, or at the latest after `within`.
    pub async fn stop_all(&self, by: &str, within: Duration) {
        let runs: Vec<_> = self.runs().values().cloned().collect();
        for run in runs {
            stop(run, by);
        }
        let mut count = self.count.subscribe();
        // Whatever is left is settled by the next start.
        let _ = tokio::time::timeout(within, count.wait_for(|count| *count == 0)).await;
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<String, Arc<LiveRun>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stops a run for a person.
///
/// # Errors
/// [`crate::error::Error::Database`]: what cannot be recorded is not done.
pub async fn cancel(state: &AppState, person: &Person, run: &RunSummary, live: Arc<LiveRun>) -> Result<()> {
    let client = state.studio.client().await?;
    let (change, id) = (run.change, Some(run.id.as_str()));
    let text = "asked the run to stop";
    let entry = Entry { person: Some(person), action: "run_cancelled", change, run: id, text };
    audit::append(&*client, entry).await?;
    stop(live, &person.name);
    Ok(())
}

/// Asks a run to stop: before the next statement, and the one under way by a cancel request.
pub fn stop(run: Arc<LiveRun>, by: &str) {
    let first = !run.is_stopping();
    run.stop(by);
    if !first {
        return;
    }
    tokio::spawn(async move {
        while !run.has_ended() {
            if let Some(session) = run.session() {
                session.cancel().await;
            }
            tokio::time::sleep(CANCEL_EVERY).await;
        }
    });
}
