//! One connection to the target: statements one at a time, their notices live and in order, and a way to
//! cancel them from elsewhere. It decides nothing about what it is told to run.
//!
//! A file's statement goes out in a Parse message, which the server refuses (42601) when its text holds a second
//! command, before anything of it runs. Only the studio's own texts are simple queries, which may hold many.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{future, pin_mut};
use studio_kernel::{run::ServerNotice, sql::text_settings::PINNED};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_postgres::{
    AsyncMessage, CancelToken, Client, Config, Connection, NoTls, SimpleQueryMessage, SimpleQueryRow,
    tls::{MakeTlsConnect, TlsConnect},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Failure, Settings, TargetError, refusal, settings, wire};

const BACKEND: &str = "select pg_catalog.pg_backend_pid()";

/// How long a session with a backend of its own may take to say which.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A connection with its own task. Dropping it closes the connection, and the server undoes what is open.
pub struct Session {
    client: Client,
    notices: mpsc::UnboundedReceiver<ServerNotice>,
    connection: JoinHandle<()>,
    canceller: Canceller,
    version: String,
    other: Arc<Mutex<Option<&'static str>>>,
}

/// Cancels what a session is doing, from any task.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    tls: Option<MakeRustlsConnect>,
}

/// What a statement that succeeded did.
#[derive(Clone, Copy, Debug)]
pub struct Executed {
    /// Rows affected or returned, 0 for commands that have none.
    pub rows: u64,
    /// From sending to completion.
    pub took: Duration,
}

/// The open transaction behind its last statement.
#[derive(Clone, Debug)]
pub struct AtEnd {
    /// Its id; another one than at its beginning when a statement ended it.
    pub xid: String,
    /// The settings that decide how texts are read and are not as they were pinned, by name.
    pub unpinned: Option<String>,
}

impl Session {
    pub(super) async fn open(
        config: &Config,
        tls: Option<MakeRustlsConnect>,
    ) -> Result<Self, tokio_postgres::Error> {
        match tls.clone() {
            None => Self::with(config, NoTls, tls).await,
            Some(connector) => Self::with(config, connector, tls).await,
        }
    }

    async fn with<T>(
        config: &Config,
        connector: T,
        tls: Option<MakeRustlsConnect>,
    ) -> Result<Self, tokio_postgres::Error>
    where
        T: MakeTlsConnect<tokio_postgres::Socket>,
        T::Stream: Send + 'static,
        <T::TlsConnect as TlsConnect<tokio_postgres::Socket>>::Future: Send,
    {
        let (client, connection) = config.connect(connector).await?;
        let version = connection.parameter("server_version").unwrap_or_default().to_owned();
        let canceller = Canceller { token: client.cancel_token(), tls };
        let (heard, notices) = mpsc::unbounded_channel();
        let other = Arc::default();
        let connection = tokio::spawn(listen(connection, heard, Arc::clone(&other)));
        Ok(Self { client, notices, connection, canceller, version, other })
    }

    /// The driver, for the studio's own questions.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// To cancel what this session is doing.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// The server's version without a distribution's addition: `18.4`.
    pub fn server_version(&self) -> &str {
        self.version.split(' ').next().unwrap_or_default()
    }

    /// As `server_version_num`: 180004; 0 when it cannot be read.
    pub fn version_number(&self) -> u32 {
        let mut parts = self.server_version().split('.').map(|part| {
            part.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().unwrap_or(0)
        });
        let major = parts.next().unwrap_or(0);
        let minor = parts.next().unwrap_or(0);
        major * 10_000 + minor
    }

    /// Whether the connection is gone.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Sends one statement as it is and waits for its end; a text with a second command is refused whole. What
    /// the server says meanwhile reaches `heard` before the statement's end is known.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn execute(
        &mut self,
        sql: &str,
        heard: &mut (dyn FnMut(ServerNotice) + Send),
    ) -> Result<Executed, (Failure, Duration)> {
        let Self { client, notices, connection, .. } = self;
        // What the studio's own commands were told is of no interest, and this statement must not inherit it.
        while notices.try_recv().is_ok() {}
        let began = Instant::now();
        let sent = wire::send(client, sql);
        pin_mut!(sent);
        let ended = loop {
            tokio::select! {
                biased;
                Some(notice) = notices.recv() => heard(notice),
                ended = &mut sent => break ended,
            }
        };
        let took = began.elapsed();
        while let Ok(notice) = notices.try_recv() {
            heard(notice);
        }
        if let Err(Failure::Lost(_)) = &ended {
            // A driver that cannot follow the server would wait for it forever.
            connection.abort();
        }
        match ended {
            Ok(rows) => Ok(Executed { rows, took }),
            Err(failure) => Err((failure, took)),
        }
    }

    /// Runs commands of the studio's own, without parameters, and returns the first value of the last row they yield.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn command(&self, sql: &str) -> Result<Option<String>, Failure> {
        let messages = self.client.simple_query(sql).await.map_err(|error| Failure::new(&error))?;
        Ok(value(&messages).map(str::to_owned))
    }

    /// Begins a transaction and answers with its id.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn begin(&self, read_only: bool) -> Result<String, Failure> {
        // The id is asked for at once, so that a statement that ends the transaction behind our back is seen. The
        // question also takes the snapshot, behind which the server lets no transaction become one that writes.
        let mode = if read_only { "begin read only" } else { "begin" };
        let begun = self.command(&format!("{mode}; select pg_catalog.pg_current_xact_id()::text")).await?;
        Ok(begun.unwrap_or_default())
    }

    /// What is true of the open transaction behind its last statement.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn at_end(&self) -> Result<AtEnd, Failure> {
        let sql = settings::at_end();
        let messages = self.client.simple_query(&sql).await.map_err(|error| Failure::new(&error))?;
        let of = |column| last_row(&messages).and_then(|row| row.try_get(column).ok().flatten());
        Ok(AtEnd { xid: of(0).unwrap_or_default().to_owned(), unpinned: of(1).map(str::to_owned) })
    }

    /// Ends what a file may have left in the session and sets what runs are set to.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn arrange(&self, settings: &Settings) -> Result<(), Failure> {
        let sql = settings.sql(self.version_number());
        match self.command(&sql).await? {
            Some(deallocate) => self.command(&deallocate).await.map(drop),
            None => Ok(()),
        }
    }

    /// A setting that decides how texts are read and has, as the server reports with the end of a statement, another
    /// value than the pinned one. It costs no question; two of these settings are never reported.
    pub fn reads_otherwise(&self) -> Option<&'static str> {
        *self.other.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of those settings, by asking.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn unpinned(&self) -> Result<Option<String>, Failure> {
        self.command(&settings::unpinned()).await
    }

    /// Gives them their values again.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn pin(&self) -> Result<(), Failure> {
        self.command(&settings::pin()).await.map(drop)
    }

    /// Lifts the run's own timeouts, and answers with the command that puts them back.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn lift(&self, settings: &Settings) -> Result<Option<String>, Failure> {
        self.command(&settings.lift()).await
    }

    /// The role in force.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn role(&self) -> Result<String, Failure> {
        Ok(self.command("select current_user").await?.unwrap_or_default())
    }

    /// Whether this session has a backend to itself. A transaction pooler gives the one that this session had
    /// to another session's transaction, and this session another one meanwhile, or none.
    pub(super) async fn is_pooled(&self, other: &Self) -> Result<bool, TargetError> {
        let first = self.backend(BACKEND).await?;
        let others = other.backend(&format!("begin; {BACKEND}")).await?;
        match tokio::time::timeout(ANSWERS_WITHIN, self.backend(BACKEND)).await {
            Ok(again) => Ok(first == others || first != again?),
            Err(_) => Ok(true),
        }
    }

    async fn backend(&self, sql: &str) -> Result<Option<String>, TargetError> {
        let asked = self.client.simple_query(sql).await;
        let asked =
            asked.map_err(|error| TargetError::asking("Asking for the backend's process id", &error))?;
        Ok(value(&asked).map(str::to_owned))
    }

    /// Closes the connection in the middle of whatever it does; the backend ends once it notices.
    pub fn abort(&self) {
        self.connection.abort();
    }

    /// Closes the connection and returns when its socket is closed.
    pub async fn close(self) {
        let Self { client, connection, .. } = self;
        drop(client);
        // Its only error is that it panicked or was aborted; either way the socket is gone.
        let _ = connection.await;
    }
}

impl Canceller {
    /// Asks the server to stop the session's statement; harmless when it runs none. Whether it worked is
    /// seen from the statement's own end.
    pub async fn cancel(&self) {
        let sent = match self.tls.clone() {
            None => self.token.cancel_query(NoTls).await,
            Some(tls) => self.token.cancel_query(tls).await,
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "a cancel request did not reach the target");
        }
    }
}

/// Drives the connection; messages are passed on in the order they came, before what answers a query.
async fn listen<T>(
    mut connection: Connection<tokio_postgres::Socket, T>,
    heard: mpsc::UnboundedSender<ServerNotice>,
    other: Arc<Mutex<Option<&'static str>>>,
) where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    loop {
        let polled = future::poll_fn(|context| {
            // An answer is handed over while this is held, so whoever has it finds here what was reported before it.
            let mut other = other.lock().unwrap_or_else(PoisonError::into_inner);
            let polled = connection.poll_message(context);
            *other = differing(&connection);
            polled
        });
        match polled.await {
            Some(Ok(AsyncMessage::Notice(notice))) => {
                // Nobody listens once the session is dropped.
                let _ = heard.send(refusal::notice(&notice));
            }
            Some(Ok(_)) => {}
            // The statement that was under way reports the error; nobody else waits for it.
            Some(Err(_)) | None => return,
        }
    }
}

/// The first reported setting that has not its pinned value; what a pooler does not pass on is not there.
fn differing<T>(connection: &Connection<tokio_postgres::Socket, T>) -> Option<&'static str>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut reported = PINNED.iter().filter_map(|pinned| Some((pinned, connection.parameter(pinned.0)?)));
    reported.find(|(pinned, value)| pinned.1 != *value).map(|(pinned, _)| pinned.0)
}

fn value(messages: &[SimpleQueryMessage]) -> Option<&str> {
    last_row(messages).and_then(|row| row.try_get(0).ok().flatten())
}

fn last_row(messages: &[SimpleQueryMessage]) -> Option<&SimpleQueryRow> {
    messages.iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })
}
