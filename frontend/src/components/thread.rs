//! A thread of comments, and the form that adds one. Bodies are plain text.

use leptos::{ev::SubmitEvent, prelude::*};
use studio_kernel::review::Comment;

use super::{Avatar, Badge, Button, Glyph, Tint, When};
use crate::state::threads::Thread;

/// A comment with its answers.
#[component]
pub(crate) fn ThreadView(
    /// What was said.
    thread: Thread,
    /// Adds an answer to the comment of this id.
    on_reply: Callback<(String, String)>,
    /// Settles it, or opens it again.
    on_resolve: Callback<(String, bool)>,
) -> impl IntoView {
    let id = StoredValue::new(thread.first.id.clone());
    let resolved = thread.first.resolved;
    let outdated = thread.is_outdated();
    let quote = thread.first.anchor.as_ref().filter(|_| outdated).map(|anchor| {
        view! {
            <figure class="thread-quote">
                <figcaption>{anchor.path.clone()} ", revision " {anchor.revision}</figcaption>
                <pre tabindex="0"><code>{anchor.quote.clone()}</code></pre>
            </figure>
        }
    });
    let replying = RwSignal::new(false);
    let comments =
        std::iter::once(thread.first).chain(thread.answers).map(|comment| view! { <Remark comment/> });
    view! {
        <article class="thread" data-resolved=resolved.then_some("true") data-test="thread">
            {outdated.then(|| view! { <Badge tint=Tint::Caution text="Outdated: the statement changed"/> })}
            {quote}
            {comments.collect_view()}
            {move || if replying.get() {
                let send = Callback::new(move |text: String| {
                    replying.set(false);
                    on_reply.run((id.get_value(), text));
                });
                view! {
                    <Composer label="Reply" send="Reply" on_send=send on_cancel=Callback::new(move |()| replying.set(false))/>
                }.into_any()
            } else {
                view! {
                    <footer class="thread-actions">
                        <Button on_press=move |_| replying.set(true)>"Reply"</Button>
                        <Button on_press=move |_| on_resolve.run((id.get_value(), !resolved)) glyph=Glyph::Check>
                            {if resolved { "Reopen" } else { "Resolve" }}
                        </Button>
                    </footer>
                }.into_any()
            }}
        </article>
    }
}

#[component]
fn Remark(comment: Comment) -> impl IntoView {
    view! {
        <div class="remark" data-test="comment">
            <header><Avatar person=comment.author/> <When at=comment.at/></header>
            <p class="plain-text">{comment.body}</p>
        </div>
    }
}

/// A field and a button.
#[component]
pub(crate) fn Composer(
    /// Names the field.
    #[prop(into)]
    label: String,
    /// The button's text.
    send: &'static str,
    /// Takes the text; never empty.
    on_send: Callback<String>,
    /// Closes the form; without it the form stays.
    #[prop(optional, into)]
    on_cancel: Option<Callback<()>>,
) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let empty = Signal::derive(move || text.with(|text| text.trim().is_empty()));
    let submit = move || {
        if !empty.get_untracked() {
            on_send.run(text.get_untracked());
            text.set(String::new());
        }
    };
    view! {
        <form
            class="composer"
            on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                submit();
            }
        >
            <textarea
                class="field-input"
                rows="3"
                maxlength="10000"
                aria-label=label.clone()
                placeholder=label
                prop:value=text
                autofocus=on_cancel.is_some()
                on:input=move |event| text.set(event_target_value(&event))
                on:keydown=move |event| {
                    if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                        submit();
                    }
                }
            ></textarea>
            <div class="composer-actions">
                <button type="submit" class="button" data-look="primary" disabled=empty>{send}</button>
                {on_cancel.map(|cancel| view! { <Button on_press=move |_| cancel.run(())>"Cancel"</Button> })}
            </div>
        </form>
    }
}
