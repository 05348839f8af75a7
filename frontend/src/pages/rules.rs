//! `/rules` and `/rules/:id`: what the linter looks for, why, and what to write instead.

use leptos::prelude::*;
use studio_kernel::{
    lint::finding::Severity,
    run::api::{RuleHelp, Rules},
};

use crate::{
    api,
    components::{Badge, Crumb, EmptyState, Glyph, LinkButton, Loaded, Markdown, PageHead, Tint},
    routes::Route,
    state::remote::Remote,
};

/// `/rules`.
#[component]
pub(crate) fn RulesPage() -> impl IntoView {
    let rules = Remote::new(api::rules);
    view! {
        <PageHead title="Rules" subtitle=|| view! {
            <span class="muted">"What the linter says while you type, in the review and on the command line."</span>
        }/>
        <Loaded remote=rules let:rules>
            {move || rows(rules.get())}
        </Loaded>
    }
}

fn rows(rules: Rules) -> impl IntoView {
    let rows = rules.rules.into_iter().map(|rule| {
        let sentence = first_sentence(&rule.help);
        let href = Route::Rule(rule.id.clone()).href();
        view! {
            <li class="list-row" data-row="true">
                <div class="list-main">
                    <a class="list-title" data-row-link="true" href=href>
                        <code>{rule.id}</code>
                    </a>
                    <p class="list-note">{sentence}</p>
                </div>
                <div class="list-facts"><SeverityBadge severity=rule.severity/></div>
            </li>
        }
    });
    view! { <ul class="list" data-test="rules">{rows.collect_view()}</ul> }
}

/// `/rules/:id`.
#[component]
pub(crate) fn RulePage(
    /// The rule's id.
    id: String,
) -> impl IntoView {
    let rules = Remote::new(api::rules);
    let wanted = StoredValue::new(id.clone());
    let found = move |rules: &Rules| -> Option<RuleHelp> {
        rules.rules.iter().find(|rule| wanted.with_value(|id| rule.id == *id)).cloned()
    };
    view! {
        <PageHead
            title=id.clone()
            document=Signal::stored(format!("Rule {id}"))
            crumbs=vec![Crumb { title: "Rules", route: Route::Rules }]
        />
        <Loaded remote=rules let:rules>
            {move || match rules.with(found) {
                Some(rule) => view! {
                    <SeverityBadge severity=rule.severity/>
                    <Markdown source=rule.help/>
                }.into_any(),
                None => view! {
                    <EmptyState glyph=Glyph::Rules title="There is no such rule">
                        <p>"It may have been renamed. Syntax errors come from the reader of the text, not from a rule."</p>
                        <LinkButton href=Route::Rules.href()>"All rules"</LinkButton>
                    </EmptyState>
                }.into_any(),
            }}
        </Loaded>
    }
}

#[component]
fn SeverityBadge(severity: Severity) -> impl IntoView {
    let (tint, glyph) = match severity {
        Severity::Error => (Tint::Bad, Glyph::Cross),
        Severity::Warning => (Tint::Caution, Glyph::Warning),
        Severity::Info => (Tint::Neutral, Glyph::Info),
    };
    view! { <Badge tint glyph text=severity.as_str()/> }
}

/// The first line of prose of a help page, without marks.
fn first_sentence(help: &str) -> String {
    let line = help.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    line.unwrap_or_default().replace(['`', '*'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_the_first_sentence_of_the_help() {
        assert_eq!(
            first_sentence("# drop-table\n\n`drop table` loses rows.\nMore."),
            "drop table loses rows."
        );
        assert_eq!(first_sentence("# x"), "");
    }
}
