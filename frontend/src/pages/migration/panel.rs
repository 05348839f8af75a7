//! Beside the editor: findings, and the outline with what a run would do.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use leptos::prelude::*;
use studio_kernel::{
    lint::finding::{Coverage, Finding},
    text::Span,
};

use crate::{
    browser::linter::{Analysed, GRAMMAR, Linter, OutlineRow, Status},
    components::{
        Badge, Button, DiffView, FindingCard, Glyph, Icon, Layout, LockChips, PlanView, Tabs, Tint, place_of,
    },
    editor::Command,
    state::{diff, wording::count},
};

/// More cards than anybody reads at once would only make typing slow.
const SHOWN: usize = 100;

/// The panel.
#[component]
pub(super) fn Panel(
    /// The file's path.
    path: String,
    /// The text edits start from.
    original: String,
    /// What is in the editor.
    text: RwSignal<String>,
    /// What the editor is told.
    command: RwSignal<Option<Command>>,
) -> impl IntoView {
    let linter = expect_context::<Linter>();
    let analysed = linter.analysed();
    let path = StoredValue::new(path);
    let here =
        Memo::new(move |_| analysed.get().filter(|analysed| path.with_value(|path| analysed.path == *path)));
    let original = StoredValue::new(original);
    let tab = RwSignal::new("findings".to_owned());
    let number =
        Memo::new(move |_| here.with(|here| here.as_ref().map(|here| here.analysis.report.findings.len())));
    let rows = Memo::new(move |_| here.with(|here| here.as_ref().map(|here| here.analysis.outline.len())));
    let titled = |title: &'static str, number: Memo<Option<usize>>| {
        Signal::derive(move || match number.get() {
            Some(number) => format!("{title} {number}"),
            None => title.to_owned(),
        })
    };
    let tabs = vec![
        ("findings", titled("Findings", number)),
        ("outline", titled("Outline", rows)),
        ("plan", Signal::stored("Plan".to_owned())),
        ("edits", Signal::stored("Edits".to_owned())),
    ];
    let show = Callback::new(move |span: Span| command.set(Some(Command::Reveal(span))));
    view! {
        <section class="bench-panel" aria-label="Findings, outline and plan">
            <Tabs label="Panel" tabs chosen=tab on_choose=move |word| tab.set(word.to_owned())/>
            <div class="tab-panel" role="tabpanel" aria-label=tab>
                <LinterStatus linter/>
                {move || match tab.get().as_str() {
                    "outline" => view! { <Outline here show/> }.into_any(),
                    "plan" => view! { <PlanOf here show/> }.into_any(),
                    "edits" => view! { <Edits original text/> }.into_any(),
                    _ => view! { <Findings here text command show/> }.into_any(),
                }}
            </div>
        </section>
    }
}

#[component]
fn LinterStatus(linter: Linter) -> impl IntoView {
    let status = linter.status();
    move || {
        match status.get() {
        Status::Failed(why) => Some(view! {
            <div class="notice" data-tint="caution" role="alert">
                <Icon glyph=Glyph::Warning/>
                <div><p>"The linter does not run: " {why} ". The server checks the text all the same."</p></div>
                <Button on_press=move |_| linter.retry()>"Start it again"</Button>
            </div>
        }.into_any()),
        Status::TooDeep(path) => Some(view! {
            <div class="notice" data-tint="caution" role="alert">
                <Icon glyph=Glyph::Warning/>
                <p>{path} " is too long or too deep to be read here. No finding does not mean none."</p>
            </div>
        }.into_any()),
        Status::Starting => Some(view! { <p class="muted">"The linter reads the set…"</p> }.into_any()),
        Status::Idle | Status::Working | Status::Ready => None,
    }
    }
}

/// Cards stay while their words stay: typing above them only moves their places.
#[component]
fn Findings(
    here: Memo<Option<Arc<Analysed>>>,
    text: RwSignal<String>,
    command: RwSignal<Option<Command>>,
    show: Callback<Span>,
) -> impl IntoView {
    // How much was read, and whether PostgreSQL's grammar reads all of it.
    let coverage = Memo::new(move |_| {
        here.with(|here| {
            let Some(analysis) = here.as_ref().map(|here| &here.analysis) else {
                return (Coverage::default(), false);
            };
            let refused = analysis.report.findings.iter().any(|finding| finding.rule == "syntax-error");
            (analysis.report.coverage, analysis.grammar && !refused)
        })
    });
    let places = Memo::new(move |_| {
        here.with(|here| {
            let findings = here.iter().flat_map(|here| &here.analysis.report.findings);
            numbered(findings.map(words_of))
        })
    });
    let indexes = Memo::new(move |_| {
        let keys = places.get().into_iter().zip(0..);
        keys.collect::<HashMap<Numbered<Words>, usize>>()
    });
    let all = RwSignal::new(false);
    let shown = move || {
        let most = if all.get() { usize::MAX } else { SHOWN };
        places.with(|places| places.iter().take(most).cloned().collect::<Vec<_>>())
    };
    let hidden = Memo::new(move |_| {
        let more = places.with(Vec::len).saturating_sub(SHOWN);
        if all.get() { 0 } else { more }
    });
    let none = Memo::new(move |_| here.with(Option::is_some) && places.with(Vec::is_empty));
    let card = move |key: Numbered<Words>| {
        let index = Memo::new(move |_| indexes.with(|indexes| indexes.get(&key).copied()));
        let at = move |here: &Analysed, index: Option<usize>| -> Option<Finding> {
            here.analysis.report.findings.get(index?).cloned()
        };
        let finding = Memo::new(move |last: Option<&Option<Finding>>| {
            let now = here.with(|here| at(here.as_ref()?, index.get()));
            // While the card of a finding that is gone still stands, it shows what it was.
            now.or_else(|| last.cloned().flatten())
        });
        let place = Signal::derive(move || {
            finding.with(|finding| finding.as_ref().map(place_of)).unwrap_or_default()
        });
        let on_show = Callback::new(move |()| {
            if let Some(finding) = finding.get_untracked() {
                show.run(finding.span);
            }
        });
        let on_fix = Callback::new(move |()| {
            // The editor refuses a fix of another text; the panel follows when the newest is judged.
            let current = here.with_untracked(|here| {
                here.as_ref().is_some_and(|here| text.with_untracked(|text| **text == *here.text))
            });
            if let Some(index) = index.get_untracked().filter(|_| current) {
                command.set(Some(Command::Fix(index)));
            }
        });
        let finding = finding.get_untracked();
        view! { <li>{finding.map(|finding| view! { <FindingCard finding place on_show on_fix/> })}</li> }
    };
    view! {
        <p class="muted" data-test="coverage">
            {move || {
                let (Coverage { parsed, statements, unread, .. }, accepted) = coverage.get();
                let all = count(statements, "statement");
                if unread > 0 || statements == 0 {
                    return all;
                }
                let read = format!("{parsed} of {all} read in full");
                if accepted { format!("{read}; {GRAMMAR} reads them all") } else { read }
            }}
        </p>
        {move || none.get().then(|| view! {
            <p class="finding-none"><Icon glyph=Glyph::Check/> "No findings in what was read"</p>
        })}
        <ul class="bench-findings" aria-label="Findings">
            <For each=shown key=Clone::clone children=card/>
        </ul>
        {move || Some(hidden.get()).filter(|more| *more > 0).map(|more| view! {
            <Button on_press=move |_| all.set(true)>"Show " {count(more, "more finding")}</Button>
        })}
    }
}

/// All that a card says of a finding but its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Words {
    rule: String,
    message: String,
    fix: Option<String>,
    allowed: Option<String>,
}

fn words_of(finding: &Finding) -> Words {
    Words {
        rule: finding.rule.clone(),
        message: finding.message.clone(),
        fix: finding.fix.as_ref().map(|fix| fix.title.clone()),
        allowed: finding.allowed.clone(),
    }
}

/// A value and which of its equals it is.
type Numbered<T> = (T, usize);

/// Numbers equal values, so that each is one of a kind.
fn numbered<T: Clone + Eq + Hash>(values: impl Iterator<Item = T>) -> Vec<Numbered<T>> {
    let mut seen: HashMap<T, usize> = HashMap::new();
    values
        .map(|value| {
            let number = seen.entry(value.clone()).or_default();
            *number += 1;
            (value, *number)
        })
        .collect()
}

#[component]
fn Outline(here: Memo<Option<Arc<Analysed>>>, show: Callback<Span>) -> impl IntoView {
    move || {
        here.get().map(|here| {
            let rows = here.analysis.outline.iter().cloned().map(|row| view! { <OutlineLine row show/> });
            view! { <ol class="bench-outline" aria-label="Statements">{rows.collect_view()}</ol> }
        })
    }
}

#[component]
fn PlanOf(here: Memo<Option<Arc<Analysed>>>, show: Callback<Span>) -> impl IntoView {
    move || here.get().map(|here| view! { <PlanView plan=here.analysis.plan.clone() on_show=show/> })
}

/// The draft against the text it started from.
#[component]
fn Edits(original: StoredValue<String>, text: RwSignal<String>) -> impl IntoView {
    move || {
        let lines = original.with_value(|original| text.with(|text| diff::compare(original, text)));
        if diff::counts(&lines) == (0, 0) {
            return view! { <p class="muted">"No edits: the text is as it was opened."</p> }.into_any();
        }
        view! { <DiffView lines layout=Layout::Unified label="Your edits"/> }.into_any()
    }
}

#[component]
fn OutlineLine(row: OutlineRow, show: Callback<Span>) -> impl IntoView {
    let span = row.span;
    view! {
        <li class="plan-statement" data-kind=row.kind>
            <span class="line-number">{row.line}</span>
            <span class="plan-summary">
                <button type="button" class="plan-link" on:click=move |_| show.run(span)>{row.summary}</button>
                {row.standalone.then(|| view! { <Badge tint=Tint::Caution text="outside a transaction"/> })}
                {row.outline_only.then(|| view! { <Badge text="outline only"/> })}
            </span>
            <LockChips locks=row.locks/>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_told_apart_by_their_number() {
        let values = numbered(["a", "b", "a"].into_iter());
        assert_eq!(values, [("a", 1), ("b", 1), ("a", 2)]);
    }
}
