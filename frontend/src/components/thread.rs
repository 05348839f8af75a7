//! A thread of comments, and the form that adds one. Bodies are plain text.

use leptos::{ev::SubmitEvent, html, prelude::*};
use studio_kernel::{review::Comment, text::shown};

use super::{Avatar, Badge, Button, ErrorLine, Glyph, Sending, Tint, When};
use crate::state::threads::Thread;

/// What a form wants said. The form keeps its text until it is.
#[derive(Clone)]
pub(crate) struct Say {
    /// The text; never empty.
    pub body: String,
    /// Of the form.
    pub sending: Sending,
    /// To be called once it is said.
    pub said: Callback<()>,
}

/// Threads, each kept while it grows: an answer of somebody else does not close a form.
#[component]
pub(crate) fn Threads(
    /// In order.
    #[prop(into)]
    threads: Signal<Vec<Thread>>,
    /// Adds an answer to the comment of this id.
    on_reply: Callback<(String, Say)>,
    /// Settles it, or opens it again.
    on_resolve: Callback<(String, bool)>,
) -> impl IntoView {
    let ids = move || {
        threads.with(|threads| threads.iter().map(|thread| thread.first.id.clone()).collect::<Vec<_>>())
    };
    let one = move |id: String| {
        let thread = Memo::new(move |last: Option<&Option<Thread>>| {
            let now = threads.with(|threads| threads.iter().find(|thread| thread.first.id == id).cloned());
            // While a thread that is gone still stands, it shows what it was.
            now.or_else(|| last.cloned().flatten())
        });
        view! { <ThreadView thread on_reply on_resolve/> }
    };
    view! { <For each=ids key=Clone::clone children=one/> }
}

#[component]
fn ThreadView(
    thread: Memo<Option<Thread>>,
    on_reply: Callback<(String, Say)>,
    on_resolve: Callback<(String, bool)>,
) -> impl IntoView {
    let id = StoredValue::new(
        thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.first.id.clone()))?,
    );
    let resolved =
        Memo::new(move |_| thread.with(|thread| thread.as_ref().is_some_and(|it| it.first.resolved)));
    let outdated = Memo::new(move |_| {
        let thread = thread.get().filter(Thread::is_outdated)?;
        thread.first.anchor
    });
    let comments = Memo::new(move |_| {
        let thread = thread.get();
        thread.map(|thread| std::iter::once(thread.first).chain(thread.answers).collect::<Vec<_>>())
    });
    let replying = RwSignal::new(false);
    let reply = Callback::new(move |say: Say| {
        let said = Callback::new(move |()| {
            say.said.run(());
            replying.set(false);
        });
        on_reply.run((id.get_value(), Say { said, ..say }));
    });
    Some(view! {
        <article class="thread" data-resolved=move || resolved.get().then_some("true") data-test="thread">
            {move || outdated.get().map(|anchor| view! {
                <Badge tint=Tint::Caution text="Outdated: the statement changed"/>
                <figure class="thread-quote">
                    <figcaption>{anchor.path} ", revision " {anchor.revision}</figcaption>
                    <pre tabindex="0"><code>{shown(&anchor.quote).into_owned()}</code></pre>
                </figure>
            })}
            {move || {
                let remarks = comments.get().unwrap_or_default().into_iter();
                remarks.map(|comment| view! { <Remark comment/> }).collect_view()
            }}
            {move || if replying.get() {
                view! {
                    <Composer label="Reply" send="Reply" on_send=reply on_cancel=Callback::new(move |()| replying.set(false))/>
                }.into_any()
            } else {
                view! {
                    <footer class="thread-actions">
                        <Button on_press=move |_| replying.set(true)>"Reply"</Button>
                        <Button
                            on_press=move |_| on_resolve.run((id.get_value(), !resolved.get_untracked()))
                            glyph=Glyph::Check
                        >
                            {move || if resolved.get() { "Reopen" } else { "Resolve" }}
                        </Button>
                    </footer>
                }.into_any()
            }}
        </article>
    })
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
    /// Sends the text.
    on_send: Callback<Say>,
    /// Closes the form; without it the form stays.
    #[prop(optional, into)]
    on_cancel: Option<Callback<()>>,
) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let sending = Sending::new();
    let waits = Signal::derive(move || sending.busy.get() || text.with(|text| text.trim().is_empty()));
    let submit = move || {
        if !waits.get_untracked() {
            let said = Callback::new(move |()| drop(text.try_set(String::new())));
            on_send.run(Say { body: text.get_untracked(), sending, said });
        }
    };
    let field = NodeRef::<html::Textarea>::new();
    let is_asked_for = on_cancel.is_some();
    // The attribute `autofocus` works once in a document, and this form may open below the fold.
    Effect::new(move |_| {
        if let Some(field) = field.get().filter(|_| is_asked_for) {
            let _ = field.focus();
            field.scroll_into_view_with_bool(false);
        }
    });
    view! {
        <form
            class="composer"
            on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                submit();
            }
        >
            <textarea
                node_ref=field
                class="field-input"
                rows="3"
                maxlength="10000"
                aria-label=label.clone()
                placeholder=label
                prop:value=text
                on:input=move |event| text.set(event_target_value(&event))
                on:keydown=move |event| {
                    if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                        submit();
                    }
                }
            ></textarea>
            <ErrorLine error=sending.error/>
            <div class="composer-actions">
                <button
                    type="submit"
                    class="button"
                    data-look="primary"
                    disabled=waits
                    aria-busy=move || sending.busy.get().then_some("true")
                >
                    {send}
                </button>
                {on_cancel.map(|cancel| view! { <Button on_press=move |_| cancel.run(())>"Cancel"</Button> })}
            </div>
        </form>
    }
}
