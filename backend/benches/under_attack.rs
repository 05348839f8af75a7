//! How long an admin waits for an answer while one author and many strangers ask for as much as they can: the flood of
//! `tests/runs/flood.rs`, in a release build. The bar is the limit of that test's claim.
//!
//! `cargo bench -p studio-backend --bench under_attack`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to print")]
#![allow(dead_code, reason = "the tests use more of what they share with this")]

#[path = "../tests/runs/bench.rs"]
mod bench;
#[path = "../tests/runs/flood.rs"]
mod flood;
#[path = "../tests/runs/process.rs"]
mod process;

use std::time::Duration;

/// What 95 of 100 requests of the admin take at most.
const BAR: Duration = Duration::from_millis(300);

fn main() {
    let flood::Flood { waits, memory, dry_runs: [accepted, refused] } = flood::flood();
    let at = |part: usize| waits[(waits.len() * part / 100).min(waits.len() - 1)];
    println!("an admin's requests under attack: {}", waits.len());
    for part in [50, 95, 100] {
        println!("  {part:>3} %   {:>8.1} ms", at(part).as_secs_f64() * 1e3);
    }
    println!("  dry runs: {accepted} let in, {refused} refused; {} MB of memory at most", memory >> 20);
    assert!(at(95) <= BAR, "the admin waits longer than {} ms", BAR.as_millis());
}
