//! The tree's own rules. Each check is a function of files that returns what is wrong, so that a test can
//! show it failing.

mod arrows;
mod documents;
mod sources;

use arrows::{crate_arrows, kernel_arrows, misplaced};
use documents::{dead_links, invariants, unknown_commands};
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
fn documents_name_real_things() {
    let files = files();
    let readme = text_of(&files, "README.md");
    let dead = [dead_links(readme), dead_links(text_of(&files, "ARCHITECTURE.md"))].concat();
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
    caught(dead_links(&file("README.md", "[x](nowhere/at/all.md)")[0]));
    caught(unknown_commands("cargo xtask run, cargo xtask test, cargo xtask fly", "    Run,\n    Test,"));
}
