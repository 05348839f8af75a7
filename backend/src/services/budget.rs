//! How much of the server's time one person takes: processor seconds that come back with time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Seconds that somebody who has written nothing lately can use at once.
pub(super) const SAVED: f64 = 60.0;

/// Seconds that come back in each second.
const INCOME: f64 = 0.5;

/// Everybody's account, by id.
#[derive(Default)]
pub(super) struct Budgets(Mutex<BTreeMap<String, Arc<Account>>>);

/// One person's seconds.
pub(super) struct Account {
    balance: Mutex<Balance>,
    turn: Arc<Semaphore>,
}

#[derive(Clone, Copy, Debug)]
struct Balance {
    seconds: f64,
    at: Instant,
}

impl Balance {
    fn at(self, now: Instant) -> Self {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * INCOME;
        Self { seconds: (self.seconds + earned).min(SAVED), at: now }
    }
}

impl Budgets {
    pub(super) fn of(&self, person: &str) -> Arc<Account> {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Full accounts say nothing, so they need not be remembered.
        accounts.retain(|_, account| Arc::strong_count(account) > 1 || !account.is_full());
        let account = accounts.entry(person.to_owned()).or_insert_with(|| {
            let balance = Balance { seconds: SAVED, at: Instant::now() };
            Arc::new(Account { balance: Mutex::new(balance), turn: Arc::new(Semaphore::new(1)) })
        });
        Arc::clone(account)
    }
}

impl Account {
    /// One piece of work at a time.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.turn).acquire_owned().await
    }

    /// Refuses who has used up their seconds: with how many it takes until they have one again.
    pub(super) fn check(&self) -> Result<(), f64> {
        let balance = self.now();
        if balance.seconds > 0.0 {
            return Ok(());
        }
        Err((1.0 - balance.seconds) / INCOME)
    }

    /// Does something and charges the processor time it takes on this thread.
    pub(super) fn charge<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = thread_time();
        let done = work();
        let spent = thread_time().saturating_sub(began).as_secs_f64();
        let now = self.now();
        *self.balance() = Balance { seconds: now.seconds - spent, ..now };
        done
    }

    fn is_full(&self) -> bool {
        self.now().seconds >= SAVED
    }

    fn now(&self) -> Balance {
        self.balance().at(Instant::now())
    }

    fn balance(&self) -> MutexGuard<'_, Balance> {
        self.balance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Processor time of this thread.
#[cfg(unix)]
fn thread_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Time as it passes, where the system does not count it by thread.
#[cfg(not(unix))]
fn thread_time() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_used_up_and_come_back() {
        let began = Instant::now();
        let account = Account {
            balance: Mutex::new(Balance { seconds: 0.5, at: began }),
            turn: Arc::new(Semaphore::new(1)),
        };
        assert_eq!(account.check(), Ok(()));
        account.balance().seconds = -1.0e6;
        assert!(account.check().is_err());
        let later = Balance { seconds: -10.0, at: began }.at(began + Duration::from_secs(30));
        assert!((later.seconds - 5.0).abs() < 1e-6, "{later:?}");
        let much_later = later.at(began + Duration::from_secs(10_000));
        assert!((much_later.seconds - SAVED).abs() < 1e-6, "{much_later:?}");
    }

    #[test]
    fn work_is_charged() {
        let budgets = Budgets::default();
        let account = budgets.of("p");
        let before = account.now().seconds;
        let sum = account.charge(|| (0..2_000_000_u64).fold(0, |sum: u64, n| sum.wrapping_mul(31) ^ n));
        assert!(sum > 0 && account.balance().seconds < before);
        assert!(Arc::ptr_eq(&account, &budgets.of("p")), "who owes something is remembered");
    }
}
