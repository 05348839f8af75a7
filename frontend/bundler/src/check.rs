//! `cargo xtask ci`: what must hold before a change is accepted.

use std::path::Path;

use crate::failure::Outcome;
use crate::progress::step;
use crate::scripts;
use crate::test;
use crate::tool::Tool;
use crate::tree::Tree;
use crate::wasm;

/// The folders whose TypeScript is checked; each pins its own compiler.
const TYPESCRIPT: [&str; 2] = ["frontend/editor", "tests/e2e"];

/// Format, lints (of benchmarks too), types, and every test.
pub(crate) fn everything(tree: &Tree) -> Outcome {
    wasm::ensure_target()?;
    step("format (rustfmt)", || cargo(tree.root(), &["fmt", "--all", "--check"]))?;
    step("lints (clippy)", || {
        cargo(tree.root(), &["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"])
    })?;
    step("lints of the page (clippy)", || {
        let browser = ["clippy", "--quiet", "--target", wasm::TARGET];
        let packages =
            ["--package", "studio-frontend", "--package", "studio-linter", "--package", "studio-parser"];
        cargo(tree.root(), &[&browser[..], &packages, &["--", "-D", "warnings"]].concat())
    })?;
    for folder in TYPESCRIPT {
        scripts::check_types(tree, folder)?;
    }
    test::test(tree, true)
}

fn cargo(root: &Path, args: &[&str]) -> Outcome {
    Tool::cargo().args(args).within(root).run()
}
