//! The shortcut sheet, drawn from the same registry that the key handler reads.

use leptos::prelude::*;

use super::keyboard::Keyboard;
use crate::{browser::keys, components::Dialog, state::commands::COMMANDS};

/// The dialog.
#[component]
pub(super) fn ShortcutSheet(
    /// Whether it is shown.
    open: RwSignal<bool>,
    /// Its setting for single keys.
    keyboard: Keyboard,
) -> impl IntoView {
    view! {
        <Dialog open on_close=Callback::new(move |()| open.set(false)) title="Keyboard shortcuts">
            <dl class="shortcuts">
                {COMMANDS.iter().filter(|command| !command.keys.is_empty()).map(|command| {
                    let keys = command.keys.iter().map(|key| {
                        let shown = key.replace("mod+", &format!("{} ", keys::command_key()));
                        view! { <kbd>{shown}</kbd> }
                    });
                    view! {
                        <div>
                            <dt>{command.title}</dt>
                            <dd>{keys.collect_view()}</dd>
                        </div>
                    }
                }).collect_view()}
                <div>
                    <dt>"In the editor: propose the edits"</dt>
                    <dd><kbd>{format!("{} S", keys::command_key())}</kbd></dd>
                </div>
                <div><dt>"In the editor: leave with the keyboard"</dt><dd><kbd>"Esc"</kbd><kbd>"Tab"</kbd></dd></div>
                <div><dt>"In the editor: next and previous finding"</dt><dd><kbd>"F8"</kbd><kbd>"Shift F8"</kbd></dd></div>
            </dl>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || keyboard.single_keys()
                    on:change=move |event| keyboard.set_single_keys(event_target_checked(&event))
                />
                "Shortcuts of single keys, such as j, k and g m"
            </label>
        </Dialog>
    }
}
