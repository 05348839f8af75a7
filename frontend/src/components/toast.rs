//! Short messages in a corner, read out politely, never over what has the focus.

use leptos::prelude::*;

use super::{Glyph, Icon};
use crate::state::toasts::{Toasts, Tone};

/// The region that holds them; it is always in the page, so that screen readers listen to it.
#[component]
pub(crate) fn ToastList(
    /// The messages.
    toasts: Toasts,
) -> impl IntoView {
    view! {
        <div class="toasts" role="status" aria-live="polite" data-test="toasts">
            <For each=move || toasts.list() key=|toast| toast.id let:toast>
                <div class="toast" data-tone=toast.tone.as_str()>
                    <Icon glyph=if toast.tone == Tone::Good { Glyph::Check } else { Glyph::Warning }/>
                    <p>{toast.text.clone()}</p>
                    <button
                        type="button"
                        class="button"
                        data-look="quiet"
                        aria-label="Dismiss"
                        on:click=move |_| toasts.close(toast.id)
                    >
                        <Icon glyph=Glyph::Cross/>
                    </button>
                </div>
            </For>
        </div>
    }
}
