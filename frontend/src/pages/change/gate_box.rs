//! The gate: who decided, what counts, exactly what is missing, and the buttons it opens.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use studio_kernel::{
    review::{ApprovalStatus, ChangeState, Decision, Gate, PersonRole},
    run::{RunKind, RunState},
};

use super::Opened;
use crate::{
    api,
    components::{Avatar, Badge, Button, Glyph, Icon, Look, Obstacles, Tint, When},
    routes::Route,
    state::{session::Session, toasts::Toasts, wording},
};

/// The box.
#[component]
pub(super) fn GateBox(
    /// The change.
    opened: Opened,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let is_open = Memo::new(move |_| opened.change.with(|change| change.state == ChangeState::Open));
    let gate = Memo::new(move |_| {
        opened.change.with(|change| {
            let newest = change.revisions.last().map_or(0, |newest| newest.number);
            (change.gate.clone(), change.state, newest)
        })
    });
    view! {
        <section class="box gate" data-test="gate" aria-label="Gate">
            {move || {
                let (gate, state, newest) = gate.get();
                view! { <Verdict gate=gate.clone() state/> <Decisions id=opened.id newest gate/> }
            }}
            {move || (session.is_one_person_mode() && is_open.get()).then(|| view! {
                <p class="muted" data-test="one-person">
                    <Icon glyph=Glyph::Info/>
                    " One-person mode: the author may approve."
                    {session.allows(PersonRole::Admin).then(|| view! {
                        " Turn on four eyes under " <a href=Route::People.href()>"People"</a> "."
                    })}
                </p>
            })}
            <LastRun opened/>
            <Buttons opened/>
        </section>
    }
}

/// A run that ended otherwise than hoped is what the next one begins with.
#[component]
fn LastRun(opened: Opened) -> impl IntoView {
    let last = Memo::new(move |_| {
        opened.change.with(|change| {
            let last = change.runs.iter().find(|run| run.kind == RunKind::Apply)?;
            (change.state == ChangeState::Open && last.state.is_final()).then(|| last.clone())
        })
    });
    move || {
        last.get().map(|run| {
            let tint = if run.state == RunState::Failed { "bad" } else { "caution" };
            view! {
                <div class="notice" data-tint=tint data-test="last-run">
                    <Icon glyph=Glyph::Warning/>
                    <p>
                        "The last run: " <strong>{wording::run_state(run.state)}</strong> ". " {run.summary} " "
                        <a href=Route::Run(run.id).href()>"See the run"</a>
                    </p>
                </div>
            }
        })
    }
}

#[component]
fn Verdict(gate: Gate, state: ChangeState) -> impl IntoView {
    let counting = gate
        .approvals
        .iter()
        .filter(|status| status.stale.is_none() && status.approval.decision == Decision::Approve)
        .count();
    let ready = gate.run.is_empty();
    let (tint, glyph, title) = match (state, ready) {
        (ChangeState::Applied, _) => (Tint::Good, Glyph::Check, "Applied"),
        (ChangeState::Closed, _) => (Tint::Neutral, Glyph::Cross, "Closed"),
        (ChangeState::Open, true) => (Tint::Good, Glyph::Check, "Ready to run"),
        (ChangeState::Open, false) => (Tint::Caution, Glyph::Lock, "Not ready to run"),
    };
    let dismissed =
        gate.approvals.iter().any(|status| status.stale == Some(studio_kernel::review::Stale::Edited));
    view! {
        <header class="gate-head">
            <Badge tint glyph text=title/>
            <span class="muted">{counting} " of " {wording::count(gate.required, "approval")}</span>
        </header>
        {(dismissed && state == ChangeState::Open).then(|| view! {
            <p class="gate-stale" data-test="stale-notice">
                <Icon glyph=Glyph::Warning/>
                "The content changed after an approval: it no longer counts."
            </p>
        })}
        {(state == ChangeState::Open && !ready).then(|| view! {
            <div data-test="missing"><Obstacles obstacles=gate.run/></div>
        })}
    }
}

#[component]
fn Decisions(id: i64, newest: u32, gate: Gate) -> impl IntoView {
    let rows = gate.approvals.into_iter().rev().map(|status| view! { <DecisionRow id newest status/> });
    let rows = rows.collect_view();
    (!rows.is_empty()).then(|| view! { <ul class="gate-decisions" aria-label="Decisions">{rows}</ul> })
}

#[component]
fn DecisionRow(id: i64, newest: u32, status: ApprovalStatus) -> impl IntoView {
    let approval = status.approval;
    let (glyph, word) = match approval.decision {
        Decision::Approve => (Glyph::Check, "approved"),
        Decision::RequestChanges => (Glyph::Cross, "requested changes on"),
    };
    let stale = status.stale.map(wording::stale);
    let revision = approval.revision;
    let text = view! {
        <Avatar person=approval.person/>
        <span>{word} " revision " {revision}</span>
        <When at=approval.at/>
    };
    view! {
        <li
            data-decision=approval.decision.as_str()
            data-stale=stale.is_some().then_some("true")
            data-test="decision"
        >
            <Icon glyph/>
            <div>
                {if stale.is_some() {
                    view! { <del>{text}</del> }.into_any()
                } else {
                    view! { <span>{text}</span> }.into_any()
                }}
                {(!approval.note.is_empty()).then(|| view! { <p class="plain-text">{approval.note.clone()}</p> })}
                {stale.map(|reason| view! { <p class="gate-reason">{reason}</p> })}
                {(revision < newest).then(|| view! {
                    <a href=Route::Change(id).href_with(&[("since", &revision.to_string())])>"See what changed since"</a>
                })}
            </div>
        </li>
    }
}

#[component]
fn Buttons(opened: Opened) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let navigate = use_navigate();
    let session = expect_context::<Session>();
    let busy = RwSignal::new(false);
    let gate = Memo::new(move |_| opened.change.with(|change| change.gate.clone()));
    let open = Memo::new(move |_| opened.change.with(|change| change.state == ChangeState::Open));
    let first = |obstacles: &[studio_kernel::review::Obstacle]| {
        obstacles.first().map(|obstacle| obstacle.message.clone()).unwrap_or_default()
    };
    let may_not_approve = Signal::derive(move || gate.with(|gate| first(&gate.approve)));
    let may_not_run = Signal::derive(move || gate.with(|gate| first(&gate.run)));
    let dry_run = StoredValue::new_local(move || {
        busy.set(true);
        let navigate = navigate.clone();
        leptos::task::spawn_local(async move {
            match api::dry_run(opened.id).await {
                Ok(run) => navigate(&Route::Run(run.id).href(), NavigateOptions::default()),
                Err(error) => toasts.refused(&error),
            }
            let _ = busy.try_set(false);
        });
    });
    move || {
        open.get().then(|| {
            view! {
                <div class="gate-buttons">
                    <Button
                        on_press=move |_| opened.starting.set(true)
                        look=Look::Primary
                        glyph=Glyph::Play
                        disabled=Signal::derive(move || !may_not_run.get().is_empty())
                        hint=may_not_run
                        test="run"
                    >
                        "Run…"
                    </Button>
                    <Button
                        on_press=move |_| dry_run.with_value(|run| run())
                        busy
                        disabled=Signal::derive(move || !session.allows(PersonRole::Author))
                        hint=Signal::derive(move || {
                            let may = session.allows(PersonRole::Author);
                            if may { String::new() } else { "A dry run needs the role author".to_owned() }
                        })
                        glyph=Glyph::Shield
                        test="dry-run"
                    >
                        "Dry run on a copy"
                    </Button>
                    <Button
                        on_press=move |_| opened.deciding.set(Some(Decision::Approve))
                        glyph=Glyph::Check
                        disabled=Signal::derive(move || !may_not_approve.get().is_empty())
                        hint=may_not_approve
                        test="approve"
                    >
                        "Approve…"
                    </Button>
                    <Button
                        on_press=move |_| opened.deciding.set(Some(Decision::RequestChanges))
                        glyph=Glyph::Comment
                        disabled=Signal::derive(move || !may_not_approve.get().is_empty())
                        hint=may_not_approve
                        test="request-changes"
                    >
                        "Request changes…"
                    </Button>
                </div>
                {move || {
                    let said = move |text: &String| gate.with(|gate| gate.run.iter().any(|it| it.message == *text));
                    let text = Some(may_not_approve.get()).filter(|text| !text.is_empty() && !said(text));
                    text.map(|text| view! { <p class="muted">{text}</p> })
                }}
            }
        })
    }
}
