//! Equal shares of something for everybody who asks: a semaphore each, for as long as somebody holds it; and whose
//! share an address is.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::Semaphore;

/// Shares by person.
#[derive(Debug)]
pub struct Shares {
    permits: usize,
    of: Mutex<BTreeMap<String, Weak<Semaphore>>>,
}

impl Shares {
    /// So many permits for each.
    pub const fn of_each(permits: usize) -> Self {
        Self { permits, of: Mutex::new(BTreeMap::new()) }
    }

    /// The share of this person.
    pub fn of(&self, person: &str) -> Arc<Semaphore> {
        let mut shares = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody holds them any more.
        shares.retain(|_, share| share.strong_count() > 0);
        shares.get(person).and_then(Weak::upgrade).unwrap_or_else(|| {
            let share = Arc::new(Semaphore::new(self.permits));
            shares.insert(person.to_owned(), Arc::downgrade(&share));
            share
        })
    }
}

/// One subscriber's addresses: whoever has one of IPv6 has 2^64 of them.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subscriber_has_one_share_whatever_address_they_use() {
        for (address, share) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2::1", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::9", "2001:db8:1:2::"),
            ("::1", "::1"),
        ] {
            assert_eq!(network(address.parse().unwrap()).to_string(), share, "{address}");
        }
    }

    #[test]
    fn everybody_has_their_own_as_long_as_it_is_held() {
        let shares = Shares::of_each(2);
        let held = shares.of("ada").try_acquire_many_owned(2).unwrap();
        assert_eq!(shares.of("ada").available_permits(), 0);
        assert_eq!(shares.of("bea").available_permits(), 2);
        drop(held);
        assert_eq!(shares.of("ada").available_permits(), 2);
        assert!(shares.of.lock().unwrap().len() <= 1, "what nobody holds is forgotten");
    }
}
