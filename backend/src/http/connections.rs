//! Who holds a connection. When there is no room for another one, whoever holds more than a share gives one back;
//! else the oldest on which nobody has signed in gives way, those without a whole request first: half-open connections
//! take the place of each other, never of people at work, and one that has just come is the last of them to go.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::{Notify, watch};

use super::Limits;
use crate::shares::network;

/// All connections of a server.
pub(super) struct Connections {
    most: usize,
    per_address: usize,
    per_person: usize,
    /// Addresses that stand for many clients.
    proxies: Vec<IpAddr>,
    /// By number, the oldest first.
    open: Mutex<BTreeMap<u64, Held>>,
    count: watch::Sender<usize>,
    next: AtomicU64,
}

struct Held {
    address: IpAddr,
    /// Whose session the last request on it carried.
    person: Option<String>,
    connection: Arc<Connection>,
}

/// What a request knows of the connection that carries it.
#[derive(Debug)]
pub struct Connection {
    number: u64,
    among: Weak<Connections>,
    /// A request has come on it, whole, and is not answered yet.
    asks: AtomicBool,
    gives_way: Notify,
}

impl Connection {
    /// Says whose session the present request carries. Without one the connection gives way to others.
    pub fn is_used_by(&self, person: Option<&str>) {
        if let Some(all) = self.among.upgrade() {
            all.belongs_to(self.number, person);
        }
    }

    /// Says whether a request has come on it, with the whole of its body, that is not answered yet.
    pub(super) fn set_asking(&self, asks: bool) {
        self.asks.store(asks, Ordering::Relaxed);
    }

    /// Returns when it is to give way.
    pub(super) async fn giving_way(&self) {
        self.gives_way.notified().await;
    }
}

/// A place among the connections, given back when dropped.
pub(super) struct Seat {
    number: u64,
    connections: Arc<Connections>,
    pub(super) connection: Arc<Connection>,
}

impl Connections {
    pub(super) fn new(limits: &Limits, proxies: &[IpAddr]) -> Arc<Self> {
        Arc::new(Self {
            most: limits.connections,
            per_address: limits.per_address,
            per_person: limits.per_person,
            proxies: proxies.iter().map(|proxy| network(*proxy)).collect(),
            open: Mutex::default(),
            count: watch::Sender::new(0),
            next: AtomicU64::new(0),
        })
    }

    /// A place for a new connection; `None` when all are taken by people who have signed in.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let address = network(address);
        let is_shared = address.is_loopback() || self.proxies.contains(&address);
        let mut open = self.open();
        let of_address = |held: &Held| held.address == address;
        if !is_shared && open.values().filter(|held| of_address(held)).count() >= self.per_address {
            self.give_way(&mut open, of_address)?;
        }
        if open.len() >= self.most {
            self.give_way(&mut open, |_| true)?;
        }
        // Never one that was given before: whoever gave way still holds theirs.
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let among = Arc::downgrade(self);
        let connection =
            Arc::new(Connection { number, among, asks: AtomicBool::new(false), gives_way: Notify::new() });
        open.insert(number, Held { address, person: None, connection: Arc::clone(&connection) });
        self.count.send_replace(open.len());
        Some(Seat { number, connections: Arc::clone(self), connection })
    }

    /// Notes whose a connection is.
    fn belongs_to(&self, number: u64, person: Option<&str>) {
        if let Some(held) = self.open().get_mut(&number)
            && held.person.as_deref() != person
        {
            held.person = person.map(str::to_owned);
        }
    }

    /// Closes one of these connections, if any can give way. A proxy sends what many people ask for through the same
    /// connections, so those are in nobody's share.
    fn give_way(&self, open: &mut BTreeMap<u64, Held>, of_these: impl Fn(&Held) -> bool) -> Option<()> {
        let mut shares: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
        let mut strangers = None;
        for (number, held) in open.iter().filter(|(_, held)| of_these(held)) {
            match &held.person {
                None => {
                    let asks = held.connection.asks.load(Ordering::Relaxed);
                    let place = (asks, *number);
                    strangers = Some(strangers.map_or(place, |first: (bool, u64)| first.min(place)));
                }
                Some(_) if self.proxies.contains(&held.address) => {}
                Some(person) => shares.entry(person).or_insert((0, *number)).0 += 1,
            }
        }
        let largest = shares.into_values().max().filter(|(held, _)| *held > self.per_person);
        let number = largest.or_else(|| strangers.map(|(_, number)| (1, number)))?.1;
        open.remove(&number)?.connection.gives_way.notify_one();
        Some(())
    }

    /// Frees what a connection needs of the system, if any can give way.
    pub(super) fn make_room(&self) {
        self.give_way(&mut self.open(), |_| true);
    }

    /// Returns when none is left.
    pub(super) async fn all_closed(&self) {
        // The sender is this value's own, so it cannot be gone.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Held>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        open.remove(&self.number);
        self.connections.count.send_replace(open.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: [u8; 4] = [203, 0, 113, 9];

    fn gone(seat: &Seat) -> bool {
        !seat.connections.open().contains_key(&seat.number)
    }

    fn connections(
        most: usize,
        per_address: usize,
        per_person: usize,
        proxies: &[IpAddr],
    ) -> Arc<Connections> {
        let limits = Limits { connections: most, per_address, per_person, ..Limits::default() };
        Connections::new(&limits, proxies)
    }

    #[test]
    fn who_has_not_signed_in_gives_way_and_the_oldest_first() {
        let connections = connections(3, 2, 3, &[]);
        let admit = || connections.admit([127, 0, 0, 1].into());
        let (Some(first), Some(second), Some(third)) = (admit(), admit(), admit()) else { panic!("room") };
        first.connection.is_used_by(Some("ada"));
        let Some(fourth) = admit() else { panic!("the second gives way") };
        assert_eq!([&first, &second, &third, &fourth].map(gone), [false, true, false, false]);
        third.connection.is_used_by(Some("ada"));
        fourth.connection.is_used_by(Some("bea"));
        assert!(admit().is_none(), "nobody at work is put out");
        drop(second);
        assert!(admit().is_none(), "a connection that gave way gives no place back");
        third.connection.is_used_by(None);
        assert!(admit().is_some() && gone(&third), "whose session has ended is at work no more");
        drop(first);
        assert!(admit().is_some());
    }

    #[test]
    fn whoever_has_asked_gives_way_after_those_who_have_not() {
        let connections = connections(2, 2, 2, &[]);
        let admit = || connections.admit([127, 0, 0, 1].into());
        let (Some(first), Some(second)) = (admit(), admit()) else { panic!("room") };
        first.connection.set_asking(true);
        let Some(third) = admit() else { panic!("the second gives way") };
        assert_eq!([&first, &second, &third].map(gone), [false, true, false]);
        third.connection.set_asking(true);
        assert!(admit().is_some(), "an answer to a stranger is no reason to refuse everybody else");
    }

    #[test]
    fn one_address_has_a_share_unless_it_stands_for_many() {
        let proxy: IpAddr = [10, 0, 0, 1].into();
        let connections = connections(10, 2, 10, &[proxy]);
        let many = |address: IpAddr| [0; 4].map(|_| connections.admit(address));
        let others = many(OTHER.into());
        let left = others.iter().flatten().map(gone).collect::<Vec<_>>();
        assert_eq!(left, [true, true, false, false]);
        for address in [proxy, [127, 0, 0, 1].into()] {
            assert!(many(address).iter().flatten().all(|seat| !gone(seat)), "{address}");
        }
    }

    #[test]
    fn whoever_holds_the_most_gives_one_back_if_it_is_more_than_a_share() {
        let proxy: IpAddr = [10, 0, 0, 1].into();
        let connections = connections(7, 7, 2, &[proxy]);
        let open = |address: IpAddr, person: &str| {
            let seat = connections.admit(address)?;
            seat.connection.is_used_by(Some(person));
            Some(seat)
        };
        let local: IpAddr = [127, 0, 0, 1].into();
        let behind = [0; 3].map(|_| open(proxy, "ada").unwrap());
        let bea = open(OTHER.into(), "bea").unwrap();
        let ada = [0; 3].map(|_| open(local, "ada").unwrap());
        let cleo = open(local, "cleo").unwrap();
        assert_eq!(ada.each_ref().map(gone), [true, false, false]);
        assert!(open(local, "ada").is_none(), "two are a share, and everybody else has less");
        assert!([&bea, &cleo].into_iter().chain(&behind).all(|seat| !gone(seat)));
    }
}
