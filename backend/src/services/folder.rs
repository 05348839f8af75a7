//! The folder of migration files: read when asked for, looked at again on every request, written one file
//! at a time. It judges nothing.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use studio_kernel::{
    lint::{self, Settings, finding::Report},
    migration::{MigrationSet, SourceFile},
    plan::Digest,
};

use super::blocking::blocking;
use crate::error::{Error, Result};

/// Bytes of one file; data of that size is loaded by other means than a migration.
pub const FILE_LIMIT: u64 = 10 << 20;

/// Folders below folders that are looked into.
const DEPTH: usize = 4;

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
    modified: Option<SystemTime>,
    bytes: u64,
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
        let mut stamps = Vec::new();
        walk(&self.root, "", DEPTH, &mut stamps)
            .map_err(|source| Error::Folder { path: self.root.clone(), source })?;
        stamps.sort();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = last.as_ref().filter(|seen| seen.stamps == stamps) {
            return Ok(Arc::clone(&seen.snapshot));
        }
        let mut files = Vec::new();
        let mut unreadable = Vec::new();
        for Stamp { path, .. } in &stamps {
            match read_within(&self.root, &self.root.join(path)) {
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
        let target = self.root.join(checked_path(path)?);
        let base = base.map(str::to_owned);
        let root = self.root.clone();
        blocking(move || {
            replace(&root, &target, base.as_deref(), &text)
                .map_err(|source| Error::Folder { path: target, source })
        })
        .await
    }
}

fn replace(root: &Path, target: &Path, base: Option<&str>, text: &str) -> io::Result<Written> {
    let present = match fs::read(target) {
        Ok(bytes) => Some(Digest::of(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let present = present.as_ref().map(Digest::as_str);
    if present == Some(Digest::of(text.as_bytes()).as_str()) {
        return Ok(Written::Same);
    }
    if present != base {
        return Ok(Written::Differs);
    }
    let parent = target.parent().unwrap_or(root);
    fs::create_dir_all(parent)?;
    // A link among the sub-folders must not lead out of the folder.
    if !parent.canonicalize()?.starts_with(root.canonicalize()?) {
        return Err(io::Error::other("it is outside of the migrations folder"));
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let temporary = parent.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, target)) {
        // The first error is the one to tell; a file that cannot be removed says no more.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    Ok(Written::Replaced)
}

/// Collects the `.sql` files; hidden ones and links to folders are left out.
fn walk(folder: &Path, prefix: &str, depth: usize, stamps: &mut Vec<Stamp>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if depth > 0 {
                walk(&entry.path(), &format!("{path}/"), depth - 1, stamps)?;
            }
        } else if name.ends_with(".sql")
            && let Ok(metadata) = fs::metadata(entry.path())
            && metadata.is_file()
        {
            stamps.push(Stamp { path, modified: metadata.modified().ok(), bytes: metadata.len() });
        }
    }
    Ok(())
}

/// Reads a file that was found in a folder. A link out of the folder is not followed: it would show a file that
/// nobody put there to be shown.
///
/// # Errors
/// As [`read_text`].
pub fn read_within(folder: &Path, file: &Path) -> std::result::Result<String, String> {
    let leads_out = || {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let is_link = fs::symlink_metadata(file)?.is_symlink();
        Ok(is_link && !fs::canonicalize(file)?.starts_with(fs::canonicalize(folder)?))
    };
    match leads_out() {
        Ok(false) => read_text(file),
        Ok(true) => Err("it is a link out of the folder".to_owned()),
        Err(error) => Err(io::Error::to_string(&error)),
    }
}

/// Reads a file as migrations are read, or says why not, in a phrase.
///
/// # Errors
/// The reason: the system's, too large, not UTF-8, or a zero byte, which PostgreSQL takes in no text.
pub fn read_text(path: &Path) -> std::result::Result<String, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if metadata.len() > FILE_LIMIT {
        return Err(format!("it is larger than {} MB", FILE_LIMIT >> 20));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
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
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut stamps = Vec::new();
    walk(path, "", DEPTH, &mut stamps)?;
    stamps.sort();
    Ok(stamps.into_iter().map(|stamp| path.join(stamp.path)).collect())
}

/// A path below the folder as a browser may name it: plain names, `/` between them, `.sql` at the end.
///
/// # Errors
/// [`Error::Invalid`].
pub fn checked_path(path: &str) -> Result<&str> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
    };
    let parts = path.split('/').count();
    if path.len() <= 200 && parts <= DEPTH && path.ends_with(".sql") && path.split('/').all(plain) {
        Ok(path)
    } else {
        Err(Error::invalid(format!(
            "{path:?} is no path below the migrations folder: names of letters, digits, _, - and ., ending in .sql."
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_are_taken() {
        for good in ["a.sql", "rollback/rollback_x.sql", "20250801000000_ä-b.c.sql"] {
            assert!(checked_path(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a.txt",
            "../a.sql",
            "/a.sql",
            "a//b.sql",
            ".a.sql",
            "a/.git/x.sql",
            "a\\b.sql",
            "a b.sql",
            "a\0.sql",
        ] {
            assert!(checked_path(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn files_are_read_again_when_they_change_and_bad_ones_are_named() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path());
        fs::create_dir(root.path().join("rollback")).unwrap();
        fs::write(root.path().join("20250801000000_a.sql"), "select 1;").unwrap();
        fs::write(root.path().join("rollback/b.sql"), b"\xff").unwrap();
        fs::write(root.path().join("zero.sql"), b"a\0").unwrap();
        let first = folder.snapshot().await.unwrap();
        assert_eq!(first.set.files().len(), 1);
        assert_eq!(
            first.unreadable.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
            ["rollback/b.sql", "zero.sql"]
        );
        assert!(Arc::ptr_eq(&first, &folder.snapshot().await.unwrap()));
        fs::write(root.path().join("20250801000000_a.sql"), "select 12;").unwrap();
        let second = folder.snapshot().await.unwrap();
        assert_eq!(second.set.files()[0].text, "select 12;");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn links_are_followed_inside_the_folder_and_not_out_of_it() {
        use std::os::unix::fs::symlink;
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("set");
        fs::create_dir(&root).unwrap();
        fs::write(parent.path().join("secret.sql"), "select 'secret';").unwrap();
        fs::write(root.join("a.sql"), "select 1;").unwrap();
        symlink("a.sql", root.join("inside.sql")).unwrap();
        symlink("../secret.sql", root.join("outside.sql")).unwrap();
        // The folder itself may be reached by a link.
        symlink("set", parent.path().join("link")).unwrap();
        for root in [root, parent.path().join("link")] {
            let seen = Folder::new(root).snapshot().await.unwrap();
            let paths: Vec<&str> = seen.set.files().iter().map(|file| file.path.as_str()).collect();
            assert_eq!(paths, ["a.sql", "inside.sql"]);
            let reason = "it is a link out of the folder".to_owned();
            assert_eq!(seen.unreadable, [Unreadable { path: "outside.sql".to_owned(), reason }]);
        }
    }

    #[tokio::test]
    async fn a_file_is_replaced_only_while_it_holds_the_base() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path());
        let sha = |text: &str| Digest::of(text.as_bytes()).to_string();
        let write = async |base: Option<&str>, text: &str| {
            let base = base.map(sha);
            folder.write("new/a.sql", base.as_deref(), text.to_owned()).await.unwrap()
        };
        assert_eq!(write(None, "one").await, Written::Replaced);
        assert_eq!(write(None, "one").await, Written::Same);
        assert_eq!(write(None, "two").await, Written::Differs);
        assert_eq!(write(Some("one"), "two").await, Written::Replaced);
        assert_eq!(fs::read_to_string(root.path().join("new/a.sql")).unwrap(), "two");
        assert_eq!(fs::read_dir(root.path().join("new")).unwrap().count(), 1);
    }
}
