//! Secrets that let somebody in: one-time links and sessions. The database keeps only their SHA-256.

use rand::{TryRngCore as _, rngs::OsRng};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// 256 random bits as 64 hex digits.
///
/// # Errors
/// [`Error::Random`].
pub(super) fn new() -> Result<SecretString> {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Error::Random(error.to_string()))?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(hex.into())
}

/// What is kept of one.
pub(super) fn hashed(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
