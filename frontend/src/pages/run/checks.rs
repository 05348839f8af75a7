//! What a validation asserts: its ✅ and ❌ lines as a table, with a verdict.

use leptos::prelude::*;
use studio_kernel::{
    plan::Purpose,
    run::{
        RunKind, RunView,
        verdict::{self, Line, Verdict},
    },
};

use crate::{
    components::{Badge, Glyph, Icon, Tint},
    state::wording::count,
};

/// A table for each step that validates.
#[component]
pub(super) fn Checks(
    /// As it stands.
    view: RwSignal<RunView>,
) -> impl IntoView {
    let steps = Memo::new(move |_| {
        view.with(|view| {
            let asserts = view
                .steps
                .iter()
                .filter(|step| step.purpose == Some(Purpose::Validate) || view.kind == RunKind::Validate);
            asserts
                .map(|step| (step.title.clone(), step.lines()))
                .filter(|(_, lines)| !lines.is_empty())
                .collect::<Vec<_>>()
        })
    });
    let over = Memo::new(move |_| view.with(|view| view.state.is_final()));
    move || {
        let over = over.get();
        let tables = steps.get().into_iter().map(|(title, lines)| view! { <Table title lines over/> });
        tables.collect_view()
    }
}

#[component]
fn Table(title: String, lines: Vec<Line>, over: bool) -> impl IntoView {
    let of = |verdict| lines.iter().filter(|line| line.verdict == verdict).count();
    let (passed, warned, failed) = (of(Verdict::Pass), of(Verdict::Warn), of(Verdict::Fail));
    let (tint, glyph, text) = match (over, verdict::script(&lines)) {
        (false, _) => (Tint::Accent, Glyph::Spinner, "Checking"),
        (true, None) => (Tint::Caution, Glyph::Question, "Inconclusive: it asserted nothing"),
        (true, Some(Verdict::Fail)) => (Tint::Bad, Glyph::Cross, "Failed"),
        (true, Some(Verdict::Warn)) => (Tint::Caution, Glyph::Warning, "Passed with warnings"),
        (true, Some(_)) => (Tint::Good, Glyph::Check, "Passed"),
    };
    let mut numbers = vec![format!("{passed} passed")];
    if warned > 0 {
        numbers.push(count(warned, "warning"));
    }
    numbers.push(format!("{failed} failed"));
    let rows = lines.into_iter().map(|line| {
        let (mark, text) = (mark(line.verdict), line.text);
        view! {
            <tr data-verdict=line.verdict.as_str()>
                <td class="check-verdict">
                    {mark.map(|(glyph, word)| view! { <Icon glyph/> {word} })}
                </td>
                <td class="plain-text">{text}</td>
            </tr>
        }
    });
    view! {
        <section class="checks" aria-label="Checks" data-test="checks">
            <header>
                <h2>{title}</h2>
                <Badge tint glyph text/>
                <span class="muted" data-test="check-counts">{numbers.join(", ")}</span>
            </header>
            <div class="table-region" tabindex="0" role="region" aria-label="Lines of the validation">
                <table class="table keeps">
                    <thead><tr><th scope="col">"Verdict"</th><th scope="col">"Line"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

/// Not by colour alone, and not by the emoji of the line, which not every machine can draw.
fn mark(verdict: Verdict) -> Option<(Glyph, &'static str)> {
    match verdict {
        Verdict::Info => None,
        Verdict::Pass => Some((Glyph::Check, "pass")),
        Verdict::Warn => Some((Glyph::Warning, "warn")),
        Verdict::Fail => Some((Glyph::Cross, "fail")),
    }
}
