//! What went wrong: what happened and why, what to do, and the words to find it in the log.

use leptos::prelude::*;
use studio_kernel::{review::Obstacle, run::api::ApiError};

use super::{Button, Glyph, Icon, LinkButton};
use crate::{routes::Route, state::session::is_signed_out};

/// An error in place of what it kept from being shown.
#[component]
pub(crate) fn ErrorCard(
    /// What the server said.
    error: ApiError,
    /// Tries again.
    retry: impl Fn() + 'static,
) -> impl IntoView {
    let sign_in = is_signed_out(&error.code);
    let is_nowhere = error.code == "not-found";
    let what = error.message.clone();
    let what = match is_nowhere {
        // Nothing else on the page has a heading then.
        true => view! { <h1 class="error-card-what">{what}</h1> }.into_any(),
        false => view! { <p class="error-card-what">{what}</p> }.into_any(),
    };
    view! {
        <section class="error-card" role="alert" data-test="error">
            <Icon glyph=Glyph::Warning/>
            <div class="error-card-text">
                {what}
                <p>{error.help.clone()}</p>
                <Obstacles obstacles=error.obstacles.clone()/>
                <p class="error-card-trace">
                    <code>{error.code.clone()}</code>
                    {(!error.request_id.is_empty())
                        .then(|| view! { " request " <code>{error.request_id.clone()}</code> })}
                </p>
                {if sign_in {
                    view! { <LinkButton href=Route::SignIn.href()>"Sign in"</LinkButton> }.into_any()
                } else if is_nowhere {
                    view! {
                        <LinkButton href=Route::Changes.href()>"Changes"</LinkButton>
                        " "
                        <LinkButton href=Route::Runs.href()>"Runs"</LinkButton>
                    }.into_any()
                } else {
                    view! { <Button on_press=move |_| retry()>"Try again"</Button> }.into_any()
                }}
            </div>
        </section>
    }
}

/// An error beside the button or the form it belongs to.
#[component]
pub(crate) fn ErrorLine(
    /// The latest, if any.
    #[prop(into)]
    error: Signal<Option<ApiError>>,
) -> impl IntoView {
    move || {
        error.get().map(|error| {
            view! {
                <div class="error-line" role="alert" data-test="error">
                    <Icon glyph=Glyph::Warning/>
                    <div>
                        <p>{error.message} " " {error.help}</p>
                        <Obstacles obstacles=error.obstacles/>
                        <p class="error-card-trace">
                            <code>{error.code}</code>
                            {(!error.request_id.is_empty())
                                .then(|| view! { " request " <code>{error.request_id.clone()}</code> })}
                        </p>
                    </div>
                </div>
            }
        })
    }
}

/// What stands in the way, one line each.
#[component]
pub(crate) fn Obstacles(
    /// In order.
    obstacles: Vec<Obstacle>,
) -> impl IntoView {
    (!obstacles.is_empty()).then(|| {
        let rows = obstacles.into_iter().map(|obstacle| {
            view! {
                <li data-code=obstacle.code>
                    <Icon glyph=Glyph::Circle/>
                    <span>{obstacle.message}</span>
                </li>
            }
        });
        view! { <ul class="obstacles">{rows.collect_view()}</ul> }
    })
}
