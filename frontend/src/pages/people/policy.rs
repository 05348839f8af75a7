//! What reviews need, and whoever asks for less.

use leptos::prelude::*;
use studio_kernel::{review::PersonRole, run::api::Policy};

use crate::{
    api,
    components::Button,
    state::{session::Session, toasts::Toasts, wording::count},
};

/// The policy in force, for admins to change.
#[component]
pub(super) fn PolicyBox() -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let policy = Memo::new(move |_| session.remote().with(|me| me.policy));
    // Fields show what holds, also when what was asked for has to wait.
    let answers = RwSignal::new(0);
    let set = move |wish: Policy| {
        leptos::task::spawn_local(async move {
            match api::set_policy(wish).await {
                Ok(me) => {
                    let waits = me.proposal.is_some();
                    let is_kept = policy.get_untracked() == Some(wish);
                    session.remote().set(me);
                    answers.update(|answers| *answers += 1);
                    toasts.good(if is_kept {
                        "The review policy stays as it is."
                    } else if waits {
                        "A weaker policy comes into force when another admin asks for the same, or when there has been none for a day and it is asked for again."
                    } else {
                        "The review policy is set. Approvals given before a change are stale."
                    });
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
            {move || session.remote().with(|me| me.proposal.clone()).flatten().map(|proposal| view! {
                <div class="notice" data-tint="caution">
                    <div>
                        <p>
                            <strong>{proposal.by.name}</strong>
                            {format!(
                                " asks for a weaker policy: four eyes {}, {} needed.",
                                if proposal.policy.four_eyes { "on" } else { "off" },
                                count(proposal.policy.required, "approval"),
                            )}
                            " Another admin has to confirm."
                        </p>
                        {move || session.allows(PersonRole::Admin).then(|| {
                            let is_own = session.remote().with(|me| me.person.id == proposal.by.id) == Some(true);
                            view! {
                                <div class="form-actions">
                                    {(!is_own).then(|| view! {
                                        <Button on_press=move |_| set(proposal.policy)>"Confirm"</Button>
                                    })}
                                    <Button on_press=move |_| if let Some(present) = policy.get_untracked() { set(present) }>
                                        {if is_own { "Withdraw" } else { "Keep the present policy" }}
                                    </Button>
                                </div>
                            }
                        })}
                    </div>
                </div>
            })}
            {move || policy.get().map(|policy| { answers.track(); view! {
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
            }})}
        </section>
    }
}
