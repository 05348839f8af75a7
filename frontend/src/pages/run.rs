//! x
use leptos::prelude::*;
#[component]
pub(crate) fn RunPage(id: String) -> impl IntoView { let _ = id; }
