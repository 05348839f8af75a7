//! Why a run failed: what the server said, where in the file, and what became of the work before it.

use leptos::prelude::*;
use studio_kernel::run::{RunView, SegmentState, SqlError, api::Run};

use crate::{
    components::{Glyph, Icon, SourceFrame},
    routes::Route,
};

/// The card; nothing while nothing failed.
#[component]
pub(super) fn Failure(
    /// For the texts of its files.
    run: RwSignal<Run>,
    /// As it stands.
    view: RwSignal<RunView>,
) -> impl IntoView {
    let failure = Memo::new(move |_| {
        view.with(|view| {
            let (step, statement) = view.failure()?;
            let segment = step.segments.iter().find(|segment| {
                segment.statements.iter().any(|other| other.planned.index == statement.planned.index)
            });
            Some((
                step.path.clone().unwrap_or_default(),
                statement.error.clone()?,
                segment.is_some_and(|segment| segment.state == SegmentState::RolledBack),
            ))
        })
    });
    move || {
        failure.get().map(|(path, error, undone)| {
            let (text, change) = run.with_untracked(|run| {
                let file = run.files.iter().find(|file| file.path == path);
                (file.map(|file| file.text.clone()), run.run.change)
            });
            view! { <Card path change error undone text/> }
        })
    }
}

#[component]
fn Card(
    path: String,
    change: Option<i64>,
    error: SqlError,
    undone: bool,
    text: Option<String>,
) -> impl IntoView {
    let parts = [("Detail", error.detail), ("Hint", error.hint), ("Context", error.context)];
    let parts = parts.into_iter().filter_map(|(name, text)| Some((name, text?))).map(|(name, text)| {
        view! { <dt>{name}</dt><dd class="plain-text">{text}</dd> }
    });
    // What ran is the change's file; the folder may have another one, or none.
    let change = change.map(|id| id.to_string()).unwrap_or_default();
    let line = error.line.to_string();
    let href = Route::Migration(path.clone()).href_with(&[("change", &change), ("line", &line)]);
    let place = format!("{path}, line {}, column {}", error.line, error.column);
    view! {
        <section class="failure" aria-label="Failure" data-test="failure">
            <header>
                <Icon glyph=Glyph::Cross/>
                <h2 class="plain-text failure-message" tabindex="0">{error.message}</h2>
                <code title="SQLSTATE">{error.sqlstate}</code>
            </header>
            <p>
                <a href=href>{place}</a>
                {(!error.exact).then_some(" (the server gave no exact position)")}
            </p>
            {text.map(|text| view! { <SourceFrame text span=error.span/> })}
            <dl class="facts">{parts.collect_view()}</dl>
            {undone.then(|| view! {
                <p class="failure-note"><Icon glyph=Glyph::Undo/> "Its transaction was rolled back: nothing of it is in the database."</p>
            })}
        </section>
    }
}
