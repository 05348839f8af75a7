//! The three faces of a value of the server: on its way, there, refused.

use leptos::prelude::*;

use super::{ErrorCard, Skeleton};
use crate::state::remote::Remote;

/// Shows a skeleton, then the content, built once around the value's signal. When the first answer is an error
/// that is shown instead; when a later one is, it stands above the last good content.
#[component]
pub(crate) fn Loaded<T, C, V>(
    /// The value.
    remote: Remote<T>,
    /// How many rows the skeleton has.
    #[prop(default = 6)]
    rows: usize,
    /// Draws the content.
    children: C,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    C: Fn(RwSignal<T>) -> V + Send + 'static,
    V: IntoView + 'static,
{
    view! {
        {move || remote.error().map(|error| view! { <ErrorCard error retry=move || remote.reload()/> })}
        {move || match remote.signal() {
            Some(signal) => children(RwSignal::from(signal)).into_any(),
            None if remote.error().is_some() => ().into_any(),
            None => view! { <Skeleton rows/> }.into_any(),
        }}
    }
}
