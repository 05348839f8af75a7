//! What can go wrong with the embedded PostgreSQL, in words for the person who started it.
//! Each text says what happened and what to do; none holds the password.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of the embedded PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No folder with server programs was found.
    #[error(
        "No PostgreSQL with pgvector was found (looked at: {}). Run `cargo xtask engine` to fetch \
         one, install PostgreSQL and pgvector, name a folder with STUDIO_ENGINE, or use \
         your own server with DATABASE_URL.",
        list(searched)
    )]
    NotFound {
        /// The places that were looked at, in order.
        searched: Vec<PathBuf>,
    },

    /// A folder was named that holds no server programs.
    #[error(
        "{} holds no PostgreSQL server (bin/postgres and bin/initdb). Correct STUDIO_ENGINE, or \
         unset it to use the one that `cargo xtask engine` fetches.",
        .0.display()
    )]
    NotAnEngine(PathBuf),

    /// Root started the studio, and there is nobody else to run PostgreSQL as.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has no account for it. Create one \
         (`useradd --system --user-group --shell /usr/sbin/nologin migration-studio`, and one more named \
         migration-studio-proof for throw-away copies), start the studio as another user, or set DATABASE_URL \
         and STUDIO_STATE_URL."
    )]
    NoAccount,

    /// The system does not know the studio's own user.
    #[error(
        "The system knows no name for the user that the studio runs as (`id -un`). Start it as a user that has one."
    )]
    NoName,

    /// The unprivileged user cannot get to a folder.
    #[error(
        "PostgreSQL runs as the user `{account}`, who cannot enter {}. Choose another folder, or \
         let others enter this one (`chmod o+x`).",
        path.display()
    )]
    Unreachable {
        /// The first folder on the way that is closed.
        path: PathBuf,
        /// The user that PostgreSQL runs as.
        account: String,
    },

    /// The data folder holds something else.
    #[error(
        "{} is not empty and was not made by the studio. Name a folder that is empty or does not \
         exist yet.",
        .0.display()
    )]
    Foreign(PathBuf),

    /// The data folder belongs to another user, who could change what the studio reads in it.
    #[error(
        "{} belongs to another user than the one that the studio runs as. Choose another data folder, or give \
         this one to the studio's user.",
        .0.display()
    )]
    OtherOwner(PathBuf),

    /// The data folder holds a database that an earlier version of the studio made.
    #[error(
        "{} was made by an earlier version of the studio, which kept reviews and target in one database server. \
         Start that version to take out what you need, or choose another data folder; nothing in it was changed.",
        .0.display()
    )]
    EarlierLayout(PathBuf),

    /// No socket can be made that deep.
    #[error(
        "{} is too long a path for a Unix socket inside it. Choose a shorter data folder (--data-dir).",
        .0.display()
    )]
    LongPath(PathBuf),

    /// Another studio owns the data folder.
    #[error(
        "Another studio{owner} already uses the database in {}. Stop it first, or choose another \
         data folder.",
        data.display()
    )]
    InUse {
        /// The contested folder.
        data: PathBuf,
        /// ` (process N)`, or nothing when it did not say who it is.
        owner: String,
    },

    /// The file system refused.
    #[error("{action} {} failed: {source}. Check who owns the folder and that the disk has room.", path.display())]
    File {
        /// What was being done, as `Creating`.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },

    /// A program of the engine could not be started at all.
    #[error(
        "{} could not be started: {source}. Remove the engine's folder and run `cargo xtask engine` again.",
        program.display()
    )]
    Program {
        /// The program's path.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },

    /// `initdb` failed.
    #[error("The database could not be created. initdb says:\n{said}")]
    InitFailed {
        /// What initdb printed.
        said: String,
    },

    /// The data folder was made by another major version.
    #[error(
        "The database in {} was made by PostgreSQL {found}, and this engine is {engine}. Use an \
         engine of version {found} (STUDIO_ENGINE), or move the folder away to start afresh.",
        data.display()
    )]
    WrongMajor {
        /// The data folder.
        data: PathBuf,
        /// The major version that wrote it.
        found: String,
        /// The major version of the engine.
        engine: String,
    },

    /// The server ended before it took connections.
    #[error("PostgreSQL did not start. The end of {} says:\n{said}", log.display())]
    StartFailed {
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        said: String,
    },

    /// A server that was running has ended, and nobody told it to.
    #[error("PostgreSQL ended by itself. The end of {} says:\n{said}", log.display())]
    Ended {
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        said: String,
    },

    /// The server runs but takes no connections.
    #[error(
        "PostgreSQL takes no connections {seconds} s after its start ({last}). It may still be \
         recovering; see {}.",
        log.display()
    )]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// Why the last try failed.
        last: String,
        /// The server's log.
        log: PathBuf,
    },

    /// A server of an earlier studio does not end.
    #[error(
        "PostgreSQL of an earlier studio (process {pid}) still runs and does not stop. End it with \
         `kill -QUIT {pid}` and try again."
    )]
    Orphan {
        /// Its process id.
        pid: u32,
    },

    /// The target does not fit into a throw-away copy.
    #[error(
        "The target holds {megabytes} MB, and a throw-away copy may hold {limit} MB. Start the studio with a larger \
         --proof-disk."
    )]
    LargeTarget {
        /// What the target holds.
        megabytes: u64,
        /// What a copy may hold.
        limit: u64,
    },

    /// A statement on the engine's own databases failed.
    #[error("{action} failed: {reason}")]
    Database {
        /// What was being done, as `Creating the database "x"`.
        action: String,
        /// SQLSTATE, when the server answered at all.
        code: Option<String>,
        /// The server's or the driver's words.
        reason: String,
    },
}

impl EngineError {
    /// For people who use the studio and do not run it: without folders and logs of the server.
    pub fn told(&self) -> String {
        match self {
            Self::LargeTarget { .. } => self.to_string(),
            _ => "A server for the copy could not be made; the studio's log says why.".to_owned(),
        }
    }

    /// For `map_err` on a file operation.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
