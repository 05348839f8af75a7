//! The root: what all pages share, and which page an address means.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::Router,
    hooks::{use_location, use_navigate},
    location::{BrowserUrl, LocationProvider},
};

use crate::{
    api,
    browser::{linter::Linter, storage},
    components::Clock,
    pages,
    routes::Route,
    shell::Shell,
    state::{
        remote::{Reach, Remote},
        session::Session,
        toasts::Toasts,
    },
};

/// Where the address is kept that somebody without a session asked for: a sign-in link may open in another tab.
pub(crate) const WANTED: &str = "wanted";

/// The whole app.
#[component]
pub(crate) fn App() -> impl IntoView {
    provide_context(Reach::new());
    provide_context(Session::new(Remote::new(api::me)));
    provide_context(Toasts::new());
    provide_context(Linter::new());
    provide_context(Clock::start());
    view! {
        <Router>
            <Addressed/>
        </Router>
    }
}

#[component]
fn Addressed() -> impl IntoView {
    let session = expect_context::<Session>();
    let location = use_location();
    let navigate = use_navigate();
    let route = Memo::new(move |_| location.pathname.with(|path| Route::parse(path)));
    complete_links();
    Effect::new(move |_| {
        if session.is_signed_out() && !route.get().is_public() {
            let (path, query) = (location.pathname.get_untracked(), location.search.get_untracked());
            let address = if query.is_empty() { path } else { format!("{path}?{query}") };
            storage::set(WANTED, &address);
            navigate(&Route::SignIn.href(), NavigateOptions::default());
        }
    });
    Effect::new(move |_| {
        if session.remote().signal().is_some() {
            pages::fetch_ahead();
        }
    });
    let public = Memo::new(move |_| route.with(Route::is_public));
    let content = move || view! { {move || page(route.get())} };
    move || {
        if public.get() {
            view! { <main class="front" id="main">{content()}</main> }.into_any()
        } else {
            view! { <Shell route>{content()}</Shell> }.into_any()
        }
    }
}

/// After a press on a link the router waits for its own route components before it writes the address; this app
/// reads addresses itself, so it says that the page is there.
fn complete_links() {
    let location = use_location();
    let browser = use_context::<BrowserUrl>();
    Effect::new(move |_| {
        location.pathname.track();
        if let Some(browser) = &browser {
            browser.ready_to_complete();
        }
    });
}

fn page(route: Route) -> AnyView {
    match route {
        Route::SignIn => view! { <pages::SignInPage/> }.into_any(),
        Route::Join => view! { <pages::JoinPage/> }.into_any(),
        Route::Migrations => view! { <pages::MigrationsPage/> }.into_any(),
        Route::NotFound => view! { <pages::NotFoundPage/> }.into_any(),
        route => view! { <pages::LaterPage route/> }.into_any(),
    }
}
