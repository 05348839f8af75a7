//! Equal shares of something for everybody who asks: a semaphore each, for as long as somebody holds it.

use std::{
    collections::BTreeMap,
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

#[cfg(test)]
mod tests {
    use super::*;

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
