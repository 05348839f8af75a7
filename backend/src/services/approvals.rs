//! Decisions of reviewers, each about exactly one digest.

use studio_kernel::{
    review::{Decision, Person},
    run::api::Decide,
};

use super::{
    audit, changes,
    gate::{self, Judged, LOOKS, Looked, Moment},
    people, policy,
    stored::{self, Lock},
};
use crate::{
    error::{Error, Result},
    state::AppState,
};

/// Records what a person says about what a change would run now.
///
/// # Errors
/// [`Error::StaleDigest`] when that is not what they saw; [`Error::Refused`] with what keeps them from deciding;
/// [`Error::Target`] when the ledger cannot be read.
pub async fn decide(state: &AppState, person: &Person, id: i64, wish: &Decide) -> Result<()> {
    let note = changes::checked_text(&wish.note, 0, 2_000, "note")?;
    let mut judged = Judged::now(state, id).await?;
    for _ in 0..LOOKS {
        let moment = Moment::now(state).await?;
        match decide_as_judged(state, person, id, wish, &note, moment, &judged).await? {
            Looked::Decided(()) => return Ok(()),
            Looked::Changed(inputs) => judged = Judged::of(state, *inputs).await?,
        }
    }
    Err(Error::Busy)
}

async fn decide_as_judged(
    state: &AppState,
    person: &Person,
    id: i64,
    wish: &Decide,
    note: &str,
    moment: Moment,
    judged: &Judged,
) -> Result<Looked<()>> {
    let mut client = state.studio.reserved().client().await?;
    let transaction = client.transaction().await?;
    let change = stored::change(&transaction, id, Lock::Row).await?;
    let person = people::locked(&transaction, &person.id).await?;
    let policy = policy::locked_policy(&transaction).await?;
    let revision = change.newest()?;
    let inputs = moment.inputs(policy, revision);
    if !judged.holds_for(&inputs) {
        return Ok(Looked::Changed(Box::new(inputs)));
    }
    let assessment = &*judged.assessment;
    let bound = &assessment.bound;
    if bound.digest != wish.expected_digest {
        return Err(Error::StaleDigest);
    }
    let approvals = stored::approvals(&transaction, id).await?;
    let mut obstacles =
        gate::decide(&person, &change, &approvals, &assessment.brief(), policy, false).approve;
    if wish.decision == Decision::RequestChanges {
        // Nobody gains by asking for changes to their own work, so it is free.
        obstacles.retain(|obstacle| obstacle.code != "own-change");
    }
    if !obstacles.is_empty() {
        return Err(Error::Refused(obstacles));
    }
    let insert = "insert into studio.approvals
                      (id, change, person, at, decision, note, revision, digest, bytes, target, policy, database,
                       schema, session)
                  values ($1, $2, $3, clock_timestamp(), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let number = i32::try_from(revision.number).unwrap_or(i32::MAX);
    let (approval, decision) = (uuid::Uuid::now_v7().to_string(), wish.decision.as_str());
    transaction
        .execute(
            insert,
            &[
                &approval,
                &id,
                &person.id,
                &decision,
                &note,
                &number,
                &bound.digest.as_str(),
                &bound.bytes.as_str(),
                &bound.target,
                &bound.policy,
                &bound.database,
                &bound.schema,
                &bound.session,
            ],
        )
        .await?;
    changes::touch(&transaction, id).await?;
    let (action, verb) = match wish.decision {
        Decision::Approve => ("approved", "approved"),
        Decision::RequestChanges => ("requested_changes", "requested changes to"),
    };
    let text = format!("{verb} revision {} ({})", revision.number, bound.digest.short());
    audit::append(&transaction, changes::about(&person, action, id, &text)).await?;
    transaction.commit().await?;
    Ok(Looked::Decided(()))
}
