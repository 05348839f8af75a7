//! What happened to a change, oldest first.

use leptos::prelude::*;
use studio_kernel::review::TimelineEntry;

use super::Opened;
use crate::{
    components::{Avatar, Glyph, Icon, When},
    routes::Route,
};

/// The list.
#[component]
pub(super) fn Timeline(
    /// The change.
    opened: Opened,
) -> impl IntoView {
    let entries = Memo::new(move |_| opened.change.with(|change| change.timeline.clone()));
    move || {
        let rows = entries.get().into_iter().map(|entry| view! { <Row entry/> });
        view! { <ol class="timeline" data-test="timeline">{rows.collect_view()}</ol> }
    }
}

#[component]
fn Row(entry: TimelineEntry) -> impl IntoView {
    let glyph = match entry.action.as_str() {
        "approved" => Glyph::Check,
        "requested_changes" | "closed" => Glyph::Cross,
        "commented" => Glyph::Comment,
        "run_started" | "run_ended" => Glyph::Play,
        "revised" => Glyph::Edit,
        "files_written" => Glyph::File,
        _ => Glyph::Circle,
    };
    view! {
        <li data-action=entry.action>
            <Icon glyph/>
            <span class="timeline-text">
                {entry.person.map(|person| view! { <Avatar person/> })}
                <span class="plain-text">{entry.text}</span>
                {entry.run.map(|run| view! { <a href=Route::Run(run).href()>"See the run"</a> })}
                <When at=entry.at/>
            </span>
        </li>
    }
}
