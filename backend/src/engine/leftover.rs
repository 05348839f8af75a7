//! What an earlier server of the same folder left behind: itself, or its `postmaster.pid`.
//! Called only by the holder of the folder's lock, so a server found alive has lost its studio.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::EngineError;
use super::account::Account;

/// How often a process that is not our child is looked at.
const POLL: Duration = Duration::from_millis(5);

/// A server that lost its studio is already shutting down; it gets this long to do so by itself,
/// then is asked, and at last told to stop without a checkpoint.
const PATIENCE: [(Duration, Option<Signal>); 3] = [
    (Duration::from_secs(2), Some(Signal::INT)),
    (Duration::from_secs(8), Some(Signal::QUIT)),
    (Duration::from_secs(4), None),
];

/// Makes way for a new server in `directory`. `true` when there was anything at all: then the
/// new server may need a second try until the last backends are gone.
pub(super) async fn clear(directory: &Path, account: Option<&Account>) -> Result<bool, EngineError> {
    let path = directory.join("postmaster.pid");
    let mut text = String::new();
    match own_file(&path, account) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(EngineError::File { action: "Reading", path, source }),
        // What is no text is a file that was cut off.
        Ok(mut file) => drop(file.read_to_string(&mut text)),
    }
    let first = text.lines().next().unwrap_or_default();
    let Some(pid) = first.trim().parse().ok().and_then(Pid::from_raw) else {
        // Cut off while being written: PostgreSQL itself refuses such a file for ever.
        fs::remove_file(&path).map_err(EngineError::file("Removing", &path))?;
        return Ok(true);
    };
    if runs_in(pid, directory) {
        wait_for_end(pid, directory).await?;
    } else if test_kill_process(pid).is_ok() {
        // The number now belongs to a stranger, for whose sake PostgreSQL would refuse to start.
        // It takes over a file with its parent's number, after it has made sure that no backend
        // still holds the shared memory named further down in the file; removing the file would
        // skip that check.
        let rest = text.strip_prefix(first).unwrap_or_default();
        let adopted = format!("{}{rest}", std::process::id());
        let write = own_file(&path, account).and_then(|mut file| {
            file.set_len(0)?;
            file.write_all(adopted.as_bytes())
        });
        write.map_err(EngineError::file("Writing", &path))?;
    }
    Ok(true)
}

/// Opens a file that PostgreSQL's user could have replaced: no link is followed, and no file of anybody else opened.
fn own_file(path: &Path, account: Option<&Account>) -> io::Result<File> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    let is_mine = metadata.uid() == rustix::process::geteuid().as_raw();
    let is_its_own = is_mine || account.is_some_and(|account| account.owns(&metadata));
    match metadata.is_file() && metadata.nlink() == 1 && is_its_own {
        true => Ok(file),
        false => Err(io::Error::other("it is not a file that PostgreSQL made")),
    }
}

async fn wait_for_end(pid: Pid, directory: &Path) -> Result<(), EngineError> {
    for (patience, then) in PATIENCE {
        let start = Instant::now();
        while start.elapsed() < patience {
            if !runs_in(pid, directory) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        if let Some(signal) = then {
            // It may have ended since the last look, which is what is wanted.
            let _ = kill_process(pid, signal);
        }
    }
    Err(EngineError::Orphan { pid: pid.as_raw_nonzero().get().unsigned_abs() })
}

/// Whether the process is a server of this data directory, which its arguments name.
fn runs_in(pid: Pid, directory: &Path) -> bool {
    let needle = directory.as_os_str().as_encoded_bytes();
    let line = command_line(pid);
    line.windows(needle.len()).any(|window| window == needle)
}

#[cfg(target_os = "linux")]
fn command_line(pid: Pid) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn command_line(pid: Pid) -> Vec<u8> {
    let ps =
        std::process::Command::new("ps").args(["-ww", "-o", "args=", "-p"]).arg(pid.to_string()).output();
    ps.map(|output| output.stdout).unwrap_or_default()
}
