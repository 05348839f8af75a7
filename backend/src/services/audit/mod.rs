//! The audit log: what was done and refused, by whom and from where, in a chain that shows tampering.
//! A change's timeline is read from it. The database computes the chain; `verify` checks it independently.
//!
//! ```text
//! record     an entry as it is kept, and what its hash covers
//! origin     the request an entry is written in: address, session, person
//! refusals   requests that were refused, within bounds
//! verify     recomputes the chain, and holds it against the anchors
//! anchor     heads of the log, kept outside of its database
//! beside     the last of them, in the comment on the target's ledger
//! ```

mod anchor;
pub mod beside;
mod origin;
mod record;
mod refusals;
mod verify;

use studio_kernel::review::{Person, TimelineEntry};

pub use self::{
    anchor::{Anchor, Anchors},
    origin::Origin,
    record::Record,
    refusals::{Note, Refusals},
    verify::{Chain, Kept, Verdict, verify},
};
use super::stored;
use crate::{
    error::Result,
    pg::{GenericClient, studio::time},
};

/// Something worth keeping for ever. Address and session are those of the request it is written in.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Who did it; `None` for the server itself and for strangers.
    pub person: Option<&'a Person>,
    /// A stable word, as in the protocol's timeline where it is about a change.
    pub action: &'a str,
    /// The change it is about.
    pub change: Option<i64>,
    /// The run it is about.
    pub run: Option<&'a str>,
    /// A sentence for people, without name and time.
    pub text: &'a str,
}

/// Appends an entry. Writers queue up until the one before commits, so it comes last in a transaction.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn append(client: &impl GenericClient, entry: Entry<'_>) -> Result<()> {
    let Entry { person, action, change, run, text } = entry;
    let (id, name) = (person.map(|person| person.id.as_str()), person.map(|person| person.name.as_str()));
    let (address, session) = Origin::of_entry();
    let insert = "insert into studio.audit (person, name, action, change, run, text, address, session)
                  values ($1, $2, $3, $4, $5, $6, $7, $8)";
    client.execute(insert, &[&id, &name, &action, &change, &run, &text, &address, &session]).await?;
    Ok(())
}

/// What happened to a change, oldest first. Refusals are for the log alone: nothing happened.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn timeline(client: &impl GenericClient, change: i64) -> Result<Vec<TimelineEntry>> {
    let find = format!(
        "select audit.at, audit.action, audit.text, audit.run, {}
         from studio.audit as audit left join studio.people as person on person.id = audit.person
         where audit.change = $1 and audit.action not in ('refused', 'accepted') order by audit.seq",
        stored::person_at("audit.at")
    );
    let rows = client.query(&find, &[&change]).await?;
    rows.iter()
        .map(|row| {
            let someone = row.try_get::<_, Option<&str>>("person_id")?.is_some();
            Ok(TimelineEntry {
                at: time(row, "at")?,
                person: someone.then(|| stored::person(row)).transpose()?,
                action: row.try_get("action")?,
                text: row.try_get("text")?,
                run: row.try_get("run")?,
            })
        })
        .collect()
}
