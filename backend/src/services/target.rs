//! What the server asks the target for outside of runs: its ledger, and how it is.

use std::collections::{BTreeMap, BTreeSet};

use studio_kernel::run::api;

use crate::{
    pg::target::{
        TargetError, facts,
        ledger::{self, LedgerRow},
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

/// The ledger's rows.
///
/// # Errors
/// [`TargetError`] when the target cannot be reached or keeps its ledger from us.
pub async fn ledger(state: &AppState) -> Result<Vec<LedgerRow>, TargetError> {
    // A session of its own each time: one that stays open would keep the database from being copied.
    let session = state.target.open("studio ledger").await?;
    let rows = ledger::applied(&session).await;
    session.close().await;
    rows
}

/// The versions that are applied.
pub fn versions(ledger: &[LedgerRow]) -> BTreeSet<String> {
    ledger.iter().map(|row| row.version.clone()).collect()
}

/// Their names, as far as the ledger has any.
pub fn names(ledger: &[LedgerRow]) -> BTreeMap<String, String> {
    ledger.iter().map(|row| (row.version.clone(), row.name.clone())).collect()
}
