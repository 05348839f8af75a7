//! Everything that can go wrong with a request, and the one place where it becomes a status and words.
//! It logs nothing: `log` does, once, with the request's id.

use std::io;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use studio_kernel::{
    review::{Obstacle, PersonRole},
    run::api::ApiError,
};

use crate::{
    engine::EngineError,
    http::{FILES_BODY, SMALL_BODY},
    pg::{self, target::TargetError},
};

/// What a service answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A refusal or a failure. The text of a variant says what happened and why; [`Error::help`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No session, or one that ended.
    #[error("You are not signed in, or your session has ended.")]
    NotSignedIn,
    /// A sign-in link or an invitation that does not work (any more); which of these is not said.
    #[error("This link was used already, has expired, or never existed.")]
    DeadLink,
    /// A name and a password that do not belong together; which of them is wrong is not said.
    #[error("There is no account with this name and this password.")]
    WrongSignIn,
    /// Somebody who is signed in did not enter their password.
    #[error("This is not your password.")]
    WrongPassword,
    /// Too many passwords were tried for an account or from an address.
    #[error("Too many passwords were tried; the next attempt counts in {seconds} s.")]
    TooManyAttempts {
        /// Until then.
        seconds: u64,
    },
    /// What is asked for needs to be sure who asks.
    #[error("This needs a proof of who you are that is at most ten minutes old.")]
    ProofNeeded,
    /// A name that looks like somebody else's.
    #[error("Somebody here, or somebody invited, has a name that looks like “{0}”.")]
    NameTaken(String),
    /// An account that an admin has closed.
    #[error("The account of {0} is disabled.")]
    Disabled(String),
    /// An admin would close their own account.
    #[error("Nobody disables their own account.")]
    Oneself,
    /// The person's role does not reach.
    #[error("This needs the role {0}.")]
    Role(PersonRole),
    /// Somebody else's change or thread, and the person reviews nothing.
    #[error("This belongs to somebody else.")]
    NotYours,
    /// The last admin would lose the role.
    #[error("Somebody must remain admin.")]
    LastAdmin,
    /// A write that does not come from the studio's own page.
    #[error("This request does not come from the studio's own page.")]
    CrossSite,
    /// A name of this machine that nobody gave it.
    #[error("This server is not known by the name in the request's Host header.")]
    OtherHost,
    /// A body that is no JSON of the expected shape, or a value out of its range.
    #[error("{0}")]
    Invalid(String),
    /// A body that is longer than allowed.
    #[error(
        "The request is larger than this address takes: {} KB, or {} MB where it carries files.",
        SMALL_BODY >> 10,
        FILES_BODY >> 20
    )]
    TooLarge,
    /// A body that came too slowly.
    #[error("The request's body came too slowly.")]
    SlowBody,
    /// A request that took too long.
    #[error("The answer took too long, and the server stopped working on it.")]
    Deadline,
    /// Somebody, or everybody together, holds as much of something as there is for them.
    #[error("{message}")]
    Exhausted {
        /// Stable.
        code: &'static str,
        /// What there is no more of, in a sentence.
        message: String,
    },
    /// A body without `Content-Type: application/json`.
    #[error("The request's body is not JSON.")]
    NotJson,
    /// Nothing is here.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// The path exists, the method does not.
    #[error("This address does not answer that method.")]
    Method,
    /// A file of the folder that cannot be shown.
    #[error("{path} cannot be read: {reason}.")]
    UnreadableFile {
        /// Below `migrations/`.
        path: String,
        /// In a phrase.
        reason: String,
    },
    /// A revision that is not made from the newest one.
    #[error("Somebody saved revision {newest} in the meantime; your edit started from an earlier one.")]
    StaleRevision {
        /// The newest revision's number.
        newest: u32,
    },
    /// What would run is not what the person saw.
    #[error("What would run has changed since this page was loaded.")]
    StaleDigest,
    /// The gate, or the change's state, says no.
    #[error("{}", .0.first().map_or("It is refused.", |obstacle| obstacle.message.as_str()))]
    Refused(Vec<Obstacle>),
    /// The target cannot be reached or used.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The folder of migrations, or a file of it, failed to be read or written.
    #[error("{path} cannot be used: {source}.")]
    Folder {
        /// From `migrations/` on; the whole path is in the server's log.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The embedded PostgreSQL failed. What it says may name places on the server, and is for its log.
    #[error("The embedded PostgreSQL failed.")]
    Engine(#[from] EngineError),
    /// The studio's own database failed.
    #[error("The studio's own database failed.")]
    Database(#[from] pg::DriverError),
    /// Waiting for a connection to the studio's own database took too long.
    #[error("All connections to the studio's own database are busy.")]
    Busy,
    /// The studio's own schema was made by another version.
    #[error("The studio's own schema was made by another version of the studio (its part {0} differs).")]
    OtherSchema(&'static str),
    /// The system gave no random numbers.
    #[error("The system gave no random numbers: {0}.")]
    Random(String),
    /// A row of the studio's own database that no version of the studio writes.
    #[error("The studio's own database holds something unexpected: {0}.")]
    Corrupt(String),
}

impl Error {
    /// A value out of its range, in words for the person who sent it.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// One reason to refuse.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::Refused(vec![Obstacle { code: code.to_owned(), message: message.into() }])
    }

    /// The status that fits and the stable code.
    pub fn status(&self) -> (StatusCode, &str) {
        match self {
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not-signed-in"),
            Self::DeadLink => (StatusCode::UNAUTHORIZED, "dead-link"),
            Self::WrongSignIn => (StatusCode::UNAUTHORIZED, "wrong-sign-in"),
            Self::WrongPassword => (StatusCode::FORBIDDEN, "wrong-password"),
            Self::TooManyAttempts { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many-attempts"),
            Self::ProofNeeded => (StatusCode::FORBIDDEN, "proof-needed"),
            Self::NameTaken(_) => (StatusCode::CONFLICT, "name-taken"),
            Self::Disabled(_) => (StatusCode::CONFLICT, "disabled"),
            Self::Oneself => (StatusCode::CONFLICT, "oneself"),
            Self::Role(_) => (StatusCode::FORBIDDEN, "role"),
            Self::NotYours => (StatusCode::FORBIDDEN, "not-yours"),
            Self::LastAdmin => (StatusCode::CONFLICT, "last-admin"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "cross-site"),
            Self::OtherHost => (StatusCode::MISDIRECTED_REQUEST, "other-host"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Self::SlowBody => (StatusCode::REQUEST_TIMEOUT, "slow-body"),
            Self::Deadline => (StatusCode::SERVICE_UNAVAILABLE, "deadline"),
            Self::Exhausted { code, .. } => (StatusCode::TOO_MANY_REQUESTS, code),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not-found"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::UnreadableFile { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "unreadable-file"),
            Self::StaleRevision { .. } => (StatusCode::CONFLICT, "stale-revision"),
            Self::StaleDigest => (StatusCode::CONFLICT, "stale-digest"),
            Self::Refused(obstacles) => {
                let code = obstacles.first().map_or("refused", |first| &first.code);
                (StatusCode::CONFLICT, code)
            }
            Self::Target(error) => (StatusCode::BAD_GATEWAY, error.code),
            Self::Folder { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "folder"),
            Self::Engine(_) => (StatusCode::INTERNAL_SERVER_ERROR, "engine"),
            Self::Database(_) => (StatusCode::SERVICE_UNAVAILABLE, "studio-database"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::OtherSchema(_) => (StatusCode::INTERNAL_SERVER_ERROR, "other-schema"),
            Self::Random(_) => (StatusCode::INTERNAL_SERVER_ERROR, "random"),
            Self::Corrupt(_) => (StatusCode::INTERNAL_SERVER_ERROR, "corrupt"),
        }
    }

    /// What to do.
    pub fn help(&self) -> &str {
        match self {
            Self::NotSignedIn => {
                "Sign in with your password, or with a one-time link from the server's start or from an admin."
            }
            Self::DeadLink => {
                "Ask an admin for a new link. The first admin's is made by studio serve --sign-in-link."
            }
            Self::WrongSignIn => {
                "Check both. An admin can make a one-time link for somebody who has no password or has lost it."
            }
            Self::WrongPassword => "Enter the password that you sign in with.",
            Self::TooManyAttempts { .. } => "Wait, then try again. A one-time link works at any time.",
            Self::ProofNeeded => {
                "Enter your password. Without one, sign in with a new one-time link, which an admin makes, and start \
                 the run within ten minutes."
            }
            Self::NameTaken(_) => "Choose a name that nobody mistakes for another.",
            Self::Disabled(_) => "Enable the account first.",
            Self::Oneself => "Ask another admin.",
            Self::Role(_) => "An admin can give you the role on the people page.",
            Self::NotYours => "Ask its author, or somebody with the role reviewer.",
            Self::LastAdmin => "Make somebody else admin first.",
            Self::CrossSite => "Use the studio's page, or send the Origin header of this address.",
            Self::OtherHost => {
                "Use the address that the server printed. To be reached by another name, as behind a proxy, start \
                 it with --public-url."
            }
            Self::Invalid(_) => "Correct it and send it again.",
            Self::TooLarge => "Split the files, or load data by other means than a migration.",
            Self::SlowBody => "Send it again over a better connection.",
            Self::Deadline => "Try again in a moment; a smaller change or file takes less time.",
            Self::Exhausted { code: "too-many-comments", .. } => {
                "Go on in another change, and name this one there."
            }
            Self::Exhausted { .. } => "Wait until something of yours has ended, then try again.",
            Self::NotJson => "Send it as application/json.",
            Self::NotFound(_) => "It may have been removed; go back to the list.",
            Self::Method => "Reload the page: it may be of another version than the server.",
            Self::UnreadableFile { .. } => "Save the file as UTF-8 text of at most 10 MB.",
            Self::StaleRevision { .. } => "Load the newest revision and make your edit there.",
            Self::StaleDigest => "Look at the change as it is now, and decide again.",
            Self::Refused(_) => "Remove what stands in the way, then try again.",
            Self::Target(error) => &error.help,
            Self::Folder { .. } => {
                "Check on the server that it exists, who owns it, and that no link leads out of the folder."
            }
            Self::Engine(_) => "Look at the server's log, which names the remedy.",
            Self::Database(_) => "Try again; when it stays, look at the server's log with the request id.",
            Self::Busy => "Try again in a moment.",
            Self::OtherSchema(_) => {
                "Use the version of the studio that made it, or give the studio another database or data folder."
            }
            Self::Random(_) => "Check the system's random device, then try again.",
            Self::Corrupt(_) => "Look at the server's log with the request id.",
        }
    }

    /// As the page gets it; the request's id is put in where it is known.
    fn body(&self) -> ApiError {
        ApiError {
            code: self.status().1.to_owned(),
            message: self.to_string(),
            help: self.help().to_owned(),
            request_id: String::new(),
            obstacles: match self {
                Self::Refused(obstacles) => obstacles.clone(),
                _ => Vec::new(),
            },
        }
    }

    /// For the log: the text with every cause. It never holds a credential.
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// What [`crate::log`] finds in a refused answer: it logs the text and completes the body.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The body without the request's id.
    pub body: ApiError,
    /// For the log.
    pub text: String,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let failure = Failure { body: self.body(), text: self.with_causes() };
        let mut response = self.status().0.into_response();
        response.extensions_mut().insert(failure);
        response
    }
}
