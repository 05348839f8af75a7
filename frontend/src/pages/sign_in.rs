//! Signing in with a password or with a one-time link, and joining by an invitation.
//! The token comes in the fragment, which never reaches a server log, and is taken out of the address at once.

use leptos::{ev, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use studio_kernel::run::api::{Me, Password, SignIn};

use crate::{
    api,
    app::WANTED,
    browser::{page, storage},
    components::{Form, Glyph, Icon, PasswordField, Sending},
    routes::Route,
    state::session::Session,
};

/// `/sign-in`.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    page::set_title("Sign in · Migration Studio");
    let token = page::take_fragment();
    let has_link = token.is_some();
    let by_link = Enter::new(token.unwrap_or_default());
    let by_password = Enter::new(String::new());
    if has_link {
        by_link.run();
    }
    // A link that is put into the address of the open page changes its fragment alone.
    let arrived = window_event_listener(ev::hashchange, move |_| {
        if let Some(token) = page::take_fragment() {
            by_link.token.set(token);
            by_link.run();
        }
    });
    on_cleanup(move || arrived.remove());
    view! {
        <Card title="Sign in">
            <Show
                when=move || !(has_link && by_link.sending.busy.get())
                fallback=|| view! { <p role="status">"Signing in…"</p> }
            >
                <Form sending=by_password.sending on_submit=move || by_password.run() submit="Sign in">
                    <label class="field">
                        <span class="field-label">"Name"</span>
                        <input
                            class="field-input"
                            name="name"
                            autocomplete="username"
                            required
                            maxlength="80"
                            prop:value=by_password.name
                            on:input=move |event| by_password.name.set(event_target_value(&event))
                        />
                    </label>
                    <PasswordField label="Password" name="password" value=by_password.password autocomplete="current-password"/>
                </Form>
                <h2>"With a one-time link"</h2>
                <p class="muted">
                    "An admin can make one for you, and "
                    <code>"studio serve --sign-in-link"</code>
                    " makes the first admin's. Open it, or paste it here."
                </p>
                <Form sending=by_link.sending on_submit=move || by_link.open() submit="Use link" look=crate::components::Look::Plain>
                    <TokenField enter=by_link/>
                </Form>
            </Show>
        </Card>
    }
}

/// `/join`.
#[component]
pub(crate) fn JoinPage() -> impl IntoView {
    page::set_title("Join · Migration Studio");
    let token = page::take_fragment();
    let has_link = token.is_some();
    let enter = Enter::new(token.unwrap_or_default());
    view! {
        <Card title="Join the team">
            <p>"You were invited to this studio. With a password you can sign in again on any device."</p>
            <Form sending=enter.sending on_submit=move || enter.run() submit="Join">
                {(!has_link).then(|| view! { <TokenField enter/> })}
                <PasswordField label="Your password (you may set it later)" name="new" value=enter.password autocomplete="new-password" optional=true/>
            </Form>
        </Card>
    }
}

/// What the forms send.
#[derive(Clone, Copy)]
struct Enter {
    token: RwSignal<String>,
    name: RwSignal<String>,
    password: RwSignal<String>,
    sending: Sending,
    done: Callback<Me>,
}

impl Enter {
    fn new(token: String) -> Self {
        let navigate = use_navigate();
        let session = expect_context::<Session>();
        Self {
            token: RwSignal::new(token),
            name: RwSignal::new(String::new()),
            password: RwSignal::new(String::new()),
            sending: Sending::new(),
            done: Callback::new(move |me| {
                session.remote().set(me);
                let wanted = storage::get(WANTED);
                storage::remove(WANTED);
                let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
                navigate(&wanted.unwrap_or_else(|| Route::Migrations.href()), options);
            }),
        }
    }

    /// Uses a link that was pasted. An invitation is opened, because there a password can be set along.
    fn open(self) {
        match invitation(&self.token.get_untracked()) {
            Some(token) => page::load(&format!("{}#token={token}", Route::Join.href())),
            None => self.run(),
        }
    }

    fn run(self) {
        let given = |text: String| (!text.is_empty()).then_some(text);
        let token = self.token.get_untracked();
        let body = SignIn {
            token: given(without_label(token.trim()).to_owned()),
            name: given(self.name.get_untracked()),
            password: given(self.password.get_untracked()).map(Password),
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
            <span class="field-label">"Link or token"</span>
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

/// The token of a pasted invitation.
fn invitation(pasted: &str) -> Option<&str> {
    let (address, _) = pasted.split_once('#')?;
    address.ends_with("/join").then(|| without_label(pasted.trim()))
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

    #[test]
    fn an_invitation_is_known_by_its_address() {
        assert_eq!(invitation("http://localhost:1/join#token=abc "), Some("abc"));
        for pasted in ["abc", "#token=abc", "http://localhost:1/sign-in#token=abc"] {
            assert_eq!(invitation(pasted), None, "{pasted}");
        }
    }
}
