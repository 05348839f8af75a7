//! From the editor to the review: a change with a title, or the next revision of the change that is edited.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use studio_kernel::{
    migration::SourceFile,
    run::api::{ApiError, Change, OpenChange, Revise},
};

use super::Opened;
use crate::{
    api,
    components::{Dialog, Form, Sending},
    routes::Route,
    state::{toasts::Toasts, wording::file_name},
};

/// The dialog.
#[component]
pub(super) fn SaveDialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
    /// What is edited.
    opened: StoredValue<Opened>,
    /// What is in the editor.
    text: RwSignal<String>,
    /// It is on the server now; the draft has done its work.
    on_saved: Callback<()>,
) -> impl IntoView {
    let title = match opened.with_value(|opened| opened.change) {
        Some((id, _)) => format!("Save a revision of change #{id}"),
        None => "Propose change".to_owned(),
    };
    view! {
        <Dialog open on_close=Callback::new(move |()| open.set(false)) title=Signal::stored(title)>
            <Fields opened text on_saved/>
        </Dialog>
    }
}

#[component]
fn Fields(opened: StoredValue<Opened>, text: RwSignal<String>, on_saved: Callback<()>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let navigate = use_navigate();
    let change = opened.with_value(|opened| opened.change);
    let title = RwSignal::new(String::new());
    let words = RwSignal::new(String::new());
    let sending = Sending::new();
    let submit = move || {
        let navigate = navigate.clone();
        let file =
            SourceFile { path: opened.with_value(|opened| opened.path.clone()), text: text.get_untracked() };
        let (title, words) = (title.get_untracked(), words.get_untracked());
        let request = async move {
            match change {
                Some((id, base)) => revise(id, base, words, file).await,
                None => api::open_change(OpenChange { title, description: words, files: vec![file] }).await,
            }
        };
        sending.send(request, move |change| {
            on_saved.run(());
            toasts.good(format!("Saved as change #{}.", change.id));
            navigate(&Route::Change(change.id).href(), NavigateOptions::default());
        });
    };
    let name = opened.with_value(|opened| file_name(&opened.path).to_owned());
    view! {
        <Form sending on_submit=submit submit=if change.is_some() { "Save revision" } else { "Propose change" }>
            <p class="muted"><code>{name}</code></p>
            {change.is_none().then(|| view! {
                <label class="field">
                    <span class="field-label">"Title"</span>
                    <input
                        class="field-input"
                        name="title"
                        required
                        maxlength="200"
                        autofocus
                        prop:value=title
                        on:input=move |event| title.set(event_target_value(&event))
                    />
                </label>
            })}
            <label class="field">
                <span class="field-label">
                    {if change.is_some() { "What changed " } else { "Description " }}
                    <span class="muted">"(optional)"</span>
                </span>
                <textarea
                    class="field-input"
                    rows="3"
                    prop:value=words
                    on:input=move |event| words.set(event_target_value(&event))
                ></textarea>
            </label>
            {change.is_some().then(|| view! {
                <p class="muted">"Approvals of the revision before become stale."</p>
            })}
            {move || {
                let (id, _) = change.filter(|_| is_conflict(sending))?;
                let path = opened.with_value(|opened| opened.path.clone());
                let href = Route::Migration(path).href_with(&[("change", &id.to_string())]);
                // Read anew, the page finds the draft and what it differs from.
                Some(view! { <p><a href=href rel="external">"Open the newest revision with your draft"</a></p> })
            }}
        </Form>
    }
}

/// Whether somebody else saved a revision in the meantime.
fn is_conflict(sending: Sending) -> bool {
    sending.error.with(|error| error.as_ref().is_some_and(|error| error.code == "stale-revision"))
}

/// A revision holds all files: those of the newest one, with this one put in its place.
async fn revise(id: i64, base: u32, note: String, file: SourceFile) -> Result<Change, ApiError> {
    let change = api::change(id).await?;
    let held = change.revisions.iter().find(|revision| revision.number == base);
    let mut files = Vec::new();
    for other in held.into_iter().flat_map(|revision| &revision.files) {
        if other.path == file.path {
            files.push(file.clone());
        } else {
            files.push(api::revision_text(id, base, &other.path).await?.file);
        }
    }
    if !files.iter().any(|other| other.path == file.path) {
        files.push(file);
    }
    api::revise(id, Revise { base, note, files }).await
}
