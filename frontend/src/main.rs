//! Starts the app: a panic hook, then the root component. Nothing else happens here.

#![expect(clippy::needless_pass_by_value, reason = "a component owns its properties")]
#![expect(unreachable_pub, reason = "the component macro makes its builders public")]

mod api;
mod app;
mod browser;
mod components;
mod editor;
mod pages;
mod routes;
mod shell;
mod state;

fn main() {
    browser::panic::install();
    leptos::mount::mount_to_body(app::App);
}
