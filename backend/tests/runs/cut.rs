//! A relay in front of the server that cuts one connection once: when the server has answered what a text stands in,
//! and nobody has heard the answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use studio_backend::pg::target::Target;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::Notify,
};
use tokio_postgres::{Config, config::Host};

use crate::bench::engine_url;

/// A server that says nothing for so long has answered.
const QUIET: Duration = Duration::from_millis(300);

/// A target whose connections all go through the relay, which cuts at the `nth` message with `text`, counted from 1.
pub(crate) async fn cutting(database: &str, text: &'static str, nth: usize) -> Target {
    let config: Config = engine_url(database).parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let user = config.get_user().unwrap_or("postgres");
    let password = String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned();
    let url = format!("postgresql://{user}:{password}@{address}/{database}?sslmode=disable");
    let Some(Host::Unix(folder)) = config.get_hosts().first() else {
        panic!("the tests' engine listens on a socket in a folder")
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let server = folder.join(format!(".s.PGSQL.{port}"));
    let seen = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = UnixStream::connect(&server).await.unwrap();
            tokio::spawn(relay(client, server, text, nth, Arc::clone(&seen)));
        }
    });
    Target::new(&url, None, true).unwrap()
}

async fn relay(
    client: TcpStream,
    server: UnixStream,
    text: &'static str,
    nth: usize,
    seen: Arc<AtomicUsize>,
) {
    let (mut asks, mut answers) = client.into_split();
    let (mut from, mut to) = server.into_split();
    let (cut, reached) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let asking = async {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read) = asks.read(&mut bytes).await {
            let sent = &bytes[..read];
            if read == 0 {
                break;
            }
            let here = sent.windows(text.len()).filter(|at| *at == text.as_bytes()).count();
            let before = seen.fetch_add(here, Ordering::SeqCst);
            if before < nth && before + here >= nth {
                reached.store(1, Ordering::SeqCst);
            }
            if to.write_all(sent).await.is_err() {
                break;
            }
        }
        // What was asked last is still answered.
        let _ = to.shutdown().await;
    };
    let answering = async {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read) = from.read(&mut bytes).await {
            if read == 0 {
                break;
            }
            if reached.load(Ordering::SeqCst) == 1 {
                // What was sent with it is answered as well, and nobody hears of it either.
                while tokio::time::timeout(QUIET, from.read(&mut bytes))
                    .await
                    .is_ok_and(|read| read.is_ok_and(|read| read > 0))
                {}
                cut.notify_one();
                break;
            }
            if answers.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = async { tokio::join!(asking, answering); } => {}
        () = cut.notified() => {}
    }
}
