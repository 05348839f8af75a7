//! What reviews need, and who may change it. The policy guards the admins as well: while there are several, one of
//! them alone makes it stricter, but weaker only when another one asks for the same.

use studio_kernel::{
    review::{Person, PersonRole},
    run::api::{Policy, PolicyProposal},
    words::count,
};

use super::{
    audit::{self, Entry},
    people::locked_as,
    stored,
};
use crate::{
    error::{Error, Result},
    pg::{
        GenericClient, Transaction,
        studio::{Studio, time},
    },
};

/// How long somebody who was an admin still counts as the other one whom a weaker policy needs.
const ADMIN_COUNTS_FOR: &str = "1 day";

/// A proposal that nobody confirms ends after this long.
const PROPOSAL_FOR: &str = "7 days";

/// The policy, and how often it was changed: an approval binds both, so that one from before a change stays stale
/// when the same policy comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyInForce {
    /// What reviews need.
    pub policy: Policy,
    /// Its number.
    pub epoch: i64,
}

/// What reviews need.
///
/// # Errors
/// [`Error::Database`].
pub async fn policy(client: &impl GenericClient) -> Result<PolicyInForce> {
    read(client, "").await
}

/// What reviews need, kept so until the transaction ends.
///
/// # Errors
/// [`Error::Database`].
pub async fn locked_policy(client: &impl GenericClient) -> Result<PolicyInForce> {
    read(client, "for share").await
}

async fn read(client: &impl GenericClient, lock: &str) -> Result<PolicyInForce> {
    let read = format!("select four_eyes, required, policy_epoch from studio.settings {lock}");
    let row = client.query_one(&read, &[]).await?;
    let required: i32 = row.try_get("required")?;
    let policy =
        Policy { four_eyes: row.try_get("four_eyes")?, required: usize::try_from(required).unwrap_or(1) };
    Ok(PolicyInForce { policy, epoch: row.try_get("policy_epoch")? })
}

/// The weaker policy that an admin asks for.
///
/// # Errors
/// [`Error::Database`].
pub async fn proposal(client: &impl GenericClient) -> Result<Option<PolicyProposal>> {
    let find = format!(
        "select four_eyes, required, proposal.at, {}
         from studio.policy_proposals as proposal join studio.people as person on person.id = proposal.by
         where proposal.at > now() - interval '{PROPOSAL_FOR}'
           and person.role = 'admin' and person.disabled_at is null",
        stored::person_at("proposal.at")
    );
    let Some(row) = client.query_opt(&find, &[]).await? else {
        return Ok(None);
    };
    let required: i32 = row.try_get("required")?;
    let policy =
        Policy { four_eyes: row.try_get("four_eyes")?, required: usize::try_from(required).unwrap_or(1) };
    Ok(Some(PolicyProposal { policy, by: stored::person(&row)?, at: time(&row, "at")? }))
}

/// Sets what reviews need, or asks for it where another admin has to confirm. Approvals bind the policy, so they
/// become stale. Asking for the policy that is in force withdraws a proposal.
///
/// # Errors
/// [`Error::Invalid`] unless 1 to 10 approvals are asked for.
pub async fn set_policy(studio: &Studio, by: &Person, policy: Policy) -> Result<()> {
    let required = i32::try_from(policy.required)
        .ok()
        .filter(|required| (1..=10).contains(required))
        .ok_or_else(|| Error::invalid("Between 1 and 10 approvals can be asked for."))?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let by = locked_as(&transaction, by, PersonRole::Admin).await?;
    let present = read(&transaction, "for update").await?.policy;
    let proposed = proposal(&transaction).await?;
    let is_weaker = present.four_eyes && !policy.four_eyes || policy.required < present.required;
    let is_confirmed = proposed.as_ref().is_some_and(|it| it.policy == policy && it.by.id != by.id);
    let eyes = if policy.four_eyes { "on" } else { "off" };
    let wish = format!("four-eyes {eyes} and {}", count(policy.required, "approval"));
    transaction.execute("delete from studio.policy_proposals", &[]).await?;
    let (action, text) = if policy == present {
        if proposed.is_none() {
            return Ok(());
        }
        ("policy_kept", "withdrew the proposal of a weaker policy".to_owned())
    } else if is_weaker && !is_confirmed && has_other_admin(&transaction, &by).await? {
        let insert = "insert into studio.policy_proposals (four_eyes, required, by) values ($1, $2, $3)";
        transaction.execute(insert, &[&policy.four_eyes, &required, &by.id]).await?;
        (
            "policy_proposed",
            format!("asked for {wish}; another admin has to confirm, or a day to pass since there was one"),
        )
    } else {
        let update = "update studio.settings
                      set four_eyes = $1, required = $2, policy_epoch = policy_epoch + 1";
        transaction.execute(update, &[&policy.four_eyes, &required]).await?;
        let asked = proposed.filter(|_| is_confirmed).map(|it| format!(", as {} asked", it.by.name));
        ("set_policy", format!("set {wish}{}", asked.unwrap_or_default()))
    };
    let entry = Entry { person: Some(&by), action, change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(())
}

/// Whether there is another admin, or was one lately: who puts the other one out of the way decides no sooner alone.
async fn has_other_admin(transaction: &Transaction<'_>, by: &Person) -> Result<bool> {
    let find = format!(
        "select exists (select from studio.people
                        where (role = 'admin' and disabled_at is null
                               or admin_until > now() - interval '{ADMIN_COUNTS_FOR}')
                          and id <> $1)"
    );
    Ok(transaction.query_one(&find, &[&by.id]).await?.try_get(0)?)
}
