//! A run that is under way in this process: its events in memory, whoever follows them, and whoever wants it
//! to stop. It stores nothing; [`super::journal`] does.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};
use studio_kernel::run::{RunEvent, RunEventKind, RunKind, RunState, RunView, ServerNotice, event::RunStep};
use tokio::sync::watch;

use super::order;
use crate::pg::target::Canceller;

/// A run under way. All methods may be called from any task.
pub struct LiveRun {
    id: String,
    kind: RunKind,
    /// Who started it, by id; empty on the command line.
    person: String,
    clock: Clock,
    log: Mutex<Log>,
    newest: watch::Sender<u64>,
    /// Who asked to stop.
    stop: watch::Sender<Option<String>>,
    session: Mutex<Option<Canceller>>,
    /// Bytes of what the database said in it.
    said: AtomicUsize,
}

/// What has happened, and what it comes to.
struct Log {
    events: Vec<RunEvent>,
    /// Made when it is first looked at: a run that waits for its turn holds its plan once.
    view: Option<RunView>,
}

impl Log {
    fn view(&mut self, kind: RunKind) -> &RunView {
        self.view.get_or_insert_with(|| RunView::fold(kind, &self.events))
    }
}

/// Bytes of what the database says during one statement that are kept.
const KEPT_OF_STATEMENT: usize = 1 << 20;

/// Bytes of what the database says during a run that are kept.
const KEPT_OF_RUN: usize = 8 << 20;

/// The studio database's time, carried on by this machine's steady clock: two machines' clocks never mix.
#[derive(Clone, Copy)]
struct Clock {
    database: Timestamp,
    read: Instant,
}

impl Clock {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.read.elapsed()).unwrap_or_default();
        self.database.checked_add(passed).unwrap_or(self.database)
    }
}

impl LiveRun {
    /// A run that goes on after `events`, at `now` of the studio database.
    pub fn new(id: String, kind: RunKind, now: Timestamp, events: Vec<RunEvent>) -> Self {
        let newest = events.last().map_or(0, |event| event.seq);
        Self {
            id,
            kind,
            person: String::new(),
            clock: Clock { database: now, read: Instant::now() },
            log: Mutex::new(Log { events, view: None }),
            newest: watch::Sender::new(newest),
            stop: watch::Sender::new(None),
            session: Mutex::new(None),
            said: AtomicUsize::new(0),
        }
    }

    /// A run that begins here and now and is kept nowhere.
    pub fn begin(id: String, kind: RunKind, target: &str, steps: Vec<RunStep>) -> Self {
        let run = Self::new(id, kind, Timestamp::now(), Vec::new());
        run.emit(RunEventKind::Queued { kind, target: target.to_owned(), steps });
        run
    }

    /// As one that this person has started.
    #[must_use]
    pub fn of(self, person: &str) -> Self {
        Self { person: person.to_owned(), ..self }
    }

    /// Who started it, by id.
    pub fn person(&self) -> &str {
        &self.person
    }

    /// Also the `application_name` of its session.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Why it runs.
    pub fn kind(&self) -> RunKind {
        self.kind
    }

    /// Says that something happened. Whoever follows sees it at once.
    pub fn emit(&self, kind: RunEventKind) {
        let mut log = self.log();
        let seq = log.events.last().map_or(0, |event| event.seq) + 1;
        let event = RunEvent { seq, at: self.clock.now().to_string(), kind };
        if let Some(view) = &mut log.view {
            view.apply(&event);
        }
        log.events.push(event);
        // Under the same lock, so that nobody sees numbers go back.
        self.newest.send_replace(seq);
    }

    /// Whether a message is kept, by the bytes of its statement (counted in `statement`) and of the whole run.
    pub fn has_room_for(&self, notice: &ServerNotice, statement: &mut usize) -> bool {
        let bytes = notice.bytes();
        if *statement + bytes > KEPT_OF_STATEMENT || self.said.load(Relaxed) + bytes > KEPT_OF_RUN {
            return false;
        }
        *statement += bytes;
        // One session works for a run at a time, so nobody adds in between.
        self.said.fetch_add(bytes, Relaxed);
        true
    }

    /// What happened after `seq`.
    pub fn after(&self, seq: u64) -> Vec<RunEvent> {
        let log = self.log();
        let from = log.events.partition_point(|event| event.seq <= seq);
        log.events.get(from..).unwrap_or_default().to_vec()
    }

    /// The newest event's number, now and as it grows.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Looks at how it stands. Nothing happens meanwhile, so the look is short and says nothing itself.
    pub fn look<T>(&self, at: impl FnOnce(&RunView) -> T) -> T {
        at(self.log().view(self.kind))
    }

    /// As a list shows it: its state, its end, and what that means.
    pub fn standing(&self) -> (RunState, Option<String>, String) {
        let log = self.log();
        let of = |view: &RunView| (view.state, view.ended.clone(), view.summary.clone());
        match &log.view {
            Some(view) => of(view),
            // The plan makes no difference to it.
            None => of(&RunView::fold(self.kind, log.events.iter().skip(1))),
        }
    }

    /// How many statements it has.
    pub fn statements(&self) -> usize {
        order::statements(plan_of(&self.log().events))
    }

    /// What it will do, in order.
    pub fn steps(&self) -> Vec<RunStep> {
        plan_of(&self.log().events).to_vec()
    }

    /// As it stands.
    pub fn view(&self) -> RunView {
        self.look(RunView::clone)
    }

    /// Whether nothing more will happen.
    pub fn has_ended(&self) -> bool {
        matches!(self.log().events.last(), Some(RunEvent { kind: RunEventKind::Ended { .. }, .. }))
    }

    /// Asks it to stop; only the first who asks is named. Whether it worked is told by how it ends.
    pub fn stop(&self, by: &str) {
        let first = self.stop.send_if_modified(|stop| {
            let first = stop.is_none();
            stop.get_or_insert_with(|| by.to_owned());
            first
        });
        if first && !self.has_ended() {
            self.emit(RunEventKind::Cancelling { by: by.to_owned() });
        }
    }

    /// Whether somebody asked it to stop.
    pub fn is_stopping(&self) -> bool {
        self.stop.borrow().is_some()
    }

    /// Returns when somebody asks it to stop.
    pub async fn stopping(&self) {
        // The sender is this value's own, so it cannot be gone.
        let _ = self.stop.subscribe().wait_for(Option::is_some).await;
    }

    /// The session to cancel when it is asked to stop.
    pub fn works_through(&self, session: Option<Canceller>) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = session;
    }

    /// The session that works for it now.
    pub fn session(&self) -> Option<Canceller> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The plan that a run begins with.
fn plan_of(events: &[RunEvent]) -> &[RunStep] {
    match events.first().map(|event| &event.kind) {
        Some(RunEventKind::Queued { steps, .. }) => steps,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> LiveRun {
        LiveRun::new("r".to_owned(), RunKind::Apply, Timestamp::UNIX_EPOCH, Vec::new())
    }

    #[test]
    fn events_are_numbered_without_gaps_and_read_from_anywhere() {
        let run = run();
        for step in 0..3 {
            run.emit(RunEventKind::SegmentStarted { step, segment: 0 });
        }
        let seqs = |after| run.after(after).iter().map(|event| event.seq).collect::<Vec<_>>();
        assert_eq!((seqs(0), seqs(2), seqs(9)), (vec![1, 2, 3], vec![3], vec![]));
        assert_eq!(*run.newest().borrow(), 3);
        assert!(run.after(0).iter().all(|event| event.at.starts_with("1970-01-01T00:00:0")));
    }

    #[test]
    fn what_is_said_has_a_share_of_each_statement_and_of_the_run() {
        let run = run();
        let message = "x".repeat(KEPT_OF_STATEMENT / 4);
        let said = |statement: &mut usize| {
            let notice = ServerNotice {
                severity: "NOTICE".to_owned(),
                sqlstate: "00000".to_owned(),
                message: message.clone(),
                detail: None,
                hint: None,
            };
            run.has_room_for(&notice, statement)
        };
        let mut kept = Vec::new();
        for _ in 0..10 {
            let mut statement = 0;
            kept.push((0..8).filter(|_| said(&mut statement)).count());
        }
        assert_eq!(kept, [4, 4, 4, 4, 4, 4, 4, 4, 0, 0]);
    }

    #[test]
    fn only_the_first_who_stops_a_run_is_named() {
        let run = run();
        run.stop("Ada");
        run.stop("Bea");
        assert!(run.is_stopping());
        assert_eq!(run.after(0).len(), 1);
    }
}
