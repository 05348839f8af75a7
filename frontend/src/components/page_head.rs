//! The top of a page: where it is, what it is called, what can be done; and the page that has nothing yet.

use leptos::prelude::*;

use super::{Glyph, Icon};
use crate::{browser::page, routes::Route};

/// A step of the way to a page.
#[derive(Clone, Debug)]
pub(crate) struct Crumb {
    pub title: &'static str,
    pub route: Route,
}

/// Heading, way and actions. It also names the document.
#[component]
pub(crate) fn PageHead(
    /// The heading.
    #[prop(into)]
    title: Signal<String>,
    /// The document's name, where it should say more than the heading.
    #[prop(optional, into)]
    document: Option<Signal<String>>,
    /// The pages above, outermost first.
    #[prop(optional)]
    crumbs: Vec<Crumb>,
    /// A line below the heading.
    #[prop(optional, into)]
    subtitle: Option<ViewFn>,
    /// Beside the heading.
    #[prop(optional, into)]
    actions: Option<ViewFn>,
) -> impl IntoView {
    Effect::new(move |_| {
        let name = document.map_or_else(|| title.get(), |document| document.get());
        page::set_title(&format!("{name} · Migration Studio"));
    });
    let way = crumbs.into_iter().map(|crumb| {
        view! { <li><a href=crumb.route.href()>{crumb.title}</a></li> }
    });
    let way = way.collect_view();
    view! {
        <header class="page-head">
            {(!way.is_empty())
                .then(|| view! { <nav aria-label="Breadcrumb"><ol class="crumbs">{way}</ol></nav> })}
            <div class="page-head-row">
                <h1 class="page-title" tabindex="-1">{title}</h1>
                {actions.map(|actions| view! { <div class="page-actions">{move || actions.run()}</div> })}
            </div>
            {subtitle.map(|subtitle| view! { <div class="page-subtitle">{move || subtitle.run()}</div> })}
        </header>
    }
}

/// Nothing here yet, and what to do about it.
#[component]
pub(crate) fn EmptyState(
    /// A drawing.
    glyph: Glyph,
    /// What there is nothing of.
    #[prop(into)]
    title: String,
    /// The next step.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="empty-state" data-test="empty">
            <Icon glyph/>
            <h2>{title}</h2>
            <div>{children()}</div>
        </section>
    }
}
