//! A studio of its own for each test, on an engine that all tests of the process share.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, BodyDataStream},
    http::{HeaderMap, Request, StatusCode, header},
};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use studio_backend::{
    config::{Config, DEFAULT_LISTEN, ProofLimits, TargetKind},
    engine::{Engine, EngineConfig, Limits, Server, Zone, locate},
    http::Serving,
    pg::{
        studio::{StateAddress, Studio},
        target::Target,
    },
    router,
    services::{audit::Refusals, folder::Folder, runs::Registry, sessions::Visit, sign_in},
    state::{AppState, Parts},
};
use studio_kernel::{
    migration::SourceFile,
    review::PersonRole,
    run::api::{ApiError, Change, Invitation, Me},
};
use tempfile::TempDir;
use tokio::sync::{Mutex, watch};
use tokio_postgres::{Client, NoTls};
use tower::ServiceExt as _;

/// The address that requests name.
pub(crate) const HOST: &str = "studio.localhost:4800";

/// A file that makes one table, guarded, with row level security.
pub(crate) const TABLE: &str = "create table if not exists public.fruit (id bigint primary key);\n\
    alter table public.fruit enable row level security;\n";

/// The path of [`TABLE`] in the folder of every studio.
pub(crate) const TABLE_PATH: &str = "20250801000000_fruit.sql";

/// The servers of this process, for as long as a test uses them.
struct Shared {
    /// Of the studio's own databases, and of the targets.
    servers: Option<[Server; 2]>,
    _data: TempDir,
}

static SHARED: Mutex<Weak<Shared>> = Mutex::const_new(Weak::new());

impl Shared {
    async fn get() -> Arc<Self> {
        let mut shared = SHARED.lock().await;
        if let Some(running) = shared.upgrade() {
            return running;
        }
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let data = tempfile::Builder::new().prefix("api-").permissions(open).tempdir().unwrap();
        let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
        let binaries = locate(explicit.as_deref()).unwrap_or_else(|error| panic!("{error}"));
        let config = EngineConfig { binaries, data: data.path().join("data"), limits: Limits::default() };
        let engine = Engine::open(config).await.unwrap_or_else(|error| panic!("{error}"));
        let state = engine.start(Zone::State).await.unwrap_or_else(|error| panic!("{error}"));
        let target = engine.start(Zone::Target).await.unwrap_or_else(|error| panic!("{error}"));
        let started = Arc::new(Self { servers: Some([state, target]), _data: data });
        *shared = Arc::downgrade(&started);
        started
    }

    fn servers(&self) -> &[Server; 2] {
        self.servers.as_ref().unwrap()
    }
}

impl Drop for Shared {
    /// Waits for the servers' end before their folder is removed, on a runtime that outlives the test's.
    fn drop(&mut self) {
        let servers = self.servers.take().unwrap();
        let stop = async move {
            for server in servers {
                server.stop().await;
            }
        };
        let stop = move || tokio::runtime::Runtime::new().unwrap().block_on(stop);
        std::thread::spawn(stop).join().unwrap();
    }
}

/// A studio with its databases, its folder and its router.
pub(crate) struct World {
    pub(crate) state: AppState,
    app: Router,
    folder: TempDir,
    databases: [String; 2],
    _stop: watch::Sender<bool>,
    shared: Arc<Shared>,
}

/// Somebody with (or without) a session.
#[derive(Clone)]
pub(crate) struct Visitor {
    app: Router,
    pub(crate) cookie: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Serving::default(), None).await
    }

    /// A studio that is reached as the flags say.
    pub(crate) async fn served(serving: Serving) -> Self {
        Self::with(serving, None).await
    }

    /// A studio whose target counts as this, embedded though it is.
    pub(crate) async fn with_target(kind: TargetKind) -> Self {
        Self::with(Serving::default(), Some(kind)).await
    }

    async fn with(serving: Serving, target_kind: Option<TargetKind>) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let shared = Shared::get().await;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let databases = [format!("studio_{number}"), format!("target_{number}")];
        let [state_server, target_server] = shared.servers();
        state_server.create_database(&databases[0]).await.unwrap();
        target_server.create_database(&databases[1]).await.unwrap();
        target_server.prepare(&databases[1]).await.unwrap();
        let at = |url: String| Target::new(&url, None, true).unwrap();
        let own = StateAddress::Own {
            owner: at(state_server.owner_url(&databases[0])),
            server: at(state_server.url(&databases[0])),
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(TABLE_PATH), TABLE).unwrap();
        let (stop, shutdown) = watch::channel(false);
        let state = AppState::new(Parts {
            config: Config {
                listen: DEFAULT_LISTEN,
                migrations: folder.path().to_owned(),
                database_url: None,
                target_kind,
                sign_in_link: false,
                state_url: None,
                database_ca: None,
                engine_dir: None,
                data_dir: None,
                serving,
                proofs: ProofLimits::default(),
                audit_anchor: None,
                log_format: Default::default(),
            },
            studio: Studio::open(own).await.unwrap(),
            target: at(target_server.url(&databases[1])),
            engine: None,
            target_server: None,
            folder: Folder::new(folder.path()),
            registry: Registry::default(),
            refusals: Refusals::default(),
            anchors: None,
            shutdown,
            cookie: "studio-test".to_owned(),
        });
        let app = router(state.clone());
        Self { state, app, folder, databases, _stop: stop, shared }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection of our own to the studio's database, as its owner.
    pub(crate) async fn studio_database(&self) -> Client {
        connect(&self.shared.servers()[0].owner_url(&self.databases[0])).await
    }

    /// A connection of our own to the target.
    pub(crate) async fn target_database(&self) -> Client {
        connect(&self.shared.servers()[1].url(&self.databases[1])).await
    }

    /// A connection to a database of the studio's own server or of the target's as the superuser, for what neither
    /// owner may do.
    pub(crate) async fn superuser(&self, zone: Zone, database: &str) -> Client {
        let [state, target] = self.shared.servers();
        let server = match zone {
            Zone::State => state,
            Zone::Target => target,
        };
        connect(&server.superuser_url(database)).await
    }

    pub(crate) fn stranger(&self) -> Visitor {
        Visitor { app: self.app.clone(), cookie: String::new() }
    }

    /// The first admin.
    pub(crate) async fn owner(&self) -> Visitor {
        let token = sign_in::owner_link(&self.state.studio).await.unwrap();
        self.enter(token.expose_secret()).await
    }

    /// A session of the first admin, made without a request.
    pub(crate) async fn owner_cookie(&self) -> String {
        let studio = &self.state.studio;
        let token = sign_in::owner_link(studio).await.unwrap();
        let visit = Visit::default();
        let (session, _) = sign_in::by_link(studio, token.expose_secret(), None, &visit).await.unwrap();
        format!("{}={}", self.state.cookie, session.expose_secret())
    }

    /// Somebody whom the owner invited.
    pub(crate) async fn join(&self, owner: &Visitor, name: &str, role: PersonRole) -> Visitor {
        let token = self.invite(owner, name, role).await;
        self.enter(&token).await
    }

    /// The token of an invitation.
    pub(crate) async fn invite(&self, owner: &Visitor, name: &str, role: PersonRole) -> String {
        let wish = json!({ "name": name, "role": role });
        let invitation: Invitation = owner.post("/api/invitations", wish).await.read();
        invitation.link.strip_prefix("/join#token=").unwrap().to_owned()
    }

    /// Somebody who opens a one-time link.
    pub(crate) async fn enter(&self, token: &str) -> Visitor {
        let mut visitor = self.stranger();
        let answer = visitor.post("/api/session", json!({ "token": token })).await;
        visitor.cookie = answer.cookie();
        let _: Me = answer.read();
        visitor
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Visitor {
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// The body of an answer, unread.
    pub(crate) async fn stream(&self, path: &str) -> BodyDataStream {
        let request = Request::builder().uri(path).header(header::HOST, HOST);
        let request = request.header(header::COOKIE, &self.cookie).body(Body::empty()).unwrap();
        self.app.clone().oneshot(request).await.unwrap().into_body().into_data_stream()
    }

    /// A request as the page sends it.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
        if !self.cookie.is_empty() {
            request = request.header(header::COOKIE, &self.cookie);
        }
        if method != "GET" {
            request = request.header(header::ORIGIN, format!("http://{HOST}"));
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        self.send(request.body(body).unwrap()).await
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

    /// Opens a change of one file.
    pub(crate) async fn open(&self, path: &str, text: &str) -> Change {
        let files = [SourceFile::from((path, text))];
        let wish = json!({ "title": "A change", "description": "", "files": files });
        self.post("/api/changes", wish).await.read()
    }

    /// Saves another text of the one file.
    pub(crate) async fn revise(&self, change: &Change, base: u32, text: &str) -> Answer {
        let path = &change.revisions[0].files[0].path;
        let files = [SourceFile::from((path.as_str(), text))];
        let wish = json!({ "base": base, "note": "", "files": files });
        self.post(&format!("/api/changes/{}/revisions", change.id), wish).await
    }

    pub(crate) async fn decide(&self, change: &Change, decision: &str) -> Answer {
        let wish = json!({ "expected_digest": change.digest, "decision": decision, "note": "" });
        self.post(&format!("/api/changes/{}/approvals", change.id), wish).await
    }

    pub(crate) async fn change(&self, id: i64) -> Change {
        self.get(&format!("/api/changes/{id}")).await.read()
    }
}

impl Answer {
    /// The body of an answer that must be a success.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body of an answer that must be a refusal with this status and code.
    pub(crate) fn refused(&self, status: u16, code: &str) -> ApiError {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        let error: ApiError = serde_json::from_str(&self.text).unwrap();
        assert_eq!(error.code, code, "{}", self.text);
        assert!(!error.message.is_empty() && !error.help.is_empty());
        assert_eq!(self.headers["x-request-id"], error.request_id.as_str());
        error
    }

    /// Name and value of the cookie it sets.
    pub(crate) fn cookie(&self) -> String {
        let set = self.headers[header::SET_COOKIE].to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }
}
