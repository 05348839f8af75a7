//! Every rule's page holds, and the real set is clean.

use harness::{mdtest::check_page, tree};
use studio_kernel::{
    lint::{Settings, finding::Severity, lint, render, rules},
    migration::{MigrationSet, SourceFile},
    text::LineIndex,
};

#[test]
fn every_page_holds() {
    let rules = rules();
    let known: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
    let wrong: Vec<String> = rules.iter().flat_map(|rule| check_page(rule.id, &known, rule.help)).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// A second rule of the same id would never be seen.
#[test]
fn ids_are_unique_and_name_a_pattern() {
    let ids: Vec<&str> = rules().iter().map(|rule| rule.id).collect();
    for pair in ids.windows(2) {
        assert!(pair[0] < pair[1], "{pair:?}");
    }
    for id in ids {
        assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{id}");
    }
}

/// The set that is delivered has no error, and every suppression in it is of use and says why.
#[test]
fn the_real_set_is_clean() {
    let files = tree::files().into_iter().filter_map(|file| {
        let path = file.path.strip_prefix("migrations/").filter(|path| path.ends_with(".sql"))?;
        Some(SourceFile { path: path.to_owned(), text: file.text.clone() })
    });
    let set = MigrationSet::new(files);
    let paths: Vec<&str> = set.files().iter().map(|file| file.path.as_str()).collect();
    assert!(!paths.is_empty());
    let report = lint(&set, &paths, &Settings::default());
    let unwelcome: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.allowed.is_none())
        .filter(|finding| finding.severity == Severity::Error || finding.rule == "suppression-hygiene")
        .map(|finding| {
            let text = set.get(&finding.file).map_or("", |file| file.text.as_str());
            render(finding, text, &LineIndex::new(text))
        })
        .collect();
    assert!(unwelcome.is_empty(), "\n{}", unwelcome.join("\n"));
    assert!(report.coverage.statements > 100, "{:?}", report.coverage);
}
