//! `cargo xtask test`: every test there is, and what this machine cannot run said aloud.

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::build;
use crate::corpora;
use crate::engine;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::machine;
use crate::progress::{say, step, warn};
use crate::readers;
use crate::scripts;
use crate::tool::Tool;
use crate::tree::Tree;
use crate::wasm;

/// The folder of the browser tests.
const E2E: &str = "tests/e2e";

/// Builds and tests; with `strict`, what cannot run is a failure.
pub(crate) fn test(tree: &Tree, strict: bool) -> Outcome {
    let engine = engine::provision()?;
    let corpora = corpora::provision(&engine)?;
    build::build(tree)?;
    let path = path_with(&engine)?;
    let with_engine = |tool: Tool| tool.env("STUDIO_ENGINE", &engine).env("PATH", &path);
    let mut tests = with_engine(Tool::cargo())
        .env("STUDIO_CORPORA", &corpora)
        .args(["test", "--workspace"])
        .within(tree.root());
    if let Err(failure) = readers::provision(tree) {
        skipped(
            strict,
            format_args!("the migration set by other programs, because they are not there. {failure}"),
        )?;
        tests = tests.args(["--", "--skip", readers::TESTS]);
    }
    step("tests in Rust (cargo)", || tests.run())?;
    let Some(browser) = machine::chromium()? else {
        return skipped(
            strict,
            "the browser tests, because no Chromium was found. Install it, or name one with CHROMIUM.",
        );
    };
    say(format_args!("browser: {}", browser.display()));
    let stories = compile_stories(tree)?;
    step("tests in the browser (node)", || {
        with_engine(Tool::node())
            .env("CHROMIUM", &browser)
            .env("STUDIO_BINARY", tree.studio())
            .env("STUDIO_CORPORA", &corpora)
            .env("STUDIO_WASM", wasm::glue_folder(tree))
            // One at a time: each starts a studio, and some measure.
            .args(["--test", "--test-concurrency=1"])
            .args(stories)
            .within(&tree.at(E2E))
            .run()
    })
}

/// Says what this machine cannot run, and why; a failure where nothing may be left out.
fn skipped(strict: bool, what: impl Display) -> Outcome {
    warn(format_args!("Skipped: {what}"));
    if strict { Err(Failure::new("Nothing may be skipped here.")) } else { Ok(()) }
}

/// The engine's `psql` and `pg_dump` go first: they fit the engine's version.
fn path_with(engine: &Path) -> Outcome<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(engine.join("bin")).chain(env::split_paths(&path));
    env::join_paths(folders).map_err(Failure::while_doing("Setting PATH"))
}

/// TypeScript to JavaScript, one file per story; packages stay where npm put them.
fn compile_stories(tree: &Tree) -> Outcome<Vec<PathBuf>> {
    scripts::install_packages(tree, E2E)?;
    let folder = tree.at(E2E);
    let built = folder.join("build");
    files::remove_folder(&built)?;
    let is_story = |path: &PathBuf| path.to_string_lossy().ends_with(".spec.ts");
    let sources: Vec<PathBuf> = files::entries(&folder)?.into_iter().filter(|path| is_story(path)).collect();
    if sources.is_empty() {
        return Err(Failure::new(format!("{E2E} holds no *.spec.ts, so nothing would be tested.")));
    }
    Tool::new(folder.join("node_modules/.bin/esbuild"), "Pin esbuild in tests/e2e/package.json.")
        .args(["--bundle", "--packages=external", "--platform=node", "--format=esm"])
        .args(["--target=node20", "--sourcemap=inline", "--log-level=warning"])
        .arg(format!("--outdir={}", built.display()))
        .args(sources)
        .within(&folder)
        .run()?;
    let compiled = files::entries(&built)?.into_iter();
    Ok(compiled.filter(|path| files::has_extension(path, "js")).collect())
}
