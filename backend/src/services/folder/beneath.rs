//! Files beneath a folder, by open handles. Whatever others rename or link in the meantime, nothing outside of the
//! folder is read or written, and what is looked at is what is used.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read as _, Write as _},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::Path,
};

use rand::{TryRngCore as _, rngs::OsRng};
use rustix::{
    fs::{self, AtFlags, Dir, FileType, Mode, OFlags, Stat},
    io::Errno,
};

/// Of a folder, and of a file that is read: opening a pipe must not wait for its writer.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Tries when somebody renames folders while a path is resolved.
#[cfg(target_os = "linux")]
const TRIES: usize = 64;

/// A folder that was opened.
pub(super) struct Beneath(OwnedFd);

/// What lies in a folder, as far as it may be a file to read.
pub(super) struct Found {
    /// Below the folder.
    pub(super) path: String,
    /// As it is itself, also when it is a link.
    pub(super) stat: Stat,
    /// Whether its name is UTF-8.
    pub(super) has_text_name: bool,
}

impl Beneath {
    /// Opens a folder, which itself may be reached by a link.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        Ok(Self(fs::open(root, FOLDER, Mode::empty())?))
    }

    /// Reads a regular file of at most `limit` bytes. A link is followed only where it ends beneath the folder.
    pub(super) fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        read_whole(File::from(self.resolve(path)?), limit)
    }

    #[cfg(target_os = "linux")]
    fn resolve(&self, path: &str) -> io::Result<OwnedFd> {
        use rustix::fs::ResolveFlags;
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..TRIES {
            match fs::openat2(&self.0, path, READ, Mode::empty(), beneath) {
                Err(Errno::AGAIN) => {}
                Err(Errno::XDEV) => return Err(io::Error::other("it is a link out of the folder")),
                // An older kernel, or a sandbox that does not know the call.
                Err(Errno::NOSYS | Errno::PERM) => return self.resolve_plain(path),
                other => return Ok(other?),
            }
        }
        Err(Errno::AGAIN.into())
    }

    #[cfg(not(target_os = "linux"))]
    fn resolve(&self, path: &str) -> io::Result<OwnedFd> {
        self.resolve_plain(path)
    }

    /// Follows no link at all.
    fn resolve_plain(&self, path: &str) -> io::Result<OwnedFd> {
        let (parent, name) = self.parent(path, false)?;
        fs::openat(&parent, name, READ | OFlags::NOFOLLOW, Mode::empty()).map_err(not_followed)
    }

    /// The folder that holds a path, and the last name of the path. No link is followed on the way.
    fn parent<'a>(&self, path: &'a str, make: bool) -> io::Result<(OwnedFd, &'a str)> {
        let mut folder = self.0.try_clone()?;
        let mut rest = path;
        while let Some((name, below)) = rest.split_once('/') {
            plain(name)?;
            if make && fs::mkdirat(&folder, name, Mode::from_bits_truncate(0o777)).is_ok() {
                fs::fsync(&folder)?;
            }
            folder =
                fs::openat(&folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()).map_err(not_followed)?;
            rest = below;
        }
        plain(rest)?;
        Ok((folder, rest))
    }

    /// The bytes of a file that may be replaced; `None` when nothing is there.
    pub(super) fn present(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let opened =
            self.parent(path, false).and_then(|(parent, name)| present_in(parent.as_fd(), name, limit));
        match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other,
        }
    }

    /// Puts a file there whole: a reader sees what was there before, or all of it. `replace` says whether something
    /// may be there. Answers whether it was done; not, when the file has come or changed since it held `before`.
    pub(super) fn put(&self, path: &str, before: Option<&[u8]>, bytes: &[u8]) -> io::Result<bool> {
        let (parent, name) = self.parent(path, true)?;
        let temporary = format!(".{}.tmp", random()?);
        let new = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(&parent, &temporary, new, Mode::from_bits_truncate(0o666))?;
        let done = write_whole(File::from(file), bytes).and_then(|()| match before {
            // Fails when something is there.
            None => match fs::linkat(&parent, &temporary, &parent, name, AtFlags::empty()) {
                Ok(()) => Ok(true),
                Err(Errno::EXIST) => Ok(false),
                Err(error) => Err(error.into()),
            },
            Some(before) => {
                let limit = u64::try_from(before.len()).unwrap_or(u64::MAX);
                let same =
                    present_in(parent.as_fd(), name, limit).is_ok_and(|now| now.as_deref() == Some(before));
                if same {
                    fs::renameat(&parent, &temporary, &parent, name)?;
                }
                Ok(same)
            }
        });
        // Gone already where it was renamed; and a file that cannot be removed says no more than the first error.
        let _ = fs::unlinkat(&parent, &temporary, AtFlags::empty());
        let done = done?;
        fs::fsync(&parent)?;
        Ok(done)
    }

    /// Everything whose name ends so, in this folder and in as many levels of folders below; hidden ones and links
    /// to folders are left out.
    pub(super) fn walk(&self, ending: &str, depth: usize) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        walk(&self.0, "", ending, depth, &mut found)?;
        Ok(found)
    }
}

fn walk(
    folder: &OwnedFd,
    prefix: &str,
    ending: &str,
    depth: usize,
    found: &mut Vec<Found>,
) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        let shown = name.to_string_lossy();
        if shown.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}{shown}");
        let stat = match fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            // Removed since it was listed.
            Err(Errno::NOENT) => continue,
            other => other?,
        };
        if FileType::from_raw_mode(stat.st_mode).is_dir() {
            if depth > 0 {
                match fs::openat(folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
                    // Replaced since it was looked at.
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                    below => walk(&below?, &format!("{path}/"), ending, depth - 1, found)?,
                }
            }
        } else if shown.ends_with(ending) {
            found.push(Found { path, stat, has_text_name: name.to_str().is_some() });
        }
    }
    Ok(())
}

/// Reads a file that was opened, if it is a regular one.
pub(super) fn read_whole(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit)).unwrap_or_default());
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= limit => Ok(bytes),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// Opens a file that somebody named, wherever it leads to; a pipe is not waited for.
pub(super) fn open_named(path: &Path) -> io::Result<File> {
    Ok(File::from(fs::open(path, READ, Mode::empty())?))
}

fn present_in(parent: BorrowedFd<'_>, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
    match fs::openat(parent, name, READ | OFlags::NOFOLLOW, Mode::empty()) {
        Err(Errno::NOENT) => Ok(None),
        opened => read_whole(File::from(opened.map_err(not_followed)?), limit).map(Some),
    }
}

fn write_whole(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name that leads neither up nor anywhere else.
fn plain(name: &str) -> io::Result<()> {
    match name {
        "" | "." | ".." => Err(io::ErrorKind::InvalidInput.into()),
        _ => Ok(()),
    }
}

fn not_followed(error: Errno) -> io::Error {
    match error {
        Errno::LOOP | Errno::MLINK | Errno::NOTDIR => {
            io::Error::other("a link, or no folder, stands in its path")
        }
        other => other.into(),
    }
}

fn random() -> io::Result<String> {
    let mut bytes = [0_u8; 8];
    OsRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}
