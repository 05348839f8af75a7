//! What handlers take from a request: the person of the session, and path, query and body with errors of
//! our own.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use studio_kernel::review::{Person, PersonRole};

use crate::{
    error::{Error, Result},
    http::{Connection, TooSlow},
    services::people,
    state::AppState,
};

/// The person whose session the request carries. Without one the request is refused.
#[derive(Clone, Debug)]
pub struct Signed(pub Person);

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

impl FromRequestParts<AppState> for Signed {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let token = session_token(parts, &state.cookie).ok_or(Error::NotSignedIn)?;
        let person = people::of_session(&state.studio, token).await?.ok_or(Error::NotSignedIn)?;
        if let Some(connection) = parts.extensions.get::<Arc<Connection>>() {
            connection.sign_in();
        }
        Ok(Self(person))
    }
}

/// The value of the session cookie.
pub fn session_token<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split("; "))
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// A JSON body.
#[derive(Clone, Copy, Debug)]
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for ApiJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self> {
        match Json::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Error::NotJson),
            Err(other) if other.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Error::TooLarge),
            Err(other) if TooSlow::is_cause_of(&other) => Err(Error::SlowBody),
            Err(other) => Err(Error::Invalid(other.body_text())),
        }
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
