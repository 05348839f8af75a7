//! x
use leptos::prelude::*;
#[component]
pub(crate) fn MigrationPage(path: String) -> impl IntoView { let _ = path; }
