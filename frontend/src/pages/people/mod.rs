//! `/people`: who may do what, invitations, and what reviews need.

mod policy;

use std::future::Future;

use leptos::prelude::*;
use studio_kernel::{
    review::{Person, PersonRole},
    run::api::{ApiError, Invitation, Invite, OpenInvitation, People, SetRole},
};

use crate::{
    api,
    browser::page,
    components::{Avatar, Button, CopyField, Dialog, Form, Loaded, Look, PageHead, RoleName, Sending, When},
    state::{remote::Remote, session::Session, toasts::Toasts},
};
use policy::PolicyBox;

/// The page.
#[component]
pub(crate) fn PeoplePage() -> impl IntoView {
    let people = Remote::new(api::people);
    let made = RwSignal::new(None::<Made>);
    view! {
        <PageHead title="People" subtitle=|| view! {
            <span class="muted">"Each role may do what the roles before it may: viewer, author, reviewer, operator, admin."</span>
        }/>
        <div class="columns">
            <div class="stack">
                {move || made.get().map(|made| view! { <MadeLink made/> })}
                <Loaded remote=people let:signal>
                    <PeopleTable people=signal remote=people made/>
                </Loaded>
            </div>
            <div class="stack">
                <InviteBox people made/>
                <PolicyBox/>
            </div>
        </div>
    }
}

/// A link that was just made, and for whom.
#[derive(Clone)]
struct Made {
    name: String,
    invitation: Invitation,
}

#[component]
fn MadeLink(made: Made) -> impl IntoView {
    // On a narrow screen it stands above what was pressed.
    Effect::new(|_| page::focus("#made-link"));
    let link = format!("{}{}", page::origin(), made.invitation.link);
    view! {
        <section class="box" aria-label="New link" id="made-link" tabindex="-1">
            <h2>"Link for " {made.name}</h2>
            <CopyField label="Invitation link" value=link/>
            <p class="muted">"Shown only now. It works once and ends " <When at=made.invitation.expires/> "."</p>
        </section>
    }
}

/// The list, and what shows that it changed.
#[derive(Clone, Copy)]
struct List {
    people: Remote<People>,
    session: Session,
    toasts: Toasts,
}

impl List {
    fn of(people: Remote<People>) -> Self {
        Self { people, session: expect_context::<Session>(), toasts: expect_context::<Toasts>() }
    }

    /// Sends a change; the list then shows what the server says.
    fn send(self, request: impl Future<Output = Result<People, ApiError>> + 'static, done: &'static str) {
        leptos::task::spawn_local(async move {
            match request.await {
                Ok(people) => {
                    self.people.set(people);
                    self.session.remote().reload();
                    self.toasts.good(done);
                }
                Err(error) => {
                    self.people.reload();
                    self.toasts.refused(&error);
                }
            }
        });
    }
}

#[component]
fn PeopleTable(
    people: RwSignal<People>,
    remote: Remote<People>,
    made: RwSignal<Option<Made>>,
) -> impl IntoView {
    let rows = move || {
        let rows = people.get().people.into_iter().map(|person| view! { <PersonRow person remote made/> });
        rows.collect_view()
    };
    let invitations = move || {
        let open = people.with(|people| people.invitations.clone());
        (!open.is_empty()).then(|| {
            let rows = open.into_iter().map(|open| view! { <OpenLink open remote made/> });
            view! {
                <section class="box" aria-label="Open links">
                    <h2>"Open links"</h2>
                    <ul class="plain-list" data-test="invitations">{rows.collect_view()}</ul>
                </section>
            }
        })
    };
    view! {
        <div class="table-region" tabindex="0" role="region" aria-label="People">
            <table class="table" data-test="people">
                <thead><tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col"><span class="visually-hidden">"Account"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {invitations}
    }
}

#[component]
fn OpenLink(open: OpenInvitation, remote: Remote<People>, made: RwSignal<Option<Made>>) -> impl IntoView {
    let list = List::of(remote);
    let id = StoredValue::new(open.id);
    let revoke = move |_| {
        made.set(None);
        list.send(async move { api::revoke(&id.get_value()).await }, "The link no longer works.");
    };
    let by = open.by.map_or("the server".to_owned(), |by| by.name);
    view! {
        <li class="session">
            <div>
                <span><strong>{open.name}</strong> " · " <RoleName role=open.role/></span>
                <span class="muted">
                    {if open.known { "Sign-in link by " } else { "Invited by " }} {by} ", ends " <When at=open.expires/>
                </span>
            </div>
            {list.session.allows(PersonRole::Admin).then(|| view! { <Button on_press=revoke>"Revoke"</Button> })}
        </li>
    }
}

#[component]
fn PersonRow(person: Person, remote: Remote<People>, made: RwSignal<Option<Made>>) -> impl IntoView {
    let list @ List { session, toasts, .. } = List::of(remote);
    let role = person.role;
    let disabled = person.disabled;
    let id = StoredValue::new(person.id.clone());
    let name = StoredValue::new(person.name.clone());
    let shown = RwSignal::new(role);
    let choose = move |chosen: PersonRole| {
        shown.set(chosen);
        let request = async move {
            let answer = api::set_role(&id.get_value(), SetRole { role: chosen }).await;
            // The row shows what the server says, not what was chosen.
            answer.inspect_err(|_| shown.set(role))
        };
        list.send(request, "The role is set.");
    };
    let asks = RwSignal::new(false);
    let set_disabled = move |_| {
        asks.set(false);
        let request = async move { api::set_disabled(&id.get_value(), !disabled).await };
        let done = if disabled {
            "The account is open again."
        } else {
            "The account is disabled. Sessions and open links have ended."
        };
        list.send(request, done);
    };
    let link = move |_| {
        leptos::task::spawn_local(async move {
            match api::sign_in_link(&id.get_value()).await {
                Ok(invitation) => {
                    made.set(Some(Made { name: name.get_value(), invitation }));
                    remote.reload();
                }
                Err(error) => toasts.refused(&error),
            }
        });
    };
    let label = format!("Role of {}", person.name);
    let is_me = session.remote().with(|me| me.person.id == person.id).unwrap_or(false);
    view! {
        <tr>
            <td data-label="Name" class=disabled.then_some("person-gone")>
                <Avatar person/>
                {disabled.then_some(" disabled")}
            </td>
            <td data-label="Role">
                {move || if session.allows(PersonRole::Admin) {
                    view! { <RoleSelect label=label.clone() role=shown on_choose=choose/> }.into_any()
                } else {
                    view! { <RoleName role/> }.into_any()
                }}
            </td>
            <td class="cell-actions">
                {move || (session.allows(PersonRole::Admin) && !is_me).then(|| view! {
                    {(!disabled).then(|| view! {
                        <Button on_press=link hint="A one-time link, as for a lost password">"Sign-in link"</Button>
                    })}
                    " "
                    {if disabled {
                        view! { <Button on_press=set_disabled>"Enable"</Button> }.into_any()
                    } else {
                        view! {
                            <Button on_press=move |_| asks.set(true) hint="Ends sessions and open links">"Disable"</Button>
                        }.into_any()
                    }}
                })}
                <Dialog
                    open=asks
                    on_close=Callback::new(move |()| asks.set(false))
                    title=format!("Disable the account of {}", name.get_value())
                >
                    <p>
                        "Sessions and open links of this person end now, also the links this person made for others, \
                         and approvals by this person no longer count. The account can be enabled again."
                    </p>
                    <div class="form-actions">
                        <Button on_press=set_disabled look=Look::Danger>"Disable the account"</Button>
                        <Button on_press=move |_| asks.set(false)>"Cancel"</Button>
                    </div>
                </Dialog>
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
fn InviteBox(people: Remote<People>, made: RwSignal<Option<Made>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let role = RwSignal::new(PersonRole::Reviewer);
    let name = RwSignal::new(String::new());
    // A field that was sent is drawn anew: a browser marks one that is emptied as wrong.
    let rounds = RwSignal::new(0);
    let sending = Sending::new();
    let invite = move || {
        let wish = Invite { name: name.get_untracked(), role: role.get_untracked() };
        sending.send(api::invite(wish), move |invitation| {
            made.set(Some(Made { name: name.get_untracked(), invitation }));
            name.set(String::new());
            rounds.update(|rounds| *rounds += 1);
            people.reload();
        });
    };
    view! {
        <section class="box" aria-label="Invite">
            <h2>"Invite somebody"</h2>
            <p class="muted">"Make a link and send it to them. It works once, for somebody of this name."</p>
            <Show
                when=move || session.allows(PersonRole::Admin)
                fallback=|| view! { <p>"Inviting needs the role admin."</p> }
            >
                <Form sending on_submit=invite submit="Make link">
                    {move || {
                        rounds.track();
                        view! {
                            <label class="field">
                                <span class="field-label">"Name of the invited person"</span>
                                <input
                                    class="field-input"
                                    name="invited"
                                    autocomplete="off"
                                    required
                                    maxlength="80"
                                    prop:value=name
                                    on:input=move |event| name.set(event_target_value(&event))
                                />
                            </label>
                        }
                    }}
                    <RoleSelect label="Role of the invited person".to_owned() role on_choose=move |chosen| role.set(chosen)/>
                </Form>
            </Show>
        </section>
    }
}
