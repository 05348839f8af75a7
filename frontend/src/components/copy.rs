//! A value to take along: shown whole, selected on focus, copied by a button.

use leptos::prelude::*;

use super::{Button, Glyph};
use crate::browser::{clipboard, page};

/// A read-only field with a copy button.
#[component]
pub(crate) fn CopyField(
    /// What it is, for the field's name.
    #[prop(into)]
    label: String,
    /// The text.
    #[prop(into)]
    value: String,
) -> impl IntoView {
    let copied = RwSignal::new(None::<bool>);
    let text = StoredValue::new(value.clone());
    let copy = move |_| {
        leptos::task::spawn_local(async move {
            let done = clipboard::copy(&text.get_value()).await;
            copied.set(Some(done));
        });
    };
    view! {
        <div class="copy-field">
            <input
                class="field-input"
                readonly
                aria-label=label
                value=value
                on:focus=move |event| page::select_all(&event)
            />
            <Button on_press=copy glyph=Glyph::Copy>
                {move || match copied.get() {
                    None => "Copy",
                    Some(true) => "Copied",
                    Some(false) => "Select and copy it by hand",
                }}
            </Button>
        </div>
    }
}
