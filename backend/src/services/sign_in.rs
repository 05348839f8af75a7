//! Signing in: by a one-time link or by a password, and proving again who one is.

use secrecy::{ExposeSecret as _, SecretString};
use studio_kernel::{
    review::{Person, PersonRole},
    run::api::{Password, SetPassword},
};

use super::{
    attempts,
    audit::{self, Entry},
    names::{self, Name},
    passwords,
    people::{self, person},
    sessions::{self, Proof, SessionId, Visit},
    tokens,
};
use crate::{
    error::{Error, Result},
    pg::{
        GenericClient,
        studio::{Studio, word},
    },
};

/// For how long the link that the server prints works.
const START_LINK_FOR: &str = "1 hour";

/// The name of the first admin until they give another.
const FIRST_NAME: &str = "Owner";

/// Whether the first admin signs in with a password, so that no link is needed at a start.
///
/// # Errors
/// [`Error::Database`].
pub async fn owner_has_password(studio: &Studio) -> Result<bool> {
    let client = studio.client().await?;
    let owner = owner(&*client).await?;
    match owner {
        Some(owner) => has_password(&*client, &owner).await,
        None => Ok(false),
    }
}

async fn owner(client: &impl GenericClient) -> Result<Option<Person>> {
    let oldest = "select id, name, role, disabled_at from studio.people
                  where role = 'admin' and disabled_at is null order by created_at, id limit 1";
    client.query_opt(oldest, &[]).await?.as_ref().map(person).transpose()
}

/// Whether somebody has a password.
///
/// # Errors
/// [`Error::Database`].
pub async fn has_password(client: &impl GenericClient, who: &Person) -> Result<bool> {
    let find = "select password is not null from studio.people where id = $1";
    let row = client.query_opt(find, &[&who.id]).await?;
    Ok(row.map_or(Ok(false), |row| row.try_get(0))?)
}

/// A one-time link's token that signs in the first admin, who is made when there is none. Such links from before
/// no longer work.
///
/// # Errors
/// [`Error::Database`].
pub async fn owner_link(studio: &Studio) -> Result<SecretString> {
    let token = tokens::new()?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    // Two servers that start at once on one database must not make two owners.
    transaction.execute("select from studio.settings for update", &[]).await?;
    let owner = match owner(&transaction).await? {
        Some(owner) => owner,
        None => people::insert(&transaction, &Name::new(FIRST_NAME)?, PersonRole::Admin).await?,
    };
    let older = "update studio.invitations set revoked_at = now()
                 where person is not null and invited_by is null and used_at is null and revoked_at is null";
    transaction.execute(older, &[]).await?;
    let insert = format!(
        "insert into studio.invitations (id, person, role, expires_at)
         values ($1, $2, 'admin', now() + interval '{START_LINK_FOR}')"
    );
    let id = tokens::hashed(token.expose_secret());
    transaction.execute(&insert, &[&id, &owner.id]).await?;
    transaction.commit().await?;
    Ok(token)
}

/// Uses a one-time token up: signs its person in, who is made when it is an invitation's. A password that comes
/// with it is theirs from now on.
///
/// # Errors
/// [`Error::DeadLink`]; [`Error::Invalid`] for a password that is not allowed leaves the link as it is.
pub async fn by_link(
    studio: &Studio,
    token: &str,
    password: Option<Password>,
    visit: &Visit,
) -> Result<(SecretString, Person)> {
    let hashed = match password {
        // Looked at before, because hashing takes long.
        Some(password) => {
            let (name, _) = whom(&*studio.client().await?, token).await?;
            Some(checked(password, &name).await?)
        }
        None => None,
    };
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    // The person before the link, in the order in which disabling them takes both.
    let (_, known) = whom(&transaction, token).await?;
    let known = match known {
        Some(id) => Some(people::locked_to_change(&transaction, &id).await.map_err(|_| Error::DeadLink)?),
        None => None,
    };
    let consume = "update studio.invitations set used_at = now()
                   where id = $1 and used_at is null and revoked_at is null and expires_at > now()
                   returning role, name, folded";
    let link = transaction.query_opt(consume, &[&tokens::hashed(token)]).await?.ok_or(Error::DeadLink)?;
    let (who, text) = match known {
        Some(known) => (known, "signed in with a one-time link"),
        None => {
            let name = Name { shown: link.try_get("name")?, folded: link.try_get("folded")? };
            let made = people::insert(&transaction, &name, word(&link, "role")?).await?;
            (made, "joined by an invitation")
        }
    };
    if let Some(hashed) = &hashed {
        keep_password(&transaction, &who, hashed).await?;
        sessions::end_all(&transaction, &who, None).await?;
    }
    let session = sessions::open(&transaction, &who, Proof::Link, visit).await?;
    let text = if hashed.is_some() { format!("{text} and set a password") } else { text.to_owned() };
    signed_in(&transaction, &who, &text).await?;
    transaction.commit().await?;
    Ok((session, who))
}

/// Whom a link that works lets in: the name, and the id of somebody who is here already.
async fn whom(client: &impl GenericClient, token: &str) -> Result<(String, Option<String>)> {
    let find =
        "select coalesce(person.name, link.name) as name, person.id as known from studio.invitations as link
                left join studio.people as person on person.id = link.person
                where link.id = $1 and used_at is null and revoked_at is null and expires_at > now()";
    let row = client.query_opt(find, &[&tokens::hashed(token)]).await?;
    let row = row.ok_or(Error::DeadLink)?;
    Ok((row.try_get("name")?, row.try_get("known")?))
}

/// The hash of a password that somebody of this name may have.
async fn checked(password: Password, name: &str) -> Result<String> {
    passwords::check(&password, name)?;
    passwords::hash(password).await
}

async fn keep_password(client: &impl GenericClient, who: &Person, hashed: &str) -> Result<()> {
    let update = "update studio.people set password = $2 where id = $1";
    client.execute(update, &[&who.id, &hashed]).await?;
    Ok(())
}

async fn signed_in(client: &impl GenericClient, who: &Person, text: &str) -> Result<()> {
    let entry = Entry { person: Some(who), action: "signed_in", change: None, run: None, text };
    audit::append(client, entry).await
}

/// Signs in with a name and a password. Whether there is such a name shows neither in the answer nor in the time.
///
/// # Errors
/// [`Error::WrongSignIn`], [`Error::TooManyAttempts`].
pub async fn by_password(
    studio: &Studio,
    name: &str,
    password: Password,
    visit: &Visit,
) -> Result<(SecretString, Person)> {
    let folded = names::folded(&name.chars().take(100).collect::<String>());
    let attempt = attempts::begin(studio, &folded, visit.address).await?;
    let find = "select id, password from studio.people where folded = $1 and disabled_at is null";
    let found = studio.client().await?.query_opt(find, &[&folded]).await?;
    let kept: Option<String> = found.as_ref().map(|row| row.try_get("password")).transpose()?.flatten();
    if !passwords::verify(password, kept.clone()).await? {
        return Err(Error::WrongSignIn);
    }
    let id: String = found.ok_or(Error::WrongSignIn)?.try_get("id")?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let who = people::locked(&transaction, &id).await.map_err(|_| Error::WrongSignIn)?;
    if stored(&transaction, &who).await? != kept {
        return Err(Error::WrongSignIn);
    }
    attempt.succeeded(&transaction).await?;
    let session = sessions::open(&transaction, &who, Proof::Password, visit).await?;
    signed_in(&transaction, &who, "signed in with their password").await?;
    transaction.commit().await?;
    Ok((session, who))
}

async fn stored(client: &impl GenericClient, who: &Person) -> Result<Option<String>> {
    let find = "select password from studio.people where id = $1";
    Ok(client.query_one(find, &[&who.id]).await?.try_get(0)?)
}

/// Checks the password of somebody who is signed in, as often as signing in allows.
async fn prove(studio: &Studio, who: &Person, password: Password, visit: &Visit) -> Result<()> {
    let attempt = attempts::begin(studio, &names::folded(&who.name), visit.address).await?;
    let kept = stored(&*studio.client().await?, who).await?;
    if !passwords::verify(password, kept).await? {
        return Err(Error::WrongPassword);
    }
    attempt.succeeded(&*studio.client().await?).await
}

/// Proves again who the person of a session is; answers with the token that the session has from then on.
///
/// # Errors
/// [`Error::WrongPassword`], [`Error::TooManyAttempts`], [`Error::NotSignedIn`] when the session ends meanwhile.
pub async fn confirm(
    studio: &Studio,
    who: &Person,
    session: &SessionId,
    password: Password,
    visit: &Visit,
) -> Result<SecretString> {
    prove(studio, who, password, visit).await?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    sessions::confirm(&transaction, session, Proof::Password).await?;
    let (token, handle) = sessions::renew(&transaction, session).await?;
    let text = format!("entered their password again; their session is {handle} from now on");
    let entry = Entry { person: Some(who), action: "confirmed", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(token)
}

/// Sets a password. The present one is needed, or a session that a one-time link has opened just now; the person's
/// other sessions end, and this one goes on by the token of the answer.
///
/// # Errors
/// [`Error::ProofNeeded`], [`Error::WrongPassword`], [`Error::TooManyAttempts`], [`Error::Invalid`],
/// [`Error::NotSignedIn`] when the session ends meanwhile.
pub async fn set_password(
    studio: &Studio,
    who: &Person,
    session: &SessionId,
    wish: SetPassword,
    visit: &Visit,
) -> Result<SecretString> {
    passwords::check(&wish.new, &who.name)?;
    let by_link = sessions::is_confirmed(&*studio.client().await?, session, Some(Proof::Link)).await?;
    if !by_link {
        prove(studio, who, wish.present.ok_or(Error::ProofNeeded)?, visit).await?;
    }
    let hashed = passwords::hash(wish.new).await?;
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let who = people::locked_to_change(&transaction, &who.id).await?;
    keep_password(&transaction, &who, &hashed).await?;
    sessions::end_all(&transaction, &who, Some(session)).await?;
    let (token, handle) = sessions::renew(&transaction, session).await?;
    let text = format!("set a password; their other sessions ended, and this one is {handle} from now on");
    let entry = Entry { person: Some(&who), action: "set_password", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(token)
}

/// Whether the person of a session has proved within ten minutes who they are.
///
/// # Errors
/// [`Error::ProofNeeded`] when they have not.
pub async fn need_proof(client: &impl GenericClient, session: &SessionId) -> Result<()> {
    match sessions::is_confirmed(client, session, None).await? {
        true => Ok(()),
        false => Err(Error::ProofNeeded),
    }
}
