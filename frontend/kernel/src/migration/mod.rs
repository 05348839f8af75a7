//! Migration files: names, headers, roles, triples, and the set in order.
//! It judges nothing; `lint` does.

mod file_name;
mod header;
mod set;

pub use file_name::FileName;
pub use header::Header;
pub use set::{MigrationSet, Triple};

use serde::{Deserialize, Serialize};

use crate::{sql::Parsed, words::words};

/// A file as it comes from a folder, a revision or an editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Below `migrations/`, with `/`: `20250801000000_complete_setup.sql`, `rollback/rollback_x.sql`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

words! {
    /// What a file is for.
    Role {
        /// The first schema.
        Setup = "setup",
        /// Adds a feature.
        Feature = "feature",
        /// Changes a feature.
        Enhancement = "enhancement",
        /// Fills rows.
        Seed = "seed",
        /// Undoes exactly one forward file.
        Rollback = "rollback",
        /// Mends data.
        Cleanup = "cleanup",
        /// Removes everything, or resets it.
        Reset = "reset",
        /// Says whether a feature is in effect; changes nothing.
        Validation = "validation",
        /// Exercises a feature; changes nothing.
        Test = "test",
    }
}

impl Role {
    /// Whether files of this role are applied in order and recorded in the ledger.
    pub const fn is_forward(self) -> bool {
        matches!(
            self,
            Self::Setup | Self::Feature | Self::Enhancement | Self::Seed
        )
    }
}

/// One file, read.
#[derive(Clone, Debug)]
pub struct Migration {
    /// As in [`SourceFile`].
    pub path: String,
    /// The whole text.
    pub text: String,
    /// SHA-256 of the text's bytes, lower-case hex.
    pub sha256: String,
    /// Version and name.
    pub file_name: FileName,
    /// What its first comment declares.
    pub header: Header,
    /// From the header, else from folder and name.
    pub role: Role,
    /// Its statements.
    pub parsed: Parsed,
}
