//! Whom to trust: the system's authorities, or those of a file, and nobody by default.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Address, TargetError, address::Encryption};

/// How a connection is protected, made once per target.
pub(super) enum Trust {
    Plain,
    Tls(MakeRustlsConnect),
}

impl Trust {
    pub(super) fn new(address: &Address, ca: Option<&Path>) -> Result<Self, TargetError> {
        if address.encryption() == Encryption::Plain {
            return Ok(Self::Plain);
        }
        let roots = match address.root().or(ca) {
            Some(file) => of_file(file)?,
            None => of_system()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TargetError::new("tls", format!("TLS cannot be set up: {error}."), ""))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::Tls(MakeRustlsConnect::new(config)))
    }

    /// What the driver needs; `None` for a connection in clear.
    pub(super) fn connector(&self) -> Option<MakeRustlsConnect> {
        match self {
            Self::Plain => None,
            Self::Tls(connector) => Some(connector.clone()),
        }
    }
}

fn of_file(file: &Path) -> Result<RootCertStore, TargetError> {
    let unusable = |why: String| {
        TargetError::new(
            "bad-ca-file",
            format!("{} holds no usable certificate: {why}.", file.display()),
            "Give a PEM file, as Supabase offers it under Database settings, SSL configuration.",
        )
    };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unusable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("it is empty".to_owned()));
    }
    Ok(roots)
}

fn of_system() -> Result<RootCertStore, TargetError> {
    let mut roots = RootCertStore::empty();
    // A single unreadable file among the system's is no reason to trust none of them.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(TargetError::new(
            "no-ca",
            "This machine has no certificate authorities, so no server's certificate can be verified.",
            "Install the package ca-certificates, or give a PEM file with ?sslrootcert= or STUDIO_DATABASE_CA.",
        ));
    }
    Ok(roots)
}
