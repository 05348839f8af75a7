//! A server that others vouch for: the session is encrypted, and a server that nobody vouches for gets nothing.

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use studio_backend::{
    engine::{Engine, EngineConfig, Limits, Zone, locate},
    pg::target::Target,
};
use tokio_postgres::{Client, NoTls};

use crate::bench::{PATIENCE, on_runtime};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Key and certificate of a server at 127.0.0.1, where PostgreSQL reads them and nobody else may.
fn issue(authority: &Authority, data: &Path) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let owner = fs::metadata(data).unwrap();
    for (name, text) in [("server.crt", certificate.pem()), ("server.key", key.serialize_pem())] {
        let path = data.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}

/// The code of a connection that must not come about.
async fn refused(url: &str, ca: &Path) -> String {
    match Target::new(url, Some(ca), false).unwrap().open("test").await {
        Ok(_) => "connected".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// A server on the network that speaks TLS and trusts everybody.
struct Encrypted {
    process: Child,
    port: u16,
}

impl Encrypted {
    fn start(binaries: &Path, data: &Path) -> Self {
        let owner = fs::metadata(data).unwrap();
        let hba = data.join("tls_hba.conf");
        fs::write(&hba, "host all all 127.0.0.1/32 trust\n").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(binaries.join("bin/postgres"))
            .arg("-D")
            .arg(data)
            .args(["-k", "", "-c", "ssl=on", "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", &format!("port={port}"), "-c", &format!("hba_file={}", hba.display())])
            .env("LD_LIBRARY_PATH", binaries.join("lib"))
            .uid(owner.uid())
            .gid(owner.gid())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, port }
    }

    /// A session, once it takes connections.
    async fn connect(&mut self, url: &str) -> Client {
        let begin = Instant::now();
        loop {
            match tokio_postgres::connect(url, NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
            }
            assert!(self.process.try_wait().unwrap().is_none(), "the server has ended");
            tokio::task::yield_now().await;
        }
    }
}

#[test]
fn only_a_server_that_the_authority_vouches_for_is_trusted() {
    on_runtime(async {
        let folder =
            tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
        let data = folder.path().join("engine");
        let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
        let binaries = locate(explicit.as_deref()).unwrap();
        let config =
            EngineConfig { binaries: binaries.clone(), data: data.clone(), limits: Limits::default() };
        // The engine listens on no network, so what it has made is served by hand.
        Engine::open(config).await.unwrap().start(Zone::Target).await.unwrap().stop().await;
        let data = data.join("target/data");

        let (ours, theirs) = (authority(), authority());
        issue(&ours, &data);
        let file = |name: &str, authority: &Authority| {
            let path = folder.path().join(name);
            fs::write(&path, authority.pem()).unwrap();
            path
        };
        let (ours, theirs) = (file("ours.pem", &ours), file("theirs.pem", &theirs));
        let mut server = Encrypted::start(&binaries, &data);
        let url = format!("postgresql://postgres@127.0.0.1:{}/postgres", server.port);
        let admin = server.connect(&url).await;

        let (plain, _) = url.split_once('?').unwrap_or((&url, ""));
        let strict = format!("{plain}?sslmode=verify-full");
        let target = Target::new(&strict, Some(&ours), false).unwrap();
        let session = target.connect("test").await.unwrap();
        // A connection that was given up under load may still be there; it is encrypted too.
        let encrypted =
            "select coalesce(bool_and(ssl), false) from pg_stat_ssl join pg_stat_activity using (pid)
             where pid <> pg_backend_pid() and backend_type = 'client backend'";
        let encrypted: bool = admin.query_one(encrypted, &[]).await.unwrap().get(0);
        assert!(encrypted, "the session is encrypted");
        drop(session);

        assert!(refused(&strict, &theirs).await.contains("certificate"), "another authority");
        let elsewhere = strict.replace("127.0.0.1", "localhost");
        assert!(refused(&elsewhere, &ours).await.contains("certificate"), "another name");
        server.process.kill().unwrap();
        server.process.wait().unwrap();
    });
}
