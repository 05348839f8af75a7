//! The schema, the graph and the triples of the real migration set; and that no text is too odd for them.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::{fs, path::Path};

use proptest::prelude::*;
use studio_kernel::{
    graph::{coverage, graph, order},
    migration::{MigrationSet, SourceFile},
    schema::Schema,
};

fn read(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "sql") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no file");
    files
}

fn set() -> MigrationSet {
    let mut files = Vec::new();
    for below in ["", "maintenance/", "rollback/", "validate/"] {
        let found = read(&format!("migrations/{below}"));
        let path = |(name, text)| SourceFile { path: format!("{below}{name}"), text };
        files.extend(found.into_iter().map(path));
    }
    MigrationSet::new(files)
}

#[test]
fn the_sets_graph_fits_its_headers_and_its_order() {
    let set = set();
    let graph = graph(&set);
    assert_eq!(graph.misfits, []);
    let order = order(&set, &graph);
    assert_eq!(order.cycles, Vec::<Vec<String>>::new());
    let paths: Vec<&str> = set.forward_files().map(|file| file.path.as_str()).collect();
    assert_eq!(order.paths, paths);
    for rollback in set.files().iter().filter(|file| file.path.starts_with("rollback/")) {
        let forward = set.forward_of(rollback).unwrap();
        let drops =
            |edge: &&studio_kernel::graph::Edge| edge.from == rollback.path && edge.to == forward.path;
        assert!(graph.edges.iter().find(drops).unwrap().objects.len() > 5, "{}", rollback.path);
    }
}

#[test]
fn every_triple_of_the_set_is_whole() {
    let triples = coverage(&set());
    assert!(triples.len() >= 3, "the triples are not there");
    for triple in triples {
        assert!(triple.is_whole() && !triple.unknown && triple.makes.len() > 30, "{triple:#?}");
    }
}

/// Statements of every kind that the fold reads, cut anywhere and glued in any order.
fn mangled() -> impl Strategy<Value = String> {
    let texts: Vec<Vec<char>> = [read("backend/tests/model/fixtures"), read("migrations")]
        .concat()
        .into_iter()
        .map(|(_, text)| text.chars().collect())
        .collect();
    let piece = (0..texts.len(), any::<prop::sample::Index>(), 0..300_usize);
    let glue = prop_oneof![Just(""), Just(" "), Just(";"), Just("'"), Just("("), Just("\n"), Just(" table ")];
    prop::collection::vec((piece, glue), 1..8).prop_map(move |pieces| {
        let mut out = String::new();
        for ((text, start, length), glue) in pieces {
            let start = start.index(texts[text].len());
            out.extend(texts[text].iter().skip(start).take(length));
            out += glue;
        }
        out
    })
}

proptest! {
    /// Whatever stands there, the fold ends, says the same again, and comes back from its own snapshot.
    #[test]
    fn any_text_folds(texts in prop::collection::vec(mangled(), 1..4)) {
        let mut files: Vec<SourceFile> = Vec::new();
        for (at, text) in texts.into_iter().enumerate() {
            let path = if at == 2 { "rollback/r.sql".to_owned() } else { format!("{at}_a.sql") };
            files.push(SourceFile { path, text: format!("-- forward: 0_a\n{text}") });
        }
        let set = MigrationSet::new(files);
        let schema = Schema::of(&set);
        prop_assert_eq!(format!("{:?}", schema.effects()), format!("{:?}", Schema::of(&set).effects()));
        let snapshot = schema.snapshot();
        prop_assert_eq!(Schema::from(&snapshot).snapshot().entries.len(), snapshot.entries.len());
        order(&set, &graph(&set));
        coverage(&set);
    }
}
