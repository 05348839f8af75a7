//! Copies text.

use wasm_bindgen_futures::JsFuture;

/// Whether the text is on the clipboard now. Browsers refuse without a gesture or outside a secure context.
pub(crate) async fn copy(text: &str) -> bool {
    let Some(window) = web_sys::window() else {
        return false;
    };
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}
