//! The files of the newest revision against the folder or an earlier revision, with findings and comments at
//! their lines.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use studio_kernel::{
    plan::Purpose,
    review::{ChangeState, FileChange, PersonRole, RevisionFile},
    run::api::{ApiError, Change, CommentPlace, RevisionText},
    text::{LineIndex, Span},
};

use super::{
    Opened,
    conversation::{Says, send},
};
use crate::{
    api,
    browser::storage,
    components::{
        Badge, Button, DiffView, Glyph, Icon, Layout, LinkButton, Loaded, Remarks, Say, Talk, Tint,
    },
    routes::Route,
    state::{diff, remote::Remote, session::Session, threads::threads, wording},
};

const LAYOUT: &str = "studio.diff-layout";

/// All files.
#[component]
pub(super) fn Files(
    /// The change.
    opened: Opened,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let stored = storage::get(LAYOUT);
    let split = stored.as_deref() == Some(Layout::Split.as_str());
    let layout = RwSignal::new(if split { Layout::Split } else { Layout::Unified });
    let files = Memo::new(move |_| {
        opened.change.with(|change| {
            let newest = change.revisions.last();
            newest.map(|newest| (newest.number, newest.files.clone())).unwrap_or_default()
        })
    });
    // In the address, so that a reviewer can be sent to what is new.
    let query = use_query_map();
    let since =
        Memo::new(move |_| query.with(|query| query.get("since")).and_then(|number| number.parse().ok()));
    let navigate = use_navigate();
    let compare_with = move |event| {
        let number: String = event_target_value(&event);
        let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
        navigate(&Route::Change(opened.id).href_with(&[("since", &number)]), options);
    };
    let earlier = Memo::new(move |_| files.with(|(newest, _)| (1..*newest).rev().collect::<Vec<u32>>()));
    let choose = move |_| {
        layout.update(|layout| {
            *layout = match layout {
                Layout::Unified => Layout::Split,
                Layout::Split => Layout::Unified,
            };
            storage::set(LAYOUT, layout.as_str());
        });
    };
    view! {
        <div class="diff-bar">
            <label class="diff-base">
                "Compared with"
                <select
                    class="field-input"
                    data-test="compare-with"
                    prop:value=move || since.get().map(|number| number.to_string()).unwrap_or_default()
                    on:change=compare_with
                >
                    <option value="" selected=move || since.get().is_none()>"the folder"</option>
                    {move || earlier.get().into_iter().map(|number| view! {
                        <option value=number.to_string() selected=move || since.get() == Some(number)>
                            "revision " {number}
                        </option>
                    }).collect_view()}
                </select>
            </label>
            {move || session.allows(PersonRole::Author).then(|| view! {
                <span class="muted">"Press a line's number to comment on its statement."</span>
            })}
            <Button on_press=choose>
                {move || match layout.get() {
                    Layout::Unified => "Side by side",
                    Layout::Split => "Unified",
                }}
            </Button>
        </div>
        {move || {
            let (revision, files) = files.get();
            let since = since.get();
            let several = files.len() > 1;
            let links = several.then(|| {
                let links = files.iter().map(|file| {
                    view! { <li><a href=format!("#{}", anchor(&file.path))><code>{file.path.clone()}</code></a></li> }
                });
                view! { <ol class="diff-list" aria-label="Files of this change">{links.collect_view()}</ol> }
            });
            let files = files.into_iter().map(|file| view! { <File opened revision since several file layout/> });
            view! { {links} {files.collect_view()} }
        }}
    }
}

#[component]
fn File(
    opened: Opened,
    revision: u32,
    since: Option<u32>,
    several: bool,
    file: RevisionFile,
    layout: RwSignal<Layout>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let path = StoredValue::new(file.path.clone());
    // A file proposed as the folder has it has no other difference than that to the target.
    let is_whole = file.change == FileChange::Unchanged && file.purpose == Purpose::Apply;
    let text = Remote::new(move || async move {
        let path = path.get_value();
        let text = api::revision_text(opened.id, revision, &path).await?;
        let base = match since {
            Some(since) => earlier_text(opened.id, since, &path).await?,
            None => text.base.filter(|_| !is_whole),
        };
        Ok(RevisionText { file: text.file, base })
    });
    let (tint, word) = match file.change {
        FileChange::Added => (Tint::Good, "new file"),
        FileChange::Modified => (Tint::Accent, "changed"),
        FileChange::Unchanged if is_whole => (Tint::Good, "new to the target"),
        FileChange::Unchanged => (Tint::Neutral, "as in the folder"),
    };
    let numbers = move || {
        text.with(|text| {
            let lines = diff::compare(text.base.as_deref().unwrap_or_default(), &text.file.text);
            diff::counts(&lines)
        })
    };
    // Among others, a file that is as the folder has it and only travels along has nothing to read.
    let unfolded = RwSignal::new(!several || is_whole || file.change != FileChange::Unchanged);
    let id = anchor(&file.path);
    let label = format!("Show {}", file.path);
    let shown_path = file.path.clone();
    let edit = Route::Migration(file.path.clone()).href_with(&[("change", &opened.id.to_string())]);
    let open = Memo::new(move |_| opened.change.with(|change| change.state == ChangeState::Open));
    view! {
        <section class="diff-file" id=id data-path=shown_path data-test="diff-file">
            <header class="diff-file-head">
                <button
                    type="button"
                    class="diff-toggle"
                    aria-label=label
                    aria-expanded=move || unfolded.get().to_string()
                    on:click=move |_| unfolded.update(|unfolded| *unfolded = !*unfolded)
                >
                    <Icon glyph=Glyph::Chevron/>
                </button>
                <h3><code>{file.path}</code></h3>
                <Badge tint text=word/>
                <span class="muted">{wording::purpose(file.purpose)}</span>
                {move || numbers().filter(|(new, gone)| new + gone > 0).map(|(new, gone)| view! {
                    <span class="diff-counts">
                        <span data-kind="new">"+" {new}</span>
                        <span data-kind="gone">"−" {gone}</span>
                    </span>
                })}
                {move || (open.get() && session.allows(PersonRole::Author)).then(|| view! {
                    <LinkButton href=edit.clone() glyph=Glyph::Edit>"Edit"</LinkButton>
                })}
            </header>
            <div hidden=move || !unfolded.get()>
                <Loaded remote=text rows=8 let:text>
                    <Compared opened revision text layout/>
                </Loaded>
            </div>
        </section>
    }
}

/// Where the address can lead within the page.
fn anchor(path: &str) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    format!("file-{}", path.chars().map(word).collect::<String>())
}

/// A file as an earlier revision had it; `None` when it had none.
async fn earlier_text(change: i64, revision: u32, path: &str) -> Result<Option<String>, ApiError> {
    match api::revision_text(change, revision, path).await {
        Ok(text) => Ok(Some(text.file.text)),
        Err(error) if error.code == "not-found" => Ok(None),
        Err(error) => Err(error),
    }
}

#[component]
fn Compared(
    opened: Opened,
    revision: u32,
    text: RwSignal<RevisionText>,
    layout: RwSignal<Layout>,
) -> impl IntoView {
    let says = Says::new(opened);
    let path = StoredValue::new(text.with_untracked(|text| text.file.path.clone()));
    let remarks =
        Memo::new(move |_| opened.change.with(|change| path.with_value(|path| remarks(change, path))));
    let on_comment = Callback::new(move |(line, say): (usize, Say)| {
        let span = text.with_untracked(|text| span_of(&text.file.text, line));
        send(opened, say, None, Some(CommentPlace { revision, path: path.get_value(), span }));
    });
    let session = expect_context::<Session>();
    move || {
        let may_comment = session.allows(PersonRole::Author);
        let talk = Talk { may_comment, on_comment, on_reply: says.reply, on_resolve: says.resolve };
        let lines =
            text.with(|text| diff::compare(text.base.as_deref().unwrap_or_default(), &text.file.text));
        view! {
            <DiffView lines layout=layout.get() remarks talk label=format!("Comparison of {}", path.get_value())/>
        }
    }
}

/// What is said about a file, by line.
fn remarks(change: &Change, path: &str) -> Remarks {
    let mut remarks = Remarks::default();
    for finding in change.findings.iter().filter(|finding| finding.file == path) {
        remarks.findings.entry(finding.line).or_default().push(finding.clone());
    }
    let mut at: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for thread in threads(&change.comments) {
        if let Some((_, line)) = thread.place().filter(|(place, _)| *place == path) {
            at.entry(line).or_default().push(thread);
        }
    }
    remarks.threads = at;
    remarks
}

/// The bytes of a line without the blanks around them: inside its statement wherever there is one.
fn span_of(text: &str, line: usize) -> Span {
    let span = LineIndex::new(text).line(text, line).unwrap_or_default();
    let source = span.of(text);
    let start = span.start + (source.len() - source.trim_start().len());
    Span::new(start, start + source.trim().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_hangs_at_the_words_of_its_line() {
        let text = "begin;\n   select 1;  \n";
        assert_eq!(span_of(text, 2).of(text), "select 1;");
        assert_eq!(span_of(text, 9), Span::default());
    }
}
