//! Where somebody is signed in: one's own sessions, and for admins everybody's.

use leptos::prelude::*;
use studio_kernel::{
    review::PersonRole,
    run::api::{SessionInfo, Sessions},
};

use crate::{
    api,
    components::{Avatar, Button, Loaded, When},
    state::{remote::Remote, session::Session, toasts::Toasts, wording},
};

/// The sessions that have not ended.
#[component]
pub(super) fn SessionsBox() -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let of_all = RwSignal::new(false);
    let sessions = Remote::new(move || api::sessions(of_all.get()));
    let end_others = move |_| {
        leptos::task::spawn_local(async move {
            match api::end_other_sessions().await {
                Ok(_) => {
                    sessions.reload();
                    toasts.good("Your other sessions have ended.");
                }
                Err(error) => toasts.refused(&error),
            }
        });
    };
    view! {
        <section class="box" aria-label="Sessions">
            <h2>"Where you are signed in"</h2>
            {move || session.allows(PersonRole::Admin).then(|| view! {
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=of_all
                        on:change=move |event| of_all.set(event_target_checked(&event))
                    />
                    "Show everybody's"
                </label>
            })}
            <Loaded remote=sessions rows=2 let:list>
                <ul class="plain-list" data-test="sessions">
                    {move || list.get().sessions.into_iter().map(|info| view! {
                        <SessionRow info sessions of_all/>
                    }).collect_view()}
                </ul>
            </Loaded>
            <p class="muted">"A session ends after 3 days without use, and after 30 days at the latest."</p>
            <Button on_press=end_others>"End all others of mine"</Button>
        </section>
    }
}

#[component]
fn SessionRow(info: SessionInfo, sessions: Remote<Sessions>, of_all: RwSignal<bool>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let id = StoredValue::new(info.id);
    let end = move |_| {
        leptos::task::spawn_local(async move {
            match api::end_session(of_all.get_untracked(), &id.get_value()).await {
                Ok(list) => sessions.set(list),
                Err(error) => toasts.refused(&error),
            }
        });
    };
    let whole = info.agent.clone();
    let browser = info.agent.map(|agent| wording::browser(&agent));
    let place = [browser, info.address].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    view! {
        <li class="session">
            <div>
                {of_all.get_untracked().then(|| view! { <Avatar person=info.person/> })}
                <span class="session-place" title=whole>{if place.is_empty() { "A browser".to_owned() } else { place }}</span>
                <span class="muted">
                    "Signed in " <When at=info.made/> ", last used " <When at=info.seen/>
                </span>
            </div>
            {if info.this {
                view! { <strong>"This one"</strong> }.into_any()
            } else {
                view! { <Button on_press=end>"End"</Button> }.into_any()
            }}
        </li>
    }
}
