//! Copies a data directory. PostgreSQL's user owns what is read, so nothing is reached by a path: each folder is
//! opened beneath the one before, links are left out, and the copy changes hands only when it is whole.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, mkdirat, openat, statat};

use super::EngineError;
use super::account::{Account, new_folder};

/// What a copy of a running server must not hold: it belongs to the process, or recovery makes it anew.
const OF_THE_PROCESS: [&str; 3] = ["postmaster.pid", "postmaster.opts", "pg_internal.init"];

/// Folders that stay empty in a copy of a running server.
const EMPTY: [&str; 8] = [
    "pg_wal",
    "pg_replslot",
    "pg_dynshmem",
    "pg_notify",
    "pg_serial",
    "pg_snapshots",
    "pg_stat_tmp",
    "pg_subtrans",
];

const TEMPORARY: &str = "pgsql_tmp";

/// Copies everything to a new folder.
pub(super) fn whole(from: &Path, to: &Path, owner: Option<&Account>) -> Result<(), EngineError> {
    copied(from, to, owner, &|_| true, &|_| true)
}

/// Copies what a base backup of a running server holds, without its write-ahead log.
pub(super) fn base_backup(from: &Path, to: &Path, owner: Option<&Account>) -> Result<(), EngineError> {
    let of_process = |name: &str| OF_THE_PROCESS.contains(&name) || name.starts_with(TEMPORARY);
    copied(from, to, owner, &|name| !of_process(name), &|folder| !EMPTY.contains(&folder))
}

/// Copies the files of the write-ahead log whose names lie between two others.
pub(super) fn wal(
    from: &Path,
    to: &Path,
    between: RangeInclusive<&str>,
    owner: Option<&Account>,
) -> Result<(), EngineError> {
    let is_segment = |name: &str| name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let wanted = |name: &str| is_segment(name) && between.contains(&name);
    let (from, to) = (from.join("pg_wal"), to.join("pg_wal"));
    let beneath = || {
        let (from, to) = (open_folder(&from)?, open_folder(&to)?);
        copy_entries(&from, &to, owner, &wanted, &|_| true)
    };
    beneath().map_err(EngineError::file("Copying", &from))
}

/// Fills a file of the copy.
pub(super) fn write(
    folder: &Path,
    name: &str,
    text: &str,
    owner: Option<&Account>,
) -> Result<(), EngineError> {
    let written = || {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&open_folder(folder)?, name, flags, Mode::from_raw_mode(0o600))?;
        let mut file = File::from(file);
        io::Write::write_all(&mut file, text.as_bytes())?;
        owner.map_or(Ok(()), |owner| owner.own(&file))
    };
    written().map_err(EngineError::file("Writing", &folder.join(name)))
}

fn copied(
    from: &Path,
    to: &Path,
    owner: Option<&Account>,
    wanted: &dyn Fn(&str) -> bool,
    filled: &dyn Fn(&str) -> bool,
) -> Result<(), EngineError> {
    new_folder(to, 0o700, None)?;
    let beneath = || {
        let (from, to) = (open_folder(from)?, open_folder(to)?);
        copy_entries(&from, &to, owner, wanted, filled)?;
        owner.map_or(Ok(()), |owner| owner.own(&File::from(to)))
    };
    beneath().map_err(EngineError::file("Copying", from))
}

fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, folder_flags(), Mode::empty())?)
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn copy_entries(
    from: &OwnedFd,
    to: &OwnedFd,
    owner: Option<&Account>,
    wanted: &dyn Fn(&str) -> bool,
    filled: &dyn Fn(&str) -> bool,
) -> io::Result<()> {
    for entry in Dir::read_from(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "." || name == ".." || !wanted(&name) {
            continue;
        }
        let found = match statat(from, name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            // A running server removes files while it is copied; its write-ahead log knows.
            Err(rustix::io::Errno::NOENT) => continue,
            other => FileType::from_raw_mode(other?.st_mode),
        };
        match found {
            FileType::Directory => {
                mkdirat(to, name.as_str(), Mode::from_raw_mode(0o700))?;
                let inner_to = openat(to, name.as_str(), folder_flags(), Mode::empty())?;
                if filled(&name) {
                    let inner_from = openat(from, name.as_str(), folder_flags(), Mode::empty())?;
                    copy_entries(&inner_from, &inner_to, owner, wanted, filled)?;
                }
                give(owner, inner_to)?;
            }
            FileType::RegularFile => copy_file(from, to, &name, owner)?,
            _ => {}
        }
    }
    Ok(())
}

fn give(owner: Option<&Account>, folder: OwnedFd) -> io::Result<()> {
    owner.map_or(Ok(()), |owner| owner.own(&File::from(folder)))
}

fn copy_file(from: &OwnedFd, to: &OwnedFd, name: &str, owner: Option<&Account>) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut source = match openat(from, name, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => return Ok(()),
        other => File::from(other?),
    };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut copy = File::from(openat(to, name, flags, Mode::from_raw_mode(0o600))?);
    io::copy(&mut source, &mut copy)?;
    owner.map_or(Ok(()), |owner| owner.own(&copy))
}
