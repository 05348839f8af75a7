//! The document and its address.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, VisibilityState};

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}

/// Sets the document's title.
pub(crate) fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// Takes the fragment out of the address, and out of the history with it: a token must not stay there.
pub(crate) fn take_fragment() -> Option<String> {
    let window = web_sys::window()?;
    let location = window.location();
    let fragment = location.hash().ok()?.strip_prefix('#')?.to_owned();
    let address = format!("{}{}", location.pathname().ok()?, location.search().ok()?);
    let state = wasm_bindgen::JsValue::NULL;
    window.history().ok()?.replace_state_with_url(&state, "", Some(&address)).ok()?;
    (!fragment.is_empty()).then_some(fragment)
}

/// Loads the page anew at another address of the studio.
pub(crate) fn load(address: &str) {
    if let Some(window) = web_sys::window() {
        // Refused only for what is no address.
        let _ = window.location().set_href(address);
    }
}

/// Scheme, host and port of the studio.
pub(crate) fn origin() -> String {
    web_sys::window().and_then(|window| window.location().origin().ok()).unwrap_or_default()
}

/// Whether there is room for something beside the content.
pub(crate) fn is_wide() -> bool {
    let query = web_sys::window().and_then(|window| window.match_media("(width >= 900px)").ok().flatten());
    query.is_some_and(|query| query.matches())
}

/// Whether the page is on a screen.
pub(crate) fn is_visible() -> bool {
    document().is_some_and(|document| document.visibility_state() == VisibilityState::Visible)
}

/// Moves the focus to the first element that fits.
pub(crate) fn focus(selector: &str) {
    if let Some(element) = find(selector) {
        let _ = element.focus();
    }
}

/// Selects the whole text of the field an event came from.
pub(crate) fn select_all(event: &web_sys::FocusEvent) {
    let field = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
    if let Some(field) = field {
        field.select();
    }
}

/// Moves the focus among the elements that fit: by so many, stopping at the ends.
pub(crate) fn step_focus(selector: &str, by: i32) {
    let Some(all) = document().and_then(|document| document.query_selector_all(selector).ok()) else {
        return;
    };
    let elements: Vec<HtmlElement> =
        (0..all.length()).filter_map(|at| all.get(at)?.dyn_into().ok()).collect();
    let active = document().and_then(|document| document.active_element());
    let at = elements
        .iter()
        .position(|element| active.as_ref().is_some_and(|active| element.contains(Some(active))));
    let last = elements.len().saturating_sub(1);
    let next = match at {
        None => 0,
        Some(at) => at.saturating_add_signed(by as isize).min(last),
    };
    if let Some(element) = elements.get(next) {
        let _ = element.focus();
    }
}

fn find(selector: &str) -> Option<HtmlElement> {
    let element = document()?.query_selector(selector).ok().flatten()?;
    element.dyn_into().ok()
}
