//! What every request can reach.

use std::{num::NonZeroUsize, ops::Deref, sync::Arc};

use tokio::sync::watch;

use crate::{
    config::{Config, TargetKind},
    engine::{Engine, Server},
    http::Bodies,
    pg::{studio::Studio, target::Target},
    services::{
        answers::Answers,
        assessments::Assessments,
        audit::{Anchors, Refusals},
        folder::Folder,
        runs::{
            Registry,
            queue::{PROOFS, Queue},
        },
        streams::Streams,
    },
};

/// Shared by all requests; cloning it is cheap.
#[derive(Clone)]
pub struct AppState(Arc<Whole>);

/// The parts, and what they bring forth.
struct Whole {
    parts: Parts,
    assessments: Assessments,
    answers: Answers,
    queue: Queue,
    streams: Streams,
    bodies: Bodies,
}

/// What [`AppState`] holds.
pub struct Parts {
    /// Flags and environment.
    pub config: Config,
    /// The studio's own database.
    pub studio: Studio,
    /// Where runs go.
    pub target: Target,
    /// The embedded PostgreSQL, which makes throw-away copies.
    pub engine: Option<Arc<Engine>>,
    /// The server of the target, when it is embedded.
    pub target_server: Option<Arc<Server>>,
    /// The migration files.
    pub folder: Folder,
    /// The runs under way here.
    pub registry: Registry,
    /// How often whom was refused lately.
    pub refusals: Refusals,
    /// Where heads of the audit log are kept outside of the database.
    pub anchors: Option<Anchors>,
    /// Turns true once, when the server is to end.
    pub shutdown: watch::Receiver<bool>,
    /// The name of the session cookie; cookies know no ports, so that of a local server holds its own.
    pub cookie: String,
}

impl AppState {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let queue = Queue::new(parts.config.serving.proofs.map_or(PROOFS, NonZeroUsize::get));
        let (assessments, answers, streams, bodies) = Default::default();
        Self(Arc::new(Whole { parts, assessments, answers, queue, streams, bodies }))
    }

    /// What changes would run now, as far as somebody asked.
    pub fn assessments(&self) -> &Assessments {
        &self.0.assessments
    }

    /// Whose turn it is to get a long answer.
    pub fn answers(&self) -> &Answers {
        &self.0.answers
    }

    /// Where dry runs and validations wait for their turn.
    pub fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// Who follows how many runs.
    pub fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// Who sends how many long texts.
    pub fn bodies(&self) -> &Bodies {
        &self.0.bodies
    }

    /// Whether others depend on the target: then a run on it needs a fresh proof of who starts it.
    pub fn is_production(&self) -> bool {
        let production = self.config.target_kind.map(|kind| kind == TargetKind::Production);
        production.unwrap_or(!self.target.embedded())
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
