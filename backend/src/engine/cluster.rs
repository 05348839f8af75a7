//! A data directory of PostgreSQL: made once by `initdb` as the template, then copied.
//! Starts only `initdb`; the server itself is `server.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::{Account, new_folder};
use super::folder::Folder;
use super::{EngineError, SUPERUSER, copy};

/// The server programs of one version.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    /// The folder with `bin/postgres`.
    pub(super) folder: PathBuf,
    /// The major version, as `postgres` says it.
    pub(super) major: u32,
}

impl Programs {
    /// Asks the programs of a folder for their version.
    pub(super) fn at(folder: PathBuf) -> Result<Self, EngineError> {
        let mut command = plain(&folder, "postgres");
        let program = PathBuf::from(command.get_program());
        let output = command.arg("--version").output();
        let output = output.map_err(|source| EngineError::Program { program: program.clone(), source })?;
        // "postgres (PostgreSQL) 18.4", and a distribution's own words after it.
        let said = String::from_utf8_lossy(&output.stdout);
        let version = said.split_whitespace().nth(2).unwrap_or_default();
        let major = version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let major = major.parse().map_err(|_| EngineError::Program {
            program,
            source: std::io::Error::other("it does not say its version"),
        })?;
        Ok(Self { folder, major })
    }

    /// One of them, to run as this account, in plain English and with nothing of the studio's environment.
    pub(super) fn command(&self, program: &str, account: Option<&Account>) -> Result<Command, EngineError> {
        let mut command = plain(&self.folder, program);
        if let Some(account) = account {
            account.can_reach(Path::new(command.get_program()))?;
            account.apply(&mut command);
        }
        Ok(command)
    }

    /// The variables of [`Programs::command`].
    pub(super) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        environment(&self.folder)
    }
}

fn plain(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(folder.join("bin").join(program));
    command.current_dir("/").env_clear().envs(environment(folder));
    command
}

fn environment(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    let mut variables = vec![("LC_ALL", PathBuf::from("C")), ("TZ", PathBuf::from("UTC"))];
    if cfg!(target_os = "linux") {
        // The packaged libraries do not all say where their own needs are.
        variables.push(("LD_LIBRARY_PATH", folder.join("lib")));
    }
    variables
}

/// Makes sure that there is a template of these programs' major version.
pub(super) fn prepare_template(folder: &Folder, programs: &Programs) -> Result<(), EngineError> {
    match version_of(&folder.template()) {
        Some(found) if found == programs.major.to_string() => Ok(()),
        Some(_) => {
            // Nobody's data: it is made anew for the other version, and state and target say what they need.
            fs::remove_dir_all(folder.template())
                .map_err(EngineError::file("Removing", &folder.template()))?;
            init(folder, programs)
        }
        None => init(folder, programs),
    }
}

/// Makes sure that `data` holds a cluster of these programs' major version; a new one is a copy of the template.
pub(super) fn prepare(
    folder: &Folder,
    data: &Path,
    programs: &Programs,
    account: Option<&Account>,
) -> Result<(), EngineError> {
    match version_of(data) {
        Some(found) if found == programs.major.to_string() => Ok(()),
        Some(found) => {
            Err(EngineError::WrongMajor { data: data.to_owned(), found, engine: programs.major.to_string() })
        }
        None => beside(data, |unfinished| copy::whole(&folder.template(), unfinished, account)),
    }
}

fn version_of(data: &Path) -> Option<String> {
    fs::read_to_string(data.join("PG_VERSION")).ok().map(|text| text.trim().to_owned())
}

/// Creates beside and renames, so that what is cut off leaves nothing that looks whole.
fn beside(path: &Path, make: impl FnOnce(&Path) -> Result<(), EngineError>) -> Result<(), EngineError> {
    let unfinished = path.with_extension("new");
    if unfinished.symlink_metadata().is_ok() {
        fs::remove_dir_all(&unfinished).map_err(EngineError::file("Removing", &unfinished))?;
    }
    make(&unfinished)?;
    fs::rename(&unfinished, path).map_err(EngineError::file("Naming", &unfinished))
}

/// `initdb` refuses to run as root, so it fills a folder of the account; the template is the studio's own.
fn init(folder: &Folder, programs: &Programs) -> Result<(), EngineError> {
    let account = folder.accounts.servers.as_ref();
    let scratch = folder.path().join("initdb");
    if scratch.symlink_metadata().is_ok() {
        fs::remove_dir_all(&scratch).map_err(EngineError::file("Removing", &scratch))?;
    }
    new_folder(&scratch, 0o700, account)?;
    let mut command = programs.command("initdb", account)?;
    command.args(["--username", SUPERUSER, "--auth=reject", "--encoding=UTF8", "--data-checksums"]);
    // A copied directory is small; what is written more often has segments enough.
    command.arg("--wal-segsize=4");
    // The built-in provider (17 and later) sorts alike on every machine.
    match programs.major >= 17 {
        true => command.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]),
        false => command.arg("--lc-ctype=C.UTF-8"),
    };
    command.args(["--locale=C", "--no-instructions", "--pgdata"]).arg(&scratch);
    let program = PathBuf::from(command.get_program());
    let output = command.output().map_err(|source| EngineError::Program { program, source })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(EngineError::InitFailed { said });
    }
    beside(&folder.template(), |unfinished| copy::whole(&scratch, unfinished, None))?;
    fs::remove_dir_all(&scratch).map_err(EngineError::file("Removing", &scratch))
}
