//! The engine's folder on disk: who owns it, how it is made, and what an earlier server left.
//! Starts only `initdb`; the server itself is `postmaster.rs`.
//!
//! ```text
//! data/            0700, belongs to the user that PostgreSQL runs as
//!   owner.lock     locked while a studio uses the folder
//!   password       of the superuser, 0600
//!   port           the last port, so that a bookmark in another tool keeps working
//!   postgres.log   of the present or last server; the one before it beside it
//!   cluster/       PostgreSQL's own data directory
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use secrecy::{ExposeSecret, SecretString};

use super::account::Account;
use super::{EngineError, SUPERUSER};

/// The file that is locked; its presence says that the folder is an engine's.
const LOCK: &str = "owner.lock";

/// An engine folder that this process, and no other, may use until it is dropped.
#[derive(Debug)]
pub(super) struct Cluster {
    data: PathBuf,
    account: Option<Account>,
    /// The lock ends with the process that holds it, however that ends.
    _lock: File,
}

impl Cluster {
    /// Takes the folder, creating it when it is missing.
    pub(super) fn open(data: &Path) -> Result<Self, EngineError> {
        fs::create_dir_all(data).map_err(EngineError::file("Creating", data))?;
        let data = fs::canonicalize(data).map_err(EngineError::file("Finding", data))?;
        let mut files = fs::read_dir(&data).map_err(EngineError::file("Listing", &data))?;
        if files.next().is_some() && !data.join(LOCK).exists() {
            return Err(EngineError::Foreign(data));
        }
        let account = Account::for_engine(&data)?;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))
            .map_err(EngineError::file("Closing", &data))?;
        if let Some(account) = &account {
            account.own(&data)?;
            account.can_reach(&data)?;
        }
        let lock = take_lock(&data)?;
        Ok(Self { data, account, _lock: lock })
    }

    /// PostgreSQL's data directory.
    pub(super) fn directory(&self) -> PathBuf {
        self.data.join("cluster")
    }

    /// The server's log.
    pub(super) fn log(&self) -> PathBuf {
        self.data.join("postgres.log")
    }

    /// An empty log; the one before it stays beside it, because it may hold the reason of a crash.
    pub(super) fn fresh_log(&self) -> Result<File, EngineError> {
        let log = self.log();
        // Absent at the first start.
        let _ = fs::rename(&log, self.data.join("postgres.log.1"));
        self.private_file(&log)
    }

    /// The last lines of the log, for a report.
    pub(super) fn log_tail(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// A command of the engine that runs as PostgreSQL's user, in its folder and in plain English.
    pub(super) fn command(&self, binaries: &Path, program: &str) -> Result<Command, EngineError> {
        let program = binaries.join("bin").join(program);
        if let Some(account) = &self.account {
            account.can_reach(&program)?;
        }
        let mut command = Command::new(program);
        command.current_dir(&self.data).env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        if cfg!(target_os = "linux") {
            // The packaged libraries do not all say where their own needs are.
            command.env("LD_LIBRARY_PATH", binaries.join("lib"));
        }
        if let Some(account) = &self.account {
            account.apply(&mut command);
        }
        Ok(command)
    }

    /// The major version of the programs, as they say it.
    pub(super) fn major_of(&self, binaries: &Path) -> Result<u32, EngineError> {
        let mut command = self.command(binaries, "postgres")?;
        let program = PathBuf::from(command.get_program());
        let output = command.arg("--version").output();
        let output = output.map_err(|source| EngineError::Program { program: program.clone(), source })?;
        // "postgres (PostgreSQL) 18.4", and a distribution's own words after it.
        let said = String::from_utf8_lossy(&output.stdout);
        let version = said.split_whitespace().nth(2).unwrap_or_default();
        let major = version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        major.parse().map_err(|_| EngineError::Program {
            program,
            source: std::io::Error::other("it does not say its version"),
        })
    }

    /// Makes sure that there is a cluster of this `major` and returns the superuser's password.
    pub(super) fn prepare(&self, binaries: &Path, major: u32) -> Result<SecretString, EngineError> {
        match fs::read_to_string(self.directory().join("PG_VERSION")) {
            Ok(found) if found.trim() == major.to_string() => self.read_password(),
            Ok(found) => Err(EngineError::WrongMajor {
                data: self.data.clone(),
                found: found.trim().to_owned(),
                engine: major.to_string(),
            }),
            Err(_) => self.create(binaries, major),
        }
    }

    /// Creates beside and renames, so that a cut-off `initdb` leaves nothing that looks whole.
    fn create(&self, binaries: &Path, major: u32) -> Result<SecretString, EngineError> {
        let unfinished = self.data.join("cluster.new");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(EngineError::file("Removing", &unfinished))?;
        }
        let password = SecretString::from(hex(&rand::random::<[u8; 16]>()));
        let password_file = self.data.join("password");
        self.private_file(&password_file)?
            .write_all(password.expose_secret().as_bytes())
            .map_err(EngineError::file("Writing", &password_file))?;

        let mut command = self.command(binaries, "initdb")?;
        command.args(["--username", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8"]);
        command.arg("--data-checksums");
        // The built-in provider (17 and later) sorts alike on every machine.
        match major >= 17 {
            true => command.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]),
            false => command.arg("--lc-ctype=C.UTF-8"),
        };
        command.args(["--locale=C", "--no-instructions", "--pgdata"]).arg(&unfinished);
        command.arg("--pwfile").arg(&password_file);
        let program = PathBuf::from(command.get_program());
        let output = command.output().map_err(|source| EngineError::Program { program, source })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(EngineError::InitFailed { said });
        }
        fs::rename(&unfinished, self.directory()).map_err(EngineError::file("Naming", &unfinished))?;
        Ok(password)
    }

    fn read_password(&self) -> Result<SecretString, EngineError> {
        let path = self.data.join("password");
        let text = fs::read_to_string(&path).map_err(EngineError::file("Reading", &path))?;
        Ok(SecretString::from(text))
    }

    /// The port of the last start.
    pub(super) fn last_port(&self) -> Option<u16> {
        fs::read_to_string(self.data.join("port")).ok()?.trim().parse().ok()
    }

    /// Remembers the port for the next start.
    pub(super) fn remember_port(&self, port: u16) -> Result<(), EngineError> {
        let path = self.data.join("port");
        fs::write(&path, port.to_string()).map_err(EngineError::file("Writing", &path))
    }

    /// A new, empty file that only PostgreSQL's user (and root) can read.
    fn private_file(&self, path: &Path) -> Result<File, EngineError> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.map_err(EngineError::file("Creating", path))?;
        if let Some(account) = &self.account {
            account.own(path)?;
        }
        Ok(file)
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
