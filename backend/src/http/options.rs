//! Flags and environment of `studio serve` about being reached by others.

use std::net::IpAddr;

use clap::Args;

use super::PublicUrl;

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
}

impl Serving {
    /// Whether browsers reach the server by https alone, as far as it was told.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }
}
