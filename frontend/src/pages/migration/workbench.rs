//! The editor with what belongs to it: the draft in this browser, the linter's findings, saving.

use std::{sync::Arc, time::Duration};

use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*};
use studio_kernel::{review::PersonRole, text::LineIndex};

use super::{Opened, panel::Panel, save::SaveDialog};
use crate::{
    browser::{linter::Linter, storage},
    components::{Button, FileBadge, Glyph, Icon, Look},
    editor::{Command, Marked, SqlEditor},
    routes::Route,
    state::{
        draft::{Draft, Opening},
        session::Session,
    },
};

/// After the last key press; a draft is at most this old.
const KEEP_AFTER: Duration = Duration::from_millis(400);

/// Editor and panel.
#[component]
pub(super) fn Workbench(
    /// What is edited.
    opened: Opened,
    /// Where to begin, from 1.
    line: Option<usize>,
) -> impl IntoView {
    let linter = expect_context::<Linter>();
    let change = opened.change.map(|(id, _)| id);
    let key = StoredValue::new(Draft::key(&opened.path, change));
    let stored = storage::get(&key.get_value());
    let opening = Draft::opening(stored.as_deref(), &opened.text, &opened.sha256);
    let first = match &opening {
        Opening::Plain => opened.text.clone(),
        Opening::Restored(text) | Opening::Diverged(text) => text.clone(),
    };
    let text = RwSignal::new(first.clone());
    let opening = RwSignal::new(opening);
    let saving = RwSignal::new(false);
    let begin = line.and_then(|line| LineIndex::new(&first).line(&first, line));
    let command = RwSignal::new(begin.map(Command::Reveal));
    let opened = StoredValue::new(opened);
    let edited = Memo::new(move |_| opened.with_value(|opened| text.with(|text| *text != opened.text)));

    let path = opened.with_value(|opened| opened.path.clone());
    linter.analyse(&path, Arc::from(first.as_str()));
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let keep = move || {
        timer.set_value(None);
        let draft =
            opened.with_value(|opened| Draft { base: opened.sha256.clone(), text: text.get_untracked() });
        key.with_value(|key| {
            if edited.get_untracked() {
                storage::set(key, &draft.encode());
            } else {
                storage::remove(key);
            }
        });
    };
    // Leaving within the pause keeps the last key press as well.
    let stop_timer = move || {
        let waiting = timer.try_update_value(Option::take).flatten();
        waiting.map(|handle| handle.clear())
    };
    let keep_now = move || {
        if stop_timer().is_some() {
            keep();
        }
    };
    on_cleanup(keep_now);
    let leaving = window_event_listener(ev::pagehide, move |_| keep_now());
    on_cleanup(move || leaving.remove());
    // What is proposed or discarded needs no draft any more.
    let forget = Callback::new(move |()| {
        let _ = stop_timer();
        key.with_value(|key| storage::remove(key));
    });
    let elsewhere = RwSignal::new(false);
    storage::watch(key.get_value(), move |written| elsewhere.set(written));
    let changed = Callback::new(move |typed: String| {
        linter.analyse(&opened.with_value(|opened| opened.path.clone()), Arc::from(typed.as_str()));
        text.set(typed);
        let _ = stop_timer();
        timer.set_value(set_timeout_with_handle(keep, KEEP_AFTER).ok());
    });
    let session = expect_context::<Session>();
    let may_write = Memo::new(move |_| session.allows(PersonRole::Author));
    let save = Callback::new(move |_: String| saving.set(may_write.get_untracked()));
    let discard = move |_| {
        forget.run(());
        opening.set(Opening::Plain);
        let original = opened.with_value(|opened| opened.text.clone());
        linter.analyse(&opened.with_value(|opened| opened.path.clone()), Arc::from(original.as_str()));
        text.set(original);
    };
    let analysed = linter.analysed();
    let path_of_marks = path.clone();
    let findings = Signal::derive(move || {
        let of_this = analysed.get().filter(|analysed| analysed.path == path_of_marks);
        of_this
            .map(|analysed| Marked {
                text: analysed.text.clone(),
                findings: analysed.analysis.report.findings.clone(),
            })
            .unwrap_or_default()
    });
    let state = opened.with_value(|opened| opened.state);
    view! {
        <DraftNotice opening/>
        {move || elsewhere.get().then(|| view! {
            <div class="notice" data-tint="caution" role="status" data-test="edited-elsewhere">
                <Icon glyph=Glyph::Warning/>
                <p>"This file is edited in another tab, too. The tab that types last keeps its text as the draft."</p>
            </div>
        })}
        <div class="bench-bar">
            {state.map(|state| view! { <FileBadge state/> })}
            {change.map(|id| view! {
                <a class="chip" href=Route::Change(id).href()>"in change #" {id}</a>
            })}
            <span class="muted" role="status" data-test="draft-state">
                {move || match (may_write.get(), edited.get()) {
                    (false, _) => "Only read: proposing a change needs the role author",
                    (true, true) => "Edited; the draft is kept in this browser",
                    (true, false) => "No edits",
                }}
            </span>
            <span class="bench-actions">
                {move || edited.get().then(|| view! {
                    <Button on_press=discard glyph=Glyph::Undo>"Discard edits"</Button>
                })}
                {move || may_write.get().then(|| view! {
                    <Button on_press=move |_| saving.set(true) look=Look::Primary glyph=Glyph::Changes test="save">
                        {if change.is_some() { "Save revision…" } else { "Propose change…" }}
                    </Button>
                })}
            </span>
        </div>
        <div class="bench-panes">
            <SqlEditor
                text
                label=path.clone()
                read_only=Signal::derive(move || !may_write.get())
                findings
                names=linter.names()
                command=Signal::derive(move || command.get())
                session=key.get_value()
                on_change=changed
                on_save=save
            />
            <Panel path original=opened.with_value(|opened| opened.text.clone()) text command/>
        </div>
        <SaveDialog open=saving opened text on_saved=forget/>
    }
}

#[component]
fn DraftNotice(opening: RwSignal<Opening>) -> impl IntoView {
    move || {
        let words = match opening.get() {
            Opening::Plain => return None,
            Opening::Restored(_) => "Your draft is restored from this browser.",
            Opening::Diverged(_) => {
                "Your draft is restored, but the file changed since you began. \
                 Look at the edits before you propose them, or discard them."
            }
        };
        Some(view! {
            <div class="notice" data-tint="accent" role="status" data-test="draft-restored">
                <Icon glyph=Glyph::Info/>
                <p>{words}</p>
                <Button on_press=move |_| opening.set(Opening::Plain) look=Look::Quiet>"Dismiss"</Button>
            </div>
        })
    }
}
