//! x
use leptos::prelude::*;
#[component]
pub(crate) fn ChangePage(id: i64) -> impl IntoView { let _ = id; }
