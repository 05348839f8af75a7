//! `/people`: who may do what, invitations, and what reviews need.

use leptos::prelude::*;
use studio_kernel::{
    review::{Person, PersonRole},
    run::api::{Invitation, Invite, People, Policy, Rename, SetRole},
};

use crate::{
    api,
    browser::page,
    components::{
        Avatar, Button, CopyField, ErrorLine, Glyph, Loaded, Look, PageHead, RoleName, Sending, When,
    },
    state::{remote::Remote, session::Session, toasts::Toasts},
};

/// The page.
#[component]
pub(crate) fn PeoplePage() -> impl IntoView {
    let people = Remote::new(api::people);
    view! {
        <PageHead title="People" subtitle=|| view! {
            <span class="muted">"Each role may do what the roles before it may: author, reviewer, operator, admin."</span>
        }/>
        <div class="columns">
            <div>
                <Loaded remote=people let:signal>
                    <PeopleTable people=signal remote=people/>
                </Loaded>
            </div>
            <div class="stack">
                <InviteBox people/>
                <PolicyBox/>
                <NameBox people/>
            </div>
        </div>
    }
}

#[component]
fn PeopleTable(people: RwSignal<People>, remote: Remote<People>) -> impl IntoView {
    let rows = move || {
        let rows = people.get().people.into_iter().map(|person| view! { <PersonRow person remote/> });
        rows.collect_view()
    };
    let invitations = move || {
        let open = people.with(|people| people.invitations.clone());
        (!open.is_empty()).then(|| {
            let rows = open.into_iter().map(|invitation| {
                view! {
                    <li>
                        <RoleName role=invitation.role/>
                        <span class="muted">"not used yet, ends " <When at=invitation.expires/></span>
                    </li>
                }
            });
            view! { <h2>"Open invitations"</h2> <ul class="plain-list">{rows.collect_view()}</ul> }
        })
    };
    view! {
        <div class="table-region" tabindex="0" role="region" aria-label="People">
            <table class="table" data-test="people">
                <thead><tr><th scope="col">"Name"</th><th scope="col">"Role"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {invitations}
    }
}

#[component]
fn PersonRow(person: Person, remote: Remote<People>) -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let role = person.role;
    let id = StoredValue::new(person.id.clone());
    let name = person.name.clone();
    let shown = RwSignal::new(role);
    let choose = move |chosen: PersonRole| {
        shown.set(chosen);
        leptos::task::spawn_local(async move {
            match api::set_role(&id.get_value(), SetRole { role: chosen }).await {
                Ok(people) => {
                    remote.set(people);
                    session.remote().reload();
                    toasts.good("The role is set.");
                }
                Err(error) => {
                    // The list shows what the server says, not what was chosen.
                    shown.set(role);
                    toasts.refused(&error);
                }
            }
        });
    };
    let label = format!("Role of {name}");
    view! {
        <tr>
            <td data-label="Name"><Avatar person/></td>
            <td data-label="Role">
                {move || if session.allows(PersonRole::Admin) {
                    view! { <RoleSelect label=label.clone() role=shown on_choose=choose/> }.into_any()
                } else {
                    view! { <RoleName role/> }.into_any()
                }}
            </td>
        </tr>
    }
}

#[component]
fn RoleSelect(
    label: String,
    #[prop(into)] role: Signal<PersonRole>,
    on_choose: impl Fn(PersonRole) + 'static,
) -> impl IntoView {
    let options = PersonRole::ALL.iter().map(|each| {
        view! { <option value=each.as_str() selected=*each == role.get_untracked()>{each.as_str()}</option> }
    });
    view! {
        <select
            class="field-input"
            aria-label=label
            prop:value=move || role.get().as_str()
            on:change=move |event| {
                let word = event_target_value(&event);
                if let Some(role) = PersonRole::ALL.iter().find(|role| role.as_str() == word) {
                    on_choose(*role);
                }
            }
        >
            {options.collect_view()}
        </select>
    }
}

#[component]
fn InviteBox(people: Remote<People>) -> impl IntoView {
    let session = expect_context::<Session>();
    let role = RwSignal::new(PersonRole::Reviewer);
    let made = RwSignal::new(None::<Invitation>);
    let sending = Sending::new();
    let invite = move |_| {
        sending.send(api::invite(Invite { role: role.get_untracked() }), move |invitation| {
            made.set(Some(invitation));
            people.reload();
        });
    };
    view! {
        <section class="box" aria-label="Invite">
            <h2>"Invite somebody"</h2>
            <p class="muted">"Make a link and send it to them. It works once."</p>
            <div class="row-form">
                <RoleSelect label="Role of the invited person".to_owned() role on_choose=move |chosen| role.set(chosen)/>
                <Button
                    on_press=invite
                    look=Look::Primary
                    busy=sending.busy
                    glyph=Glyph::Plus
                    disabled=Signal::derive(move || !session.allows(PersonRole::Admin))
                    hint=Signal::derive(move || {
                        if session.allows(PersonRole::Admin) { String::new() } else { "Inviting needs the role admin".to_owned() }
                    })
                >
                    "Make link"
                </Button>
            </div>
            <ErrorLine error=sending.error/>
            {move || made.get().map(|invitation| {
                let link = format!("{}{}", page::origin(), invitation.link);
                view! {
                    <CopyField label="Invitation link" value=link/>
                    <p class="muted">"Shown only now; it ends " <When at=invitation.expires/> "."</p>
                }
            })}
        </section>
    }
}

#[component]
fn PolicyBox() -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let policy = Memo::new(move |_| session.remote().with(|me| me.policy));
    let set = move |policy: Policy| {
        leptos::task::spawn_local(async move {
            match api::set_policy(policy).await {
                Ok(me) => {
                    session.remote().set(me);
                    toasts.good("The review policy is set. Approvals given before it are stale.");
                }
                Err(error) => {
                    session.remote().reload();
                    toasts.refused(&error);
                }
            }
        });
    };
    let locked = move || !session.allows(PersonRole::Admin);
    view! {
        <section class="box" aria-label="Review policy">
            <h2>"Review policy"</h2>
            {move || policy.get().map(|policy| view! {
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=policy.four_eyes
                        disabled=locked
                        on:change=move |event| set(Policy { four_eyes: event_target_checked(&event), ..policy })
                    />
                    "Four eyes: nobody approves what they wrote"
                </label>
                <label class="check">
                    <input
                        class="field-input number-input"
                        type="number"
                        min="1"
                        max="9"
                        prop:value=policy.required.to_string()
                        disabled=locked
                        on:change=move |event| {
                            if let Ok(required) = event_target_value(&event).parse() {
                                set(Policy { required, ..policy });
                            }
                        }
                    />
                    "approvals needed before a run"
                </label>
                <p class="muted">
                    {if policy.four_eyes {
                        "Somebody else must approve each change."
                    } else {
                        "One-person mode: the author of a change may approve it."
                    }}
                    " Setting the policy makes earlier approvals stale."
                </p>
            })}
        </section>
    }
}

#[component]
fn NameBox(people: Remote<People>) -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let typed = RwSignal::new(None::<String>);
    let name = Signal::derive(move || {
        typed.get().unwrap_or_else(|| session.remote().with(|me| me.person.name.clone()).unwrap_or_default())
    });
    let save = move |_| {
        leptos::task::spawn_local(async move {
            match api::rename(Rename { name: name.get_untracked() }).await {
                Ok(me) => {
                    session.remote().set(me);
                    people.reload();
                    toasts.good("Your name is set.");
                }
                Err(error) => toasts.refused(&error),
            }
        });
    };
    view! {
        <section class="box" aria-label="Your name">
            <h2>"Your name"</h2>
            <div class="row-form">
                <input
                    class="field-input"
                    aria-label="Your name"
                    maxlength="80"
                    autocomplete="name"
                    prop:value=name
                    on:input=move |event| typed.set(Some(event_target_value(&event)))
                />
                <Button on_press=save disabled=Signal::derive(move || name.with(|name| name.trim().is_empty()))>"Save"</Button>
            </div>
        </section>
    }
}
