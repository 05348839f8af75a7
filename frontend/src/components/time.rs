//! A point in time: relative, with the absolute time and the zone on hover.

use leptos::prelude::*;

use crate::browser::time;

/// "3 minutes ago".
#[component]
pub(crate) fn When(
    /// RFC 3339 in UTC.
    #[prop(into)]
    at: String,
) -> impl IntoView {
    view! {
        <time class="when" datetime=at.clone() title=time::absolute(&at)>
            {time::relative(&at)}
        </time>
    }
}
