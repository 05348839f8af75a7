//! What happens when the app itself breaks: the reason goes to the console, and the page says so with a way
//! on. A wasm module does not recover from a panic.

/// To be called once, first.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        if let Some(body) =
            web_sys::window().and_then(|window| window.document()).and_then(|document| document.body())
        {
            // The style sheet shows the notice that stands ready in the page.
            let _ = body.dataset().set("broken", "true");
        }
    }));
}
