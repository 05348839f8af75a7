//! `/runs/:id`: a run as it happens, and what it left behind.

mod checks;
mod failure;
mod live;
mod steps;

use leptos::prelude::*;
use studio_kernel::{
    review::PersonRole,
    run::{
        RunKind, RunState, RunView, StatementState, StepView,
        api::{Run, RunSummary},
    },
};

use crate::{
    api,
    components::{
        Avatar, Badge, Button, Crumb, Glyph, Icon, LinkButton, Loaded, PageHead, RunBadge, Tint, When,
    },
    routes::Route,
    state::{remote::Remote, session::Session, toasts::Toasts, wording},
};
use checks::Checks;
use failure::Failure;
use live::Live;
use steps::Steps;

/// The page.
#[component]
pub(crate) fn RunPage(
    /// The run's id.
    id: String,
) -> impl IntoView {
    let wanted = StoredValue::new(id);
    let run = Remote::new(move || async move { api::run(&wanted.get_value()).await });
    view! {
        <Loaded remote=run rows=8 let:run>
            <Shown run/>
        </Loaded>
    }
}

#[component]
fn Shown(run: RwSignal<Run>) -> impl IntoView {
    let summary = StoredValue::new(run.with_untracked(|run| run.run.clone()));
    let live = Live::follow(run);
    let view = live.view();
    let state = Memo::new(move |_| view.with(|view| view.state));
    let title = summary.with_value(|run| format!("{}: {}", wording::run_kind(run.kind), run.title));
    view! {
        <PageHead
            title=title
            crumbs=vec![Crumb { title: "Runs", route: Route::Runs }]
            subtitle=move || view! { <RunBadge state=state.get()/> <Facts summary view/> }
            actions=move || view! { <Actions summary state/> }
        />
        <Banner live view/>
        <Progress view/>
        <Outcome view/>
        <Failure run view/>
        <Checks view/>
        <Steps view/>
    }
}

#[component]
fn Facts(summary: StoredValue<RunSummary>, view: RwSignal<RunView>) -> impl IntoView {
    let summary = summary.get_value();
    let session = Memo::new(move |_| {
        view.with(|view| {
            let mut facts = Vec::new();
            if !view.server_version.is_empty() {
                facts.push(format!("PostgreSQL {}", view.server_version));
            }
            if !view.role.is_empty() {
                facts.push(format!("role {}", view.role));
            }
            // Those that decide whether a statement waits; the rest is on hover.
            let timeouts = view.settings.iter().filter(|setting| {
                setting.starts_with("lock_timeout") || setting.starts_with("statement_timeout")
            });
            facts.extend(timeouts.cloned());
            (facts.join(", "), view.settings.join(", "))
        })
    });
    let copy = (summary.kind == RunKind::DryRun).then(|| {
        view! { <Badge tint=Tint::Good glyph=Glyph::Shield text="On a throw-away copy"/> }
    });
    view! {
        {copy}
        <Avatar person=summary.person/>
        <When at=summary.began/>
        <code>{summary.target}</code>
        <span class="muted" title=move || session.get().1>{move || session.get().0}</span>
    }
}

#[component]
fn Actions(summary: StoredValue<RunSummary>, state: Memo<RunState>) -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let busy = RwSignal::new(false);
    let cancel = move |_| {
        busy.set(true);
        leptos::task::spawn_local(async move {
            let id = summary.with_value(|run| run.id.clone());
            if let Err(error) = api::cancel(&id).await {
                toasts.refused(&error);
            }
            let _ = busy.try_set(false);
        });
    };
    let change = summary.with_value(|run| run.change);
    // Whoever started something that changes nothing may stop it.
    let own = summary.with_value(|run| (run.kind != RunKind::Apply).then(|| run.person.id.clone()));
    let is_own = move || session.remote().with(|me| Some(&me.person.id) == own.as_ref()) == Some(true);
    let can_cancel = move || !state.get().is_final() && (session.allows(PersonRole::Operator) || is_own());
    view! {
        {change.map(|id| view! {
            <LinkButton href=Route::Change(id).href() glyph=Glyph::Changes>"Change #" {id}</LinkButton>
        })}
        {move || can_cancel().then(|| view! {
            <Button
                on_press=cancel
                busy=Signal::derive(move || busy.get() || state.get() == RunState::Cancelling)
                glyph=Glyph::Cross
                test="cancel"
            >
                {move || if state.get() == RunState::Cancelling { "Cancelling…" } else { "Cancel run" }}
            </Button>
        })}
    }
}

/// What keeps the run or the page from going on.
#[component]
fn Banner(live: Live, view: RwSignal<RunView>) -> impl IntoView {
    let waiting = Memo::new(move |_| view.with(|view| view.waiting_for.clone()));
    view! {
        {move || live.is_reconnecting().then(|| view! {
            <div class="notice" data-tint="caution" role="status" data-test="reconnecting">
                <Icon glyph=Glyph::Spinner/>
                <p>"The connection to the studio is lost; reconnecting. This is how the run stood then, and nothing of it will be missed."</p>
            </div>
        })}
        {move || waiting.get().map(|holder| view! {
            <div class="notice" data-tint="caution" role="status">
                <Icon glyph=Glyph::Lock/>
                <p>"Waiting for " {holder}</p>
            </div>
        })}
    }
}

/// Statements done; read out politely, at most once per tenth.
#[component]
fn Progress(view: RwSignal<RunView>) -> impl IntoView {
    // What failed, was skipped or undone moves the bar on, but it is not done.
    let done = Memo::new(move |_| {
        view.with(|view| {
            let statements = view.steps.iter().flat_map(StepView::statements);
            // A validation that passed is undone all the same.
            let passed = view.state == RunState::Done;
            let is_done =
                |state| state == StatementState::Done || passed && state == StatementState::RolledBack;
            statements.filter(|statement| is_done(statement.state)).count()
        })
    });
    let progress = Memo::new(move |_| view.with(RunView::progress));
    let state = Memo::new(move |_| view.with(|view| view.state));
    let spoken = Memo::new(move |_| {
        let (done, all) = progress.get();
        let tenths = (done * 10).checked_div(all).unwrap_or_default();
        let state = wording::run_state(state.get());
        if view.with(|view| view.state.is_final()) {
            format!("Run ended: {state}")
        } else {
            format!("{state}, {} percent", tenths * 10)
        }
    });
    view! {
        <p class="visually-hidden" role="status" aria-live="polite" data-test="run-status">{spoken}</p>
        <div class="run-progress" data-state=move || state.get().as_str()>
            <progress
                max=move || progress.get().1.max(1).to_string()
                prop:value=move || progress.get().0.to_string()
                aria-label="Statements done"
            ></progress>
            <span>{move || format!("{} of {} statements done", done.get(), progress.get().1)}</span>
        </div>
    }
}

/// What the end means for the database.
#[component]
fn Outcome(view: RwSignal<RunView>) -> impl IntoView {
    let outcome = Memo::new(move |_| view.with(|view| (view.state, view.summary.clone())));
    move || {
        let (state, summary) = outcome.get();
        let (tint, glyph) = match state {
            RunState::Done => ("good", Glyph::Check),
            RunState::Failed => ("bad", Glyph::Cross),
            RunState::Unknown => ("caution", Glyph::Question),
            _ => ("neutral", Glyph::Info),
        };
        (state.is_final() && !summary.is_empty()).then(|| {
            view! {
                <div class="notice" data-tint=tint data-test="outcome">
                    <Icon glyph/>
                    <p><strong>{wording::run_state(state)} ". "</strong> {summary}</p>
                </div>
            }
        })
    }
}
