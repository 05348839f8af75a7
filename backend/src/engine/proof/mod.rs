//! A throw-away copy: a server process of its own in a fresh data directory, on a socket in a private folder, for
//! SQL that nobody has approved. It is confined and bounded, and removed whole.
//!
//! ```text
//! confinement  what keeps the process apart from the machine
//! limits       what it may use
//! ```

mod confinement;
mod limits;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use confinement::Confinement;
pub use limits::Limits;

use limits::Watch;

use super::account::{Account, new_folder};
use super::cluster;
use super::databases::{Databases, MAINTENANCE, TARGET_ROLES, failed};
use super::folder::Place;
use super::postmaster::{Postmaster, Start};
use super::{Engine, EngineError, Server, Zone, copy, leftover, server};

/// How often a folder is tried to be removed while the last processes in it end.
const REMOVE_TRIES: u32 = 50;

/// Between two tries.
const REMOVE_AGAIN: Duration = Duration::from_millis(20);

/// The longest name of a copy's folder: paths of sockets are short.
const NAME: usize = 12;

/// What a copy is made of.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A server of the engine with all its databases and rows, as it is now; others may go on working there.
    Server(&'a Server),
    /// Nothing but what every Supabase database has, in a database of this name.
    Empty(&'a str),
}

/// A running throw-away copy. [`Proof::stop`] removes it; a dropped one is ended and swept away at the next start.
#[derive(Debug)]
pub struct Proof {
    postmaster: Option<Postmaster>,
    databases: Databases,
    place: Place,
    watch: Watch,
    version: String,
    in_namespaces: bool,
}

impl Proof {
    pub(super) async fn start(
        engine: Arc<Engine>,
        id: &str,
        source: Source<'_>,
    ) -> Result<Self, EngineError> {
        let name: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        let place = Place(engine.folder.proofs().join(&name[name.len().saturating_sub(NAME)..]));
        match Self::started(&engine, place.clone(), source).await {
            Ok(proof) => Ok(proof),
            Err(error) => {
                remove(&place).await?;
                Err(error)
            }
        }
    }

    async fn started(engine: &Arc<Engine>, place: Place, source: Source<'_>) -> Result<Self, EngineError> {
        let account = engine.folder.accounts.proofs.clone();
        fill(engine, &place, account.as_ref(), source).await?;
        let databases = Databases::new(place.socket(), engine.programs.major);
        let postmaster = spawn(engine, &place, account.as_ref()).await?;
        let watch = Watch::over(place.0.clone(), engine.limits, postmaster.gone());
        let mut proof = Self {
            postmaster: Some(postmaster),
            databases,
            place,
            watch,
            version: String::new(),
            in_namespaces: engine.confinement.has_namespaces(),
        };
        match proof.made_ready(source).await {
            Ok(()) => Ok(proof),
            Err(error) => {
                proof.end().await;
                Err(error)
            }
        }
    }

    async fn made_ready(&mut self, source: Source<'_>) -> Result<(), EngineError> {
        if let Some(postmaster) = &self.postmaster {
            self.version = server::ready(postmaster, &self.databases, &self.place).await?;
        }
        if let Source::Empty(database) = source {
            self.databases.make_roles(TARGET_ROLES).await?;
            self.databases.create(database, Zone::Target.login()).await?;
            self.databases.prepare(database).await?;
        }
        Ok(())
    }

    /// The address of a database for the login of a target, which is no superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.databases.url(Zone::Target.login(), database)
    }

    /// The server's version as it says it, such as `18.4`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns when the copy has used more than it may, or its server is gone, with the reason; it is to be stopped
    /// then.
    pub async fn exceeded(&self) -> String {
        self.watch.exceeded().await
    }

    /// Ends every process of the copy and removes it whole.
    ///
    /// # Errors
    /// [`EngineError::File`] when files remain; the next start sweeps them away.
    pub async fn stop(mut self) -> Result<(), EngineError> {
        self.end().await;
        remove(&self.place).await
    }

    async fn end(&mut self) {
        if let Some(postmaster) = self.postmaster.take() {
            postmaster.stop_at_once(self.in_namespaces).await;
        }
    }
}

/// Makes the copy's folder and its data directory.
async fn fill(
    engine: &Arc<Engine>,
    place: &Place,
    account: Option<&Account>,
    source: Source<'_>,
) -> Result<(), EngineError> {
    let parent = engine.folder.proofs();
    if parent.symlink_metadata().is_err() {
        new_folder(&parent, if account.is_some() { 0o711 } else { 0o700 }, None)?;
    }
    place.create(account)?;
    match source {
        Source::Empty(_) => {
            let (engine, data, account) = (Arc::clone(engine), place.data(), account.cloned());
            blocking(move || cluster::prepare(&engine.folder, &data, &engine.programs, account.as_ref()))
                .await
        }
        Source::Server(server) => back_up(engine, server, place, account).await,
    }
}

/// A base backup by hand, because it is a folder on this machine: the files while the server works on, then the
/// write-ahead log of the meantime.
/// <https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP>
async fn back_up(
    engine: &Engine,
    server: &Server,
    place: &Place,
    account: Option<&Account>,
) -> Result<(), EngineError> {
    let (from, limit) = (server.data(), engine.limits.disk);
    let bytes = blocking(move || Ok(limits::bytes_in(&from))).await?;
    if bytes > limit {
        return Err(EngineError::LargeTarget { megabytes: bytes >> 20, limit: limit >> 20 });
    }
    let wrong = || failed("Backing up the target");
    let (start, stop) = match engine.programs.major >= 15 {
        true => ("pg_backup_start('studio', true)", "pg_backup_stop(false)"),
        false => ("pg_start_backup('studio', true, false)", "pg_stop_backup(false, false)"),
    };
    let client = server.databases().connect(MAINTENANCE).await.map_err(wrong())?;
    client.query_one(&format!("select {start}::text"), &[]).await.map_err(wrong())?;
    let (from, to, owner) = (server.data(), place.data(), account.cloned());
    blocking(move || copy::base_backup(&from, &to, owner.as_ref())).await?;
    let stop = format!(
        "select labelfile, pg_catalog.pg_walfile_name(lsn), split_part(split_part(labelfile, '(file ', 2), ')', 1)
         from {stop}"
    );
    let row = client.query_one(&stop, &[]).await.map_err(wrong())?;
    let (label, last, first): (String, String, String) = (row.get(0), row.get(1), row.get(2));
    let (from, to, owner) = (server.data(), place.data(), account.cloned());
    blocking(move || {
        copy::wal(&from, &to, first.as_str()..=last.as_str(), owner.as_ref())?;
        copy::write(&to, "backup_label", &label, owner.as_ref())
    })
    .await
}

async fn spawn(engine: &Engine, place: &Place, account: Option<&Account>) -> Result<Postmaster, EngineError> {
    // Nobody but the studio's user and the copy's own can enter the socket's folder.
    let hba = engine.folder.proof_hba();
    let confinement = &engine.confinement;
    let command = confinement.command(&engine.programs, account, place, &[&hba])?;
    let limits = engine.limits;
    let settings = [
        format!("hba_file={}", hba.display()),
        // Nothing of it outlives a crash.
        "fsync=off".to_owned(),
        "full_page_writes=off".to_owned(),
        "synchronous_commit=off".to_owned(),
        "wal_level=logical".to_owned(),
        "wal_init_zero=off".to_owned(),
        "max_wal_size=128MB".to_owned(),
        "max_slot_wal_keep_size=64MB".to_owned(),
        format!("temp_file_limit={}kB", (limits.disk >> 11).max(1)),
        "shared_buffers=32MB".to_owned(),
        "max_connections=12".to_owned(),
        "max_worker_processes=4".to_owned(),
        // Statements of people may hold what a log should not.
        "log_min_error_statement=panic".to_owned(),
    ];
    let start = Start { throw_away: true, memory: Some(limits.memory), file: Some(limits.disk) };
    server::launch(command, place, settings, start).await
}

/// Removes the copies that a studio which was killed has left.
pub(super) async fn sweep(engine: &Arc<Engine>) -> Result<(), EngineError> {
    let folders = fs::read_dir(engine.folder.proofs()).into_iter().flatten().flatten();
    let folders: Vec<PathBuf> = folders.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    for folder in folders {
        let place = Place(folder);
        leftover::clear(&place.data(), engine.folder.accounts.proofs.as_ref()).await?;
        remove(&place).await?;
    }
    Ok(())
}

/// The last processes of a killed server may still be writing, so a folder can fill up while it is emptied.
async fn remove(place: &Place) -> Result<(), EngineError> {
    let mut tries = 0;
    loop {
        let folder = place.0.clone();
        match blocking(move || Ok(fs::remove_dir_all(&folder))).await? {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) if tries == REMOVE_TRIES => {
                return Err(EngineError::File { action: "Removing", path: place.0.clone(), source });
            }
            Err(_) => {
                tries += 1;
                tokio::time::sleep(REMOVE_AGAIN).await;
            }
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(EngineError::StartFailed { log: PathBuf::new(), said: error.to_string() }),
    }
}
