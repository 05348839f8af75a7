//! Findings: the card with everything a rule says, and the counts for a row.

use leptos::prelude::*;
use studio_kernel::{
    lint::finding::{Finding, Severity},
    run::api,
};

use super::{Glyph, Icon};
use crate::{routes::Route, state::wording::count};

fn glyph(severity: Severity) -> Glyph {
    match severity {
        Severity::Error => Glyph::Cross,
        Severity::Warning => Glyph::Warning,
        Severity::Info => Glyph::Info,
    }
}

/// Text with its `code` set as such.
fn inline(text: &str) -> impl IntoView + use<> {
    let parts = text.split('`').enumerate().map(|(at, part)| {
        let part = part.to_owned();
        if at % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
    });
    parts.collect_view()
}

/// "12:3", line and column.
pub(crate) fn place_of(finding: &Finding) -> String {
    format!("{}:{}", finding.line, finding.column)
}

/// One finding.
#[component]
pub(crate) fn FindingCard(
    /// What was found.
    finding: Finding,
    /// Its place now, where typing moves it.
    #[prop(optional, into)]
    place: Option<Signal<String>>,
    /// Goes to its place, where there is a place to go to.
    #[prop(optional, into)]
    on_show: Option<Callback<()>>,
    /// Applies its repair, where the text can be edited.
    #[prop(optional, into)]
    on_fix: Option<Callback<()>>,
) -> impl IntoView {
    let severity = finding.severity.as_str();
    let allowed = finding.allowed.clone();
    let rule = finding.rule.clone();
    let is_allowed = allowed.is_some().then_some("true");
    let href = Route::Rule(finding.rule.clone()).href();
    let place = place.unwrap_or_else(|| Signal::stored(place_of(&finding)));
    let fix = finding.fix.as_ref().map(|fix| fix.title.clone());
    view! {
        <article
            class="finding"
            data-severity=severity
            data-rule=rule
            data-allowed=is_allowed
            data-test="finding"
        >
            <Icon glyph=glyph(finding.severity)/>
            <div class="finding-text">
                <p>
                    <span class="visually-hidden">{severity} ": "</span>
                    {inline(&finding.message)}
                </p>
                <p class="finding-help">{inline(&finding.help)}</p>
                {allowed.map(|reason| view! { <p class="finding-allowed">"Allowed: " {reason}</p> })}
                <p class="finding-foot">
                    <a href=href>{finding.rule}</a>
                    {match on_show {
                        Some(show) => view! {
                            <button type="button" class="button" data-look="quiet" on:click=move |_| show.run(())>
                                "Line " {place}
                            </button>
                        }.into_any(),
                        None => view! { <span>"Line " {place}</span> }.into_any(),
                    }}
                    {on_fix.zip(fix).map(|(apply, title)| view! {
                        <button
                            type="button"
                            class="button"
                            data-test="fix"
                            on:click=move |_| apply.run(())
                        >
                            {title}
                        </button>
                    })}
                </p>
            </div>
        </article>
    }
}

/// How many of each severity; "none" in words, so that an empty cell is not a riddle.
#[component]
pub(crate) fn FindingCounts(
    /// The numbers.
    counts: api::FindingCounts,
) -> impl IntoView {
    let numbers = [
        (Severity::Error, counts.errors, "error"),
        (Severity::Warning, counts.warnings, "warning"),
        (Severity::Info, counts.infos, "note"),
    ];
    let shown = numbers.into_iter().filter(|(_, number, _)| *number > 0).map(|(severity, number, noun)| {
        view! {
            <li data-severity=severity.as_str() title=count(number, noun)>
                <Icon glyph=glyph(severity)/>
                <span aria-hidden="true">{number}</span>
                <span class="visually-hidden">{count(number, noun)}</span>
            </li>
        }
    });
    let shown = shown.collect_view();
    let allowed = (counts.allowed > 0).then(|| {
        view! { <li data-severity="allowed" title="Allowed in the file, with a reason">{counts.allowed} " allowed"</li> }
    });
    if shown.is_empty() && allowed.is_none() {
        view! { <span class="finding-none"><Icon glyph=Glyph::Check/> "none"</span> }.into_any()
    } else {
        view! { <ul class="finding-counts">{shown} {allowed}</ul> }.into_any()
    }
}
