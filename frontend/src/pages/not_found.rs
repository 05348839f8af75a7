//! An address that means nothing.

use leptos::prelude::*;

use crate::{
    components::{EmptyState, Glyph, LinkButton, PageHead},
    routes::Route,
};

/// The page.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    view! {
        <PageHead title="Page not found"/>
        <EmptyState glyph=Glyph::Question title="There is nothing at this address">
            <p>"It may have been mistyped, or it points to something that was removed."</p>
            <LinkButton href=Route::Migrations.href()>"Go to the migrations"</LinkButton>
        </EmptyState>
    }
}
