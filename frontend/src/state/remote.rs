//! A value of the server: fetched when a page opens, again on request, and replaced by the answers of writes.
//! While a newer one is on its way the last one stays, so nothing flickers.

use std::{future::Future, time::Duration};

use leptos::{prelude::*, reactive::spawn_local_scoped_with_cancellation};
use studio_kernel::run::api::ApiError;

use crate::browser::{page, timer};

/// Whether the server answers, as far as the last request of any [`Remote`] tells.
#[derive(Clone, Copy)]
pub(crate) struct Reach(pub RwSignal<bool>);

impl Reach {
    /// It does until a request says otherwise.
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(true))
    }

    fn tell(self, answers: bool) {
        if self.0.try_get_untracked().is_some_and(|answered| answered != answers) {
            self.0.set(answers);
        }
    }
}

/// A value of the server.
pub(crate) struct Remote<T: Send + Sync + 'static> {
    /// `None` until the first answer; then one signal for as long as the page is open.
    value: RwSignal<Option<ArcRwSignal<T>>>,
    /// Why the latest request failed.
    error: RwSignal<Option<ApiError>>,
    again: RwSignal<u32>,
    /// How often a value was taken. An answer to what was asked before the last time is older than it.
    taken: StoredValue<u32>,
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Remote<T> {}

impl<T: PartialEq + Send + Sync + 'static> Remote<T> {
    /// Fetches now, and again whenever a signal that `fetch` reads changes. Only the latest answer counts.
    pub(crate) fn new<F>(fetch: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Result<T, ApiError>> + 'static,
    {
        let remote = Self {
            value: RwSignal::new(None),
            error: RwSignal::new(None),
            again: RwSignal::new(0),
            taken: StoredValue::new(0),
        };
        let reach = expect_context::<Reach>();
        Effect::new(move |_| {
            remote.again.track();
            let asked = remote.taken.get_value();
            let answer = fetch();
            // The effect's own scope ends when it runs again: an older request is dropped, and so aborted.
            spawn_local_scoped_with_cancellation(async move {
                let answer = answer.await;
                reach.tell(!answer.as_ref().is_err_and(|error| error.code == "unreachable"));
                if remote.taken.get_value() != asked {
                    return;
                }
                match answer {
                    Ok(value) => remote.set(value),
                    Err(error) => remote.error.set(Some(error)),
                }
            });
        });
        remote
    }

    /// Takes a newer value, such as the answer of a write. An equal one wakes nobody.
    pub(crate) fn set(self, value: T) {
        self.taken.update_value(|taken| *taken = taken.wrapping_add(1));
        self.error.set(None);
        match self.value.get_untracked() {
            Some(signal) => {
                if signal.with_untracked(|old| *old != value) {
                    signal.set(value);
                }
            }
            None => self.value.set(Some(ArcRwSignal::new(value))),
        }
    }

    /// Fetches again.
    pub(crate) fn reload(self) {
        self.again.update(|times| *times = times.wrapping_add(1));
    }

    /// Fetches again and again while the page is on a screen and its component lives.
    pub(crate) fn keep_fresh(self, period: Duration) -> Self {
        timer::every(period, move || {
            if page::is_visible() {
                self.reload();
            }
        });
        self
    }

    /// The value's signal, once there is one.
    pub(crate) fn signal(self) -> Option<ArcRwSignal<T>> {
        self.value.get()
    }

    /// Reads the value, if there is one.
    pub(crate) fn with<U>(self, read: impl FnOnce(&T) -> U) -> Option<U> {
        self.value.get().map(|signal| signal.with(read))
    }

    /// Why the latest request failed.
    pub(crate) fn error(self) -> Option<ApiError> {
        self.error.get()
    }
}
