//! TLS of our own, from PEM files, which are read again when they change.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

use crate::error::{Error, Result};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(5);

/// The certificate that is shown, and where it comes from.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
}

#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// Reads a certificate with those that vouch for it, and its key.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the files hold no certificate and key that fit.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let shown = Arc::new(Shown(RwLock::new(read(&provider, certificate, key)?)));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| Error::invalid(format!("TLS cannot be set up: {error}.")))?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(&shown) as _;
        let mut config = config.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            shown,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Shows what the files hold as soon as they hold something else. Files that do not fit, as between the writing
    /// of the one and the other, change nothing.
    pub(super) async fn follow_files(&self) {
        let mut seen = self.stamps();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.stamps();
            if now == seen {
                continue;
            }
            match read(&Arc::new(ring::default_provider()), &self.certificate, &self.key) {
                Ok(read) => {
                    *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = read;
                    seen = now;
                }
                Err(error) => tracing::warn!(%error, "the old certificate is shown on"),
            }
        }
    }

    fn stamps(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.certificate, &self.key].map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

fn read(provider: &Arc<CryptoProvider>, certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>> {
    let unusable = |path: &Path, why: String| {
        Error::invalid(format!("{} cannot be used for TLS: {why}.", path.display()))
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unusable(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(unusable(certificate, "it holds no certificate".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error.to_string()))?;
    let certified = CertifiedKey::from_der(chain, private, provider);
    Ok(Arc::new(certified.map_err(|error| unusable(key, error.to_string()))?))
}
