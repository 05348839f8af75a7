//! What handlers take from a request: the person of the session, and path, query and body with errors of
//! our own.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use studio_kernel::review::{Person, PersonRole};

use crate::{
    error::{Error, Result},
    http::{ClientAddress, Connection, FILES_BODY, Room, TooSlow},
    services::sessions::{self, SessionId, Visit},
    state::AppState,
};

/// As many cookies of one name are looked at; a browser sends more only when somebody makes it.
const COOKIES: usize = 8;

/// The person whose session the request carries, and which one it is. Without one the request is refused.
#[derive(Clone, Debug)]
pub struct Signed(pub Person, pub SessionId);

impl Signed {
    /// The person, if their role reaches.
    ///
    /// # Errors
    /// [`Error::Role`].
    pub fn needs(self, role: PersonRole) -> Result<Person> {
        match self.0.role.allows(role) {
            true => Ok(self.0),
            false => Err(Error::Role(role)),
        }
    }
}

/// Who asks, for what reads the rest of the request.
#[derive(Clone)]
struct Asker(Person);

impl FromRequestParts<AppState> for Signed {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let found = sessions::find(&state.studio, &visit(parts, state)).await?;
        if let Some(connection) = parts.extensions.get::<Arc<Connection>>() {
            connection.is_used_by(found.as_ref().map(|(person, _)| person.id.as_str()));
        }
        let (person, session) = found.ok_or(Error::NotSignedIn)?;
        state.studio.is_asked_by(&person.id);
        parts.extensions.insert(Asker(person.clone()));
        Ok(Self(person, session))
    }
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(visit(parts, state))
    }
}

fn visit(parts: &Parts, state: &AppState) -> Visit {
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Visit {
        tokens: session_tokens(&parts.headers, &state.cookie),
        address: parts.extensions.get().map(|ClientAddress(address)| *address),
        agent: agent.map(|agent| agent.chars().take(200).collect()),
    }
}

/// The values of all cookies of this name: on loopback another server of this machine may have set one as well,
/// and the browser may send that one first.
pub(crate) fn session_tokens(headers: &HeaderMap, name: &str) -> Vec<SecretString> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .take(COOKIES)
        .map(SecretString::from)
        .collect()
}

/// A JSON body. A field that its type does not have is refused, at any depth.
#[derive(Clone, Copy, Debug)]
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for ApiJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
        if !kind.trim().eq_ignore_ascii_case("application/json") {
            return Err(Error::NotJson);
        }
        match Bytes::from_request(request, state).await {
            Ok(bytes) => from_json(&bytes).map(Self),
            Err(other) if other.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Error::TooLarge),
            Err(other) if TooSlow::is_cause_of(&other) => Err(Error::SlowBody),
            Err(other) => Err(Error::Invalid(other.body_text())),
        }
    }
}

/// A JSON body that carries files, in room for long bodies, which is held as long as this is. It is taken after
/// [`Signed`], from authors alone.
#[derive(Debug)]
pub struct ApiFiles<T>(pub T, pub Room);

impl<T: DeserializeOwned> FromRequest<AppState> for ApiFiles<T> {
    type Rejection = Error;

    async fn from_request(mut request: Request, state: &AppState) -> Result<Self> {
        let Asker(person) = request.extensions().get().cloned().ok_or(Error::NotSignedIn)?;
        // Before anything of it is read.
        if !person.role.allows(PersonRole::Author) {
            return Err(Error::Role(PersonRole::Author));
        }
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let room = state.bodies().room(&person.id, length).await?;
        DefaultBodyLimit::max(FILES_BODY).apply(&mut request);
        let ApiJson(value) = ApiJson::from_request(request, state).await?;
        Ok(Self(value, room))
    }
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut unknown = None;
    let mut text = serde_json::Deserializer::from_slice(bytes);
    let value = serde_ignored::deserialize(&mut text, |path| {
        unknown.get_or_insert_with(|| path.to_string());
    });
    let value = value.and_then(|value| text.end().map(|()| value));
    let value = value.map_err(|error| Error::invalid(format!("The request cannot be read: {error}.")))?;
    match unknown {
        None => Ok(value),
        Some(field) => Err(Error::invalid(format!("The request has a field that nothing reads: {field:?}."))),
    }
}

/// The parts of the path that stand for something. One that cannot be read names nothing there is.
#[derive(Clone, Copy, Debug)]
pub struct ApiPath<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for ApiPath<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        // PostgreSQL takes no zero byte in a text, so nothing is called by one.
        let zero = parts.uri.path().contains("%00");
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) if !zero => Ok(Self(value)),
            _ => Err(Error::NotFound("address")),
        }
    }
}

/// The query.
#[derive(Clone, Copy, Debug)]
pub struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for ApiQuery<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(error) => Err(Error::Invalid(error.body_text())),
        }
    }
}
