//! TypeScript and CSS to one file each, by the esbuild that `frontend/editor` pins.

use std::path::{Path, PathBuf};

use crate::failure::Outcome;
use crate::files;
use crate::progress::step;
use crate::stamp::Stamp;
use crate::tool::Tool;
use crate::tree::Tree;
use crate::wasm;

/// What esbuild makes, and from what.
const BUNDLES: [(&str, &str); 5] = [
    ("boot", "frontend/boot.ts"),
    ("editor", "frontend/editor/src/index.ts"),
    ("linter", "frontend/linter/entry.ts"),
    ("parsers", "frontend/linter/parsers.ts"),
    ("studio", "style/main.css"),
];

/// The name by which a script imports a wasm module's glue, and the glue.
const GLUE: [(&str, &str); 3] =
    [("studio-frontend", "app.js"), ("studio-linter", "linter.js"), ("studio-parser", "parser.js")];

/// Bundles everything into [`bundle_folder`].
pub(crate) fn build(tree: &Tree) -> Outcome {
    install_packages(tree, "frontend/editor")?;
    step("scripts and style (esbuild)", || {
        let mut esbuild = Tool::new(esbuild(tree), "Run `npm ci` in frontend/editor.")
            .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=utf8"])
            .args(["--entry-names=[name]", "--log-level=warning", "--legal-comments=none"])
            .arg(format!("--outdir={}", bundle_folder(tree).display()));
        for (name, glue) in GLUE {
            let glue = wasm::glue_folder(tree).join(glue);
            esbuild = esbuild.arg(format!("--alias:{name}={}", glue.display()));
        }
        let grammar = grammar(tree, "js");
        esbuild = esbuild.arg(format!("--alias:postgres-grammar={}", grammar.display()));
        // Its loader knows Node.js too, by modules that no browser asks for.
        esbuild = esbuild.arg("--external:node:*");
        // The app's glue names the script of its later modules once for each of them.
        esbuild = esbuild.arg("--log-override:duplicate-object-key=silent");
        for (name, source) in BUNDLES {
            esbuild = esbuild.arg(format!("{name}={source}"));
        }
        esbuild.within(tree.root()).run()
    })
}

/// PostgreSQL's own grammar for the worker: its loader (`js`) or its module (`wasm`).
pub(crate) fn grammar(tree: &Tree, extension: &str) -> PathBuf {
    tree.at("frontend/editor/node_modules/libpg-query/wasm").join(format!("libpg-query.{extension}"))
}

/// Where the bundled files are.
pub(crate) fn bundle_folder(tree: &Tree) -> PathBuf {
    tree.target("bundle/scripts")
}

/// The bundler of the page's scripts; the browser tests have their own.
fn esbuild(tree: &Tree) -> PathBuf {
    tree.at("frontend/editor/node_modules/.bin/esbuild")
}

/// Installs the npm packages of a folder exactly as its lock file says, if that has not happened.
pub(crate) fn install_packages(tree: &Tree, folder: &str) -> Outcome {
    let path = tree.at(folder);
    let pins = [path.join("package.json"), path.join("package-lock.json")];
    // In the folder itself, so that removing it removes the mark.
    let stamp = Stamp::of(path.join("node_modules/.studio-stamp"), &pins)?;
    if stamp.is_fresh() {
        return Ok(());
    }
    step(&format!("npm packages of {folder}"), || {
        Tool::npm().args(["ci", "--ignore-scripts"]).within(&path).output()?;
        files::create_folder(&path.join("node_modules"))?;
        stamp.set()
    })
}

/// Checks the types of a TypeScript folder with the compiler that it pins.
pub(crate) fn check_types(tree: &Tree, folder: &str) -> Outcome {
    install_packages(tree, folder)?;
    let path: &Path = &tree.at(folder);
    step(&format!("types of {folder} (tsc)"), || {
        let tsc = path.join("node_modules/.bin/tsc");
        Tool::new(tsc, "Pin typescript in package.json.").arg("--noEmit").within(path).run()
    })
}
