//! How fast an edit is answered: `cargo bench -p studio-linter --bench editing`.
//! A file of 10,000 lines, made of copies of this repository's migrations, lies behind them in their set; one letter in
//! its middle goes back and forth.

use std::{collections::BTreeSet, fs, hint::black_box, io, path::Path};

use criterion::{Criterion, criterion_group, criterion_main};
use studio_kernel::{
    lint::{self, Settings},
    migration::{MigrationSet, SourceFile},
    plan,
};

#[path = "../src/analyser.rs"]
#[expect(dead_code, reason = "the bench uses what an edit uses")]
mod analyser;
#[path = "../src/grammar.rs"]
#[expect(dead_code, reason = "the bench uses what an edit uses")]
mod grammar;
#[path = "../src/names.rs"]
mod names;
#[path = "../src/wire.rs"]
mod wire;

use analyser::Analyser;

const LINES: usize = 10_000;
const LONG: &str = "20990101000000_long.sql";

/// The `.sql` files below a folder, by path.
fn files(root: &Path, below: &Path, found: &mut Vec<SourceFile>) -> io::Result<()> {
    for entry in fs::read_dir(below)? {
        let path = entry?.path();
        if path.is_dir() {
            files(root, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            let below = path.strip_prefix(root).unwrap_or(&path);
            let text = fs::read_to_string(&path)?;
            found.push(SourceFile { path: below.to_string_lossy().into_owned(), text });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(())
}

/// Copies of the files, each copy with tables of its own, up to so many lines.
fn long(set: &[SourceFile], enough: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    for copy in 0.. {
        for file in set.iter().filter(|file| !file.path.contains('/')) {
            if enough(&text) {
                return text;
            }
            text += &file.text.replace("archon_", &format!("archon_{copy}_"));
        }
        if text.is_empty() {
            break;
        }
    }
    text
}

/// The text, and the same with one letter more in the middle of a name.
fn edited(text: &str) -> [SourceFile; 2] {
    let middle =
        text.len() / 2 + text.get(text.len() / 2..).and_then(|rest| rest.find("archon_")).unwrap_or(0);
    let mut other = text.to_owned();
    other.insert(middle + 3, 'x');
    [text.to_owned(), other].map(|text| SourceFile { path: LONG.to_owned(), text })
}

fn editing(criterion: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut set = Vec::new();
    files(&root, &root, &mut set).unwrap_or_default();
    let text = long(&set, |text| text.lines().count() >= LINES);
    let versions = edited(&text);
    let mut group = criterion.benchmark_group(format!("{LINES} lines"));
    group.sample_size(20);

    let mut analyser = Analyser::new(BTreeSet::new(), None);
    set.iter().cloned().for_each(|file| analyser.put(file));
    let mut turns = versions.iter().cycle();
    let mut edit = || turns.next().cloned().unwrap_or_else(|| versions[0].clone());
    group.bench_function("an edit, answered", |bencher| {
        bencher.iter_with_large_drop(|| serde_json::to_string(&analyser.analyse(edit())));
    });
    let analysis = analyser.analyse(edit());
    group.bench_function("of that: JSON", |bencher| {
        bencher.iter_with_large_drop(|| serde_json::to_string(black_box(&analysis)));
    });

    let mut files = MigrationSet::new(set.iter().cloned());
    group.bench_function("of that: reading", |bencher| bencher.iter(|| files.put(edit())));
    let settings = Settings::default();
    group.bench_function("of that: lint", |bencher| {
        bencher.iter_with_large_drop(|| lint::lint(black_box(&files), &[LONG], &settings));
    });
    group.bench_function("of that: plan", |bencher| {
        bencher.iter_with_large_drop(|| plan::plan(black_box(&files), &[LONG], &BTreeSet::new()));
    });
    let made = plan::plan(&files, &[LONG], &BTreeSet::new());
    group.bench_function("of that: outline", |bencher| {
        let file = files.get(LONG);
        bencher.iter_with_large_drop(|| file.map(|file| analyser::outline(black_box(file), &made, None)));
    });
    group.bench_function("after a pause: names", |bencher| {
        bencher.iter_with_large_drop(|| names::of(black_box(&files)));
    });
    group.finish();

    let mut group = criterion.benchmark_group("a megabyte");
    group.sample_size(10);
    let long = SourceFile { path: LONG.to_owned(), text: long(&set, |text| text.len() >= 1_000_000) };
    group.bench_function("a first answer", |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut analyser = Analyser::new(BTreeSet::new(), None);
            serde_json::to_string(&analyser.analyse(black_box(long.clone())))
        });
    });
    group.finish();
}

criterion_group!(benches, editing);
criterion_main!(benches);
