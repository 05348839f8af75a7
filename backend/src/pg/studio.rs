//! The studio's own database: a few connections, shared. It knows no table.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::{
    runtime::Handle,
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore},
};
use tokio_postgres::{Client, NoTls, Row};

use super::{schema, target::Target};
use crate::{
    error::{Error, Result},
    shares::Shares,
};

/// Connections for requests; each holds one for milliseconds.
const CONNECTIONS: usize = 8;

/// Connections for what must never wait for page views: the journals of runs, and decisions.
const RESERVED: usize = 4;

/// Connections that one person's requests hold at once: who waits for a lock of theirs keeps nobody else waiting.
const OF_A_PERSON: usize = 3;

/// A request that waits longer for a connection is told so.
const WAIT: Duration = Duration::from_secs(10);

/// How long the server may go on with what nobody waits for any more.
const LEFT: Duration = Duration::from_secs(2);

/// The role the server works as: it may not rewrite the audit log, though the owner of the tables may.
const ROLE: &str = "studio_server";

/// Where the studio's own database is, and as whom it is reached.
#[derive(Clone, Debug)]
pub enum StateAddress {
    /// In the studio's own engine: the owner brings the tables up to date, and the server signs in as a role that
    /// can become nobody else.
    Own {
        /// The owner of the tables.
        owner: Target,
        /// The server.
        server: Target,
    },
    /// A database that was given with one login, which owns the tables; the server lays its rights down.
    Given(Target),
}

/// Access to the studio's own database. Clones share their connections.
#[derive(Clone)]
pub struct Studio {
    shared: Arc<Shared>,
    /// Of the requests, or those that are reserved.
    permits: Arc<Semaphore>,
}

struct Shared {
    address: Target,
    /// What each session begins with.
    begin: Option<String>,
    idle: Mutex<Vec<Client>>,
    /// Of each person who asks for something at the moment.
    shares: Shares,
    reserved: Arc<Semaphore>,
}

/// A connection for the time of one piece of work. When dropped it goes back once the server has answered everything
/// it was asked: whoever stops waiting for an answer leaves the question behind.
pub struct Lease {
    client: Option<Client>,
    shared: Arc<Shared>,
    permits: [Option<OwnedSemaphorePermit>; 2],
}

tokio::task_local! {
    /// Of the request that this task answers, once its person is known.
    static SHARE: OnceLock<Arc<Semaphore>>;
}

/// Answers a request whose connections count as those of one person.
pub async fn shared<T>(answering: impl Future<Output = T>) -> T {
    SHARE.scope(OnceLock::new(), answering).await
}

impl Studio {
    /// Connects and brings the schema `studio` up to date.
    ///
    /// # Errors
    /// [`Error::Database`] when the server cannot be reached or refuses, [`Error::OtherSchema`].
    pub async fn open(address: StateAddress) -> Result<Self> {
        let (owner, address, begin) = match address {
            StateAddress::Own { owner, server } => (owner, server, None),
            StateAddress::Given(given) => (given.clone(), given, Some(format!("set role {ROLE}"))),
        };
        let mut owner = connect(&owner).await?;
        schema::apply(&mut owner).await?;
        Ok(Self {
            shared: Arc::new(Shared {
                address,
                begin,
                idle: Mutex::default(),
                shares: Shares::of_each(OF_A_PERSON),
                reserved: Arc::new(Semaphore::new(RESERVED)),
            }),
            permits: Arc::new(Semaphore::new(CONNECTIONS)),
        })
    }

    /// The same database by the connections that no page view can take.
    #[must_use]
    pub fn reserved(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), permits: Arc::clone(&self.shared.reserved) }
    }

    /// From now on the present request is this person's.
    pub fn is_asked_by(&self, person: &str) {
        let share = self.shared.shares.of(person);
        // Outside of a request nobody asks.
        let _ = SHARE.try_with(|of_request| of_request.set(share));
    }

    /// Borrows a connection.
    ///
    /// # Errors
    /// [`Error::Busy`] when none comes free, [`Error::Database`] when a new one is refused.
    pub async fn client(&self) -> Result<Lease> {
        let share = SHARE.try_with(|of_request| of_request.get().cloned()).ok().flatten();
        let permits = async {
            let own = match share {
                Some(share) => Some(share.acquire_owned().await?),
                None => None,
            };
            Ok([own, Some(Arc::clone(&self.permits).acquire_owned().await?)])
        };
        let permits = match tokio::time::timeout(WAIT, permits).await {
            Ok(Ok(permits)) => permits,
            Ok(Err(AcquireError { .. })) | Err(_) => return Err(Error::Busy),
        };
        let idle = loop {
            match self.shared.idle().pop() {
                Some(client) if client.is_closed() => {}
                other => break other,
            }
        };
        let client = match idle {
            Some(client) => client,
            None => {
                let client = connect(&self.shared.address).await?;
                if let Some(begin) = &self.shared.begin {
                    client.batch_execute(begin).await?;
                }
                client
            }
        };
        Ok(Lease { client: Some(client), shared: Arc::clone(&self.shared), permits })
    }
}

async fn connect(address: &Target) -> Result<Client> {
    let (config, tls) = address.way("studio");
    // A connection ends with its client; what goes wrong with it reaches the caller through the client's calls.
    match tls {
        None => {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
        Some(tls) => {
            let (client, connection) = config.connect(tls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

impl Shared {
    /// Whether the server has answered everything; what it works on for too long is cancelled. A connection on which
    /// not even that helps is closed.
    async fn is_free(&self, client: &Client) -> bool {
        let answered = async || tokio::time::timeout(LEFT, client.batch_execute("")).await;
        if let Ok(answered) = answered().await {
            return answered.is_ok();
        }
        let token = client.cancel_token();
        let cancelled = async {
            match self.address.way("studio").1 {
                None => token.cancel_query(NoTls).await,
                Some(tls) => token.cancel_query(tls).await,
            }
        };
        // What became of it is seen from the answers.
        let _ = tokio::time::timeout(LEFT, cancelled).await;
        matches!(answered().await, Ok(Ok(())))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Client>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Gives the connection back at once: everything that was asked is answered.
    pub fn done(mut self) {
        self.shared.idle().extend(self.client.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(client), Ok(runtime)) = (self.client.take(), Handle::try_current()) else { return };
        let (shared, permits) = (Arc::clone(&self.shared), std::mem::take(&mut self.permits));
        runtime.spawn(async move {
            if shared.is_free(&client).await {
                shared.idle().push(client);
            }
            drop(permits);
        });
    }
}

impl Deref for Lease {
    type Target = Client;

    #[expect(clippy::expect_used, reason = "only drop takes the client out")]
    fn deref(&self) -> &Client {
        self.client.as_ref().expect("a lease holds its client")
    }
}

impl DerefMut for Lease {
    #[expect(clippy::expect_used, reason = "only drop takes the client out")]
    fn deref_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("a lease holds its client")
    }
}

/// Reads a column that holds one of the kernel's fixed words.
///
/// # Errors
/// [`Error::Corrupt`] for any other text.
pub fn word<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    let text: String = row.try_get(column)?;
    serde_json::from_value(text.into()).map_err(|error| Error::Corrupt(format!("column {column}: {error}")))
}

/// Reads a point in time as the protocol spells it.
///
/// # Errors
/// [`Error::Database`] when the column is none.
pub fn time(row: &Row, column: &str) -> Result<String> {
    Ok(row.try_get::<_, jiff::Timestamp>(column)?.to_string())
}
