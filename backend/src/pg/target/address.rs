//! `DATABASE_URL`: where the target is and how the way to it is encrypted.
//! It opens nothing and never prints the password.

use std::{path::PathBuf, time::Duration};

use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use super::TargetError;

/// The port on which Supabase's poolers hand out a backend per transaction.
const TRANSACTION_POOLER_PORT: u16 = 6543;

/// A parsed URL.
#[derive(Clone)]
pub struct Address {
    config: Config,
    name: String,
    encryption: Encryption,
    root: Option<PathBuf>,
}

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// In clear: a Unix socket, this machine, or because the URL says `sslmode=disable`.
    Plain,
    /// TLS with a certificate that is valid for the host.
    VerifyFull,
}

impl Address {
    /// Reads `postgresql://user:password@host:port/database`.
    ///
    /// # Errors
    /// What is wrong with it; no error repeats the URL, because it holds a password.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let url = url.trim();
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(bad("It does not begin with postgresql://."));
        }
        let (url, options) = take_options(url);
        // The driver ends the password at the first one, so that its rest would be shown as the host.
        if url.matches('@').count() > 1 {
            return Err(bad("It holds more than one @."));
        }
        let config: Config = url.parse().map_err(|error: tokio_postgres::Error| bad(&reason(&error)))?;
        let [host] = config.get_hosts() else {
            return Err(bad("It must name exactly one host."));
        };
        let host = host.clone();
        if config.get_user().is_none() {
            return Err(bad("It names no user."));
        }
        let encryption = options.encryption(is_local(&host))?;
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let database = config.get_dbname().or(config.get_user()).unwrap_or_default().to_owned();
        let host = match host {
            Host::Tcp(name) if !name.chars().all(names_hosts) => {
                return Err(bad("What stands for the host is no host's name."));
            }
            Host::Tcp(name) => name,
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        };
        let name = format!("{host}:{port}/{database}");
        Ok(Self { config, name, encryption, root: options.root })
    }

    /// Host, port and database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The database.
    pub fn database(&self) -> &str {
        self.config.get_dbname().or(self.config.get_user()).unwrap_or_default()
    }

    /// How the way is protected.
    pub fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// `sslrootcert`: a PEM file with the authorities to trust.
    pub fn root(&self) -> Option<&std::path::Path> {
        self.root.as_deref()
    }

    /// The driver's settings for one connection. A dead network is noticed in seconds, not in hours.
    pub(super) fn config(&self, application_name: &str, within: Duration) -> Config {
        let mut config = self.config.clone();
        config
            .application_name(application_name)
            .connect_timeout(within)
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(1))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(8))
            .ssl_mode(match self.encryption {
                Encryption::Plain => SslMode::Disable,
                Encryption::VerifyFull => SslMode::Require,
            });
        config
    }

    /// Refuses the port that hands out a backend per transaction.
    pub(super) fn refuse_pooler(&self) -> Result<(), TargetError> {
        match self.config.get_ports().first() {
            Some(&TRANSACTION_POOLER_PORT) => Err(TargetError::pooler(&self.name)),
            _ => Ok(()),
        }
    }
}

/// The parameters of the URL that mean more to the studio than to the driver.
#[derive(Default)]
struct Options {
    sslmode: Option<String>,
    root: Option<PathBuf>,
}

impl Options {
    fn encryption(&self, local: bool) -> Result<Encryption, TargetError> {
        match self.sslmode.as_deref() {
            None if local && self.root.is_none() => Ok(Encryption::Plain),
            None | Some("require" | "verify-ca" | "verify-full") => Ok(Encryption::VerifyFull),
            Some("disable") => Ok(Encryption::Plain),
            Some("allow" | "prefer") => {
                Err(bad("sslmode=allow and sslmode=prefer fall back to an open connection without a word. \
                 Write sslmode=verify-full, or sslmode=disable if the network itself is trusted."))
            }
            Some(_) => Err(bad("sslmode is one of disable, require, verify-ca and verify-full.")),
        }
    }
}

/// Splits off `sslmode` and `sslrootcert`, which the driver knows in part or not at all.
fn take_options(url: &str) -> (String, Options) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), Options::default());
    };
    let mut options = Options::default();
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", value)) => options.sslmode = Some(value.to_owned()),
            // The system's authorities are trusted when no file is named.
            Some(("sslrootcert", "system")) => {
                options.sslmode.get_or_insert_with(|| "verify-full".to_owned());
            }
            Some(("sslrootcert", value)) => options.root = Some(PathBuf::from(percent_decode(value))),
            // Supabase's own URLs carry it for other drivers.
            Some(("pgbouncer" | "supa" | "workaround", _)) => {}
            _ => rest.push(pair),
        }
    }
    let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    (format!("{base}{query}"), options)
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = hex.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Letters of names and of IPv6 addresses with a zone.
fn names_hosts(c: char) -> bool {
    c.is_alphanumeric() || ".-_:[]%".contains(c)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .trim_matches(['[', ']'])
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn bad(why: &str) -> TargetError {
    TargetError::new(
        "bad-database-url",
        format!("The database URL cannot be used. {why}"),
        "Write postgresql://user:password@host:5432/database; characters of the password such as @, : and / \
         are written as %40, %3A and %2F.",
    )
}

fn reason(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), |source| format!("The driver says: {source}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<(String, Encryption), &'static str> {
        Address::parse(url).map(|address| (address.name, address.encryption)).map_err(|error| error.code)
    }

    #[test]
    fn another_machine_is_reached_with_a_verified_certificate() {
        for (url, name, encryption) in [
            ("postgresql://u:p@db.example.com/app", "db.example.com:5432/app", Encryption::VerifyFull),
            (
                "postgres://u@db.example.com:5433/a?sslmode=require",
                "db.example.com:5433/a",
                Encryption::VerifyFull,
            ),
            ("postgresql://u@db.example.com/a?sslmode=disable", "db.example.com:5432/a", Encryption::Plain),
            ("postgresql://u@127.0.0.1:5/a", "127.0.0.1:5/a", Encryption::Plain),
            ("postgresql://u@localhost", "localhost:5432/u", Encryption::Plain),
            ("postgresql://u@localhost/a?sslmode=verify-full", "localhost:5432/a", Encryption::VerifyFull),
        ] {
            assert_eq!(parse(url), Ok((name.to_owned(), encryption)), "{url}");
        }
    }

    #[test]
    fn what_could_be_open_by_accident_is_refused() {
        for url in [
            "postgresql://u@db.example.com/a?sslmode=prefer",
            "postgresql://u@db.example.com/a?sslmode=maybe",
            "postgresql://u@a,b/a",
            "postgresql://db.example.com/a",
            "host=localhost user=u",
        ] {
            assert_eq!(parse(url), Err("bad-database-url"), "{url}");
        }
    }

    #[test]
    fn no_message_repeats_the_password() {
        for url in [
            "postgresql://u:hunter2@h:port/a",
            "postgresql://u:hunter2@h/a?connect_timeout=x",
            "postgresql://u:x@hunter2@127.0.0.1:5/a",
            "postgresql://u:x@hunter2+@h/a",
            "postgresql://u:x@hunter2/y@h/a",
            "postgresql://u:x:hunter2@h@g/a",
        ] {
            let error = Address::parse(url).err().unwrap_or_else(|| panic!("{url}"));
            assert!(!format!("{error:?} {error}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_certificate_file_may_have_any_name() {
        let address = Address::parse("postgresql://u@h/a?sslrootcert=my%20ca.pem").unwrap();
        assert_eq!(address.root(), Some(std::path::Path::new("my ca.pem")));
        let system = Address::parse("postgresql://u@localhost/a?sslrootcert=system").unwrap();
        assert_eq!((system.root(), system.encryption()), (None, Encryption::VerifyFull));
    }
}
