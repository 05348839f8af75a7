//! Naming a file that does not exist yet.

use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{browser::time, routes::Route};

/// The form: a few words become a name with the next version.
#[component]
pub(super) fn NewFile() -> impl IntoView {
    let navigate = use_navigate();
    let words = RwSignal::new(String::new());
    let name = Signal::derive(move || file_name(&words.get(), &time::version()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(name) = name.get_untracked() {
            let href = Route::Migration("new".to_owned()).href_with(&[("name", &name)]);
            navigate(&href, NavigateOptions::default());
        }
    };
    view! {
        <form class="form box new-file" on:submit=submit>
            <label class="field">
                <span class="field-label">"What does it do?"</span>
                <input
                    class="field-input"
                    placeholder="add index on tasks by status"
                    autofocus
                    maxlength="80"
                    prop:value=words
                    on:input=move |event| words.set(event_target_value(&event))
                />
            </label>
            <p class="muted">
                {move || name.get().unwrap_or_else(|| "A few words; they become the file's name.".to_owned())}
            </p>
            <div class="form-actions">
                <button type="submit" class="button" data-look="primary" disabled=move || name.get().is_none()>
                    "Start writing"
                </button>
            </div>
        </form>
    }
}

/// What a new file begins with: its purpose is the first thing a reader sees.
pub(super) fn template(path: &str) -> String {
    let words = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".sql");
    let words = words.trim_start_matches(|character: char| character.is_ascii_digit());
    format!("-- {}.\n\n", words.trim_start_matches('_').replace('_', " "))
}

/// `20250801000000_add_index.sql`, or nothing for words without letters and digits.
fn file_name(words: &str, version: &str) -> Option<String> {
    let slug: String = words
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' })
        .collect();
    let parts: Vec<&str> = slug.split('_').filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| format!("{version}_{}.sql", parts.join("_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_a_file_name() {
        let name = |words| file_name(words, "20250801000000");
        assert_eq!(name("Add index, on tasks!").as_deref(), Some("20250801000000_add_index_on_tasks.sql"));
        assert_eq!(name(" ?! "), None);
        assert_eq!(template("20250801000000_add_index.sql"), "-- add index.\n\n");
    }
}
