//! Passwords: which are allowed, how they are kept, and how one is checked. Who has one is not known here.

use std::sync::LazyLock;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use rand::{TryRngCore as _, rngs::OsRng};
use studio_kernel::run::api::Password;
use tokio::sync::Semaphore;

use super::blocking::blocking;
use crate::error::{Error, Result};

/// Argon2id with 19 MiB, two passes and one lane, as OWASP's cheat sheet asks for at least.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// So many are hashed at once; the others wait, so that sign-ins cannot take all memory and cores.
static HASHING: Semaphore = Semaphore::const_new(2);

/// The commonest of at least twelve characters, in small letters.
const COMMON: &[&str] = &[
    "1q2w3e4r5t6y",
    "abc123abc123",
    "abcd12345678",
    "abcdefghijkl",
    "changeme1234",
    "changemechangeme",
    "correcthorsebatterystaple",
    "iloveyou1234",
    "letmeinletmein",
    "letmein12345",
    "myspace12345",
    "p@ssw0rd1234",
    "p@ssword1234",
    "pass1234word",
    "passw0rd1234",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "princess1234",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwerasdfzxcv",
    "qwerty123456",
    "qwerty12345678",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdf",
    "sunshine1234",
    "superman1234",
    "trustno1trustno1",
    "welcome12345",
    "zaq12wsxcde3",
];

/// What somebody who knows the studio tries first, besides a person's own name. `backend/SECURITY.md` lists them.
const OF_THIS_PLACE: [&str; 12] = [
    "migration",
    "studio",
    "postgres",
    "supabase",
    "archon",
    "owner",
    "administrator",
    "admin",
    "operator",
    "reviewer",
    "author",
    "viewer",
];

/// So many characters of a password are neither such a word nor the person's name.
const OF_ONES_OWN: usize = 6;

fn argon2() -> Argon2<'static> {
    // These numbers are in range, so the default stands in for nothing.
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Whether the password may be taken by somebody of this name.
///
/// # Errors
/// [`Error::Invalid`] with the rule it breaks.
pub(super) fn check(password: &Password, name: &str) -> Result<()> {
    if !(12..=128).contains(&password.0.chars().count()) {
        return Err(Error::invalid("A password has 12 to 128 characters; any character will do."));
    }
    let small = password.0.to_lowercase();
    let unlike_the_name = small.replace(&name.to_lowercase(), "");
    let own = OF_THIS_PLACE.iter().fold(unlike_the_name, |rest, word| rest.replace(word, ""));
    if COMMON.contains(&small.as_str()) || is_run(&small) || own.chars().count() < OF_ONES_OWN {
        return Err(Error::invalid("This password is among the first that somebody would guess."));
    }
    Ok(())
}

/// One short piece over and over, or characters that follow each other.
fn is_run(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let repeats = (1..=3).any(|piece| letters.iter().zip(letters.iter().skip(piece)).all(|(a, b)| a == b));
    let step = |by: i64| {
        letters.windows(2).all(|pair| {
            let [one, next] = pair else { return false };
            (i64::from(u32::from(*next)) - i64::from(u32::from(*one)) - by).rem_euclid(10) == 0
        })
    };
    repeats || [1, -1].into_iter().any(step)
}

/// The text that is kept of a password.
///
/// # Errors
/// [`Error::Random`].
pub(super) async fn hash(password: Password) -> Result<String> {
    let _permit = HASHING.acquire().await;
    blocking(move || {
        let mut salt = [0_u8; 16];
        OsRng.try_fill_bytes(&mut salt).map_err(|error| Error::Random(error.to_string()))?;
        hashed(password.0.as_bytes(), &salt)
    })
    .await
}

fn hashed(password: &[u8], salt: &[u8]) -> Result<String> {
    let hash: Result<PasswordHash, _> = argon2().hash_password_with_salt(password, salt);
    let hash = hash.map_err(|error| Error::Corrupt(format!("a password cannot be hashed: {error}")))?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was kept. Where none was, it takes as long, and the answer is no.
///
/// # Errors
/// [`Error::Corrupt`] when the task fails.
pub(super) async fn verify(password: Password, kept: Option<String>) -> Result<bool> {
    /// Of no password that anybody can type: it is not even UTF-8.
    static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hashed(&[0xff; 32], &[0; 16]).ok());
    let _permit = HASHING.acquire().await;
    blocking(move || {
        let somebodys = kept.is_some();
        let kept = kept.or_else(|| NOBODYS.clone()).unwrap_or_default();
        let right = argon2().verify_password(password.0.as_bytes(), kept.as_str()).is_ok();
        Ok(right && somebodys)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(password: &str, name: &str) -> bool {
        check(&Password(password.to_owned()), name).is_ok()
    }

    #[test]
    fn what_everybody_tries_first_is_no_password() {
        for password in [
            "short",
            "elevenchars",
            &"x".repeat(129),
            "Password1234",
            "aaaaaaaaaaaa",
            "ababababababab",
            "123456789012",
            "987654321098",
            "abcdefghijklm",
            "AnnAnnAnnAnn",
            "annannannann1",
            "Migration Studio",
            "postgres12345",
            "supabase-admin",
            "administrator",
            "Archon Owner 1!",
            "operatorAnn99",
        ] {
            assert!(!is_allowed(password, "Ann"), "{password}");
        }
        for password in [
            "twelve chars",
            "    four spaces ",
            "日本語のパスワードです。どうぞ",
            "🐘🐘🐘🐘🐘🐘🐘🐘🐘🐘 x🐘",
            "correct horse battery",
            "a studio by the sea",
        ] {
            assert!(is_allowed(password, "Ann"), "{password}");
        }
        assert!(is_allowed(&"long and longer ".repeat(8), "Ann"));
    }

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_with_a_salt_of_its_own() {
        let password = || Password("twelve chars".to_owned());
        let (one, other) = (hash(password()).await.unwrap(), hash(password()).await.unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(verify(password(), Some(one.clone())).await.unwrap());
        assert!(!verify(Password("Twelve chars".to_owned()), Some(one)).await.unwrap());
        assert!(!verify(password(), None).await.unwrap());
        assert!(!format!("{:?}", password()).contains("twelve"));
    }
}
