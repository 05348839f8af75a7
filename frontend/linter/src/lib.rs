//! The kernel as a wasm module of its own, run in a Web Worker: files in, analyses out.
//! It judges nothing itself, and it knows nothing of the page or of messages; `entry.ts` speaks those.

mod analyser;
mod grammar;
mod wire;

use std::cell::RefCell;

use studio_kernel::migration::SourceFile;
use wasm_bindgen::prelude::*;

use analyser::Analyser;
use grammar::Refusal;

thread_local! {
    static ANALYSER: RefCell<Analyser> = RefCell::default();
}

/// Forgets every file and begins anew, for a target with these versions applied.
#[wasm_bindgen]
pub fn begin(applied: Vec<String>) {
    ANALYSER.with_borrow_mut(|analyser| *analyser = Analyser::new(applied.into_iter().collect()));
}

/// Puts a file into the set, in place of the one with its path.
#[wasm_bindgen]
pub fn put(path: String, text: String) {
    ANALYSER.with_borrow_mut(|analyser| analyser.put(SourceFile { path, text }));
}

/// Puts a file into the set and answers with everything about it: a [`wire::Analysis`] as JSON.
///
/// # Errors
///
/// When the answer cannot be written as JSON.
#[wasm_bindgen]
pub fn analyse(path: String, text: String) -> Result<String, JsError> {
    let analysis = ANALYSER.with_borrow_mut(|analyser| analyser.analyse(SourceFile { path, text }));
    Ok(serde_json::to_string(&analysis)?)
}

/// The statements of a file of the set as PostgreSQL's grammar is to read them, in order. One that no server would get as
/// it is written is empty.
#[wasm_bindgen]
pub fn statements(path: &str) -> Vec<String> {
    ANALYSER.with_borrow(|analyser| analyser.statements(path))
}

/// As [`analyse`], for a file of the set whose [`statements`] the grammar has read: `refusals` is the JSON of a list of
/// [`Refusal`].
///
/// # Errors
///
/// When `refusals` cannot be read or the answer not be written.
#[wasm_bindgen]
pub fn analyse_with(path: &str, refusals: &str) -> Result<String, JsError> {
    let refusals: Vec<Refusal> = serde_json::from_str(refusals)?;
    let analysis = ANALYSER.with_borrow_mut(|analyser| analyser.analyse_with(path, &refusals));
    Ok(serde_json::to_string(&analysis)?)
}
