//! The folder that the server embeds, `frontend/dist`: files named by their content, compressed
//! copies beside them, the page that names them, and what is loaded first weighed against its bars.
//!
//! `frontend/index.html` says `{{asset:NAME}}` where an address belongs; the names are those of
//! [`assets`]. Scripts learn addresses from the page's meta tags, so that no script's content, and
//! so no script's hash, depends on another file's hash; only `boot.js` names the later modules of
//! the page, which `split.rs` has named already.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::failure::{Failure, Outcome};
use crate::files;
use crate::progress::{say, step};
use crate::scripts;
use crate::split;
use crate::tool::Tool;
use crate::tree::Tree;
use crate::wasm;

/// What a first visit loads before anything can be seen, beside the page itself.
const CRITICAL: [&str; 3] = ["studio.css", "boot.js", "app.wasm"];

/// The bar for a first visit, in brotli bytes.
const CRITICAL_LIMIT: u64 = 275_000;

/// The bar for what answers a keystroke, in brotli bytes.
const LINTER_LIMIT: u64 = 375_000;

/// The address of the page itself.
const PAGE: &str = "index.html";

/// The names that `index.html` may use, and the files behind them.
fn assets(tree: &Tree) -> [(&'static str, PathBuf); 9] {
    let script = |name: &str| scripts::bundle_folder(tree).join(name);
    let module = |name: &str| wasm::glue_folder(tree).join(name);
    [
        ("app.wasm", module("app_bg.wasm")),
        ("boot.js", script("boot.js")),
        ("editor.js", script("editor.js")),
        ("grammar.wasm", scripts::grammar(tree, "wasm")),
        ("linter.js", script("linter.js")),
        ("linter.wasm", module("linter_bg.wasm")),
        ("parser.wasm", module("parser_bg.wasm")),
        ("parsers.js", script("parsers.js")),
        ("studio.css", script("studio.css")),
    ]
}

/// Brings `frontend/dist` to the present state: new files first, the page last, old files away.
/// A server that is being compiled meanwhile sees the old page or the new one, whole.
pub(crate) fn build(tree: &Tree) -> Outcome {
    let dist = tree.at("frontend/dist");
    let folder = dist.join("assets");
    files::create_folder(&folder)?;
    let mut hashed = BTreeMap::new();
    for (name, source) in assets(tree) {
        let bytes = files::read(&source)?;
        let file = hashed_name(name, &bytes);
        if !folder.join(&file).exists() {
            files::write(&folder.join(&file), bytes)?;
        }
        hashed.insert(name, file);
    }
    let mut later = Vec::new();
    for module in files::entries(&split::later_folder(tree))? {
        let file = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files::copy(&module, &folder.join(&file))?;
        later.push(file);
    }
    let page = fill_in(&files::read_text(&tree.at("frontend/index.html"))?, &hashed)?;
    // Compressed only to be measured: the server changes the page for each answer.
    let measured = tree.target("bundle").join(PAGE);
    files::write(&measured, &page)?;
    step("compressed copies (brotli)", || {
        let paths = hashed.values().chain(&later).map(|file| folder.join(file));
        let missing = paths.filter(|path| !compressed(path).exists());
        compress(missing.chain([measured.clone()]).collect())
    })?;
    files::write(&dist.join(PAGE), &page)?;
    let keep = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        hashed.values().chain(&later).any(|file| name.strip_suffix(".br").unwrap_or(&name) == file)
    };
    for old in files::entries(&folder)?.iter().filter(|path| !keep(path)) {
        files::remove_file(old)?;
    }
    report(&folder, &hashed, &later, &measured)
}

/// `app.wasm` becomes `app-0123456789abcdef.wasm`.
pub(crate) fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let (stem, extension) = name.split_once('.').unwrap_or((name, "bin"));
    format!("{stem}-{hash}.{extension}")
}

fn fill_in(template: &str, hashed: &BTreeMap<&str, String>) -> Outcome<String> {
    let mut page = template.to_owned();
    for (name, file) in hashed {
        page = page.replace(&format!("{{{{asset:{name}}}}}"), &format!("/assets/{file}"));
    }
    match page.split_once("{{asset:") {
        None => Ok(page),
        Some((_, rest)) => {
            let name = rest.split("}}").next().unwrap_or_default();
            let known: Vec<&str> = hashed.keys().copied().collect();
            Err(Failure::new(format!(
                "frontend/index.html names the asset `{name}`, which nothing builds. It can name: {}.",
                known.join(", ")
            )))
        }
    }
}

fn compress(paths: Vec<PathBuf>) -> Outcome {
    let script = include_str!("compress.mjs");
    Tool::node().args(["--input-type=module", "--eval", script, "--"]).args(paths).run()
}

fn compressed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    PathBuf::from(name)
}

/// Says what each file weighs on the wire, and fails when a first visit weighs too much.
fn report(folder: &Path, hashed: &BTreeMap<&str, String>, later: &[String], page: &Path) -> Outcome {
    let weight = |path: &Path| -> Outcome<u64> {
        let path = compressed(path);
        let meta = fs::metadata(&path);
        Ok(meta.map_err(Failure::while_doing(format_args!("Measuring {}", path.display())))?.len())
    };
    let mut first_visit = weight(page)?;
    let mut linter = 0;
    let mut lazy = Vec::new();
    let mut critical = vec![format!("{PAGE} {}", kilobytes(first_visit))];
    for (name, file) in hashed {
        let weight = weight(&folder.join(file))?;
        let line = format!("{name} {}", kilobytes(weight));
        if CRITICAL.contains(name) {
            first_visit += weight;
            critical.push(line);
        } else {
            linter += if *name == "linter.wasm" { weight } else { 0 };
            lazy.push(line);
        }
    }
    for file in later {
        lazy.push(format!("{file} {}", kilobytes(weight(&folder.join(file))?)));
    }
    let sum = kilobytes(first_visit);
    let limit = kilobytes(CRITICAL_LIMIT);
    let critical = critical.join(", ");
    say(format_args!("first visit {sum} of {limit} brotli: {critical}; later: {}", lazy.join(", ")));
    if linter > LINTER_LIMIT {
        let (linter, limit) = (kilobytes(linter), kilobytes(LINTER_LIMIT));
        return Err(Failure::new(format!(
            "linter.wasm weighs {linter}, more than {limit}. Make it smaller."
        )));
    }
    match first_visit <= CRITICAL_LIMIT {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "A first visit loads {sum}, more than {limit} ({critical}). \
             Make app.wasm smaller, or move a page to frontend/src/pages/later.rs."
        ))),
    }
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_gets_addresses_and_an_unknown_name_is_refused() {
        let hashed = BTreeMap::from([("boot.js", hashed_name("boot.js", b"1"))]);
        let page = fill_in("<script src=\"{{asset:boot.js}}\">", &hashed).unwrap();
        assert_eq!(page, "<script src=\"/assets/boot-6b86b273ff34fce1.js\">");
        let failure = fill_in("{{asset:boots.js}}", &hashed).unwrap_err().to_string();
        assert!(failure.contains("`boots.js`") && failure.contains("boot.js."), "{failure}");
    }
}
