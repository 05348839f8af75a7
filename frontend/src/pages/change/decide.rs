//! Approving, or asking for changes: the dialog names exactly what the decision binds.

use leptos::prelude::*;
use studio_kernel::{
    plan::{Plan, Purpose},
    review::Decision,
    run::api::{Change, Decide},
};

use super::{MovedOn, Opened};
use crate::{
    api,
    components::{Dialog, Form, Sending},
    state::{toasts::Toasts, wording::count},
};

/// The dialog for both decisions.
#[component]
pub(super) fn DecideDialog(
    /// The change.
    opened: Opened,
) -> impl IntoView {
    let deciding = opened.deciding;
    let title = Signal::derive(move || match deciding.get() {
        Some(Decision::RequestChanges) => "Request changes".to_owned(),
        _ => "Approve".to_owned(),
    });
    view! {
        <Dialog
            open=Signal::derive(move || deciding.get().is_some())
            on_close=Callback::new(move |()| deciding.set(None))
            title
        >
            <Fields opened decision=deciding.get_untracked().unwrap_or(Decision::Approve)/>
        </Dialog>
    }
}

#[component]
fn Fields(opened: Opened, decision: Decision) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    // What the person sees is what they decide on: the values of the moment the dialog opened.
    let seen = StoredValue::new(opened.change.get_untracked());
    let note = RwSignal::new(String::new());
    let moved_on = opened.moved_on(seen);
    let sending = Sending::new();
    let submit = move || {
        let body = Decide {
            expected_digest: seen.with_value(|change| change.digest.clone()),
            decision,
            note: note.get_untracked(),
        };
        let request = async move {
            let decided = api::decide(opened.id, body).await;
            // What was refused is not what is shown any more.
            decided.inspect_err(|_| opened.remote.reload())
        };
        sending.send(request, move |change| {
            opened.remote.set(change);
            opened.deciding.set(None);
            toasts.good(match decision {
                Decision::Approve => "Approved.",
                Decision::RequestChanges => "Changes requested.",
            });
        });
    };
    let approves = decision == Decision::Approve;
    view! {
        <Form
            sending
            on_submit=submit
            submit=if approves { "Approve" } else { "Request changes" }
            blocked=moved_on
            test="confirm-decision"
        >
            <p>
                {if approves {
                    "Your approval holds for exactly this. Any edit, another target or other rules make it stale."
                } else {
                    "The change cannot run until you decide again."
                }}
            </p>
            <MovedOn moved_on/>
            <Bound change=seen.get_value()/>
            <label class="field">
                <span class="field-label">{if approves { "Note (optional)" } else { "What should change" }}</span>
                <textarea
                    class="field-input"
                    rows="3"
                    required=!approves
                    prop:value=note
                    on:input=move |event| note.set(event_target_value(&event))
                ></textarea>
            </label>
        </Form>
    }
}

/// What a decision or a run is about.
#[component]
pub(super) fn Bound(
    /// As the person sees it.
    change: Change,
) -> impl IntoView {
    let runs = running(&change.plan);
    let statements: usize = runs.iter().map(|(_, statements)| statements).sum();
    let files = runs.into_iter().map(|(path, statements)| {
        view! { <li><code>{path}</code> " " <span class="muted">{count(statements, "statement")}</span></li> }
    });
    let files = files.collect_view();
    view! {
        <dl class="facts">
            <dt>"Revision"</dt>
            <dd>{change.revisions.last().map(|newest| newest.number)}</dd>
            <dt>"Statements"</dt>
            <dd>{count(statements, "statement")}</dd>
            <dt>"Target"</dt>
            <dd><code>{change.target}</code></dd>
            <dt>"Digest"</dt>
            <dd><code title=change.digest.to_string()>{change.digest.short().to_owned()}</code></dd>
        </dl>
        <ol class="file-list" tabindex="0" aria-label="Files in the order they run">{files}</ol>
    }
}

/// The files that run, with their statements.
fn running(plan: &Plan) -> Vec<(String, usize)> {
    let runs = plan.files.iter().filter(|file| file.purpose != Purpose::Keep);
    runs.map(|file| {
        let statements = file.segments.iter().map(|segment| segment.statements.len()).sum();
        (file.path.clone(), statements)
    })
    .collect()
}
