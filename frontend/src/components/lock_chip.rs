//! The locks of a statement: mode, relation and what is done under it, one colour per mode.

use leptos::prelude::*;
use studio_kernel::sql::lock::{Lock, Reach};

/// Locks, strongest first; those that hold up nobody are left out.
#[component]
pub(crate) fn LockChips(
    /// As planned.
    locks: Vec<Lock>,
) -> impl IntoView {
    let chips = locks.into_iter().filter(Lock::is_notable).map(|lock| {
        let work = lock.work();
        let in_doubt = if lock.certain { "" } else { "perhaps " };
        // Of the named object it is the work that depends on the database, of the others the lock.
        let (of_lock, of_work) =
            if lock.reach == Reach::Itself && !work.is_empty() { ("", in_doubt) } else { (in_doubt, "") };
        view! {
            <li class="lock-chip" data-mode=lock.mode.as_str() title=lock.to_string()>
                <span class="lock-chip-mode">{of_lock}{lock.mode.as_str()}</span>
                <span class="lock-chip-object">{lock.subject()}</span>
                {(!work.is_empty()).then(|| view! { <em>{of_work}{work}</em> })}
            </li>
        }
    });
    let chips = chips.collect_view();
    (!chips.is_empty()).then(|| view! { <ul class="lock-chips" aria-label="Locks">{chips}</ul> })
}
