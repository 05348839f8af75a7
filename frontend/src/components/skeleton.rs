//! What stands where content will be. The style sheet keeps it invisible for the first 200 ms, so a quick
//! answer shows no flicker.

use leptos::prelude::*;

/// Grey rows.
#[component]
pub(crate) fn Skeleton(
    /// How many.
    rows: usize,
) -> impl IntoView {
    let lines = (0..rows).map(|_| view! { <span class="skeleton-row"></span> });
    view! {
        <div class="skeleton" role="status" aria-label="Loading">
            {lines.collect_view()}
        </div>
    }
}
