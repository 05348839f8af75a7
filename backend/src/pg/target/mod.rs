//! The database that runs go to: where it is, how it is reached, what its catalogs say.
//! It knows no change, plan or run, and keeps nothing between calls but the address.
//!
//! ```text
//! address      DATABASE_URL -> host, port, database, encryption
//! tls          whom to trust
//! session      one connection with its notices and its way to be cancelled
//! wire         how a file's statement is sent
//! refusal      what the server said instead of doing it
//! settings     what a session is set to
//! lock         one run at a time
//! ledger       supabase_migrations.schema_migrations
//! remark       the comment on it
//! fence        which run may write, and how far it is
//! outcome      what else can be seen of work whose connection broke
//! facts        what people should know before they run
//! fingerprint  a schema as comparable lines
//! reach        what a role can do outside a transaction
//! standing     what an approval binds of a database
//! snapshot     a schema as the kernel models it
//! ```

pub mod address;
mod error;
pub mod facts;
pub mod fence;
pub mod fingerprint;
pub mod ledger;
pub mod lock;
pub mod outcome;
pub mod reach;
pub mod refusal;
pub mod remark;
pub mod session;
pub mod settings;
pub mod snapshot;
pub mod standing;
mod tls;
mod wire;

use std::{path::Path, sync::Arc, time::Duration};

pub use address::Address;
pub use error::TargetError;
pub use refusal::{Failure, Place, Refusal};
pub use session::{Canceller, Session};
pub use settings::Settings;

use tls::Trust;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The address of a database and how to trust its server. Cloning is cheap; printing shows no password.
#[derive(Clone)]
pub struct Target {
    inner: Arc<Inner>,
}

struct Inner {
    address: Address,
    trust: Trust,
    embedded: bool,
    name: String,
}

impl Target {
    /// Reads a URL. `ca` is a PEM file with the authorities to trust instead of the system's.
    ///
    /// # Errors
    /// The URL or the file cannot be used, with what to write instead.
    pub fn new(url: &str, ca: Option<&Path>, embedded: bool) -> Result<Self, TargetError> {
        let address = Address::parse(url)?;
        let trust = Trust::new(&address, ca)?;
        // The embedded server's port may differ at the next start; its database is the same, and approvals
        // of runs on it must hold.
        let name =
            if embedded { format!("embedded/{}", address.database()) } else { address.name().to_owned() };
        Ok(Self { inner: Arc::new(Inner { name, address, trust, embedded }) })
    }

    /// Host, port and database, without credentials; `embedded/…` for the studio's own server. It also
    /// identifies the target in digests.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The database's name alone.
    pub fn database(&self) -> &str {
        self.inner.address.database()
    }

    /// Whether it is a database of the studio's own engine.
    pub fn embedded(&self) -> bool {
        self.inner.embedded
    }

    /// What the driver needs to connect on its own, for the studio's own database.
    pub(super) fn way(&self, application_name: &str) -> (Config, Option<MakeRustlsConnect>) {
        (self.inner.address.config(application_name, CONNECT_WITHIN), self.inner.trust.connector())
    }

    /// Opens a session that carries a migration: refuses a transaction pooler, because a session's lock and
    /// settings do not hold there.
    ///
    /// # Errors
    /// [`TargetError`], in words for whoever configured the target.
    pub async fn connect(&self, application_name: &str) -> Result<Session, TargetError> {
        self.inner.address.refuse_pooler()?;
        // Nothing stands between the studio and its own server.
        if self.embedded() {
            return self.open(application_name).await;
        }
        let probe = self.open("studio pooler probe");
        let (session, other) = tokio::try_join!(self.open(application_name), probe)?;
        let pooled = session.is_pooled(&other).await;
        other.close().await;
        if pooled? { Err(TargetError::pooler(self.name())) } else { Ok(session) }
    }

    /// Opens a session for reading.
    ///
    /// # Errors
    /// [`TargetError`].
    pub async fn open(&self, application_name: &str) -> Result<Session, TargetError> {
        let config = self.inner.address.config(application_name, CONNECT_WITHIN);
        let opening = Session::open(&config, self.inner.trust.connector());
        match tokio::time::timeout(CONNECT_WITHIN * 2, opening).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => Err(TargetError::connecting(self.name(), &error)),
            Err(_) => Err(TargetError::silent(self.name())),
        }
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Target({})", self.name())
    }
}
