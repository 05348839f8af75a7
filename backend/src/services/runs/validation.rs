//! Starts a validation: any file of the folder that only asserts, on the target, undone when it ends.

use std::{collections::BTreeSet, sync::Arc};

use studio_kernel::{
    migration::Role,
    plan::{self, Plan},
    review::{Obstacle, Person, PersonRole},
    run::RunKind,
};

use super::{Accepted, NewRun, journal, order, queue::Place};
use crate::{
    error::{Error, Result},
    pg::target::reach,
    services::{
        audit::{self, Entry},
        folder::checked_path,
        people,
        sessions::{self, SessionId},
        sign_in, stored,
    },
    state::AppState,
};

/// Accepts a validation; the caller executes it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] for a file that does more than assert; [`Error::Refused`] for one
/// that cannot be planned; [`Error::ProofNeeded`] where only an operator who has shown lately who they are may start
/// it; [`Error::Database`].
pub async fn start(
    state: &AppState,
    person: &Person,
    session: &SessionId,
    path: &str,
    place: Option<&Place>,
) -> Result<Accepted> {
    let path = checked_path(path)?;
    let folder = state.folder.snapshot().await?;
    let file = folder.set.get(path).ok_or(Error::NotFound("file"))?;
    if !matches!(file.role, Role::Validation | Role::Test) {
        return Err(Error::invalid(format!(
            "{path} has the role {}; only validations and tests run here.",
            file.role
        )));
    }
    let turn = state.answers().turn(&person.id).await?;
    let (planned, alone) = (Arc::clone(&folder), path.to_owned());
    let plan = turn.work(folder.bytes(), move || Ok(plan::plan(&planned.set, &[&alone], &BTreeSet::new())));
    let plan = plan.await?;
    may_run(&plan)?;
    let steps = order::steps(&plan);
    place.map(|place| place.holds(order::statements(&steps))).transpose()?;
    // Who may not run SQL on the target only reads there, and so does who has not shown lately who they are.
    let is_operator = person.role.allows(PersonRole::Operator);
    let proven = !state.is_production() || {
        let client = state.studio.client().await?;
        sessions::is_confirmed(&*client, session, None).await?
    };
    let read_only = !(is_operator && proven);
    if read_only {
        match only_reads(state, file.role).await {
            Err(Error::Refused(_)) if is_operator => return Err(Error::ProofNeeded),
            other => other?,
        }
    }
    let needs = if read_only { PersonRole::Author } else { PersonRole::Operator };
    let mut client = state.studio.client().await?;
    let transaction = client.transaction().await?;
    let person = &people::locked_as(&transaction, person, needs).await?;
    if !read_only && state.is_production() {
        sign_in::need_proof(&transaction, session).await?;
    }
    stored::keep(&transaction, &file.text).await?;
    let run = NewRun {
        kind: RunKind::Validate,
        change: None,
        title: path,
        target: state.target.name(),
        person,
        digest: None,
        idempotency_key: None,
        read_only,
        steps,
    };
    let accepted = journal::insert(&transaction, run).await?;
    if let Accepted::New(start) = &accepted {
        let text = format!("started the validation {path} on {}", state.target.name());
        let (action, run) = ("validation_started", Some(start.id.as_str()));
        let entry = Entry { person: Some(person), action, change: None, run, text: &text };
        audit::append(&transaction, entry).await?;
    }
    transaction.commit().await?;
    Ok(accepted)
}

/// Refuses what could do more on the target than read, for somebody who may not run SQL there.
async fn only_reads(state: &AppState, role: Role) -> Result<()> {
    let refused = |message: String| Err(Error::Refused(vec![Obstacle { code: "role".to_owned(), message }]));
    if role == Role::Test {
        return refused(
            "A test writes rows on purpose, so on the target it needs the role operator. A dry run of a change \
             needs none."
                .to_owned(),
        );
    }
    let session = state.target.open("studio reach").await?;
    let outside = reach::outside(&session).await;
    session.close().await;
    match outside? {
        None => Ok(()),
        Some(why) => refused(format!(
            "The target's role {why}, so what a validation does there need not end with its transaction. It needs \
             the role operator, or a target role without that right."
        )),
    }
}

/// Refuses a plan that must not run, with every reason.
pub(super) fn may_run(plan: &Plan) -> Result<()> {
    if plan.refusals.is_empty() {
        return Ok(());
    }
    let obstacles = plan.refusals.iter().map(|refusal| Obstacle {
        code: "plan-refused".to_owned(),
        message: format!("{}: {}", refusal.path, refusal.message),
    });
    Err(Error::Refused(obstacles.collect()))
}
