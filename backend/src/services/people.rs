//! People, sessions, one-time links, and the review policy.

use rand::{TryRngCore as _, rngs::OsRng};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use studio_kernel::{
    review::{Person, PersonRole},
    run::api::{OpenInvitation, People, Policy},
    words::count,
};

use super::audit::{self, Entry};
use crate::{
    error::{Error, Result},
    pg::{
        GenericClient, Row,
        studio::{Studio, time, word},
    },
};

/// A session that nobody uses ends after this long; no session lives longer than [`SESSION_AT_MOST`].
const SESSION_IDLE: &str = "3 days";
const SESSION_AT_MOST: &str = "30 days";

/// For how long the link that the server prints works, and one that an admin makes.
const SIGN_IN_FOR: &str = "1 hour";
const INVITATION_FOR: &str = "7 days";

/// The name of the first admin until they give another.
const FIRST_NAME: &str = "Owner";

/// 256 random bits as 64 hex digits. The database keeps only their SHA-256.
fn new_token() -> Result<SecretString> {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Error::Random(error.to_string()))?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(hex.into())
}

fn hashed(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// A person from a row with the columns `id`, `name` and `role`.
fn person(row: &Row) -> Result<Person> {
    Ok(Person { id: row.try_get("id")?, name: row.try_get("name")?, role: word(row, "role")? })
}

/// A one-time link's token that signs in the first admin, who is made when there is none.
///
/// # Errors
/// [`Error::Database`].
pub async fn owner_link(studio: &Studio) -> Result<SecretString> {
    let token = new_token()?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    // Two servers that start at once on one database must not make two owners.
    transaction.execute("select from studio.settings for update", &[]).await?;
    let oldest = "select id from studio.people where role = 'admin' order by created_at, id limit 1";
    let owner: String = match transaction.query_opt(oldest, &[]).await? {
        Some(row) => row.try_get("id")?,
        None => insert_person(&transaction, FIRST_NAME, PersonRole::Admin).await?.id,
    };
    let insert = format!(
        "insert into studio.invitations (id, person, role, expires_at)
         values ($1, $2, 'admin', now() + interval '{SIGN_IN_FOR}')"
    );
    let id = hashed(token.expose_secret());
    transaction.execute(&insert, &[&id, &owner]).await?;
    transaction.commit().await?;
    Ok(token)
}

async fn insert_person(client: &impl GenericClient, name: &str, role: PersonRole) -> Result<Person> {
    let id = uuid::Uuid::now_v7().to_string();
    let insert = "insert into studio.people (id, name, role) values ($1, $2, $3)";
    client.execute(insert, &[&id, &name, &role.as_str()]).await?;
    Ok(Person { id, name: name.to_owned(), role })
}

/// Uses a one-time token up: signs its person in, or makes a new one. Answers with the session's token.
///
/// # Errors
/// [`Error::DeadLink`]; [`Error::NameNeeded`] and [`Error::Invalid`] leave the link as it is.
pub async fn sign_in(studio: &Studio, token: &str, name: Option<&str>) -> Result<(SecretString, Person)> {
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let consume = "update studio.invitations set used_at = now()
                   where id = $1 and used_at is null and expires_at > now() returning person, role";
    let link = transaction.query_opt(consume, &[&hashed(token)]).await?;
    let link = link.ok_or(Error::DeadLink)?;
    let who = match link.try_get::<_, Option<String>>("person")? {
        Some(id) => by_id(&transaction, &id).await?.ok_or(Error::DeadLink)?,
        None => {
            let name = checked_name(name.ok_or(Error::NameNeeded)?)?;
            insert_person(&transaction, name, word(&link, "role")?).await?
        }
    };
    let session = new_token()?;
    let insert = format!(
        "insert into studio.sessions (id, person, expires_at) values ($1, $2, now() + interval '{SESSION_AT_MOST}')"
    );
    let id = hashed(session.expose_secret());
    transaction.execute(&insert, &[&id, &who.id]).await?;
    let entry = Entry {
        person: Some(&who),
        action: "signed_in",
        change: None,
        run: None,
        text: "signed in with a one-time link",
    };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok((session, who))
}

/// The person of a session that has not ended.
///
/// # Errors
/// [`Error::Database`].
pub async fn of_session(studio: &Studio, token: &str) -> Result<Option<Person>> {
    let client = studio.client().await?;
    let id = hashed(token);
    let find = format!(
        "select person.id, person.name, person.role, session.seen_at < now() - interval '1 minute' as stale
         from studio.sessions as session join studio.people as person on person.id = session.person
         where session.id = $1 and session.expires_at > now()
           and session.seen_at > now() - interval '{SESSION_IDLE}'"
    );
    let Some(row) = client.query_opt(&find, &[&id]).await? else {
        return Ok(None);
    };
    if row.try_get("stale")? {
        let seen = "update studio.sessions set seen_at = now() where id = $1";
        client.execute(seen, &[&id]).await?;
    }
    person(&row).map(Some)
}

/// Ends a session; one that is gone already is fine.
///
/// # Errors
/// [`Error::Database`].
pub async fn sign_out(studio: &Studio, token: &str) -> Result<()> {
    let client = studio.client().await?;
    let delete = "delete from studio.sessions where id = $1 or expires_at < now()";
    client.execute(delete, &[&hashed(token)]).await?;
    Ok(())
}

async fn by_id(client: &impl GenericClient, id: &str) -> Result<Option<Person>> {
    let find = "select id, name, role from studio.people where id = $1";
    let row = client.query_opt(find, &[&id]).await?;
    row.as_ref().map(person).transpose()
}

/// The person as they are now, kept so until the transaction ends.
///
/// # Errors
/// [`Error::NotSignedIn`] when the person is gone.
pub async fn locked(client: &impl GenericClient, id: &str) -> Result<Person> {
    let find = "select id, name, role from studio.people where id = $1 for share";
    let row = client.query_opt(find, &[&id]).await?;
    row.as_ref().map(person).transpose()?.ok_or(Error::NotSignedIn)
}

/// Everybody, and the invitations that still work.
///
/// # Errors
/// [`Error::Database`].
pub async fn list(studio: &Studio) -> Result<People> {
    let client = studio.client().await?;
    let people = "select id, name, role from studio.people order by lower(name), id";
    let people = client.query(people, &[]).await?;
    let open = "select role, expires_at from studio.invitations
                where person is null and used_at is null and expires_at > now() order by expires_at";
    let invitations = client.query(open, &[]).await?;
    Ok(People {
        people: people.iter().map(person).collect::<Result<_>>()?,
        invitations: invitations
            .iter()
            .map(|row| Ok(OpenInvitation { role: word(row, "role")?, expires: time(row, "expires_at")? }))
            .collect::<Result<_>>()?,
    })
}

/// Gives a person another name.
///
/// # Errors
/// [`Error::Invalid`] for a name that is empty or too long.
pub async fn rename(studio: &Studio, who: &Person, name: &str) -> Result<Person> {
    let name = checked_name(name)?;
    let client = studio.client().await?;
    let update = "update studio.people set name = $2 where id = $1";
    client.execute(update, &[&who.id, &name]).await?;
    Ok(Person { name: name.to_owned(), ..who.clone() })
}

fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if (1..=80).contains(&name.chars().count()) && !name.contains(char::is_control) {
        Ok(name)
    } else {
        Err(Error::invalid("A name has 1 to 80 characters on one line."))
    }
}

/// Gives somebody another role.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::LastAdmin`] when nobody would be admin afterwards.
pub async fn set_role(studio: &Studio, by: &Person, id: &str, role: PersonRole) -> Result<()> {
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    // One after the other, so that two admins cannot take the role from each other at once.
    let admins = "select id from studio.people where role = 'admin' order by id for update";
    let admins = transaction.query(admins, &[]).await?;
    let is_admin = |id: &str| admins.iter().any(|row| row.get::<_, &str>("id") == id);
    if !is_admin(&by.id) {
        return Err(Error::Role(PersonRole::Admin));
    }
    if role != PersonRole::Admin && admins.len() == 1 && is_admin(id) {
        return Err(Error::LastAdmin);
    }
    let update = "update studio.people set role = $2 where id = $1 returning id, name, role";
    let row = transaction.query_opt(update, &[&id, &role.as_str()]).await?;
    let changed = person(&row.ok_or(Error::NotFound("person"))?)?;
    let text = format!("gave {} the role {role}", changed.name);
    let entry = Entry { person: Some(by), action: "set_role", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(())
}

/// Makes an invitation: its token and when it ends.
///
/// # Errors
/// [`Error::Database`].
pub async fn invite(studio: &Studio, by: &Person, role: PersonRole) -> Result<(SecretString, String)> {
    let token = new_token()?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let insert = format!(
        "insert into studio.invitations (id, role, invited_by, expires_at)
         values ($1, $2, $3, now() + interval '{INVITATION_FOR}') returning expires_at"
    );
    let id = hashed(token.expose_secret());
    let row = transaction.query_one(&insert, &[&id, &role.as_str(), &by.id]).await?;
    let text = format!("invited somebody as {role}");
    let entry = Entry { person: Some(by), action: "invited", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok((token, time(&row, "expires_at")?))
}

/// What reviews need.
///
/// # Errors
/// [`Error::Database`].
pub async fn policy(client: &impl GenericClient) -> Result<Policy> {
    read_policy(client, "").await
}

/// What reviews need, kept so until the transaction ends.
///
/// # Errors
/// [`Error::Database`].
pub async fn locked_policy(client: &impl GenericClient) -> Result<Policy> {
    read_policy(client, "for share").await
}

async fn read_policy(client: &impl GenericClient, lock: &str) -> Result<Policy> {
    let read = format!("select four_eyes, required from studio.settings {lock}");
    let row = client.query_one(&read, &[]).await?;
    let required: i32 = row.try_get("required")?;
    Ok(Policy { four_eyes: row.try_get("four_eyes")?, required: usize::try_from(required).unwrap_or(1) })
}

/// Sets what reviews need. Approvals bind it, so they become stale.
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
    let update = "update studio.settings set four_eyes = $1, required = $2";
    transaction.execute(update, &[&policy.four_eyes, &required]).await?;
    let eyes = if policy.four_eyes { "on" } else { "off" };
    let text = format!("set four-eyes {eyes} and {}", count(policy.required, "approval"));
    let entry = Entry { person: Some(by), action: "set_policy", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(())
}
