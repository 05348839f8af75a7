//! Small values that outlive the page. A full or forbidden storage loses them and breaks nothing.

use leptos::{ev, leptos_dom::helpers::window_event_listener, prelude::on_cleanup};

fn local() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// What was kept under this key.
pub(crate) fn get(key: &str) -> Option<String> {
    local()?.get_item(key).ok().flatten()
}

/// Keeps a value; `false` when the browser refuses.
pub(crate) fn set(key: &str, value: &str) -> bool {
    local().is_some_and(|storage| storage.set_item(key, value).is_ok())
}

/// Calls `hear` when another tab writes (`true`) or forgets (`false`) a value, for as long as the calling component
/// lives.
pub(crate) fn watch(key: String, hear: impl Fn(bool) + 'static) {
    let written = window_event_listener(ev::Custom::new("storage"), move |event: web_sys::StorageEvent| {
        if event.key().as_ref() == Some(&key) {
            hear(event.new_value().is_some());
        }
    });
    on_cleanup(move || written.remove());
}

/// Forgets a value.
pub(crate) fn remove(key: &str) {
    if let Some(storage) = local() {
        let _ = storage.remove_item(key);
    }
}

/// Forgets every value of this page, whoever kept it.
pub(crate) fn clear() {
    if let Some(storage) = local() {
        let _ = storage.clear();
    }
}
