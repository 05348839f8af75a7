//! A relay in front of the server that cuts one connection once, at the message that a text stands in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use studio_backend::pg::target::Target;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
};

use crate::bench::{Bench, engine_url_by};

/// A server that says nothing for so long has answered.
const QUIET: Duration = Duration::from_secs(1);

/// How long what stands between keeps a connection of which the client knows nothing any more.
const LATER: Duration = Duration::from_secs(10);

/// When a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// When the server has answered, and nobody has heard the answer.
    Answered,
    /// At once, for the client alone: what stands between keeps its connection to the server.
    Sent,
}

/// A target whose connections all go through the relay, which cuts at the `nth` place of `text`, counted from 1.
pub(crate) async fn cutting(bench: &Bench, text: &'static str, nth: usize, cut: Cut) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = engine_url_by(listener.local_addr().unwrap(), &bench.database);
    let server = bench.socket().join(".s.PGSQL.5432");
    let seen = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = UnixStream::connect(&server).await.unwrap();
            tokio::spawn(relay(client, server, (text, nth, cut), Arc::clone(&seen)));
        }
    });
    Target::new(&url, None, true).unwrap()
}

async fn relay(
    client: TcpStream,
    server: UnixStream,
    (text, nth, cut): (&'static str, usize, Cut),
    seen: Arc<AtomicUsize>,
) {
    let (mut asks, mut answers) = client.into_split();
    let (mut from, mut to) = server.into_split();
    let reached = Arc::new(AtomicBool::new(false));
    let is_reached = Arc::clone(&reached);
    let mut answering = tokio::spawn(async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            if is_reached.load(Ordering::SeqCst) {
                // What was sent with it is answered as well, and nobody hears of it either.
                let mut more = true;
                while more {
                    let read = tokio::time::timeout(QUIET, from.read(&mut bytes)).await;
                    more = matches!(read, Ok(Ok(1..)));
                }
                return;
            }
            if answers.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    });
    let mut bytes = vec![0; 1 << 16];
    loop {
        let read = tokio::select! {
            read = asks.read(&mut bytes) => read,
            _ = &mut answering => return,
        };
        let Ok(read @ 1..) = read else { return };
        let sent = &bytes[..read];
        let here = sent.windows(text.len()).filter(|at| *at == text.as_bytes()).count();
        let before = seen.fetch_add(here, Ordering::SeqCst);
        let is_here = before < nth && before + here >= nth;
        reached.fetch_or(is_here, Ordering::SeqCst);
        if to.write_all(sent).await.is_err() {
            return;
        }
        if is_here && cut == Cut::Sent {
            answering.abort();
            drop(asks);
            tokio::time::sleep(LATER).await;
            return;
        }
    }
}
