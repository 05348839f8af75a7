//! `<SqlEditor>`: CodeMirror behind Leptos signals and callbacks, spans in bytes.
//! It neither lints nor saves; a page connects it to the linter and to drafts.

mod bridge;
mod offsets;

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::{html, prelude::*};
use studio_kernel::text::Span;
use wasm_bindgen_futures::spawn_local;

use crate::browser::meta::meta;
use bridge::{Bridge, Callbacks, Module, Options};
use offsets::Known;
pub(crate) use offsets::Marked;

/// What a page tells an editor to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Select these bytes of the text shown, scroll to them, take the focus.
    Reveal(Span),
    /// Apply the fix of the finding with this index, as one undo step. Nothing happens when it has none, when the
    /// editor is read-only, or when the text moved on.
    Fix(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Loading,
    Ready,
    Failed(String),
}

/// Objects by name, each with its columns.
type Names = BTreeMap<String, Vec<String>>;

/// An SQL editor. Until its bundle is there, and if it cannot be had, the text is readable all the same.
#[component]
pub(crate) fn SqlEditor(
    /// What is shown. A value that the person did not just type replaces the text.
    #[prop(into)]
    text: Signal<String>,
    /// For screen readers: "20250801000000_complete_setup.sql".
    #[prop(into)]
    label: String,
    /// For viewing.
    #[prop(into, default = false.into())]
    read_only: Signal<bool>,
    /// What is underlined. Findings of another text than the one shown wait.
    #[prop(into, optional)]
    findings: Option<Signal<Marked>>,
    /// Names for completion.
    #[prop(into, optional)]
    names: Option<Signal<Arc<Names>>>,
    /// What to do; each new value is done once.
    #[prop(into, optional)]
    command: Option<Signal<Option<Command>>>,
    /// Undo history survives leaving and coming back under the same key.
    #[prop(into, optional)]
    session: String,
    /// Tab indents. Otherwise it leaves the editor, as everywhere; Esc, then Tab leaves always.
    #[prop(optional)]
    tab_indents: bool,
    /// The person changed the text.
    #[prop(into, optional)]
    on_change: Option<Callback<String>>,
    /// Mod+S, with the text.
    #[prop(into, optional)]
    on_save: Option<Callback<String>>,
    /// The cursor moved to this byte.
    #[prop(into, optional)]
    on_cursor: Option<Callback<usize>>,
) -> impl IntoView {
    let host = NodeRef::<html::Div>::new();
    let phase = RwSignal::new(Phase::Loading);
    let attempt = RwSignal::new(0_u32);
    let bridge = StoredValue::<Option<Bridge>, LocalStorage>::new_local(None);
    let known = StoredValue::new_local(Known::new(String::new()));

    let callbacks = move || {
        let changed = move |text: String| {
            let _ = known.try_update_value(|known| *known = Known::new(text.clone()));
            if let Some(on_change) = on_change {
                on_change.run(text);
            }
        };
        let saved = move |text| {
            if let Some(on_save) = on_save {
                on_save.run(text);
            }
        };
        let moved = move |unit| {
            if let (Some(on_cursor), Some(byte)) = (on_cursor, known.try_with_value(|known| known.byte(unit)))
            {
                on_cursor.run(byte);
            }
        };
        Callbacks::new(changed, saved, moved)
    };
    let mount = move |module: &Module| {
        // The page may be gone by the time the bundle is there.
        let (Some(Some(parent)), Some(text)) = (host.try_get_untracked(), text.try_get_untracked()) else {
            return Ok(());
        };
        let options = Options {
            text: &text,
            read_only: read_only.get_untracked(),
            label: &label,
            session: &session,
            tab_indents,
            nonce: &meta("studio:nonce").unwrap_or_default(),
        };
        let made = Bridge::create(module, &parent, &options, callbacks())?;
        known.set_value(Known::new(text));
        bridge.set_value(Some(made));
        phase.set(Phase::Ready);
        Ok(())
    };
    let mount = StoredValue::new_local(mount);
    Effect::new(move |_| {
        let attempt = attempt.get();
        spawn_local(async move {
            let loaded = match meta("studio:editor-js") {
                Some(url) => bridge::load(&url, attempt).await,
                None => Err("the page does not say where it is".to_owned()),
            };
            let done =
                loaded.and_then(|module| mount.try_with_value(|mount| mount(&module)).unwrap_or(Ok(())));
            if let Err(why) = done {
                let _ = phase.try_set(Phase::Failed(why));
            }
        });
    });
    on_cleanup(move || {
        let _ = bridge.try_update_value(Option::take);
    });

    let with = move |act: &dyn Fn(&Bridge)| {
        if phase.with(|phase| *phase == Phase::Ready) {
            bridge.with_value(|bridge| bridge.iter().for_each(act));
        }
    };
    Effect::new(move |_| {
        let shown = text.get();
        with(&|bridge| {
            if known.with_value(|known| known.is(&shown)) {
                return;
            }
            bridge.set_text(&shown);
            known.set_value(Known::new(shown.clone()));
        });
    });
    Effect::new(move |_| {
        let read_only = read_only.get();
        with(&|bridge| bridge.set_read_only(read_only));
    });
    if let Some(findings) = findings {
        Effect::new(move |_| {
            let marks = findings.with(|marked| known.with_value(|known| known.marks(marked)));
            with(&|bridge| marks.iter().for_each(|marks| bridge.set_findings(marks)));
        });
    }
    if let Some(names) = names {
        Effect::new(move |_| {
            let names = names.with(|names| serde_json::to_string(&**names).unwrap_or_default());
            with(&|bridge| bridge.set_names(&names));
        });
    }
    if let Some(command) = command {
        Effect::new(move |_| {
            let Some(command) = command.get() else { return };
            with(&|bridge| match command {
                Command::Reveal(span) => bridge.reveal(known.with_value(|known| known.units(span))),
                Command::Fix(index) => {
                    bridge.fix(index);
                }
            });
        });
    }

    view! {
        <div class="sql-editor" data-test="sql-editor">
            <div class="sql-editor-host" node_ref=host></div>
            <Show when=move || phase.with(|phase| *phase != Phase::Ready)>
                <div class="sql-editor-plain">
                    {move || match phase.get() {
                        Phase::Failed(why) => Some(view! {
                            <div class="sql-editor-failed" role="alert">
                                <p>
                                    "The editor could not be loaded: " {why}
                                    ". The text can be read below, but not changed."
                                </p>
                                <button
                                    type="button"
                                    on:click=move |_| {
                                        phase.set(Phase::Loading);
                                        attempt.update(|attempt| *attempt += 1);
                                    }
                                >
                                    "Try again"
                                </button>
                            </div>
                        }),
                        _ => None,
                    }}
                    <pre class="sql-editor-skeleton" tabindex="0">{move || text.get()}</pre>
                </div>
            </Show>
        </div>
    }
}
