//! The whole studio: the page, then the server that embeds it.

use std::path::PathBuf;

use crate::dist;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::progress::{say, step};
use crate::scripts;
use crate::stamp::Stamp;
use crate::tool::Tool;
use crate::tree::Tree;
use crate::wasm;

/// Everything that the page is made of; the bundler is among it by way of `frontend`.
const INPUTS: [&str; 5] = ["frontend", "style", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"];

/// Builds the page if anything of it changed, and the server.
pub(crate) fn build(tree: &Tree) -> Outcome {
    let inputs: Vec<PathBuf> = INPUTS.iter().map(|input| tree.at(input)).collect();
    let stamp = Stamp::of(tree.target("bundle/stamp"), &inputs)?;
    if stamp.is_fresh() && tree.at("frontend/dist/index.html").exists() {
        say("the page is up to date");
    } else {
        wasm::build(tree)?;
        scripts::build(tree)?;
        dist::build(tree)?;
        stamp.set()?;
    }
    step("server (cargo)", || {
        Tool::cargo().args(["build", "--release", "--package", "studio-backend"]).within(tree.root()).run()
    })
}

/// Builds, and copies the server to where a release takes it from.
pub(crate) fn release_file(tree: &Tree) -> Outcome {
    build(tree)?;
    let file = tree.target("dist/studio");
    files::create_folder(&tree.target("dist"))?;
    // Beside and renamed: the file that is replaced may be running.
    let fresh = tree.target("dist/.studio");
    files::copy(&tree.studio(), &fresh)?;
    files::rename(&fresh, &file)?;
    let size = std::fs::metadata(&file)
        .map_err(Failure::while_doing(format_args!("Measuring {}", file.display())))?
        .len();
    println!("{} ({}.{} MB)", file.display(), size / 1_000_000, size % 1_000_000 / 100_000);
    Ok(())
}
