//! Beside the editor: findings, and the outline with what a run would do.

use leptos::prelude::*;
use studio_kernel::{lint::finding::Finding, text::Span};

use crate::{
    browser::linter::{Analysed, Linter, OutlineRow, Status},
    components::{Badge, Button, FindingCard, Glyph, Icon, LockChips, PlanView, Tabs, Tint},
    editor::Command,
    state::wording::count,
};

/// The panel.
#[component]
pub(super) fn Panel(
    /// The file's path.
    path: String,
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
    ];
    let show = Callback::new(move |span: Span| command.set(Some(Command::Reveal(span))));
    view! {
        <section class="bench-panel" aria-label="Findings, outline and plan">
            <Tabs label="Panel" tabs chosen=tab on_choose=move |word| tab.set(word.to_owned())/>
            <div class="tab-panel" role="tabpanel" aria-label=tab>
                <LinterStatus linter/>
                {move || {
                    let here = here.get()?;
                    Some(match tab.get().as_str() {
                        "outline" => outline(&here, show).into_any(),
                        "plan" => view! { <PlanView plan=here.analysis.plan.clone() on_show=show/> }.into_any(),
                        _ => findings(&here, text, command, show).into_any(),
                    })
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

fn findings(
    here: &Analysed,
    text: RwSignal<String>,
    command: RwSignal<Option<Command>>,
    show: Callback<Span>,
) -> impl IntoView + use<> {
    let report = &here.analysis.report;
    let coverage = format!(
        "{} of {} read in full",
        report.coverage.parsed,
        count(report.coverage.statements, "statement")
    );
    let analysed_text = here.text.clone();
    let current = Signal::derive(move || text.with(|text| *text == *analysed_text));
    let cards = report.findings.iter().enumerate().map(|(index, finding)| {
        let on_show = Callback::new(move |finding: Finding| show.run(finding.span));
        let on_fix = Callback::new(move |_: Finding| {
            // The editor refuses a fix of another text; the panel redraws when the newest is judged.
            if current.get_untracked() {
                command.set(Some(Command::Fix(index)));
            }
        });
        view! { <li><FindingCard finding=finding.clone() on_show on_fix/></li> }
    });
    let cards = cards.collect_view();
    let none = cards.is_empty();
    view! {
        <p class="muted" data-test="coverage">{coverage}</p>
        {none.then(|| view! { <p class="finding-none"><Icon glyph=Glyph::Check/> "No findings in what was read"</p> })}
        <ul class="bench-findings" aria-label="Findings">{cards}</ul>
    }
}

fn outline(here: &Analysed, show: Callback<Span>) -> impl IntoView + use<> {
    let rows = here.analysis.outline.iter().cloned().map(|row| view! { <OutlineLine row show/> });
    view! { <ol class="bench-outline" aria-label="Statements">{rows.collect_view()}</ol> }
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
                {(!row.parsed).then(|| view! { <Badge text="outline only"/> })}
            </span>
            <LockChips locks=row.locks/>
        </li>
    }
}
