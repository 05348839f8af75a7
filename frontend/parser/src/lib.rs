//! sqlparser as a wasm module of its own, in the linter's worker: a statement in, how much of it was read out.
//! It is larger than the linter, recurses deeply, and no finding waits for it.

use studio_kernel::sql::{parse_in_full, statement::Reading};
use wasm_bindgen::prelude::*;

/// How much sqlparser reads of a statement and of those in its bodies, outer ones first: a list of [`Reading`] as JSON.
///
/// # Errors
///
/// When the answer cannot be written as JSON.
#[wasm_bindgen]
pub fn readings(statement: &str) -> Result<String, JsError> {
    let statements = parse_in_full(statement).statements;
    let readings: Vec<Reading> = statements.iter().flat_map(|one| one.readings()).flatten().collect();
    Ok(serde_json::to_string(&readings)?)
}
