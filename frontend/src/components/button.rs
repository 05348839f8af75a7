//! Buttons and links that look like buttons.

use leptos::{ev::MouseEvent, prelude::*};

use super::{Glyph, Icon};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Look {
    /// The one thing to do here.
    Primary,
    /// One of several.
    #[default]
    Plain,
    /// In a row or a bar, without a border.
    Quiet,
    /// Cannot be taken back.
    Danger,
}

impl Look {
    /// As an attribute, for the buttons that submit a form.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Plain => "plain",
            Self::Quiet => "quiet",
            Self::Danger => "danger",
        }
    }
}

/// A button. While `busy` it says so and cannot be pressed again.
#[component]
pub(crate) fn Button(
    /// What pressing it does.
    on_press: impl Fn(MouseEvent) + 'static,
    /// How it looks.
    #[prop(optional)]
    look: Look,
    /// Before the text.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// Cannot be pressed; say why with `hint`.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// What it does is under way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Shown on hover and read after the name.
    #[prop(optional, into)]
    hint: Signal<String>,
    /// For tests.
    #[prop(optional, into)]
    test: Option<&'static str>,
    /// Its text.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button"
            data-look=look.as_str()
            data-test=test
            disabled=move || disabled.get() || busy.get()
            aria-busy=move || busy.get().then_some("true")
            title=move || Some(hint.get()).filter(|hint| !hint.is_empty())
            on:click=on_press
        >
            {move || {
                let shown = if busy.get() { Some(Glyph::Spinner) } else { glyph };
                shown.map(|glyph| view! { <Icon glyph/> })
            }}
            {children()}
        </button>
    }
}

/// A link that looks like a button.
#[component]
pub(crate) fn LinkButton(
    /// Where it leads.
    #[prop(into)]
    href: Signal<String>,
    /// How it looks.
    #[prop(optional)]
    look: Look,
    /// Before the text.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// Its text.
    children: Children,
) -> impl IntoView {
    view! {
        <a class="button" data-look=look.as_str() href=href>
            {glyph.map(|glyph| view! { <Icon glyph/> })}
            {children()}
        </a>
    }
}
