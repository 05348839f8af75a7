//! Comments on the change as a whole, and those whose statement is gone.

use leptos::prelude::*;
use studio_kernel::run::api::{AddComment, ResolveComment};

use super::Opened;
use crate::{
    api,
    components::{Composer, ThreadView},
    state::{
        threads::{Thread, threads},
        toasts::Toasts,
    },
};

/// What a reader says and settles.
#[derive(Clone, Copy)]
pub(super) struct Says {
    pub reply: Callback<(String, String)>,
    pub resolve: Callback<(String, bool)>,
}

impl Says {
    /// For one change.
    pub(super) fn new(opened: Opened) -> Self {
        let toasts = expect_context::<Toasts>();
        Self {
            reply: Callback::new(move |(comment, body)| {
                send(opened, toasts, AddComment { body, reply_to: Some(comment), at: None });
            }),
            resolve: Callback::new(move |(comment, resolved): (String, bool)| {
                leptos::task::spawn_local(async move {
                    match api::resolve(opened.id, &comment, ResolveComment { resolved }).await {
                        Ok(change) => opened.remote.set(change),
                        Err(error) => toasts.refused(&error),
                    }
                });
            }),
        }
    }
}

/// Sends a comment; what the server answers is what is shown.
pub(super) fn send(opened: Opened, toasts: Toasts, comment: AddComment) {
    leptos::task::spawn_local(async move {
        match api::comment(opened.id, comment).await {
            Ok(change) => opened.remote.set(change),
            Err(error) => toasts.refused(&error),
        }
    });
}

/// Below the files.
#[component]
pub(super) fn Conversation(
    /// The change.
    opened: Opened,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let says = Says::new(opened);
    let all = Memo::new(move |_| opened.change.with(|change| threads(&change.comments)));
    let shown = move |wanted: fn(&Thread) -> bool| {
        let threads = all.get().into_iter().filter(wanted).map(|thread| {
            view! { <ThreadView thread on_reply=says.reply on_resolve=says.resolve/> }
        });
        threads.collect_view()
    };
    let say = Callback::new(move |body: String| {
        send(opened, toasts, AddComment { body, reply_to: None, at: None });
    });
    view! {
        {move || {
            let outdated = shown(Thread::is_outdated);
            (!outdated.is_empty()).then(|| view! {
                <section class="conversation" data-test="outdated">
                    <h2>"Outdated comments"</h2>
                    {outdated}
                </section>
            })
        }}
        <section class="conversation" aria-label="Conversation">
            <h2>"Conversation"</h2>
            {move || shown(|thread| thread.first.anchor.is_none())}
            <Composer label="Comment on the change as a whole" send="Comment" on_send=say/>
        </section>
    }
}
