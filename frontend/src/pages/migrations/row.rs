//! A file of the set as a row.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use studio_kernel::{
    migration::Role,
    review::PersonRole,
    run::api::{MadeObject, MigrationSummary, StartValidation},
};

use crate::{
    api,
    components::{Button, FileBadge, FindingCounts, Glyph, When},
    routes::Route,
    state::{session::Session, toasts::Toasts, wording},
};

/// Objects named before the rest is counted.
const NAMED: usize = 2;

/// The row.
#[component]
pub(super) fn FileRow(
    /// The file.
    file: MigrationSummary,
    /// The files selected for a proposal.
    chosen: RwSignal<BTreeSet<String>>,
) -> impl IntoView {
    let path = StoredValue::new(file.path.clone());
    let label = format!("Select {}", file.path);
    let href = Route::Migration(file.path.clone()).href();
    let name = wording::file_name(&file.path).to_owned();
    let shown_path = file.path.clone();
    let is_chosen = Memo::new(move |_| chosen.with(|chosen| path.with_value(|path| chosen.contains(path))));
    let changes = file.changes.iter().map(|id| {
        view! { <a class="chip" href=Route::Change(*id).href()>"#" {*id}</a> }
    });
    let choose = move |event| {
        let on = event_target_checked(&event);
        chosen.update(|chosen| {
            if on {
                chosen.insert(path.get_value());
            } else {
                chosen.remove(&path.get_value());
            }
        });
    };
    let session = expect_context::<Session>();
    let may_write = move || session.allows(PersonRole::Author);
    let checks = matches!(file.role, Role::Validation | Role::Test);
    let applied = file.applied_at.clone().map(|at| view! { <When at/> });
    view! {
        <tr class="row" data-row="true" data-path=shown_path data-state=file.state.as_str()>
            <td class="cell-check">
                {move || may_write().then(|| view! {
                    <input
                        type="checkbox"
                        aria-label=label.clone()
                        prop:checked=is_chosen
                        on:change=choose
                    />
                })}
            </td>
            <td class="cell-file" data-label="File">
                <a class="file-link" data-row-link="true" href=href>
                    {name}
                </a>
                <p class="purpose">{file.purpose}</p>
            </td>
            <td data-label="State"><FileBadge state=file.state/> {applied}</td>
            <td data-label="Role" class="muted">{file.role.as_str()}</td>
            <td data-label="Creates"><Made objects=file.makes/></td>
            <td data-label="Findings"><FindingCounts counts=file.findings/></td>
            <td data-label="Changes">{changes.collect_view()}</td>
            <td class="cell-actions">
                <Show when=move || checks && may_write()>
                    <Validate path=path.get_value()/>
                </Show>
            </td>
        </tr>
    }
}

/// The first objects by name, the rest as a number with all names on hover.
#[component]
fn Made(objects: Vec<MadeObject>) -> impl IntoView {
    let more = objects.len().saturating_sub(NAMED);
    let all: Vec<String> = objects.iter().map(|object| format!("{} {}", object.kind, object.name)).collect();
    let named = objects.into_iter().take(NAMED).map(|object| {
        view! {
            <span class="chip" data-object=object.kind.as_str() title=object.kind.as_str()>{object.name}</span>
        }
    });
    let all = all.join("\n");
    view! {
        <span class="chips">
            {named.collect_view()}
            {(more > 0).then(|| view! { <span class="chip" data-more="true" title=all>"+" {more}</span> })}
        </span>
    }
}

/// Runs a validation on the target, at once: it leaves nothing behind.
#[component]
fn Validate(path: String) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let navigate = use_navigate();
    let busy = RwSignal::new(false);
    let label = format!("Run {path} on the target");
    let path = StoredValue::new(path);
    let run = move |_| {
        busy.set(true);
        let navigate = navigate.clone();
        leptos::task::spawn_local(async move {
            match api::validate(StartValidation { path: path.get_value() }).await {
                Ok(run) => navigate(&Route::Run(run.id).href(), NavigateOptions::default()),
                Err(error) => toasts.refused(&error),
            }
            let _ = busy.try_set(false);
        });
    };
    view! { <Button on_press=run busy glyph=Glyph::Play hint=label test="validate">"Run check"</Button> }
}
