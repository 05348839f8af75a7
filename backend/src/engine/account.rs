//! Whom PostgreSQL runs as: the studio's own user, or an unprivileged one when that is root.
//! Knows users and folder modes, no processes.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::EngineError;

/// Who the servers of state and target run as when the studio is root, the best first. `nobody` is not among
/// them: other programs of the machine run as `nobody`, too, and could reach the databases.
const FOR_SERVERS: [&str; 2] = ["migration-studio", "postgres"];

/// Who throw-away copies run as.
const FOR_PROOFS: &str = "migration-studio-proof";

/// An unprivileged user of this machine.
#[derive(Clone, Debug)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

/// Who runs which servers. Both are `None` when the studio is not root: everything then belongs to its own user.
#[derive(Clone, Debug)]
pub(super) struct Accounts {
    /// For state and target.
    pub(super) servers: Option<Account>,
    /// For throw-away copies: an account of their own where there is one.
    pub(super) proofs: Option<Account>,
}

impl Accounts {
    /// The accounts of this machine.
    pub(super) fn of_this_machine() -> Result<Self, EngineError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { servers: None, proofs: None });
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let by_name = |name: &str| users.lines().filter_map(Account::parse).find(|user| user.name == name);
        let servers = FOR_SERVERS.iter().find_map(|name| by_name(name)).ok_or(EngineError::NoAccount)?;
        let proofs = by_name(FOR_PROOFS).unwrap_or_else(|| servers.clone());
        Ok(Self { servers: Some(servers), proofs: Some(proofs) })
    }

    /// Who has run a server on this data directory so far, if it is one of those that servers may run as: the files
    /// may be older than the best of the accounts.
    pub(super) fn present_owner(data: &fs::Metadata) -> Option<Account> {
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let mut known = users.lines().filter_map(Account::parse);
        known.find(|account| account.owns(data) && FOR_SERVERS.contains(&account.name.as_str()))
    }

    /// Whether throw-away copies run as somebody who can reach neither the state nor the target.
    pub(super) fn proofs_are_apart(&self) -> bool {
        match (&self.servers, &self.proofs) {
            (Some(servers), Some(proofs)) => servers.uid != proofs.uid,
            _ => false,
        }
    }
}

impl Account {
    /// Reads a line of the user list: name, password, uid, gid, and more.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self { name, uid, gid })
    }

    /// For people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether this user owns what is described.
    pub(super) fn owns(&self, metadata: &fs::Metadata) -> bool {
        metadata.uid() == self.uid
    }

    /// Gives an open file or folder to this user.
    pub(super) fn own(&self, file: &File) -> std::io::Result<()> {
        fchown(file, Some(self.uid), Some(self.gid))
    }

    /// Makes the command run as this user, without root's supplementary groups.
    pub(super) fn apply(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Fails unless this user can get to `path` through every folder above it.
    pub(super) fn can_reach(&self, path: &Path) -> Result<(), EngineError> {
        let path = fs::canonicalize(path).map_err(EngineError::file("Finding", path))?;
        for folder in path.ancestors() {
            let meta = fs::metadata(folder).map_err(EngineError::file("Reading", folder))?;
            let enter = match (meta.uid() == self.uid, meta.gid() == self.gid) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            if meta.mode() & enter == 0 {
                let (path, account) = (folder.to_owned(), self.name.clone());
                return Err(EngineError::Unreachable { path, account });
            }
        }
        Ok(())
    }
}

/// A new folder with this mode, which belongs to the account. Fails when anything is there.
pub(super) fn new_folder(path: &Path, mode: u32, owner: Option<&Account>) -> Result<(), EngineError> {
    let made = || {
        fs::create_dir(path)?;
        let folder = File::open(path)?;
        folder.set_permissions(fs::Permissions::from_mode(mode))?;
        owner.map_or(Ok(()), |owner| owner.own(&folder))
    };
    made().map_err(EngineError::file("Creating", path))
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn a_line_of_the_user_list_is_read() {
        let account = Account::parse("nobody:x:65534:65533:nobody:/:/usr/sbin/nologin").unwrap();
        assert_eq!((account.name.as_str(), account.uid, account.gid), ("nobody", 65534, 65533));
        assert!(Account::parse("nobody:x:-2").is_none());
    }
}
