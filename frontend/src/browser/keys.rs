//! Key presses as words that a shortcut registry can compare.

use leptos::ev::KeyboardEvent;
use wasm_bindgen::JsCast;

/// A key press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Press {
    /// As in `KeyboardEvent.key`, single letters in lower case.
    pub key: String,
    /// Ctrl, or Command on a Mac.
    pub command: bool,
    /// The person is writing: a field, an editor or a list box has the focus.
    pub writing: bool,
    /// A modal dialog is open.
    pub in_dialog: bool,
}

/// Reads a key press. Alt combinations write characters on many layouts and are never shortcuts.
pub(crate) fn read(event: &KeyboardEvent) -> Option<Press> {
    if event.alt_key() || event.is_composing() {
        return None;
    }
    let key = event.key();
    let key = if key.chars().count() == 1 { key.to_lowercase() } else { key };
    Some(Press {
        key,
        command: event.ctrl_key() || event.meta_key(),
        writing: event.target().is_some_and(|target| is_text_field(&target)),
        in_dialog: open_dialog(),
    })
}

fn is_text_field(target: &web_sys::EventTarget) -> bool {
    target.dyn_ref::<web_sys::Element>().is_some_and(|element| {
        let field = "input, textarea, select, [contenteditable='true'], .cm-editor";
        element.closest(field).ok().flatten().is_some()
    })
}

fn open_dialog() -> bool {
    web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector("dialog[open]").ok().flatten())
        .is_some()
}

/// How the command key is written on this machine.
pub(crate) fn command_key() -> &'static str {
    let platform = web_sys::window().and_then(|window| window.navigator().platform().ok());
    if platform.is_some_and(|platform| platform.starts_with("Mac") || platform.starts_with("iP")) {
        "⌘"
    } else {
        "Ctrl"
    }
}
