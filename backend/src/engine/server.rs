//! A running PostgreSQL of one zone: started on its folder, reached by a socket that only the studio's user and
//! the server's own can get to, stopped so that no data is lost.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::account::{Account, Accounts};
use super::cluster;
use super::databases::{Databases, STATE_ROLES, TARGET_ROLES};
use super::folder::Place;
use super::postmaster::{Postmaster, Start};
use super::{Engine, EngineError, STATE_OWNER, SUPERUSER, Zone, leftover};

/// Recovery after a crash may take this long; a start takes a twentieth of a second.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A refused local connection costs nothing, so readiness is noticed at once.
const POLL: Duration = Duration::from_millis(5);

/// For how long a start is tried again while leftovers of an earlier server fade.
const RETRY_FOR: Duration = Duration::from_secs(15);

/// A running PostgreSQL that belongs to this process.
///
/// It listens on no network. [`Server::stop`] ends it cleanly; a dropped server is told to stop, and one whose
/// studio is killed is stopped by the kernel (Linux) or by the next start (elsewhere).
#[derive(Debug)]
pub struct Server {
    zone: Zone,
    postmaster: Postmaster,
    databases: Databases,
    version: String,
    place: Place,
    /// Keeps the folder until the server has been told to stop.
    _engine: Arc<Engine>,
}

impl Server {
    /// Starts the server of a zone that lasts, on its folder; makes the data directory at first.
    pub(super) async fn start(engine: Arc<Engine>, zone: Zone) -> Result<Self, EngineError> {
        let place = Place(engine.folder.zone(zone));
        let prepared = {
            let (engine, place) = (Arc::clone(&engine), place.clone());
            tokio::task::spawn_blocking(move || prepare(&engine, &place))
        };
        let account = prepared
            .await
            .map_err(|error| EngineError::StartFailed { log: place.log(), said: error.to_string() })??;
        let leftovers = leftover::clear(&place.data(), account.as_ref()).await?;
        let databases = Databases::new(place.socket(), engine.programs.major);
        let begin = Instant::now();
        let (postmaster, version) = loop {
            let postmaster = spawn(&engine, &place, account.as_ref(), zone).await?;
            match ready(&postmaster, &databases, &place).await {
                Ok(version) => break (postmaster, version),
                // Backends of a killed server hold on for a moment.
                Err(EngineError::StartFailed { .. }) if leftovers && begin.elapsed() < RETRY_FOR => {
                    tokio::time::sleep(POLL * 20).await;
                }
                Err(error) => {
                    postmaster.stop().await;
                    return Err(error);
                }
            }
        };
        let roles = if zone == Zone::State { STATE_ROLES } else { TARGET_ROLES };
        let server = Self { zone, postmaster, databases, version, place, _engine: engine };
        server.databases.make_roles(roles).await?;
        Ok(server)
    }

    /// The address of a database for the zone's own login, which is no superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.databases.url(self.zone.login(), database)
    }

    /// The address of a database for whoever owns it.
    #[must_use]
    pub fn owner_url(&self, database: &str) -> String {
        self.databases.url(self.zone.owner(), database)
    }

    /// The address of a database for the superuser, as whom no SQL of a person may run.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> String {
        self.databases.url(SUPERUSER, database)
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

    /// Returns when the server has ended, with why, as far as its log knows.
    pub fn gone(&self) -> impl Future<Output = EngineError> + Send + use<> {
        let (gone, place) = (self.postmaster.gone(), self.place.clone());
        async move {
            gone.await;
            EngineError::Ended { log: place.log(), said: place.log_tail() }
        }
    }

    /// The folder of its socket, for any client of this user.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.place.socket()
    }

    /// Creates an empty database that belongs to the zone's owner.
    ///
    /// # Errors
    /// [`EngineError::Database`], with SQLSTATE 42P04 when the name is taken.
    pub async fn create_database(&self, name: &str) -> Result<(), EngineError> {
        self.databases.create(name, self.zone.owner()).await?;
        match self.zone {
            Zone::State => self.databases.close_to_others(name, self.zone.login()).await,
            Zone::Target => Ok(()),
        }
    }

    /// Creates a database as a copy of another, to which nobody may be connected.
    ///
    /// # Errors
    /// [`EngineError::Database`], with SQLSTATE 55006 while somebody uses the template.
    pub async fn create_from_template(&self, name: &str, template: &str) -> Result<(), EngineError> {
        self.databases.copy(name, template, self.zone.owner()).await
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

    /// Its data directory, for a backup.
    pub(super) fn data(&self) -> PathBuf {
        self.place.data()
    }

    pub(super) fn databases(&self) -> &Databases {
        &self.databases
    }

    /// Ends all sessions, stops the server and returns when its process is gone.
    pub async fn stop(self) {
        self.postmaster.stop().await;
    }
}

impl Zone {
    /// Whom the studio, or people's SQL, works as.
    pub(super) fn login(self) -> &'static str {
        match self {
            Self::State => "studio_server",
            Self::Target => "postgres",
        }
    }

    /// Who owns the databases.
    fn owner(self) -> &'static str {
        match self {
            Self::State => STATE_OWNER,
            Self::Target => self.login(),
        }
    }
}

/// The part that waits for the disk. The present owner of the data stays who the server runs as.
fn prepare(engine: &Engine, place: &Place) -> Result<Option<Account>, EngineError> {
    let Some(best) = &engine.folder.accounts.servers else {
        place.create(None)?;
        cluster::prepare(&engine.folder, &place.data(), &engine.programs, None)?;
        return Ok(None);
    };
    let account = match std::fs::symlink_metadata(place.data()) {
        Ok(data) if !best.owns(&data) => {
            Accounts::present_owner(&data).ok_or_else(|| EngineError::OtherOwner(place.data()))?
        }
        _ => best.clone(),
    };
    place.create(Some(&account))?;
    cluster::prepare(&engine.folder, &place.data(), &engine.programs, Some(&account))?;
    Ok(Some(account))
}

async fn spawn(
    engine: &Engine,
    place: &Place,
    account: Option<&Account>,
    zone: Zone,
) -> Result<Postmaster, EngineError> {
    let command = engine.programs.command("postgres", account)?;
    let file = |name: &str, path: PathBuf| format!("{name}={}", path.display());
    let settings = [
        file("hba_file", engine.folder.hba()),
        file("ident_file", engine.folder.ident()),
        "fsync=on".to_owned(),
        "full_page_writes=on".to_owned(),
        "synchronous_commit=on".to_owned(),
        // As on Supabase; without it every `create publication` warns.
        format!("wal_level={}", if zone == Zone::State { "replica" } else { "logical" }),
        // What was written while somebody copies stays until the copy has it, whoever makes a checkpoint meanwhile.
        "wal_keep_size=256MB".to_owned(),
    ];
    launch(command, place, settings, Start::default()).await
}

/// Runs `postgres` on the place's data directory and socket, without network, its words in the place's log.
pub(super) async fn launch(
    mut command: Command,
    place: &Place,
    settings: impl IntoIterator<Item = String>,
    start: Start,
) -> Result<Postmaster, EngineError> {
    command.current_dir("/").arg("-D").arg(place.data()).arg("-k").arg(place.socket());
    let of_all = ["listen_addresses=", "timezone=UTC", "log_timezone=UTC", "logging_collector=off"];
    for setting in of_all.map(str::to_owned).into_iter().chain(settings) {
        command.arg("-c").arg(setting);
    }
    let log = place.fresh_log()?;
    let log_again = log.try_clone().map_err(EngineError::file("Opening", &place.log()))?;
    command.stdin(Stdio::null()).stdout(log).stderr(log_again);
    let program = PathBuf::from(command.get_program());
    let spawned = Postmaster::spawn(command, start).await;
    spawned.map_err(|source| EngineError::Program { program, source })
}

/// Polls until the server answers a query; returns its version.
pub(super) async fn ready(
    postmaster: &Postmaster,
    databases: &Databases,
    place: &Place,
) -> Result<String, EngineError> {
    let begin = Instant::now();
    loop {
        if postmaster.has_ended() {
            return Err(EngineError::StartFailed { log: place.log(), said: place.log_tail() });
        }
        match databases.version().await {
            Ok(version) => return Ok(version),
            Err(error) if begin.elapsed() > READY_WITHIN => {
                return Err(EngineError::NotReady {
                    seconds: READY_WITHIN.as_secs(),
                    last: error.to_string(),
                    log: place.log(),
                });
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}
