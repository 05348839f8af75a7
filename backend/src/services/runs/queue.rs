//! Whose turn it is: dry runs and validations wait here until there is room for them. Whoever was served longest
//! ago comes first, so that somebody with many runs waits for their own and nobody else does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use studio_kernel::{
    run::{RunEventKind, RunKind},
    words::count,
};
use tokio::sync::watch;

use super::{LiveRun, Stop};
use crate::error::{Error, Result};

/// How many of a kind run and wait.
#[derive(Clone, Copy, Debug)]
struct Room {
    at_once: usize,
    of_a_person: usize,
    /// Running and waiting.
    in_all: usize,
    in_all_of_a_person: usize,
}

/// Statements of all runs of a person, and of everybody, that run or wait: each is held in memory.
const STATEMENTS_OF_A_PERSON: usize = 250_000;
const STATEMENTS_IN_ALL: usize = 1_000_000;

/// Dry runs that run at once unless the server is told otherwise.
pub const PROOFS: usize = 2;

const VALIDATIONS: Room = Room { at_once: 4, of_a_person: 2, in_all: 64, in_all_of_a_person: 16 };

/// The queues of a server.
pub struct Queue {
    proofs: Arc<Line>,
    validations: Arc<Line>,
}

struct Line {
    room: Room,
    places: Mutex<Places>,
    /// Counts changes, so that those who wait look again.
    changes: watch::Sender<u64>,
}

#[derive(Clone, Default)]
struct Places {
    next: u64,
    held: BTreeMap<u64, Held>,
    /// When each person was served last, as long as they hold a place.
    served: BTreeMap<String, u64>,
    clock: u64,
}

#[derive(Clone)]
struct Held {
    person: String,
    state: State,
    statements: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waits,
    Runs,
}

/// A place in a queue, given back when dropped.
pub struct Place {
    line: Arc<Line>,
    number: u64,
}

impl Queue {
    /// With room for so many dry runs at once.
    pub fn new(proofs: usize) -> Self {
        let room = Room { at_once: proofs.max(1), of_a_person: 1, in_all: 40, in_all_of_a_person: 10 };
        let line = |room| Arc::new(Line { room, places: Mutex::default(), changes: watch::Sender::new(0) });
        Self { proofs: line(room), validations: line(VALIDATIONS) }
    }

    /// How many dry runs run at once.
    pub fn proofs_at_once(&self) -> usize {
        self.proofs.room.at_once
    }

    /// Takes a place; `None` for a run on the target, which waits for the target itself.
    ///
    /// # Errors
    /// [`Error::Exhausted`] when the person, or all together, hold as many as there are.
    pub fn reserve(&self, person: &str, kind: RunKind) -> Result<Option<Place>> {
        let line = match kind {
            RunKind::DryRun => &self.proofs,
            RunKind::Validate => &self.validations,
            RunKind::Apply => return Ok(None),
        };
        let mut places = line.places();
        let own = places.of(person).count();
        let refused = |message: String| Err(Error::Exhausted { code: "queue-full", message });
        if own >= line.room.in_all_of_a_person {
            return refused(format!("{} of yours are under way or waiting already.", count(own, "run")));
        }
        if places.held.len() >= line.room.in_all {
            return refused(format!("{} are under way or waiting already.", count(places.held.len(), "run")));
        }
        let number = places.next;
        places.next += 1;
        places.held.insert(number, Held { person: person.to_owned(), state: State::Waits, statements: 0 });
        Ok(Some(Place { line: Arc::clone(line), number }))
    }
}

impl Line {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }
}

impl Places {
    fn of(&self, person: &str) -> impl Iterator<Item = &Held> {
        self.held.values().filter(move |held| held.person == person)
    }

    fn running(&self) -> usize {
        self.held.values().filter(|held| held.state == State::Runs).count()
    }

    /// Who comes next among those for whom `may` holds: the person who was served longest ago, with their oldest.
    fn first(&self, may: impl Fn(&str) -> bool) -> Option<u64> {
        let waiting = self.held.iter().filter(|(_, held)| held.state == State::Waits && may(&held.person));
        let served = |held: &Held| self.served.get(&held.person).copied().unwrap_or_default();
        waiting.min_by_key(|(number, held)| (served(held), **number)).map(|(number, _)| *number)
    }

    fn serve(&mut self, number: u64) {
        self.clock += 1;
        let clock = self.clock;
        if let Some(held) = self.held.get_mut(&number) {
            held.state = State::Runs;
            self.served.insert(held.person.clone(), clock);
        }
    }

    /// Lets a place run if it is its turn; otherwise says how many are before it.
    fn turn(&mut self, number: u64, room: Room) -> Result<(), usize> {
        let has_turn = |person: &str| {
            let runs = self.of(person).filter(|held| held.state == State::Runs);
            runs.count() < room.of_a_person
        };
        if self.running() < room.at_once && self.first(has_turn) == Some(number) {
            self.serve(number);
            return Ok(());
        }
        let mut ahead = self.clone();
        let mut before = ahead.running();
        while let Some(first) = ahead.first(|_| true).filter(|first| *first != number) {
            ahead.serve(first);
            before += 1;
        }
        Err(before)
    }
}

impl Place {
    /// Says how many statements its run has.
    ///
    /// # Errors
    /// [`Error::Exhausted`] when the person's runs, or all together, would have more than there is memory for.
    pub fn holds(&self, statements: usize) -> Result<()> {
        let mut places = self.line.places();
        let Some(Held { person, .. }) = places.held.get(&self.number).cloned() else { return Ok(()) };
        let sum = |held: &Held| held.statements;
        let own: usize = places.of(&person).map(sum).sum();
        let all: usize = places.held.values().map(sum).sum();
        // A run that is alone may be as large as a change.
        if own > 0 && own + statements > STATEMENTS_OF_A_PERSON
            || all > 0 && all + statements > STATEMENTS_IN_ALL
        {
            let message =
                "The runs that are under way or waiting have as many statements as there is room for."
                    .to_owned();
            return Err(Error::Exhausted { code: "queue-full", message });
        }
        if let Some(held) = places.held.get_mut(&self.number) {
            held.statements = statements;
        }
        Ok(())
    }

    /// Waits for its turn and says so on the run.
    ///
    /// # Errors
    /// [`Stop::Cancelled`] when the run is stopped meanwhile.
    pub async fn turn(&self, run: &LiveRun) -> Result<(), Stop> {
        let mut changes = self.line.changes.subscribe();
        let mut told = None;
        loop {
            if run.is_stopping() {
                return Err(Stop::Cancelled);
            }
            changes.borrow_and_update();
            let turn = self.line.places().turn(self.number, self.line.room);
            match turn {
                Ok(()) => {
                    self.line.changed();
                    return Ok(());
                }
                Err(before) if told != Some(before) => {
                    let holder = format!("its turn: {} before it", count(before, "run"));
                    run.emit(RunEventKind::Waiting { holder });
                    told = Some(before);
                }
                Err(_) => {}
            }
            tokio::select! {
                // The sender is held by this place, so it cannot be gone.
                _ = changes.changed() => {}
                () = run.stopping() => return Err(Stop::Cancelled),
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.line.places();
        if let Some(held) = places.held.remove(&self.number)
            && places.of(&held.person).next().is_none()
        {
            places.served.remove(&held.person);
        }
        drop(places);
        self.line.changed();
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn run() -> Arc<LiveRun> {
        Arc::new(LiveRun::new("r".to_owned(), RunKind::DryRun, Timestamp::UNIX_EPOCH, Vec::new()))
    }

    fn place(queue: &Queue, person: &str) -> Place {
        queue.reserve(person, RunKind::DryRun).ok().flatten().unwrap()
    }

    /// Whether it is this place's turn, and else how many are before it.
    fn turn(place: &Place) -> Result<(), usize> {
        place.line.places().turn(place.number, place.line.room)
    }

    #[test]
    fn people_take_turns_and_nobody_has_two() {
        let queue = Queue::new(2);
        let many: Vec<Place> = (0..5).map(|_| place(&queue, "ada")).collect();
        assert_eq!(turn(&many[1]), Err(1));
        assert_eq!(turn(&many[0]), Ok(()));
        assert_eq!(turn(&many[1]), Err(1), "one of a person at once");
        let bea = place(&queue, "bea");
        assert_eq!(turn(&bea), Ok(()), "four that came before belong to somebody who has had a turn");
        let cleo = place(&queue, "cleo");
        assert_eq!(turn(&cleo), Err(2), "two are under way");
        assert_eq!(turn(&many[1]), Err(3), "and cleo is before ada's second");
        drop(many);
        assert_eq!(turn(&cleo), Ok(()));
    }

    #[test]
    fn a_queue_has_an_end() {
        let queue = Queue::new(2);
        let reserve = |person: &str| queue.reserve(person, RunKind::DryRun);
        let mut held: Vec<_> = (0..10).map(|_| reserve("ada").unwrap()).collect();
        assert!(matches!(reserve("ada"), Err(Error::Exhausted { code: "queue-full", .. })));
        held.extend((0..30).map(|person| reserve(&person.to_string()).unwrap()));
        assert!(reserve("bea").is_err(), "forty in all");
        assert!(matches!(queue.reserve("ada", RunKind::Apply), Ok(None)));
        drop(held);
        assert!(reserve("ada").is_ok());
    }

    #[test]
    fn runs_that_wait_have_so_many_statements_together() {
        let queue = Queue::new(2);
        let (first, second) = (place(&queue, "ada"), place(&queue, "ada"));
        assert!(first.holds(STATEMENTS_OF_A_PERSON * 2).is_ok(), "one that is alone is taken");
        assert!(matches!(second.holds(1), Err(Error::Exhausted { code: "queue-full", .. })));
        let others: Vec<Place> = (0..5).map(|person| place(&queue, &person.to_string())).collect();
        let taken = others.iter().filter(|place| place.holds(STATEMENTS_OF_A_PERSON / 2).is_ok()).count();
        assert_eq!(taken, 4, "and a million in all");
        drop(first);
        assert!(second.holds(1).is_ok());
    }

    #[tokio::test]
    async fn waiting_is_told_and_can_be_stopped() {
        let queue = Queue::new(1);
        let (first, second) = (place(&queue, "ada"), place(&queue, "bea"));
        assert!(first.turn(&run()).await.is_ok());
        let waits = run();
        let mut newest = waits.newest();
        let (stopped, ()) = tokio::join!(second.turn(&waits), async {
            newest.wait_for(|seq| *seq > 0).await.unwrap();
            waits.stop("Ada");
        });
        assert!(matches!(stopped, Err(Stop::Cancelled)));
        let told = waits.after(0);
        let RunEventKind::Waiting { holder } = &told[0].kind else { panic!("{told:?}") };
        assert_eq!(holder, "its turn: 1 run before it");
        drop(first);
        assert!(second.turn(&run()).await.is_ok());
    }
}
