//! `/migrations/*path`: one file in the editor. With `?change=12` it is edited inside that change; as
//! `/migrations/new` it is a file that does not exist yet.

mod new_file;
mod panel;
mod save;
mod side;
mod workbench;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use studio_kernel::{
    review::PersonRole,
    run::api::{ApiError, FileState},
};

use crate::{
    api,
    browser::linter::Linter,
    components::{Crumb, EmptyState, Glyph, LinkButton, Loaded, PageHead},
    routes::Route,
    state::{remote::Remote, session::Session, wording::file_name},
};
use new_file::NewFile;
use side::FileSide;
use workbench::Workbench;

/// What is edited and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// Below `migrations/`.
    pub path: String,
    /// The text edits start from.
    pub text: String,
    /// Of that text.
    pub sha256: String,
    /// On the target; `None` for a file that the folder does not have.
    pub state: Option<FileState>,
    /// The change it is edited in, and the revision the edit starts from.
    pub change: Option<(i64, u32)>,
}

/// The line that the address asks for.
fn asked_line() -> Option<usize> {
    use_query_map().with_untracked(|query| query.get("line")).and_then(|line| line.parse().ok())
}

/// The page.
#[component]
pub(crate) fn MigrationPage(
    /// Below `migrations/`; `new` for a file to be named.
    path: String,
) -> impl IntoView {
    let query = use_query_map();
    // The address names the file by more than its path: another change or name is another page.
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let change = query.get("change").and_then(|id| id.parse::<i64>().ok());
            (change, query.get("name"))
        })
    });
    load_linter();
    move || {
        let (change, name) = asked.get();
        view! { <Bench path=path.clone() change name/> }
    }
}

#[component]
fn Bench(path: String, change: Option<i64>, name: Option<String>) -> impl IntoView {
    let session = expect_context::<Session>();
    let is_new = path == "new";
    let path = if is_new { name.unwrap_or_default() } else { path };
    let title = if path.is_empty() { "New migration".to_owned() } else { file_name(&path).to_owned() };
    let mut crumbs = vec![Crumb { title: "Migrations", route: Route::Migrations }];
    if let Some(change) = change {
        crumbs.push(Crumb { title: "Change", route: Route::Change(change) });
    }
    let content = if path.is_empty() {
        view! {
            <Show when=move || session.allows(PersonRole::Author) fallback=needs_author><NewFile/></Show>
        }
        .into_any()
    } else {
        let wanted = StoredValue::new((path.clone(), is_new));
        let opened = Remote::new(move || async move {
            let (path, is_new) = wanted.get_value();
            open(path, is_new, change).await
        });
        view! {
            <Loaded remote=opened rows=12 let:opened>
                <Workbench opened=opened.get_untracked() line=asked_line()/>
            </Loaded>
        }
        .into_any()
    };
    view! {
        <PageHead title=title crumbs/>
        <div class="bench">
            <FileSide current=path change/>
            <div class="bench-main">{content}</div>
        </div>
    }
}

fn needs_author() -> impl IntoView {
    view! {
        <EmptyState glyph=Glyph::Lock title="Writing a migration needs the role author">
            <p>"An admin can give you the role on the people page."</p>
            <LinkButton href=Route::People.href()>"People"</LinkButton>
        </EmptyState>
    }
}

/// The linter reads the whole set once; later pages find it warm.
fn load_linter() {
    let linter = expect_context::<Linter>();
    leptos::task::spawn_local(async move {
        if let Ok(sources) = api::sources().await {
            linter.load(sources);
        }
    });
}

async fn open(path: String, is_new: bool, change: Option<i64>) -> Result<Opened, ApiError> {
    if let Some(id) = change {
        let change = api::change(id).await?;
        let newest = change.revisions.last();
        let held = newest.and_then(|newest| {
            let file = newest.files.iter().find(|file| file.path == path)?;
            Some((newest.number, file.sha256.clone()))
        });
        if let Some((revision, sha256)) = held {
            let text = api::revision_text(id, revision, &path).await?.file.text;
            return Ok(Opened { path, text, sha256, state: None, change: Some((id, revision)) });
        }
        let file = api::file(&path).await?;
        let revision = newest.map_or(0, |newest| newest.number);
        return Ok(Opened {
            path,
            text: file.file.text,
            sha256: file.sha256,
            state: Some(file.state),
            change: Some((id, revision)),
        });
    }
    if is_new {
        let text = new_file::template(&path);
        return Ok(Opened { path, text, sha256: String::new(), state: None, change: None });
    }
    let file = api::file(&path).await?;
    Ok(Opened { path, text: file.file.text, sha256: file.sha256, state: Some(file.state), change: None })
}
