//! Where the engine's programs and its data are on this machine.
//! Looks and names only: fetches nothing and creates nothing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::EngineError;

/// The file that the bundler writes last into an engine folder.
const STAMP: &str = ".complete";

/// Finds the folder whose `bin/` holds the server programs.
///
/// `explicit` (STUDIO_ENGINE or a flag) is taken as it is.
/// Without it: the engine that `cargo xtask engine` fetched, then an installed PostgreSQL, newest
/// first, if it has pgvector.
///
/// # Errors
/// [`EngineError::NotAnEngine`] for an explicit folder without programs, else
/// [`EngineError::NotFound`] with the places looked at.
pub fn locate(explicit: Option<&Path>) -> Result<PathBuf, EngineError> {
    if let Some(folder) = explicit {
        return match has_programs(folder) {
            true => Ok(folder.to_owned()),
            false => Err(EngineError::NotAnEngine(folder.to_owned())),
        };
    }
    let mut searched = Vec::new();
    if let Some(cache) = cache_folder() {
        let engines = cache.join("engine");
        let fetched = newest_first(&engines).into_iter();
        if let Some(folder) = fetched.into_iter().find(|f| f.join(STAMP).exists()) {
            return Ok(folder);
        }
        searched.push(engines);
    }
    let debian = Path::new("/usr/lib/postgresql");
    for folder in newest_first(debian) {
        let major = folder.file_name().unwrap_or_default();
        let share = Path::new("/usr/share/postgresql").join(major);
        if has_programs(&folder) && has_vector(&share) {
            return Ok(folder);
        }
    }
    searched.push(debian.to_owned());
    if let Some(folder) = from_pg_config() {
        return Ok(folder);
    }
    searched.push(PathBuf::from("pg_config"));
    Err(EngineError::NotFound { searched })
}

/// The folder for the engine's data when nobody names one: `/var/lib/migration-studio` for root,
/// whose home PostgreSQL's unprivileged user cannot enter, else `$XDG_DATA_HOME` or
/// `~/.local/share`. `None` without a home.
#[must_use]
pub fn default_data_folder() -> Option<PathBuf> {
    personal_folder("XDG_DATA_HOME", ".local/share", "/var/lib")
}

/// The same rule as the bundler's, which puts the engine there.
fn cache_folder() -> Option<PathBuf> {
    personal_folder("XDG_CACHE_HOME", ".cache", "/var/cache")
}

fn personal_folder(variable: &str, in_home: &str, for_root: &str) -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set(variable).or_else(|| match rustix::process::geteuid().is_root() {
        true => Some(PathBuf::from(for_root)),
        false => set("HOME").map(|home| home.join(in_home)),
    });
    base.map(|base| base.join("migration-studio"))
}

fn from_pg_config() -> Option<PathBuf> {
    let ask = |option: &str| {
        let output = Command::new("pg_config").arg(option).output().ok()?;
        Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
    };
    let folder = ask("--bindir")?.parent()?.to_owned();
    (has_programs(&folder) && has_vector(&ask("--sharedir")?)).then_some(folder)
}

fn has_programs(folder: &Path) -> bool {
    ["postgres", "initdb"].iter().all(|program| folder.join("bin").join(program).exists())
}

fn has_vector(share: &Path) -> bool {
    share.join("extension/vector.control").exists()
}

/// The folders inside, sorted by the numbers in their names: 16 comes before 9.6.
fn newest_first(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort_by_key(|path| std::cmp::Reverse(numbers(path)));
    folders
}

fn numbers(path: &Path) -> Vec<u64> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}
