//! The server on a port of its own, as strangers on the network meet it.

use std::{path::Path, sync::Arc, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use studio_backend::{
    http::{Limits, Server, Serving, Tls},
    router,
};
use studio_kernel::{review::PersonRole, run::api::People};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

use crate::harness::{HOST, Visitor, World};

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A studio on a port.
struct Served {
    world: World,
    port: u16,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<()>,
}

impl Served {
    async fn new(serving: Serving, tls: Option<Tls>) -> Self {
        let limits = serving.limits;
        let world = World::served(serving).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, shutdown) = watch::channel(false);
        let app = router(world.state.clone());
        let server = Server { listener, app, tls, limits, proxies: Vec::new(), shutdown };
        Self { world, port, stop, server: tokio::spawn(server.run()) }
    }

    async fn with(limits: Limits) -> Self {
        Self::new(Serving { limits, ..Serving::default() }, None).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// A connection that stays, on which somebody has asked for something.
    async fn at_work(&self, cookie: &str) -> TcpStream {
        let mut stream = self.connect().await;
        let ask = format!("GET /api/me HTTP/1.1\r\nhost: {HOST}\r\ncookie: {cookie}\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut first = [0; 17];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK\r\n");
        // The rest of the answer, as long as its head says.
        let mut rest = Vec::new();
        while !rest.ends_with(b"\r\n\r\n") {
            rest.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(rest).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        stream
    }

    /// So many connections with the beginning of a request each.
    async fn begin(&self, many: usize, beginning: &str) -> Vec<TcpStream> {
        let mut begun = Vec::new();
        for _ in 0..many {
            let mut stream = self.connect().await;
            stream.write_all(beginning.as_bytes()).await.unwrap();
            begun.push(stream);
        }
        begun
    }

    /// Sends a text on a new connection and reads until its end.
    async fn tell(&self, text: &str) -> String {
        tell(self.connect().await, text).await
    }

    async fn me(&self, cookie: &str) -> String {
        self.tell(&request("GET", "/api/me", &format!("cookie: {cookie}\r\n"))).await
    }

    async fn end(self) {
        self.stop.send_replace(true);
        timeout(PATIENCE, self.server).await.unwrap().unwrap();
    }
}

fn request(method: &str, path: &str, headers: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {HOST}\r\norigin: http://{HOST}\r\nconnection: close\r\n{headers}\r\n"
    )
}

/// The beginning of a change of fifteen megabytes.
fn long_body(visitor: &Visitor) -> String {
    let headers = format!(
        "cookie: {}\r\ncontent-type: application/json\r\ncontent-length: 15000000\r\n",
        visitor.cookie
    );
    request("POST", "/api/changes", &headers) + "{\"title\":\""
}

async fn tell(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) -> String {
    let mut answer = Vec::new();
    let told = async {
        stream.write_all(text.as_bytes()).await?;
        stream.read_to_end(&mut answer).await
    };
    // A server that closes early may reset the connection; what it said before that counts.
    let _ = timeout(PATIENCE, told).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until the server closes the connection.
async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.unwrap();
}

#[tokio::test]
async fn half_heads_give_way_to_people() {
    let limits = Limits { connections: 20, head: PATIENCE * 10, ..Limits::default() };
    let served = Served::with(limits).await;
    let owner = served.world.owner().await;
    // Somebody at work, on a connection that stays.
    let at_work = served.at_work(&owner.cookie).await;
    let mut half_open = served.begin(100, "GET / HTTP/1.1\r\nhost: a").await;
    let answer = served.me(&owner.cookie).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    for stream in &mut half_open[..80] {
        closed(stream).await;
    }
    let last = format!("cookie: {}\r\n", owner.cookie);
    let more = tell(at_work, &request("GET", "/api/me", &last)).await;
    assert!(more.contains("HTTP/1.1 200 OK"), "a connection of somebody who has signed in stays: {more}");
    drop(half_open);
    served.end().await;
}

#[tokio::test]
async fn whoever_holds_every_connection_gives_one_back() {
    let limits = Limits { connections: 20, per_person: 4, ..Limits::default() };
    let served = Served::with(limits).await;
    let owner = served.world.owner().await;
    let vera = served.world.join(&owner, "Vera", PersonRole::Viewer).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(served.at_work(&vera.cookie).await);
    }
    assert!(served.me(&owner.cookie).await.starts_with("HTTP/1.1 200 "));
    // Whose session has ended has nothing to hold a connection by.
    let id = owner.get("/api/people").await.read::<People>().people;
    let id = &id.iter().find(|person| person.name == "Vera").unwrap().id;
    owner.put(&format!("/api/people/{id}/state"), json!({ "disabled": true })).await.read::<People>();
    for stream in &mut held[1..] {
        let ask = format!("GET /api/me HTTP/1.1\r\nhost: {HOST}\r\ncookie: {}\r\n\r\n", vera.cookie);
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 401");
    }
    let mut at_work = Vec::new();
    for _ in 0..19 {
        at_work.push(served.at_work(&owner.cookie).await);
    }
    drop((held, at_work));
    served.end().await;
}

#[tokio::test]
async fn whoever_has_just_come_is_not_put_out_by_those_who_hold_half_a_body() {
    let limits = Limits { connections: 20, ..Limits::default() };
    let served = Served::with(limits).await;
    let owner = served.world.owner().await;
    let headers = "content-type: application/json\r\ncontent-length: 60000\r\n";
    let half = request("POST", "/api/session", headers) + "{";
    let before = served.begin(20, &half).await;
    let fresh = served.connect().await;
    let after = served.begin(15, &half).await;
    let ask = request("GET", "/api/me", &format!("cookie: {}\r\n", owner.cookie));
    let answer = tell(fresh, &ask).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop((before, after));
    served.end().await;
}

#[tokio::test]
async fn who_may_write_nothing_sends_no_long_body() {
    let served = Served::with(Limits::default()).await;
    let owner = served.world.owner().await;
    let vera = served.world.join(&owner, "Vera", PersonRole::Viewer).await;
    let answer = served.tell(&long_body(&vera)).await;
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("\"role\""), "{answer}");
    served.end().await;
}

#[tokio::test]
async fn long_bodies_of_one_author_leave_room_for_others() {
    let served = Served::with(Limits::default()).await;
    let owner = served.world.owner().await;
    let ada = served.world.join(&owner, "Ada", PersonRole::Author).await;
    let mut half = served.begin(20, &long_body(&ada)).await;
    // Two are taken in; each of the others is told so.
    let mut refused = 0;
    for stream in &mut half {
        let mut answer = [0; 12];
        let told = timeout(Duration::from_secs(8), stream.read_exact(&mut answer)).await;
        refused += usize::from(told.is_ok() && &answer == b"HTTP/1.1 429");
    }
    assert_eq!(refused, 18);
    let text = "-- long\n".repeat(100_000);
    let change = owner.open("20250802000000_long.sql", &format!("{text}select 1;\n")).await;
    assert_eq!(change.revisions.len(), 1);
    drop(half);
    served.end().await;
}

#[tokio::test]
async fn heads_and_bodies_have_their_time() {
    let short = Duration::from_millis(200);
    let served = Served::with(Limits { head: short, pause: short, ..Limits::default() }).await;
    let mut half = served.connect().await;
    half.write_all(b"GET / HTTP/1.1\r\nhost: a").await.unwrap();
    closed(&mut half).await;
    let mut silent = served.connect().await;
    closed(&mut silent).await;
    let headers = "content-type: application/json\r\ncontent-length: 60000\r\n";
    let answer = served.tell(&(request("POST", "/api/session", headers) + "{\"token\":")).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"slow-body\""), "{answer}");
    served.end().await;
}

#[tokio::test]
async fn an_answer_has_its_time() {
    // No time at all: whatever cannot answer at once is stopped.
    let served = Served::with(Limits { answer: Duration::ZERO, ..Limits::default() }).await;
    let owner = served.world.owner_cookie().await;
    let answer = served.me(&owner).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\"deadline\""), "{answer}");
    served.end().await;
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issue(authority: &Authority, folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["studio.localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
}

fn client(authority: &Authority, versions: &[&'static rustls::SupportedProtocolVersion]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn the_server_speaks_tls_and_follows_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (authority(), authority());
    issue(&ours, folder.path());
    let serving = Serving {
        public_url: Some(format!("https://{HOST}").parse().unwrap()),
        tls_cert: Some(folder.path().join("cert.pem")),
        tls_key: Some(folder.path().join("key.pem")),
        limits: Limits { handshake: Duration::from_millis(500), ..Limits::default() },
        ..Serving::default()
    };
    let tls = serving.tls().unwrap();
    let served = Served::new(serving, tls).await;
    let ask = async |connector: TlsConnector| {
        let stream = served.connect().await;
        let name = ServerName::try_from("studio.localhost").unwrap();
        let stream = connector.connect(name, stream).await?;
        std::io::Result::Ok(tell(stream, &request("GET", "/api/rules", "")).await)
    };
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let answer = ask(client(&ours, &[version])).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 ") && answer.contains("strict-transport-security:"), "{answer}");
    }
    assert!(ask(client(&theirs, &[&rustls::version::TLS13])).await.is_err(), "nobody vouches for it");
    // Half a handshake ends by itself, and plain HTTP gets no answer.
    closed(&mut served.connect().await).await;
    assert!(!served.tell(&request("GET", "/", "")).await.contains("HTTP/1.1 2"));
    issue(&theirs, folder.path());
    let followed = async {
        while ask(client(&theirs, &[&rustls::version::TLS13])).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, followed).await.expect("the new certificate is shown");
    served.end().await;
}
