//! How fast the migration set is read: `cargo bench -p studio-kernel --bench reading`.

use std::{fs, hint::black_box, io, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use studio_kernel::{
    migration::{Migration, SourceFile},
    schema::Schema,
    sql::{outline, parse, significant_tokens},
};

/// All `.sql` files below a folder, one behind the other.
fn text_of(folder: &Path) -> io::Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            text += &text_of(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            text += &fs::read_to_string(path)?;
        }
    }
    Ok(text)
}

fn reading(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let text = text_of(&folder).unwrap_or_default();
    let mut group = criterion.benchmark_group("migrations");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("split and classify", |bencher| bencher.iter(|| outline(black_box(&text))));
    group.bench_function("parse", |bencher| bencher.iter(|| parse(black_box(&text))));
    group.bench_function("tokens", |bencher| bencher.iter(|| significant_tokens(black_box(&text))));
    group.finish();
}

/// A megabyte of what `piece` gives for each number, as one file.
fn megabyte(piece: impl Fn(usize) -> String) -> Migration {
    let mut text = String::new();
    for number in 0.. {
        let piece = piece(number);
        if piece.is_empty() || text.len() > 1_000_000 {
            break;
        }
        text += &piece;
    }
    Migration::read(SourceFile { path: "1_long.sql".to_owned(), text })
}

fn modelling(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let set = text_of(&folder).unwrap_or_default();
    let copies = megabyte(|number| set.replace("public.", &format!("public.copy_{number}_")));
    let tables = megabyte(|number| {
        format!("create table t{number} (id serial primary key, a int unique references t0);\n")
    });
    let drops = megabyte(|number| {
        format!("create table t{number} (id serial primary key, a int check (a > 0));drop table t{number};\n")
    });
    let mut group = criterion.benchmark_group("a megabyte");
    group.sample_size(10);
    for (name, file) in [("copies of the set", copies), ("small tables", tables), ("tables that go", drops)] {
        group.throughput(Throughput::Bytes(file.text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut schema = Schema::default();
                schema.apply(black_box(&file));
                schema
            });
        });
    }
    group.finish();
}

criterion_group!(benches, reading, modelling);
criterion_main!(benches);
