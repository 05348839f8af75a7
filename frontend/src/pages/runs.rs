//! `/runs`: everything that was executed, validated or tried.

use std::time::Duration;

use leptos::prelude::*;
use studio_kernel::run::api::{RunSummary, Runs};

use crate::{
    api,
    components::{Avatar, EmptyState, Glyph, LinkButton, Loaded, PageHead, RunBadge, When},
    routes::Route,
    state::{remote::Remote, wording},
};

const FRESH: Duration = Duration::from_secs(5);

/// The page.
#[component]
pub(crate) fn RunsPage() -> impl IntoView {
    let runs = Remote::new(api::runs).keep_fresh(FRESH);
    view! {
        <PageHead title="Runs" subtitle=|| view! {
            <span class="muted">"Every run, validation and dry run, newest first."</span>
        }/>
        <Loaded remote=runs let:runs>
            <List runs/>
        </Loaded>
    }
}

#[component]
fn List(runs: RwSignal<Runs>) -> impl IntoView {
    let empty = Memo::new(move |_| runs.with(|runs| runs.runs.is_empty()));
    move || {
        if empty.get() {
            view! {
                <EmptyState glyph=Glyph::Runs title="Nothing has run yet">
                    <p>"Run a validation from its row in the migration list, or propose pending files and run the approved change."</p>
                    <LinkButton href=Route::Migrations.href()>"Go to the migrations"</LinkButton>
                </EmptyState>
            }
            .into_any()
        } else {
            view! { <RunRows runs=Signal::derive(move || runs.get().runs)/> }.into_any()
        }
    }
}

/// Runs as a list; the page of a change shows its own with it.
#[component]
pub(super) fn RunRows(
    /// Newest first.
    runs: Signal<Vec<RunSummary>>,
) -> impl IntoView {
    let rows = move || runs.get().into_iter().map(|run| view! { <Row run/> }).collect_view();
    view! { <ul class="list" data-test="runs">{rows}</ul> }
}

#[component]
fn Row(run: RunSummary) -> impl IntoView {
    let href = Route::Run(run.id.clone()).href();
    view! {
        <li class="list-row" data-row="true" data-run=run.id>
            <div class="list-main">
                <a class="list-title" data-row-link="true" href=href>
                    <span class="muted">{wording::run_kind(run.kind)}</span> " " {run.title}
                </a>
                <p class="list-note">
                    <Avatar person=run.person/>
                    <When at=run.began/>
                    <code>{run.target}</code>
                    <span>{run.summary}</span>
                </p>
            </div>
            <div class="list-facts"><RunBadge state=run.state/></div>
        </li>
    }
}
