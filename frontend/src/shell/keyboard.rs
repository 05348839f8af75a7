//! Key presses of the whole page, and what the commands of the registry do.

use leptos::{leptos_dom::helpers::window_event_listener, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    browser::{keys, page, storage, theme::Theme},
    state::commands::{Action, Sequence},
};

const SINGLE_KEYS: &str = "studio.single-keys";

/// The rows that `j` and `k` walk through.
const ROWS: &str = "[data-row] a[data-row-link], [data-row] button[data-row-link]";

/// What the keyboard opens and is set to.
#[derive(Clone, Copy)]
pub(crate) struct Keyboard {
    pub palette: RwSignal<bool>,
    pub sheet: RwSignal<bool>,
    pub theme: RwSignal<Theme>,
    single_keys: RwSignal<bool>,
}

impl Keyboard {
    /// As this browser keeps it.
    pub(crate) fn new() -> Self {
        Self {
            palette: RwSignal::new(false),
            sheet: RwSignal::new(false),
            theme: RwSignal::new(Theme::stored()),
            single_keys: RwSignal::new(storage::get(SINGLE_KEYS).as_deref() != Some("off")),
        }
    }

    /// Whether shortcuts of single keys work.
    pub(crate) fn single_keys(self) -> bool {
        self.single_keys.get()
    }

    /// Turns them on or off, for this browser.
    pub(crate) fn set_single_keys(self, on: bool) {
        self.single_keys.set(on);
        storage::set(SINGLE_KEYS, if on { "on" } else { "off" });
    }

    /// The next choice of colours.
    pub(crate) fn next_theme(self) {
        let next = self.theme.get_untracked().next();
        next.apply();
        self.theme.set(next);
    }

    /// Does what a command says; `go` leads to an address.
    pub(crate) fn run(self, action: Action, go: &impl Fn(&str)) {
        if let Some(route) = action.route() {
            go(&route.href());
            return;
        }
        match action {
            Action::Palette => self.palette.update(|open| *open = !*open),
            Action::Shortcuts => self.sheet.set(true),
            Action::Next => page::step_focus(ROWS, 1),
            Action::Previous => page::step_focus(ROWS, -1),
            Action::Search => page::focus("[data-search]"),
            Action::Theme => self.next_theme(),
            _ => {}
        }
    }
}

/// Hears every key press for as long as the shell is in the page.
pub(super) fn listen(keyboard: Keyboard) {
    let navigate = use_navigate();
    let sequence = StoredValue::new(Sequence::default());
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        let Some(press) = keys::read(&event) else {
            return;
        };
        let single_keys = keyboard.single_keys.get_untracked();
        let action = sequence.try_update_value(|sequence| sequence.press(&press, single_keys));
        if let Some(Some(action)) = action {
            event.prevent_default();
            keyboard.run(action, &|href| navigate(href, NavigateOptions::default()));
        }
    });
    on_cleanup(move || handle.remove());
}
