//! The pages whose code is no part of the first visit. The bundler takes the page's wasm apart at the functions marked
//! `wasm_split`: what only they reach becomes a module of its own, fetched when one of its pages is first opened.
//! A page that must be there at once stands in `app` instead.

use std::time::Duration;

use futures_util::FutureExt;
use leptos::{
    prelude::*,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};
use studio_kernel::run::api::ApiError;

use super::{
    AboutPage, AccountPage, ChangePage, ChangesPage, MigrationPage, NotFoundPage, PeoplePage, RulePage,
    RulesPage, RunPage, RunsPage,
};
use crate::{
    browser::timer,
    components::{ErrorCard, Skeleton},
    routes::Route,
};

/// How long the first page has the network for itself.
const HEAD_START: Duration = Duration::from_secs(2);

/// A page of a later module: a skeleton until the module is there.
#[component]
pub(crate) fn LaterPage(
    /// Its address.
    route: Route,
) -> impl IntoView {
    let module = Module::of(&route);
    let progress = RwSignal::new(Progress::Coming);
    let fetch = move || {
        progress.set(Progress::Coming);
        spawn_local(async move {
            let fetched = module.fetch().await.is_ok();
            // The person may have left the page meanwhile.
            progress.try_set(if fetched { Progress::Here } else { Progress::Failed });
        });
    };
    fetch();
    move || match progress.get() {
        Progress::Coming => view! { <Skeleton rows=6/> }.into_any(),
        Progress::Here => draw(module, route.clone()),
        Progress::Failed => view! { <ErrorCard error=not_fetched() retry=fetch/> }.into_any(),
    }
}

/// Fetches all modules once the first page has had its time, so that the others open at once, and even while the
/// server is away.
pub(crate) fn fetch_ahead() {
    spawn_local(async {
        timer::sleep(HEAD_START).await;
        for module in [Module::Workbench, Module::Review, Module::Settings] {
            // The page that needs it tries again, and says what failed.
            let _ = module.fetch().await;
        }
    });
}

/// A module that is fetched later.
#[derive(Clone, Copy)]
enum Module {
    /// Where a file is written.
    Workbench,
    /// What happens to a change and in a run.
    Review,
    /// What holds for everybody.
    Settings,
}

impl Module {
    fn of(route: &Route) -> Self {
        match route {
            Route::Migration(_) => Self::Workbench,
            Route::Changes | Route::Change(_) | Route::Runs | Route::Run(_) => Self::Review,
            _ => Self::Settings,
        }
    }

    /// Returns when it is there; at once if it was there before.
    async fn fetch(self) -> Result<(), SplitLoaderError> {
        match self {
            Self::Workbench => fetch_workbench().await,
            Self::Review => fetch_review().await,
            Self::Settings => fetch_settings().await,
        }
    }
}

#[derive(Clone, Copy)]
enum Progress {
    Coming,
    Here,
    Failed,
}

/// Draws a page of a module that is there.
fn draw(module: Module, route: Route) -> AnyView {
    let drawn = match module {
        Module::Workbench => workbench(route).now_or_never(),
        Module::Review => review(route).now_or_never(),
        Module::Settings => settings(route).now_or_never(),
    };
    drawn.and_then(Result::ok).into_any()
}

#[wasm_split(workbench, fallible, wasm_split_path = leptos::wasm_split, preload(fetch_workbench))]
fn workbench(route: Route) -> Result<AnyView, SplitLoaderError> {
    Ok(match route {
        Route::Migration(path) => view! { <MigrationPage path/> }.into_any(),
        _ => view! { <NotFoundPage/> }.into_any(),
    })
}

#[wasm_split(review, fallible, wasm_split_path = leptos::wasm_split, preload(fetch_review))]
fn review(route: Route) -> Result<AnyView, SplitLoaderError> {
    Ok(match route {
        Route::Changes => view! { <ChangesPage/> }.into_any(),
        Route::Change(id) => view! { <ChangePage id/> }.into_any(),
        Route::Runs => view! { <RunsPage/> }.into_any(),
        Route::Run(id) => view! { <RunPage id/> }.into_any(),
        _ => view! { <NotFoundPage/> }.into_any(),
    })
}

#[wasm_split(settings, fallible, wasm_split_path = leptos::wasm_split, preload(fetch_settings))]
fn settings(route: Route) -> Result<AnyView, SplitLoaderError> {
    Ok(match route {
        Route::People => view! { <PeoplePage/> }.into_any(),
        Route::Account => view! { <AccountPage/> }.into_any(),
        Route::About => view! { <AboutPage/> }.into_any(),
        Route::Rules => view! { <RulesPage/> }.into_any(),
        Route::Rule(id) => view! { <RulePage id/> }.into_any(),
        _ => view! { <NotFoundPage/> }.into_any(),
    })
}

fn not_fetched() -> ApiError {
    ApiError {
        code: "page-not-loaded".to_owned(),
        message: "The code of this page did not arrive: the server has stopped, or it was updated since the studio \
            was opened here."
            .to_owned(),
        help: "Try again. If it fails once more, reload the page; drafts in this browser are kept.".to_owned(),
        ..ApiError::default()
    }
}
