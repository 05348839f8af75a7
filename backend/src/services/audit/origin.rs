//! The request that audit entries are written in. It travels with the request's task, so that no call has to
//! carry it along and none can forget it; what the server does by itself has none.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use studio_kernel::review::Person;

tokio::task_local! {
    static CURRENT: Arc<Origin>;
}

/// Where a request comes from, and what is known of it so far.
#[derive(Debug)]
pub struct Origin {
    address: Option<IpAddr>,
    session: Mutex<Option<String>>,
    person: Mutex<Option<Person>>,
    has_entry: AtomicBool,
}

impl Origin {
    /// A request from an address, with the token of the session it presents.
    pub fn new(address: Option<IpAddr>, token: Option<&SecretString>) -> Arc<Self> {
        let session = token.map(|token| short(&Sha256::digest(token.expose_secret().as_bytes())));
        Arc::new(Self {
            address,
            session: Mutex::new(session),
            person: Mutex::default(),
            has_entry: AtomicBool::default(),
        })
    }

    /// Does `work` as a part of this request.
    pub async fn within<T>(self: Arc<Self>, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }

    /// Makes `work` a part of the present request, on whichever task it is done.
    pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
        let origin = CURRENT.try_with(Arc::clone).ok();
        async move {
            match origin {
                Some(origin) => origin.within(work).await,
                None => work.await,
            }
        }
    }

    /// The request of this task belongs to a person's session, or has begun it; of its token this is the SHA-256.
    pub fn is_of(person: &Person, session: &[u8]) {
        // Outside of a request there is nobody to name.
        let _ = CURRENT.try_with(|origin| {
            *lock(&origin.person) = Some(person.clone());
            *lock(&origin.session) = Some(short(session));
        });
    }

    /// Address and session for an entry that is written now.
    pub(super) fn of_entry() -> (Option<String>, Option<String>) {
        let known = CURRENT.try_with(|origin| {
            origin.has_entry.store(true, Ordering::Relaxed);
            (origin.address.map(|address| address.to_string()), lock(&origin.session).clone())
        });
        // Outside of a request there is nothing to say.
        known.unwrap_or_default()
    }

    /// Where it comes from.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Whose it is, once that is known.
    pub fn person(&self) -> Option<Person> {
        lock(&self.person).clone()
    }

    /// Whether it presents a session, valid or not.
    pub fn has_session(&self) -> bool {
        lock(&self.session).is_some()
    }

    /// Whether an entry was written in it.
    pub fn has_entry(&self) -> bool {
        self.has_entry.load(Ordering::Relaxed)
    }
}

/// Names a session, as the list of sessions does: the first digits of its token's SHA-256, from which nobody finds
/// the token.
fn short(hashed: &[u8]) -> String {
    hashed.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
