//! A field for a password: hidden while it is typed, known to password managers.

use leptos::prelude::*;

/// The field.
#[component]
pub(crate) fn PasswordField(
    /// Its name on the page.
    label: &'static str,
    /// Its name in the form.
    name: &'static str,
    /// What is typed.
    value: RwSignal<String>,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// May be left empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    view! {
        <label class="field">
            <span class="field-label">{label}</span>
            <input
                class="field-input"
                type="password"
                name=name
                autocomplete=autocomplete
                required=!optional
                maxlength="128"
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
            />
            {(autocomplete == "new-password").then(|| view! {
                <span class="muted">"12 to 128 characters, whichever you like."</span>
            })}
        </label>
    }
}
