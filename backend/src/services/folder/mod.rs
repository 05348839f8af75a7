//! The folder of migration files: read when asked for, looked at again on every request, written one file
//! at a time. It judges nothing.
//!
//! ```text
//! beneath     files by open handles, so that nothing outside of the folder is reached
//! name        which names are allowed, and which look alike
//! ```

mod beneath;
mod name;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use studio_kernel::{
    lint::{self, Settings, finding::Report},
    migration::{Migration, MigrationSet, SourceFile},
    plan::Digest,
};

pub use self::name::{checked_path, look_alike};
use self::{
    beneath::{Beneath, Found},
    name::{DEPTH, ENDING},
};
use super::{answers::OF_A_STATEMENT, blocking::blocking};
use crate::error::{Error, Result};

/// Bytes of one file; data of that size is loaded by other means than a migration.
pub const FILE_LIMIT: u64 = 10 << 20;

/// The folder. Clones share what was read.
#[derive(Clone)]
pub struct Folder {
    root: PathBuf,
    last: Arc<Mutex<Option<Seen>>>,
}

/// What was read last, and what it looked like from outside.
struct Seen {
    stamps: Vec<Stamp>,
    snapshot: Arc<Snapshot>,
}

/// What tells that a file has changed without reading it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Stamp {
    path: String,
    has_text_name: bool,
    bytes: i64,
    /// When it changed, by the system's clock, and which file it is.
    changed: [i64; 4],
    inode: u64,
}

impl From<Found> for Stamp {
    fn from(Found { path, stat, has_text_name }: Found) -> Self {
        let changed = [stat.st_mtime, stat.st_mtime_nsec as i64, stat.st_ctime, stat.st_ctime_nsec as i64];
        Self { path, has_text_name, bytes: stat.st_size, changed, inode: stat.st_ino }
    }
}

/// The folder at one moment.
pub struct Snapshot {
    /// The files that could be read.
    pub set: MigrationSet,
    /// Those that could not.
    pub unreadable: Vec<Unreadable>,
    /// The newest report, and what it is for.
    report: Mutex<Option<(Settings, Arc<Report>)>>,
    digest: OnceLock<Digest>,
}

/// A file that is there and cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Below the folder.
    pub path: String,
    /// Why, in a phrase.
    pub reason: String,
}

/// What became of a file that was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It holds the new bytes.
    Replaced,
    /// It held them already.
    Same,
    /// It holds other bytes than the change started from, and was left alone.
    Differs,
}

impl Snapshot {
    fn new(set: MigrationSet, unreadable: Vec<Unreadable>) -> Self {
        Self { set, unreadable, report: Mutex::default(), digest: OnceLock::new() }
    }

    /// Names the files that could be read and their bytes.
    pub fn digest(&self) -> &str {
        let named = || {
            let files = self.set.files().iter();
            let lines: Vec<String> =
                files.map(|file| format!("{} {}:{}\n", file.sha256(), file.path.len(), file.path)).collect();
            Digest::of(lines.concat().as_bytes())
        };
        self.digest.get_or_init(named).as_str()
    }

    /// Bytes of what there is to tell of the files that could be read.
    pub fn bytes(&self) -> usize {
        let of = |file: &Migration| file.text.len() + file.parsed.statements.len() * OF_A_STATEMENT;
        self.set.files().iter().map(of).sum()
    }

    /// Findings in all files.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the linter itself fails.
    pub async fn report(self: &Arc<Self>, settings: Settings) -> Result<Arc<Report>> {
        let snapshot = Arc::clone(self);
        blocking(move || Ok(snapshot.linted(settings))).await
    }

    fn linted(&self, settings: Settings) -> Arc<Report> {
        let mut last = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, report)) = last.as_ref().filter(|(seen, _)| *seen == settings) {
            return Arc::clone(report);
        }
        let paths: Vec<&str> = self.set.files().iter().map(|file| file.path.as_str()).collect();
        let report = Arc::new(lint::lint_in_full(&self.set, &paths, &settings));
        *last = Some((settings, Arc::clone(&report)));
        report
    }
}

impl Folder {
    /// A folder that is read when first asked for.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), last: Arc::default() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The files as they are now. Costs a look at each file's time when nothing has changed.
    ///
    /// # Errors
    /// [`Error::Folder`] when the folder itself cannot be read.
    pub async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        let folder = self.clone();
        blocking(move || folder.read()).await
    }

    fn read(&self) -> Result<Arc<Snapshot>> {
        let folder = Beneath::open(&self.root).map_err(|source| self.failed("", source))?;
        let found = folder.walk(ENDING, DEPTH).map_err(|source| self.failed("", source))?;
        let mut stamps: Vec<Stamp> = found.into_iter().map(Stamp::from).collect();
        stamps.sort();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = last.as_ref().filter(|seen| seen.stamps == stamps) {
            return Ok(Arc::clone(&seen.snapshot));
        }
        let mut files = Vec::new();
        let mut unreadable = Vec::new();
        for Stamp { path, has_text_name, .. } in &stamps {
            let flaw = match has_text_name {
                true => name::flaw(path),
                false => Some("its name is not UTF-8".to_owned()),
            };
            let others = stamps.iter().map(|stamp| stamp.path.as_str());
            let others = others.filter(|_| !path.is_ascii());
            let alike = || look_alike(path, others).map(|other| format!("its name looks like {other}"));
            match flaw.or_else(alike).map_or_else(|| read_beneath(&folder, path), Err) {
                Ok(text) => files.push(SourceFile { path: path.clone(), text }),
                Err(reason) => unreadable.push(Unreadable { path: path.clone(), reason }),
            }
        }
        let snapshot = Arc::new(Snapshot::new(MigrationSet::new(files), unreadable));
        *last = Some(Seen { stamps, snapshot: Arc::clone(&snapshot) });
        Ok(snapshot)
    }

    /// Puts `text` into a file, if the file still holds the bytes of `base` (`None`: does not exist).
    /// A reader sees the old file or the new one, never a part.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a path that [`checked_path`] refuses, [`Error::Folder`].
    pub async fn write(&self, path: &str, base: Option<&str>, text: String) -> Result<Written> {
        let path = checked_path(path)?.to_owned();
        let base = base.map(str::to_owned);
        let folder = self.clone();
        blocking(move || {
            let written =
                Beneath::open(&folder.root).and_then(|root| replace(&root, &path, base.as_deref(), &text));
            written.map_err(|source| folder.failed(&path, source))
        })
        .await
    }

    /// The full path is for the server's log; people are shown the one below the folder.
    fn failed(&self, path: &str, source: io::Error) -> Error {
        let full = self.root.join(path);
        tracing::warn!(path = ?full, reason = ?source, "a file or folder of migrations cannot be used");
        Error::Folder { path: format!("migrations/{path}"), source }
    }
}

fn replace(folder: &Beneath, path: &str, base: Option<&str>, text: &str) -> io::Result<Written> {
    let present = folder.present(path, FILE_LIMIT)?;
    if present.as_deref() == Some(text.as_bytes()) {
        return Ok(Written::Same);
    }
    let digest = present.as_deref().map(Digest::of);
    if digest.as_ref().map(Digest::as_str) != base {
        return Ok(Written::Differs);
    }
    match folder.put(path, present.as_deref(), text.as_bytes())? {
        true => Ok(Written::Replaced),
        false => Ok(Written::Differs),
    }
}

fn read_beneath(folder: &Beneath, path: &str) -> std::result::Result<String, String> {
    text_of(folder.read(path, FILE_LIMIT))
}

/// Reads a file that was found in a folder. A link out of the folder is not followed: it would show a file that
/// nobody put there to be shown.
///
/// # Errors
/// As [`read_text`].
pub fn read_within(folder: &Path, file: &Path) -> std::result::Result<String, String> {
    let below = file.strip_prefix(folder).unwrap_or(file);
    let below = below.to_str().ok_or("its name is not UTF-8")?;
    let folder = Beneath::open(folder).map_err(|error| error.to_string())?;
    read_beneath(&folder, below)
}

/// Reads a file as migrations are read, or says why not, in a phrase.
///
/// # Errors
/// The reason: the system's, too large, not UTF-8, or a zero byte, which PostgreSQL takes in no text.
pub fn read_text(path: &Path) -> std::result::Result<String, String> {
    text_of(beneath::open_named(path).and_then(|file| beneath::read_whole(file, FILE_LIMIT)))
}

fn text_of(bytes: io::Result<Vec<u8>>) -> std::result::Result<String, String> {
    let bytes = bytes.map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => format!("it is larger than {} MB", FILE_LIMIT >> 20),
        _ => error.to_string(),
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("byte {} is not UTF-8", error.utf8_error().valid_up_to()))?;
    match text.find('\0') {
        Some(at) => Err(format!("byte {at} is zero, which PostgreSQL takes in no text")),
        None => Ok(text),
    }
}

/// The `.sql` files at or below a path that somebody names, by path.
///
/// # Errors
/// The system's.
pub fn sql_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.metadata()?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let found = Beneath::open(path)?.walk(ENDING, DEPTH)?;
    let mut found: Vec<String> = found.into_iter().map(|found| found.path).collect();
    found.sort();
    Ok(found.into_iter().map(|found| path.join(found)).collect())
}
