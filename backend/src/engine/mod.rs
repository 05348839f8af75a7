//! The embedded PostgreSQL: real servers of our own, for a studio that was given none and for throw-away copies.
//! It knows nothing of changes, plans or runs.
//!
//! Each zone has a server process and a data directory of its own: SQL that a person wrote never runs in the
//! server that holds the studio's state, and SQL that nobody approved only in a copy.
//!
//! ```text
//! locate      where the programs and the data are
//! account     whom servers run as; never root, never nobody
//! folder      the studio's folder on disk, and its one owner
//! cluster     a data directory: the template, and copies of it
//!   copy        how data directories are copied
//! server      the running server of a zone that lasts
//!   databases   roles and databases: create, copy, prepare, drop
//!   leftover    what an earlier server left behind
//!   postmaster  the process: cannot outlive the studio
//! proof       a throw-away copy: a server of its own, confined and bounded, removed whole
//! ```

mod account;
mod cluster;
mod copy;
mod databases;
mod error;
mod folder;
mod leftover;
mod locate;
mod postmaster;
mod proof;
mod server;

use std::path::PathBuf;
use std::sync::Arc;

pub use error::EngineError;
pub use locate::{default_data_folder, locate};
pub use proof::{Confinement, Limits, Proof, Source};
pub use server::Server;

use cluster::Programs;
use folder::Folder;

/// The superuser of every server of the engine. No SQL of a person runs as this role.
pub const SUPERUSER: &str = "studio_engine";

/// Who owns the studio's own database and its tables.
const STATE_OWNER: &str = "studio";

/// What an engine needs to know.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The folder with `bin/postgres`, as [`locate`] finds it.
    pub binaries: PathBuf,
    /// The engine's own folder; created at the first start.
    pub data: PathBuf,
    /// What a throw-away copy may use.
    pub limits: Limits,
}

/// A server that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The studio's own database. It runs no SQL that a person wrote.
    State,
    /// The embedded target. It runs what the gate let through, as the role `postgres`, which is no superuser.
    Target,
}

impl Zone {
    /// The name of its folder.
    const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Target => "target",
        }
    }
}

/// The programs, and the folder that this process alone uses. It runs no server by itself.
#[derive(Debug)]
pub struct Engine {
    programs: Programs,
    folder: Folder,
    limits: Limits,
    confinement: Confinement,
}

impl Engine {
    /// Takes the folder, and makes the data directory that all others are copies of.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn open(config: EngineConfig) -> Result<Arc<Self>, EngineError> {
        let opened = tokio::task::spawn_blocking(move || {
            let programs = Programs::at(locate(Some(&config.binaries))?)?;
            let folder = Folder::open(&config.data)?;
            cluster::prepare_template(&folder, &programs)?;
            let confinement = Confinement::of_this_machine(&folder, &programs);
            Ok(Self { programs, folder, limits: config.limits, confinement })
        });
        let opened: Result<Self, EngineError> = opened
            .await
            .map_err(|error| EngineError::StartFailed { log: PathBuf::new(), said: error.to_string() })?;
        let engine = Arc::new(opened?);
        proof::sweep(&engine).await?;
        Ok(engine)
    }

    /// Starts the server of a zone and returns when it takes connections.
    ///
    /// # Errors
    /// See [`EngineError`]; no server is left running.
    pub async fn start(self: &Arc<Self>, zone: Zone) -> Result<Server, EngineError> {
        Server::start(Arc::clone(self), zone).await
    }

    /// Makes a throw-away copy in a server of its own; `id` names its folder.
    ///
    /// # Errors
    /// See [`EngineError`]; nothing is left of the copy.
    pub async fn prove(self: &Arc<Self>, id: &str, source: Source<'_>) -> Result<Proof, EngineError> {
        Proof::start(Arc::clone(self), id, source).await
    }

    /// How throw-away copies are confined here.
    #[must_use]
    pub fn confinement(&self) -> &Confinement {
        &self.confinement
    }

    /// What a throw-away copy may use.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }
}
