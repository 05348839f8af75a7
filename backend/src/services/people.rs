//! People: who there is, what they are called and what they may do. Taking a right away ends, in the same
//! transaction, what hangs on it.

use std::ops::Not as _;

use studio_kernel::{
    review::{Person, PersonRole},
    run::api::People,
};

use super::{
    audit::{self, Entry},
    invitations,
    names::{self, Name},
    sessions,
};
use crate::{
    error::{Error, Result},
    pg::{
        GenericClient, Row, Transaction,
        studio::{Studio, word},
    },
};

/// A person from a row with the columns `id`, `name`, `role` and `disabled_at`.
pub(super) fn person(row: &Row) -> Result<Person> {
    Ok(Person {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        role: word(row, "role")?,
        disabled: row.try_get::<_, Option<jiff::Timestamp>>("disabled_at")?.is_some(),
    })
}

/// Makes a person.
///
/// # Errors
/// [`Error::NameTaken`].
pub(super) async fn insert(client: &impl GenericClient, name: &Name, role: PersonRole) -> Result<Person> {
    let id = uuid::Uuid::now_v7().to_string();
    let insert = "insert into studio.people (id, name, folded, role) values ($1, $2, $3, $4)
                  on conflict do nothing";
    match client.execute(insert, &[&id, &name.shown, &name.folded, &role.as_str()]).await? {
        0 => Err(Error::NameTaken(name.shown.clone())),
        _ => Ok(Person { id, name: name.shown.clone(), role, disabled: false }),
    }
}

pub(super) async fn by_id(client: &impl GenericClient, id: &str) -> Result<Option<Person>> {
    let find = "select id, name, role, disabled_at from studio.people where id = $1";
    let row = client.query_opt(find, &[&id]).await?;
    row.as_ref().map(person).transpose()
}

/// The person as they are now, kept so until the transaction ends.
///
/// # Errors
/// [`Error::NotSignedIn`] when the person is gone or their account is disabled.
pub async fn locked(client: &impl GenericClient, id: &str) -> Result<Person> {
    lock(client, id, "for share").await
}

/// [`locked`], for whoever is about to change the person: nobody else holds them meanwhile, so that two who do the
/// same do not wait for each other.
pub(super) async fn locked_to_change(client: &impl GenericClient, id: &str) -> Result<Person> {
    lock(client, id, "for no key update").await
}

async fn lock(client: &impl GenericClient, id: &str, strength: &str) -> Result<Person> {
    let find = format!("select id, name, role, disabled_at from studio.people where id = $1 {strength}");
    let row = client.query_opt(&find, &[&id]).await?;
    let person = row.as_ref().map(person).transpose()?.filter(|person| person.disabled.not());
    person.ok_or(Error::NotSignedIn)
}

/// The person as they are now, with everybody who has decided about a change: all are kept so until the transaction
/// ends, so that whoever loses a right loses it before or after a start and never within.
///
/// # Errors
/// [`Error::NotSignedIn`] when the person is gone or their account is disabled.
pub async fn locked_with_deciders(client: &impl GenericClient, id: &str, change: i64) -> Result<Person> {
    let lock = "select from studio.people
                where id = $1 or id in (select person from studio.approvals where change = $2)
                order by id for share";
    client.execute(lock, &[&id, &change]).await?;
    locked(client, id).await
}

/// Everybody, and the invitations that still work.
///
/// # Errors
/// [`Error::Database`].
pub async fn list(studio: &Studio) -> Result<People> {
    let client = studio.client().await?;
    let people = "select id, name, role, disabled_at from studio.people order by lower(name), id";
    let people = client.query(people, &[]).await?;
    Ok(People {
        people: people.iter().map(person).collect::<Result<_>>()?,
        invitations: invitations::open(&*client).await?,
    })
}

/// Gives a person another name. What they did under the old one keeps it.
///
/// # Errors
/// [`Error::Invalid`] and [`Error::NameTaken`].
pub async fn rename(studio: &Studio, who: &Person, name: &str) -> Result<Person> {
    let name = Name::new(name)?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let who = locked_to_change(&transaction, &who.id).await?;
    refuse_taken(&transaction, &name, Some(&who.id)).await?;
    let update = "update studio.people set name = $2, folded = $3
                  where id = $1 and not exists (select from studio.people where folded = $3 and id <> $1)";
    if transaction.execute(update, &[&who.id, &name.shown, &name.folded]).await? == 0 {
        return Err(Error::NameTaken(name.shown));
    }
    let text = format!("changed their name from {} to {}", who.name, name.shown);
    let entry = Entry { person: Some(&who), action: "renamed", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(Person { name: name.shown, ..who })
}

/// Refuses a name that looks like that of somebody else, or of somebody who is invited.
pub(super) async fn refuse_taken(client: &impl GenericClient, name: &Name, but: Option<&str>) -> Result<()> {
    let taken = "select exists (select from studio.people where folded = $1 and id is distinct from $2)
                     or exists (select from studio.invitations where folded = $1 and used_at is null
                                and revoked_at is null and expires_at > now())";
    let row = client.query_one(taken, &[&name.folded, &but]).await?;
    if row.try_get(0)? { Err(Error::NameTaken(name.shown.clone())) } else { Ok(()) }
}

/// Folds the names of people from before names were folded. One that looks like an older person's gets a number.
///
/// # Errors
/// [`Error::Database`].
pub async fn fold_names(studio: &Studio) -> Result<()> {
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let find = "select id, name, role, disabled_at from studio.people where folded is null
                order by created_at, id for no key update";
    for row in transaction.query(find, &[]).await? {
        let who = person(&row)?;
        let free = "select not exists (select from studio.people where folded = $1)";
        let mut shown = who.name.clone();
        for number in 2.. {
            let folded = names::folded(&shown);
            let is_free: bool = transaction.query_one(free, &[&folded]).await?.try_get(0)?;
            if is_free && !folded.is_empty() {
                let update = "update studio.people set name = $2, folded = $3 where id = $1";
                transaction.execute(update, &[&who.id, &shown, &folded]).await?;
                break;
            }
            shown = format!("{} {number}", who.name.chars().take(70).collect::<String>());
        }
        if shown != who.name {
            let text = format!("gave {} the name {shown}, because another looks the same", who.name);
            let entry = Entry { person: None, action: "renamed", change: None, run: None, text: &text };
            audit::append(&transaction, entry).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// The person as they are now, with a role that still reaches, kept so until the transaction ends.
///
/// # Errors
/// [`Error::NotSignedIn`], [`Error::Role`].
pub(super) async fn locked_as(client: &impl GenericClient, who: &Person, role: PersonRole) -> Result<Person> {
    let who = locked(client, &who.id).await?;
    if who.role.allows(role) { Ok(who) } else { Err(Error::Role(role)) }
}

/// A person whom an admin is about to take something from or give something to.
struct Subject {
    whom: Person,
    /// Nobody else is admin.
    is_last_admin: bool,
}

/// Locks all admins and the person, so that two admins cannot take their rights from each other at once.
async fn subject(transaction: &Transaction<'_>, by: &Person, id: &str) -> Result<Subject> {
    let find = "select id, name, role, disabled_at from studio.people
                where id = $1 or role = 'admin' order by id for no key update";
    let rows = transaction.query(find, &[&id]).await?;
    let all = rows.iter().map(person).collect::<Result<Vec<_>>>()?;
    let is_admin = |person: &&Person| person.role.allows(PersonRole::Admin) && !person.disabled;
    if !all.iter().filter(is_admin).any(|admin| admin.id == by.id) {
        return Err(Error::Role(PersonRole::Admin));
    }
    let is_last_admin = !all.iter().filter(is_admin).any(|admin| admin.id != id);
    let whom = all.into_iter().find(|person| person.id == id).ok_or(Error::NotFound("person"))?;
    Ok(Subject { whom, is_last_admin })
}

/// Gives somebody another role; answers with the one they had. Links that an admin made end when they are admin no
/// longer.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::LastAdmin`] when nobody would be admin afterwards.
pub async fn set_role(studio: &Studio, by: &Person, id: &str, role: PersonRole) -> Result<PersonRole> {
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let Subject { whom, is_last_admin } = subject(&transaction, by, id).await?;
    if is_last_admin && role != PersonRole::Admin {
        return Err(Error::LastAdmin);
    }
    let update = "update studio.people set role = $2 where id = $1";
    transaction.execute(update, &[&id, &role.as_str()]).await?;
    if role != PersonRole::Admin {
        invitations::revoke_of(&transaction, &whom, false).await?;
    }
    let text = format!("gave {} the role {role}", whom.name);
    let entry = Entry { person: Some(by), action: "set_role", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(whom.role)
}

/// Closes somebody's account, or opens it again. With it end their sessions, the links that they made, and those
/// that let them in.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Oneself`]; [`Error::LastAdmin`] when nobody would be admin afterwards.
pub async fn set_disabled(studio: &Studio, by: &Person, id: &str, disabled: bool) -> Result<()> {
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let Subject { whom, is_last_admin } = subject(&transaction, by, id).await?;
    if whom.disabled == disabled {
        return Ok(());
    }
    if disabled && whom.id == by.id {
        return Err(Error::Oneself);
    }
    if disabled && is_last_admin {
        return Err(Error::LastAdmin);
    }
    let update =
        "update studio.people set disabled_at = case when $2 then clock_timestamp() end where id = $1";
    transaction.execute(update, &[&id, &disabled]).await?;
    if disabled {
        sessions::end_all(&transaction, &whom, None).await?;
        invitations::revoke_of(&transaction, &whom, true).await?;
    }
    let (action, verb) = if disabled { ("disabled", "disabled") } else { ("enabled", "enabled") };
    let text = format!("{verb} the account of {}", whom.name);
    let entry = Entry { person: Some(by), action, change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(())
}
