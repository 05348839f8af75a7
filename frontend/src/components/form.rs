//! Forms that send something: busy while it is on its way, a refusal beside the button.

use std::future::Future;

use leptos::{ev::SubmitEvent, prelude::*};
use studio_kernel::run::api::ApiError;

use super::{ErrorLine, Look};

/// What became of what a form sent last.
#[derive(Clone, Copy)]
pub(crate) struct Sending {
    /// It is on its way.
    pub busy: RwSignal<bool>,
    /// Why it was refused.
    pub error: RwSignal<Option<ApiError>>,
}

impl Sending {
    /// Nothing was sent yet.
    pub(crate) fn new() -> Self {
        Self { busy: RwSignal::new(false), error: RwSignal::new(None) }
    }

    /// Sends a request; the answer goes to `done`. The form may be gone by then.
    pub(crate) fn send<T: 'static>(
        self,
        request: impl Future<Output = Result<T, ApiError>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        self.busy.set(true);
        self.error.set(None);
        leptos::task::spawn_local(async move {
            match request.await {
                Ok(answer) => done(answer),
                Err(refused) => drop(self.error.try_set(Some(refused))),
            }
            let _ = self.busy.try_set(false);
        });
    }
}

/// Fields, what was refused, and the button that sends them.
#[component]
pub(crate) fn Form(
    /// What it sent last.
    sending: Sending,
    /// Sends the fields.
    on_submit: impl Fn() + 'static,
    /// The button's text.
    #[prop(into)]
    submit: String,
    /// The button's look.
    #[prop(default = Look::Primary)]
    look: Look,
    /// Something is missing yet.
    #[prop(optional, into)]
    blocked: Signal<bool>,
    /// The button, for tests.
    #[prop(optional, into)]
    test: Option<&'static str>,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let Sending { busy, error } = sending;
    let waits = Signal::derive(move || busy.get() || blocked.get());
    let submitted = move |event: SubmitEvent| {
        event.prevent_default();
        if !waits.get_untracked() {
            on_submit();
        }
    };
    view! {
        <form class="form" on:submit=submitted>
            {children()}
            <ErrorLine error/>
            <div class="form-actions">
                <button
                    type="submit"
                    class="button"
                    data-look=look.as_str()
                    data-test=test
                    disabled=waits
                    aria-busy=move || busy.get().then_some("true")
                >
                    {submit}
                </button>
            </div>
        </form>
    }
}
