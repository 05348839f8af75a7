//! The kernel as a wasm module of its own, run in a Web Worker: files in, analyses out.
//! It judges nothing itself, and it knows nothing of the page or of messages; `entry.ts` speaks those.

mod analyser;
mod grammar;
mod names;
mod wire;

use std::cell::RefCell;

use studio_kernel::{migration::SourceFile, sql::statement::Reading};
use wasm_bindgen::prelude::*;

use analyser::Analyser;
use grammar::Refusal;

thread_local! {
    static ANALYSER: RefCell<Analyser> = RefCell::default();
}

/// Forgets every file and begins anew, for a target with these versions applied and of this major version, where that is
/// known.
#[wasm_bindgen]
pub fn begin(applied: Vec<String>, server: Option<u16>) {
    ANALYSER.with_borrow_mut(|analyser| *analyser = Analyser::new(applied.into_iter().collect(), server));
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

/// The texts of the statements of a file of the set, in order.
#[wasm_bindgen]
pub fn statements(path: &str) -> Vec<String> {
    ANALYSER.with_borrow(|analyser| analyser.statements(path))
}

/// Which of the [`statements`] PostgreSQL's grammar is to read (1) or not (0), in order.
#[wasm_bindgen]
pub fn for_grammar(path: &str) -> Vec<u8> {
    let read = ANALYSER.with_borrow(|analyser| analyser.for_grammar(path));
    read.into_iter().map(u8::from).collect()
}

/// As [`analyse`], for a file of the set whose [`statements`] were read by others: `readings` is the JSON of a list of what
/// `studio-parser` answered for each, or null, and `refusals` of a list of [`Refusal`], or null without a grammar.
///
/// # Errors
///
/// When one of them cannot be read or the answer not be written.
#[wasm_bindgen]
pub fn analyse_with(path: &str, readings: &str, refusals: &str) -> Result<String, JsError> {
    let readings: Vec<Option<Vec<Reading>>> = serde_json::from_str(readings)?;
    let refusals: Option<Vec<Refusal>> = serde_json::from_str(refusals)?;
    let analysis =
        ANALYSER.with_borrow_mut(|analyser| analyser.analyse_with(path, &readings, refusals.as_deref()));
    Ok(serde_json::to_string(&analysis)?)
}
