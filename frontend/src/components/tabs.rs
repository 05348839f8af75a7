//! Tabs: one of several panels, chosen by click or by arrow keys.

use leptos::{ev::KeyboardEvent, prelude::*};

use crate::browser::page;

/// The row of tabs. The panel itself is drawn by the page, with `role="tabpanel"`.
#[component]
pub(crate) fn Tabs(
    /// What they choose among.
    #[prop(into)]
    label: String,
    /// Word and title, in order; the title may carry a count.
    tabs: Vec<(&'static str, Signal<String>)>,
    /// The chosen one's word.
    #[prop(into)]
    chosen: Signal<String>,
    /// Chooses another.
    on_choose: impl Fn(&'static str) + Copy + Send + 'static,
) -> impl IntoView {
    let words: Vec<&'static str> = tabs.iter().map(|(word, _)| *word).collect();
    let step = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => words.len().saturating_sub(1),
            _ => return,
        };
        let at = words.iter().position(|word| *word == chosen.get_untracked()).unwrap_or_default();
        if let Some(next) = words.get((at + by) % words.len().max(1)) {
            event.prevent_default();
            on_choose(next);
            page::focus(&format!("[role=tab][data-tab={next}]"));
        }
    };
    let buttons = tabs.into_iter().map(|(word, title)| {
        let is_chosen = move || chosen.get() == word;
        view! {
            <button
                type="button"
                role="tab"
                class="tab"
                data-tab=word
                aria-selected=move || is_chosen().to_string()
                tabindex=move || if is_chosen() { "0" } else { "-1" }
                on:click=move |_| on_choose(word)
            >
                {title}
            </button>
        }
    });
    view! {
        <div class="tabs" role="tablist" aria-label=label on:keydown=step>
            {buttons.collect_view()}
        </div>
    }
}
