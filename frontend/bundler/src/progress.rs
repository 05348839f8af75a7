//! What is printed while a command works: one line per step, with its seconds.

use std::time::Instant;

use crate::failure::Outcome;

/// Says what starts, does it, and says how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let start = Instant::now();
    eprintln!("  {what} …");
    let result = work()?;
    eprintln!("  {what}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}

/// A line beside the steps.
pub(crate) fn say(line: impl std::fmt::Display) {
    eprintln!("  {line}");
}

/// A line that a reader must not miss.
pub(crate) fn warn(line: impl std::fmt::Display) {
    eprintln!("! {line}");
}
