//! The tree's own rules. Each check is a function of files that returns what is wrong, so that a test can
//! show it failing.

mod arrows;
mod documents;
mod sources;

use arrows::{crate_arrows, kernel_arrows, misplaced};
use documents::{LOCKS, dead_links, invariants, security, unknown_commands, unpinned};
use harness::tree::{TreeFile, files};
use sources::{machine_traces, machine_words, raw_colours, too_long, without_purpose};

fn text_of<'a>(files: &'a [TreeFile], path: &str) -> &'a TreeFile {
    files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path} is missing"))
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn arrows_hold() {
    let files = files();
    assert_none(&[kernel_arrows(&files), crate_arrows(&files), misplaced(&files)].concat());
}

#[test]
fn sources_are_in_order() {
    let files = files();
    assert_none(
        &[too_long(&files), without_purpose(&files), raw_colours(&files), machine_traces(&files)].concat(),
    );
}

#[test]
fn invariants_name_their_tests() {
    let files = files();
    assert_none(&invariants(&text_of(&files, "ARCHITECTURE.md").text, &files));
}

#[test]
fn security_names_its_tests() {
    let files = files();
    assert_none(&security(&text_of(&files, "backend/SECURITY.md").text, &files));
}

#[test]
fn components_come_from_public_registries_and_are_pinned_by_hash() {
    let files = files();
    for lock in LOCKS {
        assert_none(&unpinned(text_of(&files, lock)));
    }
}

#[test]
fn documents_name_real_things() {
    let files = files();
    let readme = text_of(&files, "README.md");
    let linked =
        ["ARCHITECTURE.md", "backend/SECURITY.md", "backend/SERVING.md"].map(|path| text_of(&files, path));
    let dead = linked.into_iter().chain([readme]).flat_map(dead_links).collect::<Vec<_>>();
    let commands = unknown_commands(&readme.text, &text_of(&files, "frontend/bundler/src/main.rs").text);
    assert_none(&[dead, commands].concat());
}

/// Every check above, shown failing.
#[test]
fn checks_can_fail() {
    let file = |path: &str, text: &str| vec![TreeFile { path: path.to_owned(), text: text.to_owned() }];
    let caught = |found: Vec<String>| assert!(!found.is_empty());
    caught(kernel_arrows(&file("frontend/kernel/src/sql/lex.rs", "use crate::lint::finding::Finding;")));
    caught(kernel_arrows(&file("frontend/kernel/src/text.rs", "use crate::{\n    name::Ident,\n};")));
    caught(crate_arrows(&file("frontend/kernel/Cargo.toml", "studio-backend.workspace = true")));
    caught(misplaced(&file("frontend/kernel/src/lint/mod.rs", "use sqlparser::ast;")));
    caught(misplaced(&file("backend/src/routes/runs.rs", "use tokio_postgres::Client;")));
    caught(raw_colours(&file("style/base.css", "a { color: #fff; }")));
    caught(raw_colours(&file("style/base.css", "a { color: var(--text) !important; }")));
    caught(too_long(&file("backend/src/main.rs", &"\n".repeat(401))));
    caught(without_purpose(&file("backend/src/main.rs", "fn main() {}")));
    caught(machine_traces(&file("README.md", &machine_words()[0])));
    caught(invariants("\n## Invariants\n\n1. Nothing is lost.\n", &[]));
    caught(invariants("\n## Invariants\n\n1. Nothing is lost. Guarded by `a.rs` · `gone`.\n", &[]));
    let row =
        |cells: &str| format!("\n## ASVS\n\n| row | state | how | shown by |\n|--|--|--|--|\n| {cells} |\n");
    assert_none(&security(&row("1.2.3 1.2.5–1.2.7 | does not hold | it is so |"), &[]));
    caught(security(&row("1.2.3 | holds | | `tests/a.rs` · `gone`"), &[]));
    caught(security(&row("1.2.3 | holds | it is so |"), &[]));
    caught(security(&row("1.2.3 | holds | it is so | [nowhere](#nowhere)"), &[]));
    caught(security(&row("1.2.3 | in part | | `tests/a.rs` · `gone`"), &[]));
    caught(security(&row("1.2.3 | does not hold | |"), &[]));
    caught(security(&row("1.2.x | does not hold | it is so |"), &[]));
    caught(security("\n## Zones\n", &[]));
    for (path, text) in [
        ("Cargo.lock", "\nsource = \"git+https://a.example/b\"\n"),
        ("Cargo.lock", "\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n"),
        ("package-lock.json", "\"a\": {\n      \"version\": \"1.0.0\",\n      \"license\": \"MIT\"\n"),
        ("package-lock.json", "{}"),
    ] {
        caught(unpinned(&file(path, text)[0]));
    }
    caught(dead_links(&file("README.md", "[x](nowhere/at/all.md)")[0]));
    caught(unknown_commands("cargo xtask run, cargo xtask test, cargo xtask fly", "    Run,\n    Test,"));
}
