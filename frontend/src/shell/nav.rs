//! The navigation: sections, the target, the person and their settings.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::keyboard::Keyboard;
use crate::{
    api,
    browser::{storage, theme::Theme, timer},
    components::{Avatar, Button, Glyph, Icon, Look},
    routes::Route,
    state::{remote::Remote, session::Session, toasts::Toasts},
};

/// Other people's work appears without a reload.
const FRESH: Duration = Duration::from_secs(20);

/// The bar at the side, or at the bottom of a narrow screen.
#[component]
pub(super) fn Nav(
    /// Where the person is.
    route: Memo<Route>,
    /// For the buttons that shortcuts press as well.
    keyboard: Keyboard,
) -> impl IntoView {
    let changes = Remote::new(api::changes).keep_fresh(FRESH);
    let waiting = Signal::derive(move || {
        let waiting = changes.with(|all| all.changes.iter().filter(|change| change.waits_for_me).count());
        waiting.unwrap_or_default()
    });
    let none = Signal::from(0);
    let entries = [
        (Route::Migrations, "Migrations", Glyph::Migrations, none),
        (Route::Changes, "Changes", Glyph::Changes, waiting),
        (Route::Runs, "Runs", Glyph::Runs, none),
        (Route::Rules, "Rules", Glyph::Rules, none),
        (Route::People, "People", Glyph::People, none),
    ];
    let entries = entries.map(|(section, title, glyph, number)| {
        let href = section.href();
        let current = move || (route.with(Route::section).as_ref() == Some(&section)).then_some("page");
        view! {
            <li>
                <a class="nav-link" href=href aria-current=current>
                    <Icon glyph/>
                    <span>{title}</span>
                    {move || (number.get() > 0).then(|| view! {
                        <span class="nav-count" title="Waiting for you">
                            {number}
                            <span class="visually-hidden">" waiting for you"</span>
                        </span>
                    })}
                </a>
            </li>
        }
    });
    view! {
        <header class="side">
            <a class="brand" href=Route::Migrations.href()>
                <span class="brand-mark" aria-hidden="true"><Icon glyph=Glyph::Database/></span>
                <span class="brand-name">"Migration Studio"</span>
            </a>
            <button
                type="button"
                class="palette-button"
                aria-keyshortcuts="Control+K Meta+K"
                on:click=move |_| keyboard.palette.set(true)
            >
                <Icon glyph=Glyph::Search/>
                <span class="visually-hidden">"Open the command palette: "</span>
                <span class="palette-hint">"Search or jump to…"</span>
                <kbd>{crate::browser::keys::command_key()} " K"</kbd>
            </button>
            <nav class="nav" aria-label="Main">
                <ul>{entries.collect_view()}</ul>
            </nav>
            <Foot keyboard/>
        </header>
    }
}

#[component]
fn Foot(keyboard: Keyboard) -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let navigate = use_navigate();
    let target = Signal::derive(move || session.remote().with(|me| (me.target.clone(), me.production)));
    let sign_out = move |_| {
        let navigate = navigate.clone();
        leptos::task::spawn_local(async move {
            match api::sign_out().await {
                Ok(()) => {
                    // First, so that nobody takes this page for one that was asked for without a session.
                    navigate(&Route::SignIn.href(), NavigateOptions::default());
                    session.remote().reload();
                    // The server's answer has this done, too, but an editor keeps its draft once more when it closes.
                    timer::sleep(Duration::ZERO).await;
                    storage::clear();
                }
                Err(error) => toasts.refused(&error),
            }
        });
    };
    let theme = keyboard.theme;
    view! {
        <div class="side-foot">
            {move || target.get().map(|(target, production)| view! {
                <div
                    class="target-chip"
                    data-live=production.then_some("true")
                    title=if production { "Runs go to this database, which others use" } else { "Runs go to this database, on which nobody depends" }
                    data-test="target"
                >
                    <Icon glyph=if production { Glyph::Warning } else { Glyph::Database }/>
                    {production.then(|| view! { <strong>"Live"</strong> })}
                    <span>{target}</span>
                </div>
            })}
            <div class="side-tools">
                <a class="side-person" href=Route::Account.href() title="Your account">
                    {move || session.remote().with(|me| view! { <Avatar person=me.person.clone()/> })}
                </a>
                <span class="side-buttons">
                    <button
                        type="button"
                        class="button"
                        data-look="quiet"
                        aria-label=move || format!("Colours: {}. Change", theme.get().as_str())
                        title=move || format!("Colours: {}", theme.get().as_str())
                        on:click=move |_| keyboard.next_theme()
                    >
                        {move || {
                            let glyph = match theme.get() {
                                Theme::System => Glyph::Screen,
                                Theme::Light => Glyph::Sun,
                                Theme::Dark => Glyph::Moon,
                            };
                            view! { <Icon glyph/> }
                        }}
                    </button>
                    <button
                        type="button"
                        class="button side-keys"
                        data-look="quiet"
                        aria-label="Keyboard shortcuts"
                        title="Keyboard shortcuts"
                        on:click=move |_| keyboard.sheet.set(true)
                    >
                        <Icon glyph=Glyph::Keyboard/>
                    </button>
                    <Button on_press=sign_out look=Look::Quiet glyph=Glyph::Out hint="Sign out">
                        <span class="visually-hidden">"Sign out"</span>
                    </Button>
                </span>
            </div>
        </div>
    }
}
