//! Whom PostgreSQL runs as: the studio's own user, or an unprivileged one when that is root.
//! Knows users and folder modes, no processes.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::EngineError;

/// An unprivileged user of this machine.
#[derive(Clone, Debug)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` when the studio is not root: everything then belongs to its own user.
    pub(super) fn for_engine(data: &Path) -> Result<Option<Self>, EngineError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        // The present owner goes first: the files may come from before `postgres` existed.
        let owner = fs::metadata(data).ok().map(|data| data.uid()).filter(|uid| *uid != 0);
        let known = || users.lines().filter_map(Self::parse);
        let by_name = |name: &str| known().find(|account| account.name == name);
        let account = owner
            .and_then(|uid| known().find(|account| account.uid == uid))
            .or_else(|| by_name("postgres"))
            .or_else(|| by_name("nobody"));
        account.map(Some).ok_or(EngineError::NoAccount)
    }

    /// Reads a line of the user list: name, password, uid, gid, and more.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self { name, uid, gid })
    }

    /// Gives a file or folder to this user.
    pub(super) fn own(&self, path: &Path) -> Result<(), EngineError> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(EngineError::file("Giving away", path))
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
