//! One-time links: invitations, and links for somebody who is here already. Each names whom it lets in and ends
//! with the right of the admin who made it.

use secrecy::{ExposeSecret as _, SecretString};
use studio_kernel::{
    review::{Person, PersonRole},
    run::api::{Invitation, OpenInvitation},
};

use super::{
    audit::{self, Entry},
    names::Name,
    people::{self, locked_as},
    stored, tokens,
};
use crate::{
    error::{Error, Result},
    pg::{
        GenericClient, Row, Transaction,
        studio::{Studio, time, word},
    },
};

/// For how long an invitation works, and a link for somebody who is here already.
const INVITATION_FOR: &str = "7 days";
const LINK_FOR: &str = "1 hour";

/// What is still open.
const OPEN: &str = "link.used_at is null and link.revoked_at is null and link.expires_at > now()";

/// Makes an invitation for somebody of this name.
///
/// # Errors
/// [`Error::Invalid`] and [`Error::NameTaken`] for the name; [`Error::Role`] when the admin is none any more.
pub async fn invite(studio: &Studio, by: &Person, name: &str, role: PersonRole) -> Result<Invitation> {
    let name = Name::new(name)?;
    let token = tokens::new()?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let by = locked_as(&transaction, by, PersonRole::Admin).await?;
    people::refuse_taken(&transaction, &name, None).await?;
    // One that has expired holds its name no longer.
    let expired = "update studio.invitations set revoked_at = now()
                   where folded = $1 and used_at is null and revoked_at is null and expires_at <= now()";
    transaction.execute(expired, &[&name.folded]).await?;
    let insert = format!(
        "insert into studio.invitations (id, role, invited_by, name, folded, expires_at)
         values ($1, $2, $3, $4, $5, now() + interval '{INVITATION_FOR}')
         on conflict do nothing returning expires_at"
    );
    let id = tokens::hashed(token.expose_secret());
    let row =
        transaction.query_opt(&insert, &[&id, &role.as_str(), &by.id, &name.shown, &name.folded]).await?;
    let row = row.ok_or_else(|| Error::NameTaken(name.shown.clone()))?;
    let text = format!("invited {} as {role}", name.shown);
    made(transaction, &by, "invited", &text, "join", &token, &row).await
}

/// Makes a one-time link for somebody who is here already, as for one who has lost their password.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Disabled`]; [`Error::Role`] when the admin is none any more.
pub async fn link(studio: &Studio, by: &Person, id: &str) -> Result<Invitation> {
    let token = tokens::new()?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let by = locked_as(&transaction, by, PersonRole::Admin).await?;
    let whom = people::by_id(&transaction, id).await?.ok_or(Error::NotFound("person"))?;
    if whom.disabled {
        return Err(Error::Disabled(whom.name));
    }
    let insert = format!(
        "insert into studio.invitations (id, person, role, invited_by, expires_at)
         values ($1, $2, $3, $4, now() + interval '{LINK_FOR}') returning expires_at"
    );
    let id = tokens::hashed(token.expose_secret());
    let row = transaction.query_one(&insert, &[&id, &whom.id, &whom.role.as_str(), &by.id]).await?;
    let text = format!("made a sign-in link for {}", whom.name);
    made(transaction, &by, "link_made", &text, "sign-in", &token, &row).await
}

async fn made(
    transaction: Transaction<'_>,
    by: &Person,
    action: &str,
    text: &str,
    page: &str,
    token: &SecretString,
    row: &Row,
) -> Result<Invitation> {
    let entry = Entry { person: Some(by), action, change: None, run: None, text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(Invitation {
        link: format!("/{page}#token={}", token.expose_secret()),
        expires: time(row, "expires_at")?,
    })
}

/// The links that still work, the first to end first.
///
/// # Errors
/// [`Error::Database`].
pub async fn open(client: &impl GenericClient) -> Result<Vec<OpenInvitation>> {
    let find = format!(
        "select left(encode(link.id, 'hex'), 12) as handle, coalesce(whom.name, link.name) as name,
                coalesce(whom.role, link.role) as role, whom.id is not null as known, link.expires_at,
                {}
         from studio.invitations as link left join studio.people as whom on whom.id = link.person
              left join studio.people as person on person.id = link.invited_by
         where {OPEN} order by link.expires_at, link.id",
        stored::person_at("link.created_at")
    );
    let rows = client.query(&find, &[]).await?;
    let open = rows.iter().map(|row| {
        let by = row.try_get::<_, Option<&str>>("person_id")?.is_some();
        Ok(OpenInvitation {
            id: row.try_get("handle")?,
            name: row.try_get("name")?,
            role: word(row, "role")?,
            known: row.try_get("known")?,
            by: by.then(|| stored::person(row)).transpose()?,
            expires: time(row, "expires_at")?,
        })
    });
    open.collect()
}

/// Revokes a link that was not used yet.
///
/// # Errors
/// [`Error::NotFound`] also when it was used in the meantime.
pub async fn revoke(studio: &Studio, by: &Person, handle: &str) -> Result<()> {
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let by = locked_as(&transaction, by, PersonRole::Admin).await?;
    let revoke = format!(
        "update studio.invitations as link set revoked_at = now()
         where left(encode(link.id, 'hex'), 12) = $1 and {OPEN}
         returning coalesce(link.name, (select name from studio.people where id = link.person)) as name"
    );
    let rows = transaction.query(&revoke, &[&handle]).await?;
    let name: String = rows.first().ok_or(Error::NotFound("invitation"))?.try_get("name")?;
    let text = format!("revoked the link for {name}");
    let entry = Entry { person: Some(&by), action: "link_revoked", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(())
}

/// Revokes every open link that somebody made; with `own`, also those that let them in.
pub(super) async fn revoke_of(client: &impl GenericClient, who: &Person, own: bool) -> Result<()> {
    let revoke = format!(
        "update studio.invitations as link set revoked_at = now()
         where (link.invited_by = $1 or $2 and link.person = $1) and {OPEN}"
    );
    client.execute(&revoke, &[&who.id, &own]).await?;
    Ok(())
}
