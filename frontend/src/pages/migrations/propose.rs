//! Proposing files of the folder for review, as they are.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use studio_kernel::{
    migration::SourceFile,
    run::api::{ApiError, FileState, MigrationSummary, Migrations, OpenChange},
};

use crate::{
    api,
    components::{Dialog, Form, Glyph, Icon, Sending},
    routes::Route,
    state::wording::file_name,
};

/// The dialog.
#[component]
pub(super) fn ProposeDialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
    /// What is proposed.
    chosen: RwSignal<BTreeSet<String>>,
    /// The set, for the rollbacks and validations of what is chosen.
    files: RwSignal<Migrations>,
) -> impl IntoView {
    view! {
        <Dialog open on_close=Callback::new(move |()| open.set(false)) title="Propose for review">
            <ProposeForm chosen files/>
        </Dialog>
    }
}

#[component]
fn ProposeForm(chosen: RwSignal<BTreeSet<String>>, files: RwSignal<Migrations>) -> impl IntoView {
    let navigate = use_navigate();
    let with_companions = RwSignal::new(true);
    let companions = Memo::new(move |_| files.with(|set| companions(set, &chosen.get())));
    let paths = Signal::derive(move || {
        let mut paths: Vec<String> = chosen.get().into_iter().collect();
        if with_companions.get() {
            paths.extend(companions.get());
        }
        paths
    });
    let first_title = chosen.with_untracked(|chosen| {
        let names: Vec<&str> = chosen.iter().map(|path| plain_name(path)).collect();
        format!("Apply {}", names.join(", "))
    });
    let title = RwSignal::new(first_title.chars().take(120).collect::<String>());
    let description = RwSignal::new(String::new());
    let sending = Sending::new();
    let submit = move || {
        let navigate = navigate.clone();
        let paths = paths.get_untracked();
        let (title, description) = (title.get_untracked(), description.get_untracked());
        let request = async move {
            let files = texts(&paths).await?;
            api::open_change(OpenChange { title, description, files }).await
        };
        sending.send(request, move |change| {
            navigate(&Route::Change(change.id).href(), NavigateOptions::default());
        });
    };
    view! {
        <Form sending on_submit=submit submit="Propose for review">
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
            <label class="field">
                <span class="field-label">"Description " <span class="muted">"(optional)"</span></span>
                <textarea
                    class="field-input"
                    name="description"
                    rows="3"
                    prop:value=description
                    on:input=move |event| description.set(event_target_value(&event))
                ></textarea>
            </label>
            {move || {
                let number = companions.with(Vec::len);
                (number > 0).then(|| view! {
                    <label class="check">
                        <input
                            type="checkbox"
                            prop:checked=with_companions
                            on:change=move |event| with_companions.set(event_target_checked(&event))
                        />
                        "Take their rollbacks and validations along: a dry run proves the whole"
                    </label>
                })
            }}
            {move || {
                let edited = files.with(|set| edited(set, &chosen.get()));
                (!edited.is_empty()).then(|| view! {
                    <div class="notice" data-tint="caution" role="status">
                        <Icon glyph=Glyph::Warning/>
                        <p>
                            "An applied version never runs again, and this one was applied with other bytes: "
                            <code>{edited.join(", ")}</code> ". Put the edit into a new migration."
                        </p>
                    </div>
                })
            }}
            <p class="field-label">"Files, in the order they run"</p>
            <ol class="file-list">
                {move || paths.get().into_iter().map(|path| view! { <li><code>{path}</code></li> }).collect_view()}
            </ol>
        </Form>
    }
}

/// The texts of files, as the server has them now.
async fn texts(paths: &[String]) -> Result<Vec<SourceFile>, ApiError> {
    let sources = api::sources().await?;
    paths
        .iter()
        .map(|path| {
            let found = sources.files.iter().find(|file| file.path == *path);
            found.cloned().ok_or_else(|| ApiError {
                code: "no-such-file".to_owned(),
                message: format!("{path} is no longer in the folder."),
                help: "Reload the list and choose again.".to_owned(),
                ..ApiError::default()
            })
        })
        .collect()
}

/// Those of the chosen files that the target has with other bytes.
fn edited(set: &Migrations, chosen: &BTreeSet<String>) -> Vec<String> {
    let edited = |file: &&MigrationSummary| file.state == FileState::Edited && chosen.contains(&file.path);
    set.files.iter().filter(edited).map(|file| file_name(&file.path).to_owned()).collect()
}

/// Rollbacks and validations of the chosen files that are not chosen themselves.
fn companions(set: &Migrations, chosen: &BTreeSet<String>) -> Vec<String> {
    let taken = set.files.iter().filter(|file| chosen.contains(&file.path));
    let all: BTreeSet<String> = taken
        .flat_map(|file| file.rollback.iter().chain(&file.validation))
        .filter(|path| !chosen.contains(*path))
        .cloned()
        .collect();
    all.into_iter().collect()
}

/// `add_workflow_system` of `20250801000300_add_workflow_system.sql`.
fn plain_name(path: &str) -> &str {
    let name = file_name(path);
    let name = name.strip_suffix(".sql").unwrap_or(name);
    name.trim_start_matches(|character: char| character.is_ascii_digit()).trim_start_matches('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_names_files_without_their_versions() {
        assert_eq!(plain_name("20250801000300_add_x.sql"), "add_x");
        assert_eq!(plain_name("rollback/rollback_x.sql"), "rollback_x");
    }
}
