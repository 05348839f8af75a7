//! A point in time: relative, with the absolute time and the zone on hover.

use std::time::Duration;

use leptos::prelude::*;

use crate::browser::{time, timer};

/// "just now" ends after 45 seconds; nobody needs it to the second.
const TICK: Duration = Duration::from_secs(15);

/// What makes relative times move, for all of the page.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    ticks: RwSignal<u32>,
}

impl Clock {
    /// Ticks for as long as the calling component lives.
    pub(crate) fn start() -> Self {
        let ticks = RwSignal::new(0);
        timer::every(TICK, move || ticks.update(|ticks: &mut u32| *ticks = ticks.wrapping_add(1)));
        Self { ticks }
    }
}

/// "3 minutes ago".
#[component]
pub(crate) fn When(
    /// RFC 3339 in UTC.
    #[prop(into)]
    at: String,
) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let (title, datetime) = (time::absolute(&at), at.clone());
    view! {
        <time class="when" datetime=datetime title=title>
            {move || {
                clock.ticks.track();
                time::relative(&at)
            }}
        </time>
    }
}
