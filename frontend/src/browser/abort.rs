//! Aborts a request when nobody waits for it any more.

use web_sys::{AbortController, AbortSignal};

/// Aborts its request on drop; after the answer was read that has no effect.
pub(crate) struct AbortOnDrop {
    controller: Option<AbortController>,
    signal: Option<AbortSignal>,
}

impl AbortOnDrop {
    /// For one request. In a browser without abort controllers requests run to their end.
    pub(crate) fn new() -> Self {
        let controller = AbortController::new().ok();
        let signal = controller.as_ref().map(AbortController::signal);
        Self { controller, signal }
    }

    /// For the request.
    pub(crate) fn signal(&self) -> Option<&AbortSignal> {
        self.signal.as_ref()
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.controller {
            controller.abort();
        }
    }
}
