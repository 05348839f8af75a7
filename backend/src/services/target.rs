//! What the server asks the target for outside of runs: its ledger, and how it is.

use std::collections::{BTreeMap, BTreeSet};

use studio_kernel::{lint::Settings, run::api};

use crate::{
    pg::target::{
        Session, Target, TargetError, facts,
        ledger::{self, LedgerRow},
        standing::Standing,
    },
    state::AppState,
};

/// For people, without credentials. It also identifies the target in digests.
pub fn name(state: &AppState) -> String {
    state.target.name().to_owned()
}

/// How the target is; one that cannot be reached is described too.
pub async fn describe(state: &AppState) -> api::Target {
    facts::describe(&state.target).await
}

/// What the target has, and which PostgreSQL it is; nothing, when it cannot be asked.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What is applied.
    pub rows: Vec<LedgerRow>,
    /// The server's major version.
    pub server: Option<u16>,
    /// What an approval binds of it; empty where nothing is approved.
    pub standing: Standing,
}

impl Ledger {
    /// The versions that are applied.
    pub fn versions(&self) -> BTreeSet<String> {
        self.rows.iter().map(|row| row.version.clone()).collect()
    }

    /// Their names, as far as the ledger has any.
    pub fn names(&self) -> BTreeMap<String, String> {
        self.rows.iter().map(|row| (row.version.clone(), row.name.clone())).collect()
    }

    /// How files are linted that are to run there.
    pub fn lint_settings(&self) -> Settings {
        Settings::of_target(self.versions(), self.server)
    }
}

/// The target's ledger.
///
/// # Errors
/// [`TargetError`] when the target cannot be reached or keeps its ledger from us.
pub async fn ledger(target: &Target) -> Result<Ledger, TargetError> {
    // A session of its own each time: one that stays open would keep the database from being copied.
    let session = target.open("studio ledger").await?;
    let ledger = read(&session).await;
    session.close().await;
    ledger
}

/// The target's ledger, and what an approval binds of the target, in one session.
///
/// # Errors
/// As [`ledger`].
pub async fn to_approve(target: &Target) -> Result<Ledger, TargetError> {
    let session = target.open("studio ledger").await?;
    let (ledger, standing) = (read(&session).await, Standing::of(&session).await);
    session.close().await;
    Ok(Ledger { standing: standing?, ..ledger? })
}

async fn read(session: &Session) -> Result<Ledger, TargetError> {
    let rows = ledger::applied(session).await?;
    let server = u16::try_from(session.version_number() / 10_000).ok().filter(|major| *major > 0);
    Ok(Ledger { rows, server, standing: Standing::default() })
}
