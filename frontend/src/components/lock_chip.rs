//! The locks of a statement: mode, relation, what is done under it and why, one colour per mode.

use leptos::prelude::*;
use studio_kernel::{sql::lock::Lock, text::shown};

/// Locks, strongest first; those that hold up nobody are left out.
#[component]
pub(crate) fn LockChips(
    /// As planned.
    locks: Vec<Lock>,
) -> impl IntoView {
    let chips = locks.into_iter().filter(Lock::is_notable).map(|lock| {
        let work = lock.work();
        let why = (!work.is_empty())
            .then(|| view! { <em>{work} ": " {shown(lock.reason.as_ref()).into_owned()}</em> });
        view! {
            <li
                class="lock-chip"
                data-mode=lock.mode.as_str()
                data-certain=if lock.certain { "true" } else { "false" }
            >
                {(!lock.certain).then_some("perhaps")}
                <span class="lock-chip-mode">{lock.mode.as_str()}</span>
                <span class="lock-chip-object">{shown(&lock.subject()).into_owned()}</span>
                {why}
            </li>
        }
    });
    let chips = chips.collect_view();
    (!chips.is_empty()).then(|| view! { <ul class="lock-chips" aria-label="Locks">{chips}</ul> })
}
