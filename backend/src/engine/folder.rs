//! The studio's own folder on disk: its one owner, and what is where. Only the studio's user writes in it;
//! what PostgreSQL's user owns are single folders inside, and no path through one of them is followed.
//!
//! ```text
//! data/             the studio's; others may pass through when PostgreSQL runs as somebody else
//!   owner.lock      locked while a studio uses the folder
//!   hba.conf        who may sign in to state and target: the studio's user, by the socket
//!   ident.conf      and as which roles
//!   proof_hba.conf  who may sign in to a throw-away copy
//!   template/       a data directory that no server ever runs in: every other one is a copy of it
//!   state/          data/ socket/ postgres.log: the server of the studio's own database
//!   target/         the same for the embedded target
//!   proofs/         one such folder for each throw-away copy, removed whole
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::OFlags;

use super::account::{Accounts, new_folder};
use super::{EngineError, SUPERUSER, Zone};

/// The file that is locked; its presence says that the folder is an engine's.
const LOCK: &str = "owner.lock";

/// What only a folder of an earlier layout holds: state and target in one data directory.
const EARLIER: &str = "cluster";

/// A folder that this process, and no other, may use until it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    data: PathBuf,
    pub(super) accounts: Accounts,
    /// The lock ends with the process that holds it, however that ends.
    _lock: File,
}

impl Folder {
    /// Takes the folder, creating it when it is missing.
    pub(super) fn open(data: &Path) -> Result<Self, EngineError> {
        fs::create_dir_all(data).map_err(EngineError::file("Creating", data))?;
        let data = fs::canonicalize(data).map_err(EngineError::file("Finding", data))?;
        if data.join(EARLIER).exists() {
            return Err(EngineError::EarlierLayout(data));
        }
        let metadata = fs::metadata(&data).map_err(EngineError::file("Reading", &data))?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(EngineError::OtherOwner(data));
        }
        let mut files = fs::read_dir(&data).map_err(EngineError::file("Listing", &data))?;
        if files.next().is_some() && !data.join(LOCK).exists() {
            return Err(EngineError::Foreign(data));
        }
        let accounts = Accounts::of_this_machine()?;
        let mode = if accounts.servers.is_some() { 0o711 } else { 0o700 };
        fs::set_permissions(&data, fs::Permissions::from_mode(mode))
            .map_err(EngineError::file("Closing", &data))?;
        for account in accounts.servers.iter().chain(&accounts.proofs) {
            account.can_reach(&data)?;
        }
        let lock = take_lock(&data)?;
        let folder = Self { data, accounts, _lock: lock };
        folder.say_who_may_sign_in()?;
        Ok(folder)
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.data
    }

    /// The data directory that others are copies of.
    pub(super) fn template(&self) -> PathBuf {
        self.data.join("template")
    }

    /// The folder of a zone that lasts.
    pub(super) fn zone(&self, zone: Zone) -> PathBuf {
        self.data.join(zone.name())
    }

    /// The folder of all throw-away copies.
    pub(super) fn proofs(&self) -> PathBuf {
        self.data.join("proofs")
    }

    pub(super) fn hba(&self) -> PathBuf {
        self.data.join("hba.conf")
    }

    /// Who may sign in to a throw-away copy: whoever can enter the folder of its socket. Inside its namespaces the
    /// copy's server cannot tell who that is.
    pub(super) fn proof_hba(&self) -> PathBuf {
        self.data.join("proof_hba.conf")
    }

    pub(super) fn ident(&self) -> PathBuf {
        self.data.join("ident.conf")
    }

    /// The server asks the system who is at the other end of the socket, so there is no password to catch, and
    /// the client tells a stranger that listens in the server's place nothing. Roles that migrations make sign in
    /// with the passwords that these give them.
    fn say_who_may_sign_in(&self) -> Result<(), EngineError> {
        let user = own_name()?;
        let roles = [SUPERUSER, Zone::State.login(), super::STATE_OWNER, Zone::Target.login()];
        let hba = format!(
            "local replication all reject\nlocal all {} peer map=studio\nlocal all all scram-sha-256\n",
            roles.join(",")
        );
        let ident: String = roles.iter().map(|role| format!("studio \"{user}\" \"{role}\"\n")).collect();
        let proof = "local replication all reject\nlocal all all trust\n";
        let files = [(self.hba(), hba.as_str()), (self.ident(), ident.as_str()), (self.proof_hba(), proof)];
        for (path, text) in files {
            let mut file = replace(&path, 0o644).map_err(EngineError::file("Writing", &path))?;
            file.write_all(text.as_bytes()).map_err(EngineError::file("Writing", &path))?;
        }
        Ok(())
    }
}

/// The folder of a server: its data directory, its socket and its log.
#[derive(Clone, Debug)]
pub(super) struct Place(pub(super) PathBuf);

impl Place {
    /// PostgreSQL's data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// The folder of the socket.
    pub(super) fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }

    /// The server's log.
    pub(super) fn log(&self) -> PathBuf {
        self.0.join("postgres.log")
    }

    /// Makes the folder with an empty socket folder in it.
    pub(super) fn create(&self, owner: Option<&super::account::Account>) -> Result<(), EngineError> {
        if self.0.symlink_metadata().is_err() {
            new_folder(&self.0, if owner.is_some() { 0o711 } else { 0o700 }, None)?;
        }
        if self.socket().symlink_metadata().is_err() {
            new_folder(&self.socket(), 0o700, owner)?;
        }
        // The longest name that the kernel takes for a socket, its ending zero included.
        let longest = if cfg!(target_os = "macos") { 104 } else { 108 };
        match self.socket().join(".s.PGSQL.5432").as_os_str().len() < longest {
            true => Ok(()),
            false => Err(EngineError::LongPath(self.0.clone())),
        }
    }

    /// An empty log, which the server gets as an open file and cannot replace; the one before it stays beside
    /// it, because it may hold the reason of a crash.
    pub(super) fn fresh_log(&self) -> Result<File, EngineError> {
        let log = self.log();
        // Absent at the first start.
        let _ = fs::rename(&log, self.0.join("postgres.log.1"));
        replace(&log, 0o600).map_err(EngineError::file("Creating", &log))
    }

    /// The last lines of the log, for a report.
    pub(super) fn log_tail(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

/// A new file in the place of whatever bears the name.
fn replace(path: &Path, mode: u32) -> std::io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// The name by which the system knows the studio's user, wherever it keeps its users.
fn own_name() -> Result<String, EngineError> {
    let program = PathBuf::from("id");
    let output = Command::new(&program).arg("-un").output();
    let output = output.map_err(|source| EngineError::Program { program: program.clone(), source })?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() && !name.is_empty() && !name.contains(['"', '\n']) {
        true => Ok(name),
        false => Err(EngineError::NoName),
    }
}

fn take_lock(data: &Path) -> Result<File, EngineError> {
    let path = data.join(LOCK);
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default())
        .open(&path)
        .map_err(EngineError::file("Opening", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let mut owner = String::new();
            // The name of the owner is a courtesy; the lock itself is what counts.
            let _ = file.read_to_string(&mut owner);
            let owner = match owner.trim().parse::<u32>() {
                Ok(pid) => format!(" (process {pid})"),
                Err(_) => String::new(),
            };
            return Err(EngineError::InUse { data: data.to_owned(), owner });
        }
        Err(fs::TryLockError::Error(source)) => {
            return Err(EngineError::File { action: "Locking", path, source });
        }
    }
    let write = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
    write.map_err(EngineError::file("Writing", &path))?;
    Ok(file)
}
