//! Waiting and repeating, ended with the component that asked.

use std::time::Duration;

use js_sys::Promise;
use leptos::{leptos_dom::helpers::set_interval_with_handle, prelude::*};
use wasm_bindgen_futures::JsFuture;

/// Calls `tick` again and again until the component is gone.
pub(crate) fn every(period: Duration, tick: impl Fn() + 'static) {
    if let Ok(handle) = set_interval_with_handle(tick, period) {
        on_cleanup(move || handle.clear());
    }
}

/// Waits.
pub(crate) async fn sleep(duration: Duration) {
    let millis = i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
        }
    });
    let _ = JsFuture::from(promise).await;
}
