//! Refused requests in the log, within bounds: whoever is refused over and over again costs a few entries in a
//! minute, and one that says how many more there were.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Entry, Origin, append};
use crate::pg::studio::Studio;

/// What is counted together.
const WINDOW: Duration = Duration::from_secs(60);

/// Entries of one person, or of strangers from one address, in a window.
const EACH: u32 = 20;

/// Entries of all strangers in a window. People have no such bound together, so that no stranger uses up theirs.
const STRANGERS: u32 = 100;

/// An answer waits no longer than this for its entry; the entry is written all the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is said of a request that left no entry of its own.
#[derive(Clone, Debug)]
pub struct Note {
    /// A stable word.
    pub action: &'static str,
    /// The change it is about.
    pub change: Option<i64>,
    /// A sentence for people, without name and time.
    pub text: String,
}

/// Who is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Person(String),
    Address(Option<IpAddr>),
    Strangers,
}

/// What one of them did in a window.
struct Count {
    since: Instant,
    written: u32,
    left_out: u64,
    /// Of the first request, for the entry that says how many were left out.
    origin: Arc<Origin>,
}

/// What becomes of one more.
enum Admitted {
    Written,
    /// Nobody of this count was left out since then.
    FirstLeftOut(Who, Instant),
    LeftOut,
}

/// The counts of this process. Clones share them.
#[derive(Clone, Default)]
pub struct Refusals {
    counts: Arc<Mutex<HashMap<Who, Count>>>,
}

impl Refusals {
    /// Writes an entry, or counts it as left out. A failure is for the server's log: the answer is given already.
    pub async fn record(&self, studio: &Studio, origin: Arc<Origin>, note: Note) {
        let who = match origin.person() {
            Some(person) => Who::Person(person.id),
            None => Who::Address(origin.address().map(network)),
        };
        match self.admit(who, &origin) {
            Admitted::Written => {
                let studio = studio.clone();
                // On a task of its own, so that it is written also when the client has gone away.
                let writing = tokio::spawn(async move { write(&studio, origin, note).await });
                // Whoever waits in vain loses nothing: the task goes on.
                let _ = tokio::time::timeout(PATIENCE, writing).await;
            }
            Admitted::FirstLeftOut(who, since) => {
                let (refusals, studio) = (self.clone(), studio.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(WINDOW.saturating_sub(since.elapsed())).await;
                    let ended = refusals.end_of(&who, since);
                    settle(&studio, ended).await;
                });
            }
            Admitted::LeftOut => {}
        }
    }

    /// Writes how many were left out so far, and counts anew. For the server's end.
    pub async fn settle(&self, studio: &Studio) {
        let counts = std::mem::take(&mut *self.counts());
        settle(studio, counts.into_values()).await;
    }

    fn admit(&self, who: Who, origin: &Arc<Origin>) -> Admitted {
        let mut counts = self.counts();
        counts.retain(|_, count| count.left_out > 0 || count.since.elapsed() < WINDOW);
        let full = |who: &Who, limit| counts.get(who).is_some_and(|count| count.written >= limit);
        let is_stranger = matches!(who, Who::Address(_));
        let full = match who {
            who if full(&who, EACH) => Some(who),
            _ if is_stranger && full(&Who::Strangers, STRANGERS) => Some(Who::Strangers),
            ref who => {
                let both = [Some(who.clone()), is_stranger.then_some(Who::Strangers)];
                for who in both.into_iter().flatten() {
                    counts.entry(who).or_insert_with(|| Count::new(origin)).written += 1;
                }
                None
            }
        };
        let Some((who, count)) = full.and_then(|who| Some((who.clone(), counts.get_mut(&who)?))) else {
            return Admitted::Written;
        };
        count.left_out += 1;
        match count.left_out {
            1 => Admitted::FirstLeftOut(who, count.since),
            _ => Admitted::LeftOut,
        }
    }

    /// Takes out what was counted since then, unless that was done already.
    fn end_of(&self, who: &Who, since: Instant) -> Option<Count> {
        let mut counts = self.counts();
        counts.get(who).is_some_and(|count| count.since == since).then(|| counts.remove(who))?
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Who, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn new(origin: &Arc<Origin>) -> Self {
        Self { since: Instant::now(), written: 0, left_out: 0, origin: Arc::clone(origin) }
    }
}

async fn settle(studio: &Studio, counts: impl IntoIterator<Item = Count>) {
    for Count { left_out, origin, .. } in counts {
        if left_out > 0 {
            let text = format!("left out here: {left_out} more within a minute");
            write(studio, origin, Note { action: "refusals_left_out", change: None, text }).await;
        }
    }
}

async fn write(studio: &Studio, origin: Arc<Origin>, note: Note) {
    let person = origin.person();
    let Note { action, change, text } = note;
    let entry = Entry { person: person.as_ref(), action, change, run: None, text: &text };
    let written = origin.within(async {
        let client = studio.client().await?;
        append(&*client, entry).await
    });
    if let Err(error) = written.await {
        tracing::error!(reason = error.with_causes(), action, text, "an entry is missing in the audit log");
    }
}

/// One subscriber's addresses: whoever has one of IPv6 has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_uses_up_neither_what_other_strangers_nor_what_people_have() {
        let refusals = Refusals::default();
        let admitted = |who: Who, tries: u32| {
            let origin = Origin::new(None, None);
            (0..tries).filter(|_| matches!(refusals.admit(who.clone(), &origin), Admitted::Written)).count()
        };
        let at = |last: u8| Who::Address(Some(IpAddr::from([198, 51, 100, last])));
        assert_eq!(admitted(at(1), 1_000), 20);
        assert_eq!(admitted(at(2), 1_000), 20);
        assert_eq!((3..=250).map(|last| admitted(at(last), 30)).sum::<usize>(), 60);
        assert_eq!(admitted(Who::Person("ann".to_owned()), 1_000), 20);
        let left_out: u64 = refusals.counts().values().map(|count| count.left_out).sum();
        assert_eq!(left_out, 2_000 + 248 * 30 + 1_000 - 120);
        assert!(refusals.counts().len() <= 8, "strangers that are not written take no memory");
    }

    #[test]
    fn neighbours_in_a_network_of_ipv6_count_as_one() {
        let one: IpAddr = "2001:db8:1:2:3:4:5:6".parse().unwrap();
        let other: IpAddr = "2001:db8:1:2::9".parse().unwrap();
        assert_eq!(network(one), network(other));
        assert_ne!(network(one), network("2001:db8:1:3::9".parse().unwrap()));
    }
}
