//! What is fetched once per machine and not once per checkout: folders with a name for each set of pins.
//! It does not know what is in them.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::failure::{Failure, Outcome};
use crate::files::write;
use crate::machine;
use crate::progress::say;

/// The file whose presence says that a folder is whole; written last.
const STAMP: &str = ".complete";

/// The folder `name` among the `kind`s; when it is not there, `assemble` fills it first.
pub(crate) fn folder(kind: &str, name: &str, assemble: impl FnOnce(&Path) -> Outcome) -> Outcome<PathBuf> {
    let parent = parent()?.join(kind);
    let folder = parent.join(name);
    if folder.join(STAMP).exists() {
        return Ok(folder);
    }
    say(format_args!("{name} goes to {}", parent.display()));
    let partial = parent.join(format!(".partial-{}", std::process::id()));
    let result = assemble(&partial).and_then(|()| publish(&partial, &folder));
    // A leftover costs only space, and its own failure must not hide the first one.
    let _ = fs::remove_dir_all(&partial);
    result.map(|()| folder)
}

/// The end of a folder's name, so that a changed pin is a new folder.
pub(crate) fn digest(pins: &[&str]) -> String {
    let digest = pins.iter().fold(Sha256::new(), |digest, pin| digest.chain_update(pin)).finalize();
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The folder that the server also looks in: for root a public one, because PostgreSQL runs as
/// another user, who cannot enter root's home.
fn parent() -> Outcome<PathBuf> {
    if let Some(folder) = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder).join("migration-studio"));
    }
    if machine::is_root() {
        return Ok(PathBuf::from("/var/cache/migration-studio"));
    }
    let home = std::env::var_os("HOME").ok_or_else(|| {
        Failure::new("HOME is not set. Set HOME or XDG_CACHE_HOME, so that what is fetched has a place.")
    })?;
    Ok(PathBuf::from(home).join(".cache/migration-studio"))
}

/// Moves the finished folder to its place; somebody else having been faster is fine.
fn publish(partial: &Path, folder: &Path) -> Outcome {
    write(&partial.join(STAMP), "")?;
    match fs::rename(partial, folder) {
        Err(_) if folder.join(STAMP).exists() => Ok(()),
        result => result.map_err(Failure::while_doing(format_args!("Filling {}", folder.display()))),
    }
}
