//! The other programs that read `migrations/`: the Supabase CLI from npm and sqlx from crates.io, both pinned.
//! psql comes with the engine.

use std::env::consts::{ARCH, OS};
use std::path::Path;

use crate::cache;
use crate::failure::Outcome;
use crate::files::{create_folder, remove_folder, symlink, write};
use crate::progress::step;
use crate::tool::Tool;
use crate::tree::Tree;

const PACKAGE: &str = include_str!("../readers/package.json");
const LOCK: &str = include_str!("../readers/package-lock.json");
const SQLX: &str = "0.9.0";

/// The tests that need these programs, as cargo's filter names them.
pub(crate) const TESTS: &str = "set::readers";

/// Makes sure that both programs are there, and links them to where the tests look.
pub(crate) fn provision(tree: &Tree) -> Outcome {
    let supabase = format!("supabase-{OS}-{ARCH}-{}", cache::digest(&[PACKAGE, LOCK]));
    let supabase =
        cache::folder("readers", &supabase, |folder| step("Supabase CLI (npm)", || fetch_supabase(folder)))?;
    let sqlx = cache::folder("readers", &format!("sqlx-cli-{SQLX}-{OS}-{ARCH}"), |folder| {
        step("sqlx (cargo)", || build_sqlx(tree, folder))
    })?;
    let links = tree.target("readers");
    remove_folder(&links)?;
    create_folder(&links)?;
    symlink(&supabase.join("node_modules/.bin/supabase"), &links.join("supabase"))?;
    symlink(&sqlx.join("bin/sqlx"), &links.join("sqlx"))
}

/// The program itself is a package per platform, so that no script has to fetch it.
fn fetch_supabase(folder: &Path) -> Outcome {
    create_folder(folder)?;
    write(&folder.join("package.json"), PACKAGE)?;
    write(&folder.join("package-lock.json"), LOCK)?;
    Tool::npm().args(["ci", "--ignore-scripts"]).within(folder).output()?;
    Tool::new(folder.join("node_modules/.bin/supabase"), "").arg("--version").output().map(drop)
}

/// Unoptimised and without TLS: it speaks to a server on this machine, for moments.
fn build_sqlx(tree: &Tree, folder: &Path) -> Outcome {
    let build = folder.join("build");
    Tool::cargo()
        .args(["install", "sqlx-cli", "--version", &format!("={SQLX}"), "--locked", "--quiet"])
        .args(["--no-default-features", "--features", "postgres", "--bin", "sqlx", "--debug"])
        .arg("--root")
        .arg(folder)
        .arg("--target-dir")
        .arg(&build)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        // With the toolchain of this checkout.
        .within(tree.root())
        .output()?;
    remove_folder(&build)
}
