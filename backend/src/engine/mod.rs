//! The embedded PostgreSQL: a real server of our own, for a studio that was given none and for
//! throw-away databases. It knows nothing of changes, plans or runs.
//!
//! ```text
//! locate    where the programs and the data are
//! account   whom the server runs as; never root
//! cluster   the folder on disk, and its one owner
//! leftover  what an earlier server left behind
//! postmaster  the process: cannot outlive the studio
//! databases   create, copy, prepare, drop
//! ```

mod account;
mod cluster;
mod databases;
mod error;
mod leftover;
mod locate;
mod postmaster;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

pub use error::EngineError;
pub use locate::{default_data_folder, locate};

use cluster::Cluster;
use databases::Databases;
use postmaster::Postmaster;

/// The name of the engine's superuser.
pub const SUPERUSER: &str = "postgres";

/// Recovery after a crash may take this long; a start takes a twentieth of a second.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A refused local connection costs nothing, so readiness is noticed at once.
const POLL: Duration = Duration::from_millis(5);

/// For how long a start is tried again while leftovers of an earlier server fade.
const RETRY_FOR: Duration = Duration::from_secs(15);

/// What an engine needs to know.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The folder with `bin/postgres`, as [`locate`] finds it.
    pub binaries: PathBuf,
    /// The engine's own folder; created at the first start.
    pub data: PathBuf,
    /// The TCP port on 127.0.0.1; without it the last one if that is free, else any.
    pub port: Option<u16>,
}

/// A running PostgreSQL that belongs to this process.
///
/// It listens on 127.0.0.1 only and asks for a password. [`Engine::stop`] ends it cleanly; a
/// dropped engine is told to stop, and one whose process is killed is stopped by the kernel (Linux)
/// or by the next start (elsewhere).
#[derive(Debug)]
pub struct Engine {
    postmaster: Postmaster,
    databases: Databases,
    version: String,
    /// Last, so that the folder is free only when the server has been told to stop.
    _cluster: Cluster,
}

impl Engine {
    /// Starts the server and returns when it takes connections; creates the data at first.
    ///
    /// # Errors
    /// See [`EngineError`]; no server is left running.
    pub async fn start(config: EngineConfig) -> Result<Self, EngineError> {
        let EngineConfig { binaries, data, port } = config;
        let (binaries, cluster, password) = tokio::task::spawn_blocking(move || open(&binaries, &data))
            .await
            .map_err(|error| EngineError::StartFailed { log: PathBuf::new(), said: error.to_string() })??;
        let leftovers = leftover::clear(&cluster.directory()).await?;
        let begin = Instant::now();
        loop {
            let port = port.map_or_else(|| free_port(cluster.last_port()), Ok)?;
            let databases = Databases::new(port, password.clone());
            let postmaster = spawn(&cluster, &binaries, port).await?;
            match ready(&postmaster, &databases, &cluster).await {
                Ok(version) => {
                    cluster.remember_port(port)?;
                    return Ok(Self { postmaster, databases, version, _cluster: cluster });
                }
                // Backends of a killed server hold on for a moment, and a free port can be taken
                // by somebody else before the server gets it.
                Err(EngineError::StartFailed { .. })
                    if begin.elapsed() < RETRY_FOR && (leftovers || port_is_taken(port)) =>
                {
                    tokio::time::sleep(POLL * 20).await;
                }
                Err(error) => {
                    postmaster.stop().await;
                    return Err(error);
                }
            }
        }
    }

    /// A connection URL with the superuser's password, for any PostgreSQL client.
    #[must_use]
    pub fn connection_string(&self, database: &str) -> SecretString {
        let password = self.databases.password().expose_secret();
        let database = percent_encode(database);
        let port = self.databases.port();
        format!("postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}").into()
    }

    /// The server's version as it says it, such as `18.4`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The process id of the server.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.postmaster.pid()
    }

    /// Creates an empty database.
    ///
    /// # Errors
    /// [`EngineError::Database`], with SQLSTATE 42P04 when the name is taken.
    pub async fn create_database(&self, name: &str) -> Result<(), EngineError> {
        self.databases.create(name).await
    }

    /// Creates a database as a copy of another, to which nobody may be connected.
    ///
    /// # Errors
    /// [`EngineError::Database`], with SQLSTATE 55006 while somebody uses the template.
    pub async fn create_from_template(&self, name: &str, template: &str) -> Result<(), EngineError> {
        self.databases.copy(name, template).await
    }

    /// Drops a database with everybody connected to it; a missing one is fine.
    ///
    /// # Errors
    /// [`EngineError::Database`].
    pub async fn drop_database(&self, name: &str) -> Result<(), EngineError> {
        self.databases.drop(name).await
    }

    /// Gives a database what every Supabase database has; harmless when repeated.
    ///
    /// # Errors
    /// [`EngineError::Database`].
    pub async fn prepare(&self, database: &str) -> Result<(), EngineError> {
        self.databases.prepare(database).await
    }

    /// Ends all sessions, stops the server and returns when its process is gone.
    pub async fn stop(self) {
        self.postmaster.stop().await;
    }
}

/// The part that waits for the disk and for `initdb`.
fn open(binaries: &Path, data: &Path) -> Result<(PathBuf, Cluster, SecretString), EngineError> {
    let binaries = locate(Some(binaries))?;
    let cluster = Cluster::open(data)?;
    let major = cluster.major_of(&binaries)?;
    let password = cluster.prepare(&binaries, major)?;
    Ok((binaries, cluster, password))
}

async fn spawn(cluster: &Cluster, binaries: &Path, port: u16) -> Result<Postmaster, EngineError> {
    let mut command = cluster.command(binaries, "postgres")?;
    command.arg("-D").arg(cluster.directory());
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        // A socket file would be one more thing that outlives a crash.
        "unix_socket_directories=".to_owned(),
        "fsync=on".to_owned(),
        "full_page_writes=on".to_owned(),
        "synchronous_commit=on".to_owned(),
        // As on Supabase; without it every `create publication` warns.
        "wal_level=logical".to_owned(),
        "password_encryption=scram-sha-256".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "logging_collector=off".to_owned(),
    ];
    for setting in settings {
        command.arg("-c").arg(setting);
    }
    let log = cluster.fresh_log()?;
    let log_again = log.try_clone().map_err(EngineError::file("Opening", &cluster.log()))?;
    command.stdin(Stdio::null()).stdout(log).stderr(log_again);
    let program = PathBuf::from(command.get_program());
    Postmaster::spawn(command).await.map_err(|source| EngineError::Program { program, source })
}

/// Polls until the server answers a query; returns its version.
async fn ready(
    postmaster: &Postmaster,
    databases: &Databases,
    cluster: &Cluster,
) -> Result<String, EngineError> {
    let begin = Instant::now();
    loop {
        // First, so that the answer cannot come from another server on the same port.
        let ended = postmaster.has_ended();
        if ended {
            return Err(EngineError::StartFailed { log: cluster.log(), said: cluster.log_tail() });
        }
        match databases.version().await {
            Ok(version) => return Ok(version),
            Err(error) if begin.elapsed() > READY_WITHIN => {
                return Err(EngineError::NotReady {
                    seconds: READY_WITHIN.as_secs(),
                    last: error.to_string(),
                    log: cluster.log(),
                });
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

fn free_port(preferred: Option<u16>) -> Result<u16, EngineError> {
    if let Some(port) = preferred.filter(|port| !port_is_taken(*port)) {
        return Ok(port);
    }
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
    let address = bound.map_err(EngineError::file("Finding a free port on", Path::new("127.0.0.1")))?;
    Ok(address.port())
}

fn port_is_taken(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
