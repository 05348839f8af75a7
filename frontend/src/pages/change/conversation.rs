//! Comments on the change as a whole, and those whose statement is gone.

use leptos::prelude::*;
use studio_kernel::{
    review::PersonRole,
    run::api::{AddComment, CommentPlace, ResolveComment},
};

use super::Opened;
use crate::{
    api,
    components::{Composer, Say, Threads},
    state::{
        session::Session,
        threads::{Thread, threads},
        toasts::Toasts,
    },
};

/// What a reader says and settles.
#[derive(Clone, Copy)]
pub(super) struct Says {
    pub reply: Callback<(String, Say)>,
    pub resolve: Callback<(String, bool)>,
}

impl Says {
    /// For one change.
    pub(super) fn new(opened: Opened) -> Self {
        let toasts = expect_context::<Toasts>();
        Self {
            reply: Callback::new(move |(comment, say): (String, Say)| {
                send(opened, say, Some(comment), None);
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
pub(super) fn send(opened: Opened, say: Say, reply_to: Option<String>, at: Option<CommentPlace>) {
    let comment = AddComment { body: say.body, reply_to, at };
    say.sending.send(api::comment(opened.id, comment), move |change| {
        say.said.run(());
        opened.remote.set(change);
    });
}

/// Below the files.
#[component]
pub(super) fn Conversation(
    /// The change.
    opened: Opened,
) -> impl IntoView {
    let says = Says::new(opened);
    let session = expect_context::<Session>();
    let all = Memo::new(move |_| opened.change.with(|change| threads(&change.comments)));
    let those = move |wanted: fn(&Thread) -> bool| {
        Memo::new(move |_| all.get().into_iter().filter(wanted).collect::<Vec<_>>())
    };
    let outdated = those(Thread::is_outdated);
    let general = those(|thread| thread.first.anchor.is_none());
    let any_outdated = Memo::new(move |_| outdated.with(|threads| !threads.is_empty()));
    let say = Callback::new(move |say: Say| send(opened, say, None, None));
    view! {
        {move || any_outdated.get().then(|| view! {
            <section class="conversation" data-test="outdated">
                <h2>"Outdated comments"</h2>
                <Threads threads=outdated on_reply=says.reply on_resolve=says.resolve/>
            </section>
        })}
        <section class="conversation" aria-label="Conversation">
            <h2>"Conversation"</h2>
            <Threads threads=general on_reply=says.reply on_resolve=says.resolve/>
            {move || if session.allows(PersonRole::Author) {
                view! { <Composer label="Comment on the change as a whole" send="Comment" on_send=say/> }.into_any()
            } else {
                view! { <p class="muted">"Commenting needs the role author."</p> }.into_any()
            }}
        </section>
    }
}
