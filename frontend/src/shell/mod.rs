//! What stands around every page: navigation, target, person, palette, shortcuts, messages.

mod keyboard;
mod nav;
mod palette;
mod shortcuts;

use leptos::{ev, prelude::*};

use crate::{
    browser::page,
    components::{Glyph, Icon, ToastList},
    routes::Route,
    state::{commands::PageActions, remote::Reach, toasts::Toasts},
};
use keyboard::{Keyboard, listen};
use nav::Nav;
use palette::Palette;
use shortcuts::ShortcutSheet;

/// Navigation beside a page. On a narrow screen the navigation is a bar at the bottom.
#[component]
pub(crate) fn Shell(
    /// Where the person is.
    route: Memo<Route>,
    /// The page.
    children: Children,
) -> impl IntoView {
    provide_context(PageActions::new());
    let keyboard = Keyboard::new();
    listen(keyboard);
    let toasts = expect_context::<Toasts>();
    let Reach(reach) = expect_context();
    // The router takes every press on a link, so the focus is moved here.
    let skip = move |event: ev::MouseEvent| {
        event.prevent_default();
        page::focus("#main");
    };
    view! {
        <a class="skip-link" href="#main" on:click=skip>"Skip to content"</a>
        <div class="shell">
            <Nav route keyboard/>
            <main class="content" id="main" tabindex="-1">
                {move || (!reach.get()).then(|| view! {
                    <div class="notice" data-tint="caution" role="status" data-test="offline">
                        <Icon glyph=Glyph::Warning/>
                        <p>"The studio's server does not answer. What stands here may be out of date; drafts in this browser are kept."</p>
                    </div>
                })}
                {children()}
            </main>
        </div>
        <Palette open=keyboard.palette keyboard/>
        <ShortcutSheet open=keyboard.sheet keyboard/>
        <ToastList toasts/>
    }
}
