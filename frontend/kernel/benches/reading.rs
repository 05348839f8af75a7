//! How fast the migration set is read: `cargo bench -p studio-kernel --bench reading`.

use std::{fs, hint::black_box, io, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use studio_kernel::sql::{outline, parse, significant_tokens};

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

criterion_group!(benches, reading);
criterion_main!(benches);
