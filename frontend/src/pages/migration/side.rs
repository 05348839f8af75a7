//! The files beside the editor: those of the folder, or those of the change that is edited.

use leptos::prelude::*;
use studio_kernel::{review::PersonRole, run::api::Migrations};

use crate::{
    api,
    browser::page,
    components::{FileBadge, Glyph, Icon, Skeleton},
    routes::Route,
    state::{filter::Group, remote::Remote, session::Session, wording::file_name},
};

/// The list; it can be folded away.
#[component]
pub(super) fn FileSide(
    /// The file that is open.
    current: String,
    /// The change it is edited in.
    change: Option<i64>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let set = Remote::new(api::migrations);
    let current = StoredValue::new(current);
    let change = change.map(|id| id.to_string()).unwrap_or_default();
    let change = StoredValue::new(change);
    let group = move |set: &Migrations, group: Group| {
        let files = set.files.iter().filter(|file| Group::of(file.role) == group).map(|file| {
            let href = Route::Migration(file.path.clone()).href_with(&[("change", &change.get_value())]);
            let is_current = current.with_value(|current| *current == file.path).then_some("page");
            view! {
                <li data-row="true">
                    <a class="bench-file" data-row-link="true" href=href aria-current=is_current title=file.path.clone()>
                        <span>{file_name(&file.path).to_owned()}</span>
                        <FileBadge state=file.state brief=true/>
                    </a>
                </li>
            }
        });
        let files = files.collect_view();
        (!files.is_empty()).then(|| view! { <h3>{group.title()}</h3> <ul>{files}</ul> })
    };
    view! {
        <details class="bench-side" open=page::is_wide()>
            <summary><Icon glyph=Glyph::Chevron/> "Files"</summary>
            <nav aria-label="Files">
                {move || match set.with(|set| Group::ALL.map(|each| group(set, each)).collect_view()) {
                    Some(groups) => groups.into_any(),
                    None => view! { <Skeleton rows=6/> }.into_any(),
                }}
                {move || session.allows(PersonRole::Author).then(|| view! {
                    <a class="button" href=Route::Migration("new".to_owned()).href()>
                        <Icon glyph=Glyph::Plus/> "New migration"
                    </a>
                })}
            </nav>
        </details>
    }
}
