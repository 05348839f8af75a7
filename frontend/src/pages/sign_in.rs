//! Signing in with the one-time link that the server prints, and joining by an invitation.
//! The token comes in the fragment, which never reaches a server log, and is taken out of the address at once.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use studio_kernel::run::api::{Me, SignIn};

use crate::{
    api,
    app::Wanted,
    browser::page,
    components::{Form, Glyph, Icon, Sending},
    routes::Route,
    state::session::Session,
};

/// `/sign-in`.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    page::set_title("Sign in · Migration Studio");
    let token = token_of_the_address();
    let has_link = token.is_some();
    let enter = Enter::new(token.unwrap_or_default());
    if has_link {
        enter.run();
    }
    view! {
        <Card title="Sign in">
            <Show
                when=move || !(has_link && enter.sending.busy.get())
                fallback=|| view! { <p role="status">"Signing in…"</p> }
            >
                <p>
                    "Open the link that "
                    <code>"studio serve"</code>
                    " printed when it started, or paste its token here. It works once."
                </p>
                <Form sending=enter.sending on_submit=move || enter.run() submit="Sign in">
                    <TokenField enter/>
                </Form>
            </Show>
        </Card>
    }
}

/// `/join`.
#[component]
pub(crate) fn JoinPage() -> impl IntoView {
    page::set_title("Join · Migration Studio");
    let token = token_of_the_address();
    let has_link = token.is_some();
    let enter = Enter::new(token.unwrap_or_default());
    view! {
        <Card title="Join the team">
            <p>"You were invited to this studio. Your name is shown beside what you say and decide."</p>
            <Form sending=enter.sending on_submit=move || enter.run() submit="Join">
                {(!has_link).then(|| view! { <TokenField enter/> })}
                <label class="field">
                    <span class="field-label">"Your name"</span>
                    <input
                        class="field-input"
                        name="name"
                        autocomplete="name"
                        required
                        maxlength="80"
                        autofocus
                        prop:value=enter.name
                        on:input=move |event| enter.name.set(event_target_value(&event))
                    />
                </label>
            </Form>
        </Card>
    }
}

/// What both forms send.
#[derive(Clone, Copy)]
struct Enter {
    token: RwSignal<String>,
    name: RwSignal<String>,
    sending: Sending,
    done: Callback<Me>,
}

impl Enter {
    fn new(token: String) -> Self {
        let navigate = use_navigate();
        let session = expect_context::<Session>();
        let wanted = expect_context::<Wanted>();
        Self {
            token: RwSignal::new(token),
            name: RwSignal::new(String::new()),
            sending: Sending::new(),
            done: Callback::new(move |me| {
                session.remote().set(me);
                let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
                let wanted = wanted.0.try_update(Option::take).flatten();
                navigate(&wanted.unwrap_or_else(|| Route::Migrations.href()), options);
            }),
        }
    }

    fn run(self) {
        let name = self.name.get_untracked().trim().to_owned();
        let body = SignIn {
            token: without_label(self.token.get_untracked().trim()).to_owned(),
            name: (!name.is_empty()).then_some(name),
        };
        self.sending.send(api::sign_in(body), move |me| self.done.run(me));
    }
}

#[component]
fn Card(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="front-card">
            <div class="brand">
                <span class="brand-mark" aria-hidden="true"><Icon glyph=Glyph::Database/></span>
                <span class="brand-name">"Migration Studio"</span>
            </div>
            <h1>{title}</h1>
            {children()}
        </section>
    }
}

#[component]
fn TokenField(enter: Enter) -> impl IntoView {
    view! {
        <label class="field">
            <span class="field-label">"Token"</span>
            <input
                class="field-input"
                name="token"
                autocomplete="one-time-code"
                spellcheck="false"
                required
                prop:value=enter.token
                on:input=move |event| enter.token.set(event_target_value(&event))
            />
        </label>
    }
}

fn token_of_the_address() -> Option<String> {
    page::take_fragment()
}

/// A pasted link, its fragment, or the bare token.
fn without_label(pasted: &str) -> &str {
    let fragment = pasted.rsplit('#').next().unwrap_or(pasted);
    fragment.strip_prefix("token=").unwrap_or(fragment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_link_may_be_pasted() {
        for pasted in ["abc", "token=abc", "#token=abc", "http://localhost:1/sign-in#token=abc"] {
            assert_eq!(without_label(pasted), "abc");
        }
    }
}
