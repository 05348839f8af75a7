//! What keeps the process of a throw-away copy apart from the machine, besides PostgreSQL's own rights: an account
//! of its own, and namespaces by bubblewrap, in which there are the server's programs, the copy and nothing else.
//! It says what is in force; it starts no server.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::EngineError;
use super::super::account::Account;
use super::super::cluster::Programs;
use super::super::folder::{Folder, Place};

/// The program that makes the namespaces.
const BUBBLEWRAP: &str = "bwrap";

/// Where the system keeps programs that nobody but root replaces.
const SYSTEM: [&str; 3] = ["/usr/bin", "/usr/local/bin", "/bin"];

/// Bytes of memory that may lie in files of `/dev/shm` and `/tmp`.
const SHARED_MEMORY: u64 = 256 << 20;

/// How throw-away copies are confined on this machine.
#[derive(Clone, Debug)]
pub struct Confinement {
    bubblewrap: Option<PathBuf>,
    /// Why there are no namespaces.
    missing: Option<String>,
    /// The account that copies run as, when it is theirs alone.
    account: Option<String>,
}

impl Confinement {
    /// Looks what there is, by trying it.
    pub(in super::super) fn of_this_machine(folder: &Folder, programs: &Programs) -> Self {
        let accounts = &folder.accounts;
        let apart = accounts.proofs.as_ref().filter(|_| accounts.proofs_are_apart());
        let account = apart.map(|account| account.name().to_owned());
        let found = SYSTEM.iter().map(|folder| Path::new(folder).join(BUBBLEWRAP)).find(|path| path.exists());
        let (bubblewrap, missing) = match found {
            None => (None, Some("bubblewrap is not installed".to_owned())),
            Some(path) => match works(&path, programs, accounts.proofs.as_ref()) {
                Ok(()) => (Some(path), None),
                Err(why) => (None, Some(why)),
            },
        };
        Self { bubblewrap, missing, account }
    }

    /// What a dry run has: each in force, or an error that says what is missing. In words for people.
    #[must_use]
    pub fn protections(&self) -> Vec<Result<String, String>> {
        vec![
            Ok("a server process of its own, without network".to_owned()),
            Ok("no superuser".to_owned()),
            Ok("no new privileges".to_owned()),
            match &self.account {
                Some(name) => Ok(format!("the account {name}")),
                None => Err("no account of its own".to_owned()),
            },
            match &self.missing {
                None => Ok("namespaces that hold nothing but the copy".to_owned()),
                Some(why) => Err(format!("no namespaces: {why}")),
            },
        ]
    }

    /// Whether nothing of the machine but the copy can be reached from it.
    #[must_use]
    pub fn has_namespaces(&self) -> bool {
        self.bubblewrap.is_some()
    }

    /// The server of a copy as a command, with `files` to read besides its own folders.
    pub(super) fn command(
        &self,
        programs: &Programs,
        account: Option<&Account>,
        place: &Place,
        files: &[&Path],
    ) -> Result<Command, EngineError> {
        let Some(bubblewrap) = &self.bubblewrap else {
            return programs.command("postgres", account);
        };
        let mut command = confined(bubblewrap, programs, account);
        for folder in [place.data(), place.socket()] {
            command.arg("--bind").arg(&folder).arg(&folder);
        }
        for file in files {
            command.arg("--ro-bind").arg(file).arg(file);
        }
        command.arg("--").arg(programs.folder.join("bin/postgres"));
        Ok(command)
    }
}

/// Everything of the sandbox but the copy's own folders and what runs.
fn confined(bubblewrap: &Path, programs: &Programs, account: Option<&Account>) -> Command {
    let mut command = Command::new(bubblewrap);
    command.env_clear().current_dir("/");
    if let Some(account) = account {
        account.apply(&mut command);
    }
    command.args(["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]);
    for (name, value) in programs.environment() {
        command.arg("--setenv").arg(name).arg(value);
    }
    command.args(["--ro-bind", "/usr", "/usr"]);
    // Links into /usr, or folders of their own on older systems.
    for folder in ["/bin", "/lib", "/lib32", "/lib64", "/sbin"] {
        match std::fs::read_link(folder) {
            Ok(target) => command.arg("--symlink").arg(target).arg(folder),
            Err(_) => command.args(["--ro-bind-try", folder, folder]),
        };
    }
    command.args(["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]);
    let size = OsString::from(SHARED_MEMORY.to_string());
    command.args(["--proc", "/proc", "--dev", "/dev"]);
    command.arg("--size").arg(&size).args(["--tmpfs", "/dev/shm"]);
    command.arg("--size").arg(&size).args(["--tmpfs", "/tmp"]);
    // Behind /tmp, because programs and copies of tests lie in it.
    command.arg("--ro-bind").arg(&programs.folder).arg(&programs.folder);
    command
}

/// Whether the programs run inside.
fn works(bubblewrap: &Path, programs: &Programs, account: Option<&Account>) -> Result<(), String> {
    let mut command = confined(bubblewrap, programs, account);
    command.arg("--").arg(programs.folder.join("bin/postgres")).arg("--version");
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(said.lines().next().unwrap_or("bubblewrap failed without a word").to_owned())
        }
    }
}
