//! The locks of a statement: mode and object, one colour per mode.

use leptos::prelude::*;
use studio_kernel::sql::lock::Lock;

/// Locks, strongest first.
#[component]
pub(crate) fn LockChips(
    /// As planned.
    locks: Vec<Lock>,
) -> impl IntoView {
    let chips = locks.into_iter().map(|lock| {
        let mut title = format!("{} on {}", lock.mode, lock.object);
        if lock.rewrites {
            title.push_str(", rewrites the table while it holds the lock");
        } else if lock.scans {
            title.push_str(", reads the whole table while it holds the lock");
        }
        let extra = match (lock.rewrites, lock.scans) {
            (true, _) => Some("rewrite"),
            (false, true) => Some("scan"),
            (false, false) => None,
        };
        view! {
            <li class="lock-chip" data-mode=lock.mode.as_str() title=title>
                <span class="lock-chip-mode">{lock.mode.as_str()}</span>
                <span class="lock-chip-object">{lock.object.to_string()}</span>
                {extra.map(|extra| view! { <em>{extra}</em> })}
            </li>
        }
    });
    let chips = chips.collect_view();
    (!chips.is_empty()).then(|| view! { <ul class="lock-chips" aria-label="Locks">{chips}</ul> })
}
