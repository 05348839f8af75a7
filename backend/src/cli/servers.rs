//! The studio's own PostgreSQL, as far as `studio serve` needs it: a server for each database that was not given, and
//! the engine that makes throw-away copies.

use std::sync::Arc;

use super::serve::Steps;
use crate::{
    config::Config,
    engine::{Engine, EngineConfig, EngineError, Server, Zone, locate},
    error::{Error, Result},
    pg::{studio::StateAddress, target::Target},
};

/// The embedded databases: the studio's own, and the target.
const STUDIO_DATABASE: &str = "studio";
const TARGET_DATABASE: &str = "archon";

/// The SQLSTATE of a database that exists already.
const DUPLICATE_DATABASE: &str = "42P04";

/// What runs of the engine.
pub(super) struct Servers {
    /// Makes throw-away copies.
    pub(super) engine: Option<Arc<Engine>>,
    state: Option<Server>,
    /// The embedded target.
    pub(super) target: Option<Arc<Server>>,
}

impl Servers {
    /// Starts what the configuration leaves to the studio.
    pub(super) async fn start(config: &Config, steps: &Steps) -> Result<Self> {
        let mut servers = Self { engine: None, state: None, target: None };
        if config.database_url.is_some() && config.state_url.is_some() && config.data_dir.is_none() {
            steps
                .say("Without --data-dir there is no place for throw-away copies, so nothing can be dry run");
            return Ok(servers);
        }
        let binaries = locate(config.engine_dir.as_deref())?;
        let data = config.data_folder().ok_or_else(|| {
            Error::invalid(
                "This account has no home folder for the embedded database: name one with --data-dir.",
            )
        })?;
        steps.say(&format!("Starting PostgreSQL in {}", data.display()));
        let engine = Engine::open(EngineConfig { binaries, data, limits: config.proofs.into() }).await?;
        let protections = engine.confinement().protections();
        let texts: Vec<String> = protections.into_iter().map(|(Ok(text) | Err(text))| text).collect();
        steps.say(&format!("A dry run has {}", texts.join(", ")));
        servers.engine = Some(Arc::clone(&engine));
        let started = servers.start_zones(config, &engine, steps).await;
        match started {
            Ok(()) => Ok(servers),
            Err(error) => {
                servers.stop(steps).await;
                Err(error)
            }
        }
    }

    async fn start_zones(&mut self, config: &Config, engine: &Arc<Engine>, steps: &Steps) -> Result<()> {
        if config.state_url.is_none() {
            let state = engine.start(Zone::State).await?;
            create(&state, STUDIO_DATABASE).await?;
            steps.say(&format!("PostgreSQL {} keeps the studio's state", state.version()));
            self.state = Some(state);
        }
        if config.database_url.is_none() {
            let target = engine.start(Zone::Target).await?;
            create(&target, TARGET_DATABASE).await?;
            target.prepare(TARGET_DATABASE).await?;
            steps.say(&format!(
                "PostgreSQL {} is the target: psql -h {} -U postgres {TARGET_DATABASE}",
                target.version(),
                target.socket().display()
            ));
            self.target = Some(Arc::new(target));
        }
        Ok(())
    }

    /// Starts what serves the studio's own database alone, for a command that only looks into it.
    pub(super) async fn of_state(config: &Config) -> Result<Self> {
        let mut servers = Self { engine: None, state: None, target: None };
        if config.state_url.is_some() {
            return Ok(servers);
        }
        let data = config.data_folder().filter(|data| data.is_dir()).ok_or_else(|| {
            Error::invalid(
                "No server has served this folder with an embedded database: name the studio's own with --state-url, \
                 or its data folder with --data-dir.",
            )
        })?;
        let binaries = locate(config.engine_dir.as_deref())?;
        let engine = Engine::open(EngineConfig { binaries, data, limits: config.proofs.into() }).await?;
        servers.state = Some(engine.start(Zone::State).await?);
        servers.engine = Some(engine);
        Ok(servers)
    }

    /// Returns when a server has ended that nobody told to.
    pub(super) async fn gone(&self) -> EngineError {
        let gone = async |server: Option<&Server>| match server {
            Some(server) => server.gone().await,
            None => std::future::pending().await,
        };
        tokio::select! {
            why = gone(self.state.as_ref()) => why,
            why = gone(self.target.as_deref()) => why,
        }
    }

    /// Stops it in order.
    pub(super) async fn stop(self, steps: &Steps) {
        if self.end().await {
            steps.say("PostgreSQL has stopped");
        }
    }

    /// Stops it in order, and says nothing; whether there was anything to stop.
    pub(super) async fn end(self) -> bool {
        let Self { engine, state, target } = self;
        let any = state.is_some() || target.is_some();
        if let Some(target) = target.and_then(Arc::into_inner) {
            target.stop().await;
        }
        if let Some(state) = state {
            state.stop().await;
        }
        drop(engine);
        any
    }

    /// Where the studio's own database is: the one that was given, or else the engine's.
    pub(super) fn state_address(&self, given: Option<Target>) -> Result<StateAddress> {
        match (given, &self.state) {
            (Some(given), _) => Ok(StateAddress::Given(given)),
            (None, Some(state)) => Ok(StateAddress::Own {
                owner: Target::new(&state.owner_url(STUDIO_DATABASE), None, true)?,
                server: Target::new(&state.url(STUDIO_DATABASE), None, true)?,
            }),
            (None, None) => {
                Err(Error::invalid("No database for the studio's state was named, and none runs."))
            }
        }
    }

    /// Where runs go: the database that was given, or else the engine's.
    pub(super) fn target_address(&self, given: Option<Target>) -> Result<Target> {
        match (given, &self.target) {
            (Some(given), _) => Ok(given),
            (None, Some(target)) => Ok(Target::new(&target.url(TARGET_DATABASE), None, true)?),
            (None, None) => Err(Error::invalid("No target was named, and none runs.")),
        }
    }
}

async fn create(server: &Server, database: &str) -> Result<()> {
    match server.create_database(database).await {
        Err(EngineError::Database { code: Some(code), .. }) if code == DUPLICATE_DATABASE => Ok(()),
        other => Ok(other?),
    }
}
