//! Sessions: how one is opened, found, listed and ended. How somebody proves who they are is in `sign_in`.

use std::net::IpAddr;

use secrecy::{ExposeSecret as _, SecretString};
use studio_kernel::{
    review::Person,
    run::api::{SessionInfo, Sessions},
};

use super::{
    audit::{self, Entry, Origin},
    people::{self, person},
    stored, tokens,
};
use crate::{
    error::{Error, Result},
    pg::{
        GenericClient,
        studio::{Studio, time},
    },
};

/// A session that nobody uses ends after this long; no session lives longer than [`AT_MOST`].
const IDLE: &str = "3 days";
const AT_MOST: &str = "30 days";

/// [`AT_MOST`] for the cookie, in seconds.
pub const COOKIE_AGE: u64 = 30 * 24 * 60 * 60;

/// For how long a proof of who somebody is counts where one is asked for again.
const PROOF: &str = "10 minutes";

/// A request, before it is known whose it is.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// Of every cookie with the session's name: another server on this machine may have set one as well.
    pub tokens: Vec<SecretString>,
    /// Where it comes from.
    pub address: Option<IpAddr>,
    /// Which browser, as it says itself.
    pub agent: Option<String>,
}

/// Names a session inside the server. It does not open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId(Vec<u8>);

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Link,
    Password,
}

impl Proof {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Password => "password",
        }
    }
}

impl Visit {
    fn hashed(&self) -> Vec<Vec<u8>> {
        self.tokens.iter().map(|token| tokens::hashed(token.expose_secret())).collect()
    }
}

/// Opens a session, and ends the ones that the browser had.
pub(super) async fn open(
    client: &impl GenericClient,
    who: &Person,
    proof: Proof,
    visit: &Visit,
) -> Result<SecretString> {
    close(client, visit).await?;
    let token = tokens::new()?;
    let insert = format!(
        "insert into studio.sessions (id, person, expires_at, address, agent, confirmed_at, confirmed_by)
         values ($1, $2, now() + interval '{AT_MOST}', $3, left($4, 200), now(), $5)"
    );
    let id = tokens::hashed(token.expose_secret());
    let address = visit.address.map(|address| address.to_string());
    client.execute(&insert, &[&id, &who.id, &address, &visit.agent, &proof.as_str()]).await?;
    Origin::is_of(who, &id);
    Ok(token)
}

/// Ends the sessions that a request came with; ones that are gone already are fine.
pub(super) async fn close(client: &impl GenericClient, visit: &Visit) -> Result<Vec<Person>> {
    let delete = "with ended as (delete from studio.sessions where id = any($1) returning person)
                  select id, name, role, disabled_at from studio.people where id in (select person from ended)";
    let rows = client.query(delete, &[&visit.hashed()]).await?;
    client.execute("delete from studio.sessions where expires_at < now()", &[]).await?;
    rows.iter().map(person).collect()
}

/// Signs out.
///
/// # Errors
/// [`Error::Database`].
pub async fn sign_out(studio: &Studio, visit: &Visit) -> Result<()> {
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    for who in close(&transaction, visit).await? {
        let entry =
            Entry { person: Some(&who), action: "signed_out", change: None, run: None, text: "signed out" };
        audit::append(&transaction, entry).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The session that a request came with, unless it has ended.
///
/// # Errors
/// [`Error::Database`].
pub async fn find(studio: &Studio, visit: &Visit) -> Result<Option<(Person, SessionId)>> {
    if visit.tokens.is_empty() {
        return Ok(None);
    }
    let client = studio.client().await?;
    let find = format!(
        "select person.id, person.name, person.role, person.disabled_at, session.id as session,
                session.seen_at < now() - interval '1 minute' as stale
         from studio.sessions as session join studio.people as person on person.id = session.person
         where session.id = any($1) and session.expires_at > now() and person.disabled_at is null
           and session.seen_at > now() - interval '{IDLE}'
         order by session.created_at desc limit 1"
    );
    let Some(row) = client.query_opt(&find, &[&visit.hashed()]).await? else {
        return Ok(None);
    };
    let id: Vec<u8> = row.try_get("session")?;
    if row.try_get("stale")? {
        let seen = "update studio.sessions set seen_at = now() where id = $1";
        client.execute(seen, &[&id]).await?;
    }
    let who = person(&row)?;
    Origin::is_of(&who, &id);
    Ok(Some((who, SessionId(id))))
}

/// Whose sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// One person's.
    Of(&'a Person),
    /// Everybody's.
    All,
}

impl<'a> Whose<'a> {
    fn id(self) -> Option<&'a str> {
        match self {
            Self::Of(person) => Some(&person.id),
            Self::All => None,
        }
    }
}

/// The sessions that have not ended.
///
/// # Errors
/// [`Error::Database`].
pub async fn list(studio: &Studio, whose: Whose<'_>, this: &SessionId) -> Result<Sessions> {
    let client = studio.client().await?;
    let find = format!(
        "select session.*, left(encode(session.id, 'hex'), 12) as handle,
                least(session.expires_at, session.seen_at + interval '{IDLE}') as until,
                {}
         from studio.sessions as session join studio.people as person on person.id = session.person
         where ($1::text is null or person.id = $1) and session.expires_at > now()
           and session.seen_at > now() - interval '{IDLE}'
         order by session.seen_at desc, session.id",
        stored::person_at("now()")
    );
    let rows = client.query(&find, &[&whose.id()]).await?;
    let sessions = rows.iter().map(|row| {
        Ok(SessionInfo {
            id: row.try_get("handle")?,
            person: stored::person(row)?,
            made: time(row, "created_at")?,
            seen: time(row, "seen_at")?,
            until: time(row, "until")?,
            address: row.try_get("address")?,
            agent: row.try_get("agent")?,
            this: row.try_get::<_, Vec<u8>>("id")? == this.0,
        })
    });
    Ok(Sessions { sessions: sessions.collect::<Result<_>>()? })
}

/// Ends one session.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn end(studio: &Studio, by: &Person, whose: Whose<'_>, handle: &str) -> Result<()> {
    let delete = "delete from studio.sessions
                  where left(encode(id, 'hex'), 12) = $1 and ($2::text is null or person = $2) returning person";
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let rows = transaction.query(delete, &[&handle, &whose.id()]).await?;
    let owner: String = rows.first().ok_or(Error::NotFound("session"))?.try_get("person")?;
    let of = match people::by_id(&transaction, &owner).await? {
        Some(other) if other.id != by.id => format!(" of {}", other.name),
        _ => " of their own".to_owned(),
    };
    let text = format!("ended the session {handle}{of}");
    let entry = Entry { person: Some(by), action: "session_ended", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(())
}

/// Ends all sessions of a person but one.
///
/// # Errors
/// [`Error::Database`].
pub async fn end_others(studio: &Studio, who: &Person, this: &SessionId) -> Result<()> {
    let mut client = studio.client().await?;
    let transaction = client.transaction().await?;
    let ended = end_all(&transaction, who, Some(this)).await?;
    let text = format!("ended {} of their own", studio_kernel::words::count(ended, "other session"));
    let entry = Entry { person: Some(who), action: "session_ended", change: None, run: None, text: &text };
    audit::append(&transaction, entry).await?;
    transaction.commit().await?;
    Ok(())
}

/// Ends the sessions of a person, but for one that may stay; how many there were.
pub(super) async fn end_all(
    client: &impl GenericClient,
    who: &Person,
    but: Option<&SessionId>,
) -> Result<usize> {
    let delete = "delete from studio.sessions where person = $1 and id is distinct from $2";
    let ended = client.execute(delete, &[&who.id, &but.map(|but| &but.0)]).await?;
    Ok(usize::try_from(ended).unwrap_or_default())
}

/// Notes that the person of a session has proved just now who they are.
pub(super) async fn confirm(client: &impl GenericClient, id: &SessionId, proof: Proof) -> Result<()> {
    let update = "update studio.sessions set confirmed_at = now(), confirmed_by = $2 where id = $1";
    client.execute(update, &[&id.0, &proof.as_str()]).await?;
    Ok(())
}

/// Gives a session another token once its person has proved again who they are: what it was opened with until then
/// opens nothing any more. Answers with the token and with what names the session from now on.
///
/// # Errors
/// [`Error::NotSignedIn`] when the session has ended.
pub(super) async fn renew(client: &impl GenericClient, id: &SessionId) -> Result<(SecretString, String)> {
    let token = tokens::new()?;
    let update = "update studio.sessions set id = $2 where id = $1
                  returning left(encode(id, 'hex'), 12) as handle";
    let renewed = client.query_opt(update, &[&id.0, &tokens::hashed(token.expose_secret())]).await?;
    Ok((token, renewed.ok_or(Error::NotSignedIn)?.try_get("handle")?))
}

/// Whether the person of a session has proved lately who they are; by a certain means, where one is named.
pub(super) async fn is_confirmed(
    client: &impl GenericClient,
    id: &SessionId,
    by: Option<Proof>,
) -> Result<bool> {
    let find = format!(
        "select exists (select from studio.sessions where id = $1
            and confirmed_at > now() - interval '{PROOF}' and ($2::text is null or confirmed_by = $2))"
    );
    let row = client.query_one(&find, &[&id.0, &by.map(Proof::as_str)]).await?;
    Ok(row.try_get(0)?)
}
