//! Who holds a connection. When there is no room for another one, the oldest of those on which nobody has
//! signed in gives way: half-open connections take the place of each other, never of people at work.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{Notify, watch};

/// All connections of a server.
pub(super) struct Connections {
    most: usize,
    per_address: usize,
    /// Addresses that stand for many clients.
    shared: Vec<IpAddr>,
    /// By number, the oldest first.
    open: Mutex<BTreeMap<u64, Held>>,
    count: watch::Sender<usize>,
}

struct Held {
    address: IpAddr,
    connection: Arc<Connection>,
}

/// What is known of a connection. Each request carries it.
#[derive(Debug, Default)]
pub struct Connection {
    signed_in: AtomicBool,
    gives_way: Notify,
}

impl Connection {
    /// Somebody has shown a session on it; from now on it does not give way.
    pub fn sign_in(&self) {
        self.signed_in.store(true, Ordering::Relaxed);
    }

    fn is_signed_in(&self) -> bool {
        self.signed_in.load(Ordering::Relaxed)
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
    pub(super) fn new(most: usize, per_address: usize, shared: &[IpAddr]) -> Arc<Self> {
        Arc::new(Self {
            most,
            per_address,
            shared: shared.to_vec(),
            open: Mutex::default(),
            count: watch::Sender::new(0),
        })
    }

    /// A place for a new connection; `None` when all are taken by people who have signed in.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let address = address.to_canonical();
        let is_shared = address.is_loopback() || self.shared.contains(&address);
        let mut open = self.open();
        let of_address = |held: &Held| held.address == address;
        if !is_shared && open.values().filter(|held| of_address(held)).count() >= self.per_address {
            give_way(&mut open, of_address)?;
        }
        if open.len() >= self.most {
            give_way(&mut open, |_| true)?;
        }
        let number = open.keys().next_back().map_or(0, |last| last + 1);
        let connection = Arc::new(Connection::default());
        open.insert(number, Held { address, connection: Arc::clone(&connection) });
        self.count.send_replace(open.len());
        Some(Seat { number, connections: Arc::clone(self), connection })
    }

    /// Frees what a connection needs of the system, if any can give way.
    pub(super) fn make_room(&self) {
        give_way(&mut self.open(), |_| true);
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

/// Closes the oldest connection of these without anybody signed in.
fn give_way(open: &mut BTreeMap<u64, Held>, of_these: impl Fn(&Held) -> bool) -> Option<()> {
    let mut candidates = open.iter().filter(|(_, held)| !held.connection.is_signed_in() && of_these(held));
    let number = *candidates.next()?.0;
    open.remove(&number)?.connection.gives_way.notify_one();
    Some(())
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

    #[test]
    fn who_has_not_signed_in_gives_way_and_the_oldest_first() {
        let connections = Connections::new(3, 2, &[]);
        let admit = || connections.admit([127, 0, 0, 1].into());
        let (Some(first), Some(second), Some(third)) = (admit(), admit(), admit()) else { panic!("room") };
        first.connection.sign_in();
        let Some(fourth) = admit() else { panic!("the second gives way") };
        assert_eq!([&first, &second, &third, &fourth].map(gone), [false, true, false, false]);
        third.connection.sign_in();
        fourth.connection.sign_in();
        assert!(admit().is_none(), "nobody at work is put out");
        drop(second);
        assert!(admit().is_none(), "a connection that gave way gives no place back");
        drop(first);
        assert!(admit().is_some());
    }

    #[test]
    fn one_address_has_a_share_unless_it_stands_for_many() {
        let proxy: IpAddr = [10, 0, 0, 1].into();
        let connections = Connections::new(10, 2, &[proxy]);
        let many = |address: IpAddr| [0; 4].map(|_| connections.admit(address));
        let others = many(OTHER.into());
        let left = others.iter().flatten().map(gone).collect::<Vec<_>>();
        assert_eq!(left, [true, true, false, false]);
        for address in [proxy, [127, 0, 0, 1].into()] {
            assert!(many(address).iter().flatten().all(|seat| !gone(seat)), "{address}");
        }
    }
}
