//! `/account`: one's own name, password and sessions.

use leptos::prelude::*;
use studio_kernel::run::api::{Password, Rename, SetPassword};

use super::sessions::SessionsBox;
use crate::{
    api,
    components::{Form, PageHead, PasswordField, Sending},
    routes::Route,
    state::{session::Session, toasts::Toasts},
};

/// The page.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    view! {
        <PageHead title="Your account" subtitle=|| view! {
            <span class="muted">"Your name, your password, and where you are signed in."</span>
        }/>
        <div class="columns">
            <div><SessionsBox/></div>
            <div class="stack">
                <NameBox/>
                <PasswordBox/>
                <p class="muted">
                    <a href=Route::About.href()>"About this studio"</a>
                    ": its version, and what protects people, data and the machine."
                </p>
            </div>
        </div>
    }
}

#[component]
fn NameBox() -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let typed = RwSignal::new(None::<String>);
    let name = Signal::derive(move || {
        typed.get().unwrap_or_else(|| session.remote().with(|me| me.person.name.clone()).unwrap_or_default())
    });
    let sending = Sending::new();
    let save = move || {
        sending.send(api::rename(Rename { name: name.get_untracked() }), move |me| {
            session.remote().set(me);
            typed.set(None);
            toasts.good("Your name is set. What you did before keeps the old one.");
        });
    };
    view! {
        <section class="box" aria-label="Your name">
            <h2>"Your name"</h2>
            <Form sending on_submit=save submit="Save name">
                <input
                    class="field-input"
                    aria-label="Your name"
                    name="name"
                    maxlength="80"
                    autocomplete="name"
                    required
                    prop:value=name
                    on:input=move |event| typed.set(Some(event_target_value(&event)))
                />
            </Form>
        </section>
    }
}

#[component]
fn PasswordBox() -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let has_password = Memo::new(move |_| session.remote().with(|me| me.has_password).unwrap_or(false));
    let present = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    // Fields that were sent are drawn anew: a browser marks one that is emptied as wrong.
    let rounds = RwSignal::new(0);
    let sending = Sending::new();
    let save = move || {
        let typed = present.get_untracked();
        let body = SetPassword {
            present: (!typed.is_empty()).then_some(Password(typed)),
            new: Password(new.get_untracked()),
        };
        sending.send(api::set_password(body), move |me| {
            session.remote().set(me);
            present.set(String::new());
            new.set(String::new());
            rounds.update(|rounds| *rounds += 1);
            toasts.good("Your password is set. Your other sessions have ended.");
        });
    };
    view! {
        <section class="box" aria-label="Your password">
            <h2>"Your password"</h2>
            <p class="muted">
                {move || if has_password.get() {
                    "The present one is needed, unless you signed in with a one-time link within ten minutes."
                } else {
                    "With a password you sign in without a link. Set it within ten minutes of signing in."
                }}
            </p>
            <Form sending on_submit=save submit="Set password">
                {move || {
                    rounds.track();
                    view! {
                        <Show when=move || has_password.get()>
                            <PasswordField label="Present password" name="present" value=present autocomplete="current-password" optional=true/>
                        </Show>
                        <PasswordField label="New password" name="new" value=new autocomplete="new-password"/>
                    }
                }}
            </Form>
        </section>
    }
}
