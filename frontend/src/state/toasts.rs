//! Short messages about what just happened.

use std::time::Duration;

use leptos::prelude::*;
use studio_kernel::run::api::ApiError;

/// How long a message stays, unless the person closes it.
const STAYS: Duration = Duration::from_secs(7);

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It worked.
    Good,
    /// It did not.
    Bad,
}

impl Tone {
    /// As an attribute.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    pub id: u32,
    pub tone: Tone,
    pub text: String,
}

/// The messages that are shown.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Says that something worked.
    pub(crate) fn good(self, text: impl Into<String>) {
        self.add(Tone::Good, text.into());
    }

    /// Says why something did not work, and what to do.
    pub(crate) fn refused(self, error: &ApiError) {
        self.add(Tone::Bad, format!("{} {}", error.message, error.help));
    }

    /// Those to show, oldest first.
    pub(crate) fn list(self) -> Vec<Toast> {
        self.list.get()
    }

    /// Takes one away.
    pub(crate) fn close(self, id: u32) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }

    fn add(self, tone: Tone, text: String) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| list.push(Toast { id, tone, text }));
        set_timeout(move || self.close(id), STAYS);
    }
}
