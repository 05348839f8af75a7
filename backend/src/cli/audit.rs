//! `studio audit`: checks the audit log, in its database or in an export, and writes it out.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use super::{output::outln, serve, servers::Servers, unusable, verdict};
use crate::{
    config::Config,
    error::Result,
    log,
    pg::studio::Studio,
    services::audit::{self, Anchor, Anchors, Chain, Kept, Record, Verdict},
};

/// What to do with the log.
#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Recompute the chain and hold it against the heads that were kept outside of the database
    Verify(Verify),
    /// Write every entry with its hash, one JSON object to a line
    Export(Config),
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    /// What `studio audit export` wrote; without it the database is read as `studio serve` finds it
    file: Option<PathBuf>,

    #[command(flatten)]
    config: Config,
}

pub(super) async fn run(what: What) -> ExitCode {
    log::init(log::LogFormat::default());
    let found = match what {
        What::Verify(Verify { file: Some(file), config }) => {
            // The heads of another studio would fit no line: for a file only those that were named count.
            let anchors = config.audit_anchor.map(Anchors::new);
            of_file(&file, anchors.as_ref())
        }
        What::Verify(Verify { file: None, config }) => of_database(&config, |_| {}).await.map_err(said),
        What::Export(config) => {
            let written = of_database(&config, |record| {
                if let Ok(line) = serde_json::to_string(record) {
                    outln!("{line}");
                }
            });
            return match written.await.map_err(said) {
                Ok(Verdict::Intact { .. }) => ExitCode::SUCCESS,
                Ok(tampered) => {
                    super::output::errln!("{tampered}");
                    verdict(false)
                }
                Err(error) => unusable(error),
            };
        }
    };
    match found {
        Ok(found) => {
            outln!("{found}");
            verdict(matches!(found, Verdict::Intact { .. }))
        }
        Err(error) => unusable(error),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn said(error: crate::error::Error) -> String {
    serve::said(&error)
}

async fn of_database(config: &Config, each: impl FnMut(&Record)) -> Result<Verdict> {
    let anchors = config.anchors();
    let is_named = config.audit_anchor.is_some();
    let read = |anchors: &Anchors| if is_named { anchors.read_named() } else { anchors.read() };
    let in_file = anchors.as_ref().map(read).transpose()?.unwrap_or_default();
    let file = anchors.map(|anchors| anchors.file().to_owned());
    let on_target = match serve::given(config, config.database_url.as_ref())? {
        Some(target) => audit::beside::read(&target).await?,
        None => Vec::new(),
    };
    let kept = Kept { in_file, file, on_target };
    let named = serve::given(config, config.state_url.as_ref())?;
    let servers = Servers::of_state(config).await?;
    let found = async {
        let studio = Studio::open(servers.state_address(named)?).await?;
        audit::verify(&studio, kept, each).await
    }
    .await;
    servers.end().await;
    found
}

fn of_file(file: &Path, anchors: Option<&Anchors>) -> Result<Verdict, String> {
    let anchors: Vec<Anchor> =
        anchors.map(Anchors::read_named).transpose().map_err(said)?.unwrap_or_default();
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}.", file.display());
    let lines = BufReader::new(File::open(file).map_err(unreadable)?).lines();
    let mut chain = Chain::new(&anchors);
    for (number, line) in (1..).zip(lines) {
        let record: Record = serde_json::from_str(&line.map_err(unreadable)?)
            .map_err(|error| format!("Line {number} of {} is no entry: {error}.", file.display()))?;
        if let Err(broken) = chain.take(&record) {
            return Ok(broken);
        }
    }
    Ok(chain.end())
}
