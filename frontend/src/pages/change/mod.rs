//! `/changes/:id`: what a change does, what is said about it, what is missing, and the way to its run.

mod conversation;
mod decide;
mod files;
mod gate_box;
mod run_dialog;
mod timeline;

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use studio_kernel::{
    plan::PlannedFile,
    review::{ChangeState, Decision, PersonRole},
    run::api::{Change, SetChangeState},
};

use crate::{
    api,
    components::{
        Avatar, Button, ChangeBadge, Crumb, EmptyState, Glyph, Icon, Loaded, PageHead, PlanView, Tabs, When,
    },
    pages::runs::RunRows,
    routes::Route,
    state::{
        commands::{PageAction, PageActions},
        remote::Remote,
        session::Session,
        toasts::Toasts,
        wording::count,
    },
};
use conversation::Conversation;
use decide::DecideDialog;
use files::Files;
use gate_box::GateBox;
use run_dialog::RunDialog;
use timeline::Timeline;

/// Other people's words and decisions appear without a reload.
const FRESH: Duration = Duration::from_secs(4);

/// The page.
#[component]
pub(crate) fn ChangePage(
    /// The change's number.
    id: i64,
) -> impl IntoView {
    let change = Remote::new(move || api::change(id)).keep_fresh(FRESH);
    view! {
        <Loaded remote=change rows=10 let:shown>
            <Shown id shown remote=change/>
        </Loaded>
    }
}

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct Opened {
    pub id: i64,
    pub change: RwSignal<Change>,
    pub remote: Remote<Change>,
    pub deciding: RwSignal<Option<Decision>>,
    pub starting: RwSignal<bool>,
}

impl Opened {
    /// Whether the change is another one than the one that was seen.
    pub(super) fn moved_on(self, seen: StoredValue<Change>) -> Signal<bool> {
        Signal::derive(move || {
            let now = self.change.with(|change| change.digest.clone());
            seen.with_value(|seen| seen.digest != now)
        })
    }
}

/// Says that a dialog is about something that is gone.
#[component]
pub(super) fn MovedOn(
    /// Whether it is.
    moved_on: Signal<bool>,
) -> impl IntoView {
    move || {
        moved_on.get().then(|| {
            view! {
                <div class="notice" data-tint="caution" role="alert" data-test="moved-on">
                    <Icon glyph=Glyph::Warning/>
                    <p>"The change is another one now. Close this, and look at what is new."</p>
                </div>
            }
        })
    }
}

#[component]
fn Shown(id: i64, shown: RwSignal<Change>, remote: Remote<Change>) -> impl IntoView {
    let opened =
        Opened { id, change: shown, remote, deciding: RwSignal::new(None), starting: RwSignal::new(false) };
    let title = Memo::new(move |_| shown.with(|change| change.title.clone()));
    let description = Memo::new(move |_| shown.with(|change| change.description.clone()));
    let note = Memo::new(move |_| shown.with(|change| change.folder_note.clone()));
    offer_actions(opened);
    view! {
        <PageHead
            title=Signal::derive(move || format!("{} #{id}", title.get()))
            document=Signal::derive(move || format!("Change #{id} – {}", title.get()))
            crumbs=vec![Crumb { title: "Changes", route: Route::Changes }]
            subtitle=move || view! { <Facts opened/> }
            actions=move || view! { <StateButton opened/> }
        />
        {move || Some(description.get()).filter(|text| !text.is_empty()).map(|text| {
            view! { <p class="plain-text change-description">{text}</p> }
        })}
        {move || note.get().map(|note| view! {
            <div class="notice" data-tint="caution" role="status"><Icon glyph=Glyph::Info/><p>{note}</p></div>
        })}
        <div class="columns change">
            <div><Sections opened/></div>
            <aside class="stack change-side" aria-label="Review"><GateBox opened/></aside>
        </div>
        <DecideDialog opened/>
        <RunDialog opened/>
    }
}

#[component]
fn Facts(opened: Opened) -> impl IntoView {
    let facts = Memo::new(move |_| {
        opened.change.with(|change| {
            let newest = change.revisions.last();
            (
                change.state,
                change.author.clone(),
                newest.map(|newest| (newest.number, newest.at.clone())),
                change.target.clone(),
            )
        })
    });
    move || {
        let (state, author, newest, target) = facts.get();
        view! {
            <ChangeBadge state/>
            <Avatar person=author/>
            {newest.map(|(number, at)| view! { <span class="muted">"revision " {number} " " <When at/></span> })}
            <span class="muted">"to " <code>{target}</code></span>
        }
    }
}

#[component]
fn StateButton(opened: Opened) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let session = expect_context::<Session>();
    let state = Memo::new(move |_| opened.change.with(|change| change.state));
    let is_own = move || {
        let me = session.remote().with(|me| me.person.id.clone());
        opened.change.with(|change| Some(&change.author.id) == me.as_ref())
    };
    let may = Memo::new(move |_| session.allows(PersonRole::Reviewer) || is_own());
    let set = move |state: ChangeState| {
        leptos::task::spawn_local(async move {
            match api::set_change_state(opened.id, SetChangeState { state }).await {
                Ok(change) => opened.remote.set(change),
                Err(error) => toasts.refused(&error),
            }
        });
    };
    move || match state.get() {
        ChangeState::Open if may.get() => Some(
            view! {
                <Button on_press=move |_| set(ChangeState::Closed)>"Close change"</Button>
            }
            .into_any(),
        ),
        ChangeState::Closed if may.get() => Some(
            view! {
                <Button on_press=move |_| set(ChangeState::Open)>"Reopen change"</Button>
            }
            .into_any(),
        ),
        _ => None,
    }
}

#[component]
fn Sections(opened: Opened) -> impl IntoView {
    let query = use_query_map();
    let navigate = use_navigate();
    let chosen =
        Memo::new(move |_| query.with(|query| query.get("tab")).unwrap_or_else(|| "files".to_owned()));
    let choose = StoredValue::new_local(move |word: &'static str| {
        let tab = if word == "files" { "" } else { word };
        let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
        navigate(&Route::Change(opened.id).href_with(&[("tab", tab)]), options);
    });
    // The key handler of the tabs asks for a callback that can be sent; the router's cannot.
    let choose = Callback::new(move |word: &'static str| choose.with_value(|choose| choose(word)));
    let number = move |count: fn(&Change) -> usize| move || opened.change.with(count);
    let titled = move |title: &'static str, count: fn(&Change) -> usize| {
        let number = number(count);
        Signal::derive(move || format!("{title} {}", number()))
    };
    let tabs = vec![
        ("files", titled("Files", |change| change.revisions.last().map_or(0, |newest| newest.files.len()))),
        ("plan", titled("Plan", |change| change.plan.files.len())),
        ("timeline", titled("Timeline", |change| change.timeline.len())),
        ("runs", titled("Runs", |change| change.runs.len())),
    ];
    view! {
        <Tabs label="Parts of the change" tabs chosen on_choose=move |word| choose.run(word)/>
        <div class="tab-panel" role="tabpanel" aria-label=chosen>
            {move || match chosen.get().as_str() {
                "plan" => view! { <PlanSection opened/> }.into_any(),
                "timeline" => view! { <Timeline opened/> }.into_any(),
                "runs" => view! { <RunsSection opened/> }.into_any(),
                _ => view! { <Files opened/> <Conversation opened/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn PlanSection(opened: Opened) -> impl IntoView {
    let plan = Memo::new(move |_| opened.change.with(|change| (change.plan.clone(), change.digest.clone())));
    move || {
        let (plan, digest) = plan.get();
        let statements = plan.files.iter().flat_map(PlannedFile::statements).count();
        view! {
            <p class="muted">
                {count(statements, "statement")} ", digest " <code title=digest.to_string()>{digest.short().to_owned()}</code>
                ". Order is the author's; nothing is moved."
            </p>
            <PlanView plan/>
        }
    }
}

#[component]
fn RunsSection(opened: Opened) -> impl IntoView {
    let runs = Memo::new(move |_| opened.change.with(|change| change.runs.clone()));
    let empty = Memo::new(move |_| runs.with(Vec::is_empty));
    move || {
        if empty.get() {
            view! {
                <EmptyState glyph=Glyph::Runs title="This change has not run">
                    <p>"A dry run on a throw-away copy says whether it applies, validates and rolls back."</p>
                </EmptyState>
            }
            .into_any()
        } else {
            view! { <RunRows runs=runs.into()/> }.into_any()
        }
    }
}

/// The palette offers what the gate allows, and nothing else.
fn offer_actions(opened: Opened) {
    let actions = expect_context::<PageActions>();
    actions.offer(Signal::derive(move || {
        opened.change.with(|change| change.gate.approve.is_empty()).then(|| PageAction {
            title: format!("Approve change #{}", opened.id),
            run: Callback::new(move |()| opened.deciding.set(Some(Decision::Approve))),
        })
    }));
    actions.offer(Signal::derive(move || {
        opened.change.with(|change| change.gate.run.is_empty()).then(|| PageAction {
            title: format!("Run change #{}", opened.id),
            run: Callback::new(move |()| opened.starting.set(true)),
        })
    }));
}
