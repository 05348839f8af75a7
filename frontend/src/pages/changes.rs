//! `/changes`: what is under review, what waits for this person first.

use std::time::Duration;

use leptos::prelude::*;
use studio_kernel::{
    review::ChangeState,
    run::api::{ChangeSummary, Changes},
};

use crate::{
    api,
    components::{
        Avatar, ChangeBadge, EmptyState, FindingCounts, Glyph, Icon, LinkButton, Loaded, Look, PageHead,
        RunBadge, When,
    },
    routes::Route,
    state::{
        remote::Remote,
        wording::{count, file_name},
    },
};

const FRESH: Duration = Duration::from_secs(10);

/// The page.
#[component]
pub(crate) fn ChangesPage() -> impl IntoView {
    let changes = Remote::new(api::changes).keep_fresh(FRESH);
    view! {
        <PageHead
            title="Changes"
            subtitle=|| view! { <span class="muted">"Migrations on their way to the target: proposed, reviewed, approved, run."</span> }
        />
        <Loaded remote=changes let:changes>
            <Lists changes/>
        </Loaded>
    }
}

#[component]
fn Lists(changes: RwSignal<Changes>) -> impl IntoView {
    move || {
        let all = changes.get().changes;
        if all.is_empty() {
            return view! {
                <EmptyState glyph=Glyph::Changes title="Nothing is under review">
                    <p>
                        "A change proposes files for a run: choose pending files, or edit one and propose it. "
                        "Others comment and approve; the approval holds for exactly those bytes."
                    </p>
                    <LinkButton href=Route::Migrations.href() look=Look::Primary>"Choose migrations"</LinkButton>
                </EmptyState>
            }
            .into_any();
        }
        let (waiting, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|change| change.waits_for_me);
        let (open, ended): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|change| change.state == ChangeState::Open);
        view! {
            <List title="Waiting for you" changes=waiting/>
            <List title="Open" changes=open/>
            <List title="Applied and closed" changes=ended/>
        }
        .into_any()
    }
}

#[component]
fn List(title: &'static str, changes: Vec<ChangeSummary>) -> impl IntoView {
    (!changes.is_empty()).then(|| {
        let number = changes.len();
        let rows = changes.into_iter().map(|change| view! { <Row change/> });
        view! {
            <section class="list-section">
                <h2>{title} " " <span class="count">{number}</span></h2>
                <ul class="list" data-test="changes">{rows.collect_view()}</ul>
            </section>
        }
    })
}

#[component]
fn Row(change: ChangeSummary) -> impl IntoView {
    let (has, needs) = change.approvals;
    let first = change.paths.first().map(|path| file_name(path).to_owned()).unwrap_or_default();
    let more = change.paths.len().saturating_sub(1);
    let files = if more == 0 { first } else { format!("{first} and {more} more") };
    let threads = change.open_threads;
    view! {
        <li class="list-row" data-row="true" data-change=change.id.to_string()>
            <div class="list-main">
                <a class="list-title" data-row-link="true" href=Route::Change(change.id).href()>
                    <span class="muted">"#" {change.id}</span> " " {change.title}
                </a>
                <p class="list-note">
                    <Avatar person=change.author/>
                    <span>"revision " {change.revision}</span>
                    <code>{files}</code>
                    <When at=change.updated/>
                </p>
            </div>
            <div class="list-facts">
                <FindingCounts counts=change.findings/>
                {(threads > 0).then(|| view! {
                    <span class="fact" title=count(threads, "open thread")><Icon glyph=Glyph::Comment/> {threads}</span>
                })}
                <span class="fact" data-good=(has >= needs).then_some("true") title="Approvals that count, and how many are needed">
                    <Icon glyph=Glyph::Shield/> {has} "/" {needs}
                </span>
                {change.run.map(|run| view! { <RunBadge state=run.state/> })}
                <ChangeBadge state=change.state/>
            </div>
        </li>
    }
}
