//! What the server is told by flags and environment, once. Secrets in it do not print.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum, value_parser};
use secrecy::{ExposeSecret as _, SecretString};
use studio_kernel::plan::Digest;

use crate::{
    engine::{self, Limits},
    http::Serving,
    log::LogFormat,
    services::audit::Anchors,
};

/// Where the server listens unless it is told otherwise.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 4800);

/// What depends on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TargetKind {
    /// Others work with it: whoever starts a run has proved within ten minutes who they are.
    Production,
    /// Nobody is harmed when it breaks.
    Staging,
}

/// Flags and environment of `studio serve`.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address to listen on; when the default is taken, any free port
    #[arg(long, env = "STUDIO_LISTEN", default_value_t = DEFAULT_LISTEN)]
    pub listen: SocketAddr,

    /// Folder of the migration files
    #[arg(long, env = "STUDIO_MIGRATIONS", default_value = "migrations")]
    pub migrations: PathBuf,

    /// The database that runs go to, as a URL or as @FILE that holds one; without it an embedded one
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", value_parser = url_or_file)]
    pub database_url: Option<SecretString>,

    /// Whether others depend on that database; production, unless it is the embedded one
    #[arg(long, env = "STUDIO_TARGET_KIND", value_name = "KIND")]
    pub target_kind: Option<TargetKind>,

    /// Make a one-time link at the start though the first admin has a password
    #[arg(long)]
    pub sign_in_link: bool,

    /// The studio's own database, as a URL or as @FILE that holds one; without it an embedded one
    #[arg(long, env = "STUDIO_STATE_URL", hide_env_values = true, value_name = "URL", value_parser = url_or_file)]
    pub state_url: Option<SecretString>,

    /// PEM file of the authorities that vouch for both databases; the system's by default
    #[arg(long, env = "STUDIO_DATABASE_CA", value_name = "FILE")]
    pub database_ca: Option<PathBuf>,

    /// Folder with the programs of PostgreSQL (bin/postgres)
    #[arg(long, env = "STUDIO_ENGINE", value_name = "FOLDER")]
    pub engine_dir: Option<PathBuf>,

    /// Folder for the embedded database; one per migrations folder by default
    #[arg(long, env = "STUDIO_DATA", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,

    /// How the server is reached
    #[command(flatten)]
    pub serving: Serving,

    /// What throw-away copies may use
    #[command(flatten)]
    pub proofs: ProofLimits,

    /// File to which the audit log's head is added at each start and after each run; in the data folder by default
    #[arg(long, env = "STUDIO_AUDIT_ANCHOR", value_name = "FILE")]
    pub audit_anchor: Option<PathBuf>,

    /// How the log on standard error is written
    #[arg(long, env = "STUDIO_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

impl Config {
    /// Whether only this machine can reach the server.
    pub fn is_local(&self) -> bool {
        self.listen.ip().is_loopback()
    }

    /// Whether the server may listen where it was told to: for others it needs the name that they use.
    pub fn may_listen(&self) -> bool {
        self.is_local() || self.serving.public_url.is_some() || self.serving.any_host
    }

    /// The embedded database's folder: as told, else by the migrations folder, so that two checkouts do not
    /// share a database. `None` when the account has no home.
    pub fn data_folder(&self) -> Option<PathBuf> {
        if let Some(folder) = &self.data_dir {
            return Some(folder.clone());
        }
        let migrations = std::fs::canonicalize(&self.migrations).ok();
        let path = migrations.as_deref().unwrap_or(&self.migrations);
        Some(engine::default_data_folder()?.join(folder_name(path)))
    }
}

impl Config {
    /// Where heads of the audit log are kept; each database that was named has a file of its own.
    pub fn anchors(&self) -> Option<Anchors> {
        if let Some(file) = &self.audit_anchor {
            return Some(Anchors::new(file.clone()));
        }
        let name = match &self.state_url {
            None => "audit-heads.jsonl".to_owned(),
            Some(url) => {
                let digest = Digest::of(url.expose_secret().as_bytes());
                format!("audit-heads-{}.jsonl", digest.short())
            }
        };
        let folder = self.data_folder()?;
        // Where nothing is embedded no data folder is made, and one that held this alone would look like somebody's.
        if self.data_dir.is_none() && self.database_url.is_some() && self.state_url.is_some() {
            let beside = folder.file_name()?.to_string_lossy().into_owned();
            return Some(Anchors::new(folder.with_file_name(format!("{beside}-{name}"))));
        }
        Some(Anchors::new(folder.join(name)))
    }
}

/// Flags and environment that bound a throw-away copy.
#[derive(Args, Clone, Copy, Debug)]
pub struct ProofLimits {
    /// Megabytes of disk that a throw-away copy of the target may use
    #[arg(long, env = "STUDIO_PROOF_DISK", value_name = "MB", default_value_t = 2048, value_parser = value_parser!(u64).range(64..))]
    pub proof_disk: u64,

    /// Megabytes of memory that each process of a throw-away copy may use
    #[arg(long, env = "STUDIO_PROOF_MEMORY", value_name = "MB", default_value_t = 2048, value_parser = value_parser!(u64).range(512..))]
    pub proof_memory: u64,

    /// Seconds that a throw-away copy may be in use
    #[arg(long, env = "STUDIO_PROOF_TIME", value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u64).range(1..))]
    pub proof_time: u64,
}

impl From<ProofLimits> for Limits {
    fn from(flags: ProofLimits) -> Self {
        Self {
            disk: flags.proof_disk.saturating_mul(1 << 20),
            memory: flags.proof_memory.saturating_mul(1 << 20),
            time: Duration::from_secs(flags.proof_time),
        }
    }
}

impl Default for ProofLimits {
    /// As the flags have it.
    fn default() -> Self {
        Self { proof_disk: 2048, proof_memory: 2048, proof_time: 600 }
    }
}

/// A database's URL as it was given, or what a file holds: a list of processes shows arguments, and whatever keeps
/// secrets can put one into a file.
///
/// # Errors
/// A phrase, when the file cannot be read.
pub fn url_or_file(given: &str) -> Result<SecretString, String> {
    let Some(file) = given.strip_prefix('@') else { return Ok(given.into()) };
    let held = std::fs::read_to_string(file).map_err(|error| format!("{file} cannot be read: {error}"))?;
    Ok(held.trim().into())
}

fn folder_name(path: &Path) -> String {
    let digest = Digest::of(path.as_os_str().as_encoded_bytes());
    digest.short().to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn a_databases_url_may_be_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, "postgresql://u:hunter2@h/a\n").unwrap();
        let in_file = format!("@{}", file.display());
        for flag in ["--database-url", "--state-url"] {
            for given in [&in_file, "postgresql://u:hunter2@h/a"] {
                let Config { database_url, state_url, .. } =
                    Command::try_parse_from(["studio", flag, given]).unwrap().config;
                let url = if flag == "--state-url" { state_url } else { database_url }.unwrap();
                assert_eq!(url.expose_secret(), "postgresql://u:hunter2@h/a", "{flag} {given}");
            }
            let error =
                Command::try_parse_from(["studio", flag, "@/nowhere/at/all"]).err().unwrap().to_string();
            assert!(error.contains("/nowhere/at/all cannot be read"), "{error}");
        }
    }

    #[test]
    fn a_copy_has_what_a_server_needs_at_least() {
        for (flag, too_little, enough) in
            [("--proof-disk", "63", "64"), ("--proof-memory", "511", "512"), ("--proof-time", "0", "1")]
        {
            assert!(Command::try_parse_from(["studio", flag, too_little]).is_err(), "{flag} {too_little}");
            assert!(Command::try_parse_from(["studio", flag, enough]).is_ok(), "{flag} {enough}");
        }
    }

    #[test]
    fn a_server_for_others_is_told_its_name() {
        for (arguments, may) in [
            (&["studio"][..], true),
            (&["studio", "--listen", "[::1]:4800"], true),
            (&["studio", "--listen", "0.0.0.0:4800"], false),
            (&["studio", "--listen", "0.0.0.0:4800", "--public-url", "https://a.example"], true),
            (&["studio", "--listen", "0.0.0.0:4800", "--any-host"], true),
        ] {
            let parsed = Command::try_parse_from(arguments).unwrap();
            assert_eq!(parsed.config.may_listen(), may, "{arguments:?}");
        }
    }
}
