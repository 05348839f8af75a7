//! A server that others vouch for: the session is encrypted, and a server that nobody vouches for gets nothing.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use secrecy::ExposeSecret;
use studio_backend::{
    engine::{Engine, EngineConfig, locate},
    pg::target::Target,
};

use crate::bench::{connect, on_runtime};

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

#[test]
fn only_a_server_that_the_authority_vouches_for_is_trusted() {
    on_runtime(async {
        let folder =
            tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
        let data = folder.path().join("engine");
        let explicit = std::env::var_os("STUDIO_ENGINE").map(PathBuf::from);
        let binaries = locate(explicit.as_deref()).unwrap();
        let engine = Engine::start(EngineConfig { binaries, data: data.clone(), port: None }).await.unwrap();
        let url = engine.connection_string("postgres").expose_secret().to_owned();

        let (ours, theirs) = (authority(), authority());
        issue(&ours, &data.join("cluster"));
        let file = |name: &str, authority: &Authority| {
            let path = folder.path().join(name);
            fs::write(&path, authority.pem()).unwrap();
            path
        };
        let (ours, theirs) = (file("ours.pem", &ours), file("theirs.pem", &theirs));
        let admin = connect(&url).await;
        admin.batch_execute("alter system set ssl = on").await.unwrap();
        admin.batch_execute("select pg_reload_conf()").await.unwrap();

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
        engine.stop().await;
    });
}
