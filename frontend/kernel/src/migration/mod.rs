//! Migration files: names, headers, roles, triples, and the set in order.
//! It judges nothing; `lint` does.

mod compare;
mod file_name;
mod hash;
mod header;
mod set;
mod step;

pub use compare::same_statements;
pub use file_name::{FileName, VERSION_DIGITS};
pub use hash::sha256_hex;
pub use header::Header;
pub use set::{MigrationSet, Triple};
pub use step::{Step, steps};

use std::{mem, sync::OnceLock};

use serde::{Deserialize, Serialize};

use crate::{
    sql::{self, Parsed, marker::Mark},
    words::words,
};

/// A file as it comes from a folder, a revision or an editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Below `migrations/`, with `/`: `20250801000000_complete_setup.sql`, `rollback/rollback_x.sql`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl<P: Into<String>, T: Into<String>> From<(P, T)> for SourceFile {
    fn from((path, text): (P, T)) -> Self {
        Self { path: path.into(), text: text.into() }
    }
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
        matches!(self, Self::Setup | Self::Feature | Self::Enhancement | Self::Seed)
    }

    /// What a file is for when its header does not say: its folder decides, then the words of its name.
    fn of(path: &str, name: &str) -> Self {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let name = name.to_ascii_lowercase();
        let says = |word: &str| name.split('_').any(|part| part == word);
        match folder.rsplit('/').next().unwrap_or_default() {
            "rollback" | "rollbacks" => Self::Rollback,
            "validate" | "validation" => Self::Validation,
            "test" | "tests" => Self::Test,
            "maintenance" if says("reset") => Self::Reset,
            "maintenance" => Self::Cleanup,
            _ if says("rollback") => Self::Rollback,
            _ if says("validate") => Self::Validation,
            _ if name.starts_with("test_") => Self::Test,
            _ if says("reset") => Self::Reset,
            _ if says("cleanup") => Self::Cleanup,
            _ if says("seed") => Self::Seed,
            _ if says("setup") => Self::Setup,
            _ if says("enhance") => Self::Enhancement,
            _ => Self::Feature,
        }
    }
}

/// One file, read.
#[derive(Clone, Debug)]
pub struct Migration {
    /// As in [`SourceFile`].
    pub path: String,
    /// The whole text.
    pub text: String,
    /// Of the text; made when it is asked for, which an editor does not do.
    sha256: OnceLock<String>,
    /// Version and name.
    pub file_name: FileName,
    /// What its first comment declares.
    pub header: Header,
    /// From the header, else from folder and name.
    pub role: Role,
    /// Its statements.
    pub parsed: Parsed,
}

impl Migration {
    /// Reads a file.
    pub fn read(SourceFile { path, text }: SourceFile) -> Self {
        let parsed = sql::parse(&text);
        Self::of(path, text, parsed)
    }

    /// Reads a later text of this file, as [`Self::read`] does; statements that did not change are not read again.
    pub fn read_again(&mut self, text: String) {
        let parsed = sql::parse_again(&text, &self.text, mem::take(&mut self.parsed));
        *self = Self::of(mem::take(&mut self.path), text, parsed);
    }

    fn of(path: String, text: String, parsed: Parsed) -> Self {
        let file_name = FileName::of(&path);
        let header = Header::read(&text);
        let role = header.role.unwrap_or_else(|| Role::of(&path, &file_name.name));
        Self { path, text, sha256: OnceLock::new(), file_name, header, role, parsed }
    }

    /// SHA-256 of the text's bytes, lower-case hex.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| sha256_hex(self.text.as_bytes()))
    }

    /// Whether it wants no transaction around its statements: its header says so, or a runner's marker for the
    /// way forward.
    pub fn wants_no_transaction(&self) -> bool {
        let mut marks = self.parsed.markers.iter().filter(|marker| marker.mark == Mark::NoTransaction);
        self.header.wants_no_transaction() || marks.any(|marker| !self.parsed.is_down(marker.span.start))
    }

    /// The path without `.sql`.
    pub fn stem(&self) -> &str {
        self.path.strip_suffix(".sql").unwrap_or(&self.path)
    }

    /// Whether a header that says `stem` means this file: by its path, its file name, or its name behind the
    /// version, each without `.sql`.
    pub fn is_called(&self, stem: &str) -> bool {
        let stem = stem.strip_suffix(".sql").unwrap_or(stem);
        let last = self.stem().rsplit('/').next().unwrap_or_default();
        stem == self.stem() || stem == last || stem == self.file_name.name
    }
}
