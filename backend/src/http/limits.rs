//! How much of the server one client, and all of them, can hold, and for how long. `backend/SECURITY.md` lists
//! them with their tests.

use std::time::Duration;

/// Bytes of a request's body where it carries no files.
pub const SMALL_BODY: usize = 64 << 10;

/// Bytes of a request's body that carries the files of a revision: one of the largest, as JSON.
pub const FILES_BODY: usize = 16 << 20;

/// Of connections and requests; tests have shorter ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections of one address; loopback and the proxies we know are held to the number in all only.
    pub per_address: usize,
    /// Connections that a person keeps when others find no room; those of the proxies we know are not counted.
    pub per_person: usize,
    /// From the connection, or the last answer, to the end of a request's head.
    pub head: Duration,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For a request's body as a whole.
    pub body: Duration,
    /// In each such time a body must have brought [`Self::progress`] bytes, or have ended.
    pub pause: Duration,
    /// Bytes of a body in each [`Self::pause`].
    pub progress: usize,
    /// For a request's answer to begin, its body included.
    pub answer: Duration,
    /// For a client to take anything of an answer that waits to be sent.
    pub write: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            per_address: 128,
            per_person: 48,
            head: Duration::from_secs(15),
            handshake: Duration::from_secs(10),
            body: Duration::from_secs(60),
            pause: Duration::from_secs(10),
            progress: 16 << 10,
            answer: Duration::from_secs(90),
            write: Duration::from_secs(60),
        }
    }
}

impl Limits {
    /// As many connections as half of the files that this process may open, at most; the other half is for
    /// databases and files. The process is allowed as many files as the system grants it without asking.
    #[cfg(unix)]
    #[must_use]
    pub fn within_files(self) -> Self {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        let wanted = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, wanted).is_ok() {
            limit = getrlimit(Resource::Nofile);
        }
        let half = limit.current.map_or(usize::MAX, |files| usize::try_from(files / 2).unwrap_or(usize::MAX));
        Self { connections: self.connections.min(half), ..self }
    }

    /// The system says nothing about open files.
    #[cfg(not(unix))]
    #[must_use]
    pub fn within_files(self) -> Self {
        self
    }
}
