//! Flags and environment of `studio serve` about being reached by others.

use std::{net::IpAddr, num::NonZeroUsize, path::PathBuf};

use clap::Args;

use super::{Limits, PublicUrl, Tls};
use crate::error::{Error, Result};

/// How the server is reached.
#[derive(Args, Clone, Debug, Default)]
pub struct Serving {
    /// Address that people use, such as https://studio.example.com; requests for any other name are refused
    #[arg(long, env = "STUDIO_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,

    /// Address of a proxy before the server; its X-Forwarded-For says who sent a request
    #[arg(long, env = "STUDIO_PROXY", value_name = "IP", value_delimiter = ',')]
    pub proxy: Vec<IpAddr>,

    /// Answer to every name when others can reach the server and no --public-url is given
    #[arg(long, env = "STUDIO_ANY_HOST", conflicts_with = "public_url")]
    pub any_host: bool,

    /// PEM file with the certificate to serve TLS by, and those that vouch for it
    #[arg(long, env = "STUDIO_TLS_CERT", value_name = "FILE", requires = "tls_key", requires = "public_url")]
    pub tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's key
    #[arg(long, env = "STUDIO_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Dry runs at once; others wait for their turn, 2 by default
    #[arg(long, env = "STUDIO_PROOFS", value_name = "NUMBER")]
    pub proofs: Option<NonZeroUsize>,

    /// Numbers and times; no flags
    #[arg(skip)]
    pub limits: Limits,
}

impl Serving {
    /// Whether browsers reach the server by https alone, as far as it was told.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    /// TLS of our own, when files for it were named.
    ///
    /// # Errors
    /// [`Error::Invalid`] when they cannot be used, or the public address is no https.
    pub fn tls(&self) -> Result<Option<Tls>> {
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        if !self.is_https() {
            return Err(Error::invalid("With --tls-cert the address of --public-url begins with https://."));
        }
        Tls::open(certificate, key).map(Some)
    }
}
