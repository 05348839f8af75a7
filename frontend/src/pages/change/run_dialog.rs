//! The last look before a run: where, what, in which order, which locks, what cannot be taken back.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use studio_kernel::{
    plan::{Plan, PlannedFile, SegmentKind},
    run::api::{Change, Confirm, Password, StartRun, Target},
    sql::lock::{Lock, LockMode},
};

use super::{MovedOn, Opened, decide::Bound};
use crate::{
    api,
    browser::time,
    components::{Dialog, Form, Glyph, Icon, Loaded, LockChips, Look, PasswordField, Sending},
    routes::Route,
    state::{remote::Remote, session::Session, wording::count},
};

/// The dialog.
#[component]
pub(super) fn RunDialog(
    /// The change.
    opened: Opened,
) -> impl IntoView {
    let open = opened.starting;
    view! {
        <Dialog open on_close=Callback::new(move |()| open.set(false)) title=Signal::derive(move || format!("Run change #{}", opened.id)) size="wide">
            <Asked opened/>
        </Dialog>
    }
}

#[component]
fn Asked(opened: Opened) -> impl IntoView {
    let target = Remote::new(api::target);
    view! {
        <Loaded remote=target rows=3 let:target>
            <Fields opened target=target.get_untracked()/>
        </Loaded>
    }
}

#[component]
fn Fields(opened: Opened, target: Target) -> impl IntoView {
    let navigate = use_navigate();
    // The values of the moment the dialog opened: the server refuses when they are no longer true.
    let seen = StoredValue::new(opened.change.get_untracked());
    // One key per dialog: pressing twice, or again after a broken answer, starts one run.
    let key = StoredValue::new(format!("{}-{}", opened.id, time::now()));
    let typed = RwSignal::new(String::new());
    let moved_on = opened.moved_on(seen);
    let sending = Sending::new();
    let name = StoredValue::new(target.name.clone());
    let must_type = !target.embedded;
    let blocked = Signal::derive(move || {
        moved_on.get() || must_type && name.with_value(|name| typed.with(|typed| typed.trim() != name))
    });
    // The server asks for a fresh proof where others depend on the target.
    let password = RwSignal::new(String::new());
    let needs_proof = RwSignal::new(false);
    let session = expect_context::<Session>();
    let has_password = Memo::new(move |_| session.remote().with(|me| me.has_password).unwrap_or(false));
    let is_production = session.remote().with(|me| me.production).unwrap_or(false);
    let submit = move || {
        let proof = (needs_proof.get_untracked() && has_password.get_untracked())
            .then(|| Confirm { password: Password(password.get_untracked()) });
        let body = StartRun {
            expected_digest: seen.with_value(|change| change.digest.clone()),
            idempotency_key: key.get_value(),
        };
        let navigate = navigate.clone();
        let request = async move {
            if let Some(proof) = proof {
                api::confirm(proof).await?;
                needs_proof.set(false);
            }
            let started = api::start_run(opened.id, body).await;
            needs_proof.set(started.as_ref().is_err_and(|error| error.code == "proof-needed"));
            // What was refused is not what is shown any more.
            started.inspect_err(|_| opened.remote.reload())
        };
        sending.send(request, move |run| navigate(&Route::Run(run.id).href(), NavigateOptions::default()));
    };
    let change = seen.get_value();
    view! {
        <Form
            sending
            on_submit=submit
            submit=format!("Run on {}", target.name)
            look=if must_type { Look::Danger } else { Look::Primary }
            blocked
            test="confirm-run"
        >
            {must_type.then(|| view! {
                <div class="notice" data-tint="bad">
                    <Icon glyph=Glyph::Warning/>
                    <p>"This is not the studio's own database. Statements take effect on " <strong>{target.name.clone()}</strong> "."</p>
                </div>
            })}
            {(is_production && !must_type).then(|| view! {
                <div class="notice" data-tint="caution">
                    <Icon glyph=Glyph::Warning/>
                    <p>"This target is production: others depend on it."</p>
                </div>
            })}
            <MovedOn moved_on/>
            <Bound change=change.clone()/>
            <Effects change/>
            {must_type.then(|| view! {
                <label class="field">
                    <span class="field-label">"Type the target's name to go on: " <code>{target.name.clone()}</code></span>
                    <input
                        class="field-input"
                        autocomplete="off"
                        spellcheck="false"
                        prop:value=typed
                        on:input=move |event| typed.set(event_target_value(&event))
                    />
                </label>
            })}
            <Show when=move || needs_proof.get() && has_password.get()>
                <PasswordField label="Your password" name="password" value=password autocomplete="current-password"/>
            </Show>
        </Form>
    }
}

/// Locks, transaction boundaries, and what stays when a later part fails.
#[component]
fn Effects(change: Change) -> impl IntoView {
    let (transactions, alone) = boundaries(&change.plan);
    let locks = strongest(&change.plan);
    view! {
        <dl class="facts">
            <dt>"Transactions"</dt>
            <dd>
                {count(transactions, "transaction")}
                {if transactions == 1 { ", whole or not at all" } else { ", each whole or not at all" }}
            </dd>
            <dt>"Cannot be rolled back"</dt>
            <dd>
                {if alone.is_empty() {
                    view! { "nothing: every statement is inside a transaction" }.into_any()
                } else {
                    let rows = alone.into_iter().map(|summary| view! { <li><code>{summary}</code></li> });
                    view! { <ul>{rows.collect_view()}</ul> }.into_any()
                }}
            </dd>
            <dt>"Locks on existing objects"</dt>
            <dd>
                {if locks.is_empty() {
                    view! { "none" }.into_any()
                } else {
                    view! { <LockChips locks/> }.into_any()
                }}
            </dd>
        </dl>
    }
}

/// How many transactions there are, and the statements outside of any.
fn boundaries(plan: &Plan) -> (usize, Vec<String>) {
    let segments = plan.files.iter().flat_map(|file| &file.segments);
    let (inside, alone): (Vec<_>, Vec<_>) =
        segments.partition(|segment| segment.kind == SegmentKind::Transaction);
    let alone = alone
        .into_iter()
        .flat_map(|segment| &segment.statements)
        .map(|statement| statement.summary.clone())
        .collect();
    (inside.len(), alone)
}

/// The strongest lock on each object, strongest first.
fn strongest(plan: &Plan) -> Vec<Lock> {
    let statements = plan.files.iter().flat_map(PlannedFile::statements);
    let mut locks: Vec<Lock> = Vec::new();
    for lock in statements.flat_map(|statement| &statement.locks) {
        let same = |other: &&mut Lock| (&other.object, other.reach) == (&lock.object, lock.reach);
        match locks.iter_mut().find(same) {
            Some(other) => other.join(lock),
            None => locks.push(lock.clone()),
        }
    }
    let mut sorted = Vec::with_capacity(locks.len());
    for mode in LockMode::ALL.iter().rev() {
        sorted.extend(locks.iter().filter(|lock| lock.mode == *mode).cloned());
    }
    sorted
}

#[cfg(test)]
mod tests {
    use studio_kernel::{
        name::{Ident, QualifiedName},
        plan::{PlannedStatement, Purpose, Segment},
        sql::lock::Reach,
    };

    use super::*;

    fn plan(segments: Vec<(SegmentKind, Vec<(LockMode, &str)>)>) -> Plan {
        let statement = |(mode, object): &(LockMode, &str)| PlannedStatement {
            summary: format!("on {object}"),
            locks: vec![Lock {
                mode: *mode,
                object: QualifiedName::bare(Ident::exact(*object)),
                reach: Reach::Itself,
                descends: false,
                rewrites: false,
                scans: false,
                certain: true,
                reason: "".into(),
            }],
            ..PlannedStatement::default()
        };
        let segments = segments.iter().map(|(kind, statements)| Segment {
            kind: *kind,
            reason: String::new(),
            statements: statements.iter().map(statement).collect(),
        });
        let file = PlannedFile {
            path: "a.sql".to_owned(),
            sha256: String::new(),
            version: None,
            name: String::new(),
            purpose: Purpose::Apply,
            segments: segments.collect(),
        };
        Plan { files: vec![file], ..Plan::default() }
    }

    #[test]
    fn the_summary_names_the_strongest_lock_of_each_object_and_what_stays() {
        let plan = plan(vec![
            (
                SegmentKind::Transaction,
                vec![(LockMode::Share, "a"), (LockMode::AccessExclusive, "b"), (LockMode::RowExclusive, "a")],
            ),
            (SegmentKind::Standalone, vec![(LockMode::ShareUpdateExclusive, "c")]),
        ]);
        assert_eq!(boundaries(&plan), (1, vec!["on c".to_owned()]));
        let locks: Vec<(LockMode, String)> =
            strongest(&plan).into_iter().map(|lock| (lock.mode, lock.object.to_string())).collect();
        assert_eq!(
            locks,
            [
                (LockMode::AccessExclusive, "b".to_owned()),
                (LockMode::Share, "a".to_owned()),
                (LockMode::ShareUpdateExclusive, "c".to_owned()),
            ]
        );
    }
}
