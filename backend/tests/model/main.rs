//! The kernel's schema model against a real PostgreSQL: what the fold of a set says is there, and what the
//! catalogs say, object by object.
//! Without an engine these tests fail and say how to get one; nothing is skipped.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

mod exchange;
mod fixtures;
mod refusals;
mod server;
mod set;

use studio_kernel::schema::{Schema, Snapshot};

/// Says how much of the catalogs the model has right, and returns everything it has not.
fn compare(what: &str, folded: &Schema, catalogs: &Snapshot) -> Vec<String> {
    let differences = folded.snapshot().differences(catalogs);
    let own = catalogs.entries.iter().filter(|entry| entry.extension.is_none()).count();
    let wrong = differences.iter().filter(|difference| difference.right.is_some()).count();
    println!("{what}: {} of {own} objects", own - wrong);
    differences.iter().map(|difference| format!("{what}: {difference}")).collect()
}

#[track_caller]
fn assert_same(what: &str, folded: &Schema, catalogs: &Snapshot) {
    let wrong = compare(what, folded, catalogs);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
