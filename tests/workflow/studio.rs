//! A studio at work: the whole server on a port of this machine, with two databases and a copy of the migration
//! set, and people who speak HTTP with it. It asserts only that answers are of the shape that was asked for.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, Response, StatusCode, header},
};
use futures_util::StreamExt as _;
use harness::{
    database::{Database, migration},
    tree,
};
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use studio_backend::{
    config::{Config, DEFAULT_LISTEN},
    pg::{
        studio::{StateAddress, Studio as State},
        target::Target,
    },
    router,
    services::{audit::Refusals, folder::Folder, runs::Registry, sign_in},
    state::{AppState, Parts},
};
use studio_kernel::{
    migration::SourceFile,
    review::PersonRole,
    run::{
        RunEvent, RunEventKind, RunView,
        api::{ApiError, Change, FileState, Invitation, Me, MigrationSummary, Migrations, Run, RunSummary},
    },
};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A server that takes requests until it is dropped.
pub(crate) struct Studio {
    address: SocketAddr,
    pub(crate) target: Database,
    /// The sign-in link's token.
    pub(crate) token: String,
    stop: watch::Sender<bool>,
    _folder: TempDir,
}

/// Somebody with (or without) a session.
#[derive(Clone)]
pub(crate) struct Person {
    address: SocketAddr,
    cookie: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Studio {
    pub(crate) async fn start(name: &str) -> Self {
        let own = Database::empty(&format!("{name}_studio")).await;
        let own = Target::new(own.url(), None, true).unwrap();
        let target = Database::empty(name).await;
        let folder = tempfile::tempdir().unwrap();
        copy(&tree::root().join("migrations"), folder.path());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, mut shutdown) = watch::channel(false);
        let state = AppState::new(Parts {
            config: Config {
                listen: DEFAULT_LISTEN,
                migrations: folder.path().to_owned(),
                database_url: None,
                target_kind: None,
                sign_in_link: false,
                state_url: None,
                database_ca: None,
                engine_dir: None,
                data_dir: None,
                proofs: Default::default(),
                serving: Default::default(),
                audit_anchor: None,
                log_format: Default::default(),
            },
            studio: State::open(StateAddress::Given(own)).await.unwrap(),
            target: Target::new(target.url(), None, true).unwrap(),
            engine: None,
            target_server: None,
            folder: Folder::new(folder.path()),
            registry: Registry::default(),
            refusals: Refusals::default(),
            anchors: None,
            shutdown: shutdown.clone(),
            cookie: "studio-test".to_owned(),
        });
        let token = sign_in::owner_link(&state.studio).await.unwrap().expose_secret().to_owned();
        let ended = async move { drop(shutdown.wait_for(|stop| *stop).await) };
        tokio::spawn(axum::serve(listener, router(state)).with_graceful_shutdown(ended).into_future());
        Self { address, target, token, stop, _folder: folder }
    }

    pub(crate) fn stranger(&self) -> Person {
        Person { address: self.address, cookie: String::new() }
    }

    /// The first admin, by the link that the server prints.
    pub(crate) async fn owner(&self) -> Person {
        self.enter(&self.token).await
    }

    /// Somebody whom the owner invites.
    pub(crate) async fn join(&self, owner: &Person, name: &str, role: PersonRole) -> Person {
        let wish = json!({ "name": name, "role": role });
        let invitation: Invitation = owner.post("/api/invitations", wish).await.read();
        self.enter(invitation.link.strip_prefix("/join#token=").unwrap()).await
    }

    async fn enter(&self, token: &str) -> Person {
        let mut person = self.stranger();
        let answer = person.post("/api/session", json!({ "token": token })).await;
        let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
        person.cookie = set.split(';').next().unwrap().to_owned();
        let _: Me = answer.read();
        person
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// What a page has of a run: how it was first shown, and what happened after the plan.
pub(crate) struct Followed {
    pub(crate) begun: RunView,
    pub(crate) events: Vec<RunEvent>,
}

impl Person {
    async fn send(&self, request: Request<Body>) -> Response<Body> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap().map(Body::new)
    }

    /// A request as the page sends it.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, self.host());
        if !self.cookie.is_empty() {
            request = request.header(header::COOKIE, &self.cookie);
        }
        if method != "GET" {
            request = request.header(header::ORIGIN, format!("http://{}", self.host()));
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        let (parts, body) = self.send(request.body(body).unwrap()).await.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, Some(body)).await
    }

    /// Opens a change that proposes files of the set as they are.
    pub(crate) async fn open(&self, paths: &[&str]) -> Change {
        let files: Vec<SourceFile> =
            paths.iter().map(|path| SourceFile { path: (*path).to_owned(), text: migration(path) }).collect();
        self.post("/api/changes", json!({ "title": paths[0], "description": "", "files": files }))
            .await
            .read()
    }

    pub(crate) async fn approve(&self, change: &Change) -> Answer {
        let wish = json!({ "expected_digest": change.digest, "decision": "approve", "note": "" });
        self.post(&format!("/api/changes/{}/approvals", change.id), wish).await
    }

    /// Asks for a run of what the person saw.
    pub(crate) async fn start(&self, change: &Change) -> Answer {
        let wish = json!({ "expected_digest": change.digest, "idempotency_key": change.digest });
        self.post(&format!("/api/changes/{}/runs", change.id), wish).await
    }

    /// Runs a validation of the set to its end.
    pub(crate) async fn validate(&self, path: &str) -> (Followed, Run) {
        let run: RunSummary = self.post("/api/validations", json!({ "path": path })).await.read();
        self.to_its_end(&run).await
    }

    /// What was shown of a run, its events from then on, and what is shown of it at its end. The stream is left after its first events and taken up again
    /// where it was left, as a browser does after a lost connection.
    pub(crate) async fn to_its_end(&self, run: &RunSummary) -> (Followed, Run) {
        let begun: Run = self.get(&format!("/api/runs/{}", run.id)).await.read();
        let mut events = self.events(&run.id, 0, 2).await;
        let seen = events.last().unwrap().seq;
        events.extend(self.events(&run.id, seen, usize::MAX).await);
        let run = self.get(&format!("/api/runs/{}", run.id)).await.read();
        (Followed { begun: begun.view, events }, run)
    }

    /// Events after `seen`: until the server ends the stream, or `enough` are there.
    async fn events(&self, run: &str, seen: u64, enough: usize) -> Vec<RunEvent> {
        let request =
            Request::builder().uri(format!("/api/runs/{run}/events")).header(header::HOST, self.host());
        let request = request.header(header::COOKIE, &self.cookie).header("last-event-id", seen);
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        let mut body = response.into_body().into_data_stream();
        let (mut unread, mut events) = (Vec::new(), Vec::new());
        while events.len() < enough
            && let Some(bytes) = body.next().await
        {
            unread.extend_from_slice(&bytes.unwrap());
            while let Some(end) = unread.windows(2).position(|pair| pair == b"\n\n") {
                let message: Vec<u8> = unread.drain(..end + 2).collect();
                events.extend(event(std::str::from_utf8(&message).unwrap()));
            }
        }
        events
    }

    /// A file as the list shows it.
    pub(crate) async fn listed(&self, path: &str) -> MigrationSummary {
        let list: Migrations = self.get("/api/migrations").await.read();
        list.files.into_iter().find(|file| file.path == path).unwrap()
    }

    pub(crate) async fn state_of(&self, path: &str) -> FileState {
        self.listed(path).await.state
    }
}

/// A message of a server-sent stream; comments carry none. Its id is the event's number.
fn event(message: &str) -> Option<RunEvent> {
    let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name));
    let event: RunEvent = serde_json::from_str(field("data: ")?).unwrap();
    assert_eq!(field("id: "), Some(event.seq.to_string().as_str()));
    Some(event)
}

/// What the server said while statements ran, in order.
pub(crate) fn notices(events: &[RunEvent]) -> Vec<&str> {
    let said = events.iter().filter_map(|event| match &event.kind {
        RunEventKind::Notice { notice, .. } => Some(notice.message.as_str()),
        _ => None,
    });
    said.collect()
}

impl Answer {
    /// The body of an answer that must be a success.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Status and code of an answer that must be a refusal in words.
    pub(crate) fn refusal(&self) -> (u16, String) {
        assert!(!self.status.is_success(), "{} {}", self.status, self.text);
        let error: ApiError = serde_json::from_str(&self.text).unwrap();
        assert!(!error.message.is_empty() && !error.help.is_empty(), "{}", self.text);
        (self.status.as_u16(), error.code)
    }
}
