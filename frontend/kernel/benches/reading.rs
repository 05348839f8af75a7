//! How fast migrations are read: `cargo bench -p studio-kernel --bench reading`.
//! The migration set of this repository, and real migrations where STUDIO_CORPORA names the folder that
//! `cargo xtask corpora` prints.

use std::{env, fs, hint::black_box, io, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sqlparser::{dialect::PostgreSqlDialect, tokenizer::Tokenizer};
use studio_kernel::{
    migration::{Migration, SourceFile},
    schema::Schema,
    sql::{parse, parse_in_full, significant_tokens},
};

/// Folders of the corpora that are no migrations: suites and templates.
const NO_MIGRATIONS: [&str; 3] = ["postgresql-", "squawk-parser", "nominatim"];

/// All `.sql` files below a folder, one behind the other.
fn text_of(folder: &Path) -> io::Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !NO_MIGRATIONS.iter().any(|start| name.starts_with(start)) {
            text += &text_of(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            text += &fs::read_to_string(path)?;
        }
    }
    Ok(text)
}

fn measure(criterion: &mut Criterion, name: &str, text: &str) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("split and classify", |bencher| {
        bencher.iter_with_large_drop(|| parse(black_box(text)));
    });
    group.bench_function("split, classify and free", |bencher| bencher.iter(|| parse(black_box(text))));
    group.bench_function("tokens", |bencher| bencher.iter(|| significant_tokens(black_box(text))));
    let dialect = PostgreSqlDialect {};
    group.bench_function("a peer: sqlparser's tokens alone", |bencher| {
        bencher.iter_with_large_drop(|| Tokenizer::new(&dialect, black_box(text)).tokenize());
    });
    group.sample_size(10);
    group.bench_function("with sqlparser's trees", |bencher| {
        bencher.iter_with_large_drop(|| parse_in_full(black_box(text)));
    });
    group.finish();
}

/// The migrations of other projects; empty where their folder is not named.
fn real_migrations() -> String {
    let folder = env::var_os("STUDIO_CORPORA").map(|corpora| Path::new(&corpora).join("sql"));
    folder.map(|folder| text_of(&folder).unwrap_or_default()).unwrap_or_default()
}

fn reading(criterion: &mut Criterion) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    measure(criterion, "migrations", &text_of(&own).unwrap_or_default());
    let real = real_migrations();
    if !real.is_empty() {
        measure(criterion, "real migrations", &real);
    }
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
    let undone = megabyte(|number| {
        format!("create table t{number} (id serial primary key);begin;drop table t{number};rollback;\n")
    });
    let real = real_migrations();
    let pieces: Vec<&str> = real.split_inclusive(";\n").collect();
    let real = megabyte(|number| pieces.get(number).map_or_else(String::new, |piece| (*piece).to_owned()));
    let files = [
        ("copies of the set", copies),
        ("real migrations", real),
        ("small tables", tables),
        ("tables that go", drops),
        ("drops that are rolled back", undone),
    ];
    let mut group = criterion.benchmark_group("a megabyte");
    group.sample_size(10);
    for (name, file) in files.into_iter().filter(|(_, file)| !file.text.is_empty()) {
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
