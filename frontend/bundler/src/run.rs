//! `cargo xtask run`: from a clone to a running studio.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use crate::build;
use crate::engine;
use crate::failure::{Failure, Outcome};
use crate::progress::warn;
use crate::tool::Tool;
use crate::tree::Tree;

/// Builds, then becomes the server: signals, exit code and terminal are the server's own, and no
/// process of this program stays between it and the person.
pub(crate) fn run(tree: &Tree, args: &[String]) -> Outcome {
    let engine = engine_if_needed()?;
    build::build(tree)?;
    let mut studio = Tool::new(tree.studio(), "Run `cargo xtask build`.").arg("serve");
    // By the environment, which a flag in `args` overrules.
    if std::env::var_os("STUDIO_MIGRATIONS").is_none() {
        studio = studio.env("STUDIO_MIGRATIONS", tree.at("migrations"));
    }
    if let Some(engine) = engine {
        studio = studio.env("STUDIO_ENGINE", engine);
    }
    let error = studio.args(args).into_command().exec();
    Err(Failure::new(format!("{} could not be started: {error}", tree.studio().display())))
}

/// The embedded PostgreSQL. A machine that cannot have it can still run on another server: on the
/// one that `DATABASE_URL` names, or on an installed one that has pgvector.
fn engine_if_needed() -> Outcome<Option<PathBuf>> {
    if std::env::var_os("STUDIO_ENGINE").is_some() {
        return Ok(None);
    }
    match engine::provision() {
        Ok(folder) => Ok(Some(folder)),
        Err(failure) if std::env::var_os("DATABASE_URL").is_some() || installed_with_vector() => {
            warn(failure);
            warn("Going on without the embedded PostgreSQL.");
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// Debian's layout; the server itself looks further.
fn installed_with_vector() -> bool {
    let shares = std::fs::read_dir(Path::new("/usr/share/postgresql")).into_iter().flatten();
    shares.flatten().any(|share| share.path().join("extension/vector.control").exists())
}
