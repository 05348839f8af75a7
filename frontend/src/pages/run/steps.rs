//! The steps of a run: segments, and a row for each statement with its state, rows, time and notices.

use std::time::Duration;

use leptos::prelude::*;
use studio_kernel::{
    plan::SegmentKind,
    review::Timestamp,
    run::{RunView, SegmentState, ServerNotice, StatementState, StatementView},
};

use crate::{
    browser::{time, timer},
    components::{Badge, Glyph, Icon, LockChips, Tint},
    state::wording::{self, count, duration, thousands},
};

/// Where a statement stands in the view.
#[derive(Clone, Copy)]
struct Place {
    step: usize,
    segment: usize,
    statement: usize,
}

/// All steps. The plan of a run never changes, so rows are built once and only what moves is redrawn.
#[component]
pub(super) fn Steps(
    /// As it stands.
    view: RwSignal<RunView>,
) -> impl IntoView {
    let shape = Memo::new(move |_| view.with(|view| view.steps.len()));
    move || {
        let steps = (0..shape.get()).map(|step| view! { <Step view step/> });
        view! { <div class="run-steps" data-test="run-steps">{steps.collect_view()}</div> }
    }
}

#[component]
fn Step(view: RwSignal<RunView>, step: usize) -> impl IntoView {
    let found = view.with_untracked(|view| {
        let step = view.steps.get(step)?;
        Some((step.title.clone(), step.segments.len()))
    });
    let (title, segments) = found?;
    let progress = Memo::new(move |_| {
        view.with(|view| view.steps.get(step).map(|step| step.progress.clone())).unwrap_or_default()
    });
    let segments = (0..segments).map(|segment| view! { <Segment view step segment/> });
    Some(view! {
        <section class="run-step">
            <h2>{title}</h2>
            {move || {
                let lines = progress.get().into_iter().map(|line| view! { <li>{line}</li> });
                view! { <ul class="run-said">{lines.collect_view()}</ul> }
            }}
            {segments.collect_view()}
        </section>
    })
}

#[component]
fn Segment(view: RwSignal<RunView>, step: usize, segment: usize) -> impl IntoView {
    let found = view.with_untracked(|view| {
        let segment = view.steps.get(step)?.segments.get(segment)?;
        Some((segment.kind, segment.statements.len()))
    });
    let (kind, statements) = found?;
    let state = Memo::new(move |_| {
        view.with(|view| {
            let segment = view.steps.get(step)?.segments.get(segment)?;
            Some((segment.state, segment.note.clone()))
        })
    });
    let title = match kind {
        SegmentKind::Transaction => "Transaction",
        SegmentKind::Standalone => "On its own",
    };
    let rows = (0..statements).map(|statement| {
        view! { <Row view place=Place { step, segment, statement }/> }
    });
    Some(view! {
        <section class="run-segment">
            <header>
                <strong>{segment + 1} ". " {title}</strong>
                {move || state.get().map(|(state, note)| {
                    let (tint, glyph) = match state {
                        SegmentState::Queued => (Tint::Neutral, Glyph::Clock),
                        SegmentState::Running => (Tint::Accent, Glyph::Spinner),
                        SegmentState::Committed => (Tint::Good, Glyph::Check),
                        SegmentState::RolledBack => (Tint::Caution, Glyph::Undo),
                        SegmentState::Skipped => (Tint::Neutral, Glyph::Skip),
                        SegmentState::Unknown => (Tint::Caution, Glyph::Question),
                    };
                    let note = match state {
                        SegmentState::Committed if !note.is_empty() => format!("ledger {note}"),
                        _ => note,
                    };
                    view! { <Badge tint glyph text=wording::segment_state(state)/> <span class="muted">{note}</span> }
                })}
            </header>
            <ol>{rows.collect_view()}</ol>
        </section>
    })
}

#[component]
fn Row(view: RwSignal<RunView>, place: Place) -> impl IntoView {
    let statement = Memo::new(move |_| {
        view.with(|view| {
            let segment = view.steps.get(place.step)?.segments.get(place.segment)?;
            segment.statements.get(place.statement).cloned()
        })
    });
    let planned = statement
        .with_untracked(|statement| statement.as_ref().map(|statement| statement.planned.clone()))?;
    let id = format!("statement-{}-{}", place.step, planned.index);
    let state = Memo::new(move |_| {
        statement
            .with(|statement| statement.as_ref().map_or(StatementState::Queued, |statement| statement.state))
    });
    Some(view! {
        <li class="run-statement" id=id data-state=move || state.get().as_str() data-test="statement">
            {move || {
                let glyph = glyph(state.get());
                view! {
                    <span class="run-sign" title=wording::statement_state(state.get())>
                        <Icon glyph/>
                        <span class="visually-hidden">{wording::statement_state(state.get())}</span>
                    </span>
                }
            }}
            <span class="line-number">{planned.line}</span>
            <span class="plan-summary">{planned.summary}</span>
            <LockChips locks=planned.locks/>
            <span class="run-numbers">
                {move || statement.get().map(|statement| match (statement.state, &statement.began) {
                    (StatementState::Running, Some(began)) => view! { <Elapsed began=began.clone()/> }.into_any(),
                    _ => numbers(&statement).into_any(),
                })}
            </span>
            {move || statement.get().filter(|statement| !statement.notices.is_empty()).map(|statement| {
                view! { <Notices notices=statement.notices dropped=statement.notices_dropped/> }
            })}
        </li>
    })
}

/// How long a statement has been running, to the second.
#[component]
fn Elapsed(began: Timestamp) -> impl IntoView {
    let since = time::parse(&began).unwrap_or_else(time::now);
    let seconds = move || ((time::now() - since) / 1_000.0).max(0.0).floor();
    let shown = RwSignal::new(seconds());
    timer::every(Duration::from_secs(1), move || shown.set(seconds()));
    move || {
        let seconds = shown.get();
        let (minutes, rest) = ((seconds / 60.0).floor(), seconds % 60.0);
        if minutes > 0.0 { format!("running {minutes} min {rest:02} s") } else { format!("running {rest} s") }
    }
}

#[component]
fn Notices(notices: Vec<ServerNotice>, dropped: u64) -> impl IntoView {
    let lines = notices.into_iter().map(|notice| {
        let more = [("Detail", notice.detail), ("Hint", notice.hint)];
        let more =
            more.into_iter().filter_map(|(name, text)| text.map(|text| view! { <p>{name} ": " {text}</p> }));
        let severity = notice.severity.clone();
        view! {
            <li data-severity=notice.severity>
                <small>{severity}</small>
                <div class="plain-text">{notice.message} {more.collect_view()}</div>
            </li>
        }
    });
    view! {
        <ul class="run-notices" aria-label="Messages of the server">
            {lines.collect_view()}
            {(dropped > 0).then(|| view! { <li>{thousands(dropped)} " more are not kept"</li> })}
        </ul>
    }
}

fn glyph(state: StatementState) -> Glyph {
    match state {
        StatementState::Queued => Glyph::Circle,
        StatementState::Running => Glyph::Spinner,
        StatementState::Done => Glyph::Check,
        StatementState::Failed => Glyph::Cross,
        StatementState::Skipped => Glyph::Skip,
        StatementState::RolledBack => Glyph::Undo,
        StatementState::Unknown => Glyph::Question,
    }
}

fn numbers(statement: &StatementView) -> String {
    let rows = statement.rows.map(|rows| count(usize::try_from(rows).unwrap_or(usize::MAX), "row"));
    let time = statement.micros.map(duration);
    [rows, time].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
