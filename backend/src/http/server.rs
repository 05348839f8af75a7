//! The server on its port: takes connections in, gives each its time, and ends in order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tower::ServiceExt as _;

use super::{
    Limits, Tls,
    body::in_time,
    connections::{Connections, Seat},
    stall::Stalling,
};

/// Bytes of a request's head, and of what is read ahead of a body.
const BUFFER: usize = 64 << 10;

/// Between two attempts to take a connection in when the system has no file left for it.
const NO_FILES: Duration = Duration::from_millis(20);

/// A server that is about to take connections.
pub struct Server {
    /// Where they come in.
    pub listener: TcpListener,
    /// What answers.
    pub app: Router,
    /// TLS of our own.
    pub tls: Option<Tls>,
    /// Times and numbers.
    pub limits: Limits,
    /// Addresses that stand for many clients.
    pub proxies: Vec<std::net::IpAddr>,
    /// Turns true when it is to end.
    pub shutdown: watch::Receiver<bool>,
}

impl Server {
    /// Serves until it is told to end and the last answer is out.
    pub async fn run(self) {
        let Self { listener, app, tls, limits, proxies, shutdown } = self;
        let connections = Connections::new(&limits, &proxies);
        let tls = tls.map(Arc::new);
        let following = tls.clone().map(|tls| tokio::spawn(async move { tls.follow_files().await }));
        let mut ended = shutdown.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                // An error means that the sender is gone, and with it the server.
                _ = ended.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let Some(seat) = connections.admit(peer.ip()) else { continue };
                    let serving = Serving { app: app.clone(), limits, peer, shutdown: shutdown.clone() };
                    tokio::spawn(serving.one(stream, tls.clone(), seat));
                }
                // The client is gone already, or the system has no file left: then somebody gives way.
                Err(error) => {
                    tracing::debug!(%error, "a connection was not taken in");
                    connections.make_room();
                    tokio::time::sleep(NO_FILES).await;
                }
            }
        }
        drop(listener);
        if let Some(following) = following {
            following.abort();
        }
        connections.all_closed().await;
    }
}

/// What one connection needs.
struct Serving {
    app: Router,
    limits: Limits,
    peer: SocketAddr,
    shutdown: watch::Receiver<bool>,
}

impl Serving {
    async fn one(self, stream: TcpStream, tls: Option<Arc<Tls>>, seat: Seat) {
        // Answers are written at once; waiting for more gains nothing.
        let _ = stream.set_nodelay(true);
        let connection = Arc::clone(&seat.connection);
        let served = async {
            match tls {
                None => self.http(stream, &seat).await,
                Some(tls) => {
                    let handshake = timeout(self.limits.handshake, tls.acceptor().accept(stream)).await;
                    match handshake {
                        Ok(Ok(stream)) => self.http(stream, &seat).await,
                        Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
                        Err(_) => {}
                    }
                }
            }
        };
        tokio::select! {
            () = served => {}
            () = connection.giving_way() => {}
        }
    }

    async fn http(&self, stream: impl AsyncRead + AsyncWrite + Unpin, seat: &Seat) {
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let mut request = in_time(request.map(axum::body::Body::new), &self.limits, &seat.connection);
            request.extensions_mut().insert(ConnectInfo(self.peer));
            request.extensions_mut().insert(Arc::clone(&seat.connection));
            let answering = self.app.clone().oneshot(request);
            async move {
                let answer = answering.await;
                seat.connection.set_asking(false);
                answer
            }
        });
        let io = TokioIo::new(Stalling::new(stream, self.limits.write));
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.limits.head).max_buf_size(BUFFER);
        let mut serving = std::pin::pin!(builder.serve_connection(io, service));
        let mut shutdown = self.shutdown.clone();
        let served = tokio::select! {
            served = serving.as_mut() => served,
            // An error means that the sender is gone, and with it the server.
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
