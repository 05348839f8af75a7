//! A plan as people read it: files, the segments that commit on their own, statements with their locks.

use leptos::prelude::*;
use studio_kernel::{
    plan::{Plan, PlannedFile, PlannedStatement, Purpose, Segment, SegmentKind},
    text::Span,
};

use super::{Badge, Glyph, Icon, LockChips, Tint};
use crate::state::wording::{self, count};

/// A whole plan.
#[component]
pub(crate) fn PlanView(
    /// As the server built it.
    plan: Plan,
    /// Goes to a statement's place; without it rows are not links.
    #[prop(optional, into)]
    on_show: Option<Callback<Span>>,
) -> impl IntoView {
    let refusals = plan.refusals.into_iter().map(|refusal| {
        view! {
            <li data-code=refusal.code>
                <Icon glyph=Glyph::Cross/>
                <span><code>{refusal.path}</code> " " {refusal.message}</span>
            </li>
        }
    });
    let refusals = refusals.collect_view();
    let files = plan.files.into_iter().map(|file| view! { <FilePlan file on_show/> });
    view! {
        <div class="plan" data-test="plan">
            {(!refusals.is_empty()).then(|| view! {
                <section class="plan-refusals" role="alert">
                    <h3>"This plan must not run"</h3>
                    <ul class="obstacles">{refusals}</ul>
                </section>
            })}
            {files.collect_view()}
        </div>
    }
}

#[component]
fn FilePlan(file: PlannedFile, on_show: Option<Callback<Span>>) -> impl IntoView {
    let statements = file.segments.iter().map(|segment| segment.statements.len()).sum();
    let kept = file.purpose == Purpose::Keep;
    let tint = match file.purpose {
        Purpose::Apply => Tint::Accent,
        Purpose::Rollback | Purpose::Maintain => Tint::Caution,
        Purpose::Validate => Tint::Good,
        Purpose::Keep => Tint::Neutral,
    };
    let summary = if kept {
        String::new()
    } else {
        format!("{} in {}", count(statements, "statement"), count(file.segments.len(), "segment"))
    };
    let segments = file
        .segments
        .into_iter()
        .zip(1..)
        .map(|(segment, number)| view! { <SegmentPlan segment number on_show/> });
    view! {
        <section class="plan-file" data-purpose=file.purpose.as_str()>
            <header class="plan-file-head">
                <h3><code>{file.path}</code></h3>
                <Badge tint text=wording::purpose(file.purpose)/>
                <span class="muted">{summary}</span>
            </header>
            {segments.collect_view()}
        </section>
    }
}

#[component]
fn SegmentPlan(segment: Segment, number: usize, on_show: Option<Callback<Span>>) -> impl IntoView {
    let (title, glyph, meaning) = match segment.kind {
        SegmentKind::Transaction => ("One transaction", Glyph::Shield, "all of it or nothing"),
        SegmentKind::Standalone => {
            ("On its own", Glyph::Warning, "outside a transaction: cannot be rolled back")
        }
    };
    let rows = segment.statements.into_iter().map(|statement| view! { <StatementPlan statement on_show/> });
    view! {
        <section class="plan-segment" data-kind=segment.kind.as_str()>
            <header class="plan-segment-head">
                <Icon glyph/>
                <strong>{number} ". " {title}</strong>
                <span class="muted">{meaning}</span>
                {(!segment.reason.is_empty()).then(|| view! { <span class="muted">{segment.reason.clone()}</span> })}
            </header>
            <ol class="plan-statements">{rows.collect_view()}</ol>
        </section>
    }
}

#[component]
fn StatementPlan(statement: PlannedStatement, on_show: Option<Callback<Span>>) -> impl IntoView {
    let span = statement.span;
    let text = match on_show {
        Some(show) => view! {
            <button type="button" class="plan-link" on:click=move |_| show.run(span)>
                {statement.summary}
            </button>
        }
        .into_any(),
        None => view! { <span>{statement.summary}</span> }.into_any(),
    };
    view! {
        <li class="plan-statement" data-kind=statement.kind>
            <span class="line-number">{statement.line}</span>
            <span class="plan-summary">{text}</span>
            <LockChips locks=statement.locks/>
        </li>
    }
}
