//! A relay in front of the server that writes down the tag of every command the server says it has completed.
//! What is counted is the server's own word on the wire, whoever sent what.

use std::sync::{Arc, Mutex};

use studio_backend::pg::target::{Session, Target};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, UnixStream},
};
use tokio_postgres::{Config, config::Host};

use crate::bench::{engine_url, engine_url_by};

/// A session through a relay of its own.
pub(crate) struct Relayed {
    pub(crate) session: Session,
    tags: Arc<Mutex<Vec<String>>>,
}

impl Relayed {
    pub(crate) async fn open(database: &str) -> Self {
        let config: Config = engine_url(database).parse().unwrap();
        let tags = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = engine_url_by(address, database);
        let heard = Arc::clone(&tags);
        tokio::spawn(async move {
            let (client, _) = listener.accept().await?;
            client.set_nodelay(true)?;
            let port = config.get_ports().first().copied().unwrap_or(5432);
            match config.get_hosts().first() {
                Some(Host::Unix(folder)) => {
                    let server = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await?;
                    let (from, mut to) = server.into_split();
                    let (mut asks, answers) = client.into_split();
                    tokio::join!(async { copy(&mut asks, &mut to).await }, pass_on(from, answers, heard)).0
                }
                Some(Host::Tcp(host)) => {
                    let server = TcpStream::connect((host.as_str(), port)).await?;
                    server.set_nodelay(true)?;
                    let (from, mut to) = server.into_split();
                    let (mut asks, answers) = client.into_split();
                    tokio::join!(async { copy(&mut asks, &mut to).await }, pass_on(from, answers, heard)).0
                }
                None => Ok(0),
            }
        });
        let session = Target::new(&url, None, true).unwrap().open("relayed").await.unwrap();
        Self { session, tags }
    }

    /// The tags since the last call.
    pub(crate) fn tags(&self) -> Vec<String> {
        std::mem::take(&mut *self.tags.lock().unwrap())
    }
}

/// Each message is written down before it is passed on, so whoever has an answer finds its tags here.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    heard: Arc<Mutex<Vec<String>>>,
) {
    let mut bytes = Vec::new();
    while from.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
        let mut whole = 0;
        while let Some([kind, length @ ..]) = bytes.get(whole..).and_then(|rest| rest.first_chunk::<5>()) {
            let end = whole + 1 + u32::from_be_bytes(*length) as usize;
            let Some(body) = bytes.get(whole + 5..end) else { break };
            if *kind == b'C' {
                let tag = body.strip_suffix(b"\0").unwrap_or(body);
                heard.lock().unwrap().push(String::from_utf8_lossy(tag).into_owned());
            }
            whole = end;
        }
        let passed = to.write_all(&bytes[..whole]).await;
        bytes.drain(..whole);
        if passed.is_err() {
            return;
        }
    }
}
