//! Looks for texts that break the kernel, guided by coverage: reading, linting, planning, modelling. The stable toolchain
//! is enough:
//!
//! ```sh
//! cd frontend/kernel/fuzz
//! export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
//!     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
//!     -Cllvm-args=-sanitizer-coverage-trace-compares"
//! cargo run --release --target x86_64-unknown-linux-gnu -- SEEDS -max_total_time=600 -timeout=10
//! ```
//!
//! SEEDS is a folder with SQL files, such as one of those that `cargo xtask corpora` fetches.

#![no_main]

use std::collections::BTreeSet;

use studio_kernel::{
    graph::graph,
    lint::{Settings, lint},
    migration::MigrationSet,
    plan::plan,
    sql::{parse_in_full, significant_tokens},
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut end = 0;
    for statement in parse_in_full(text).statements {
        assert!(end <= statement.span.start && !statement.span.of(text).is_empty());
        end = statement.span.end;
    }
    significant_tokens(text);
    let path = "20250101000000_a.sql";
    let set = MigrationSet::new([(path, text).into()]);
    for finding in lint(&set, &[path], &Settings::default()).findings {
        assert!(text.get(finding.span.start..finding.span.end).is_some());
    }
    plan(&set, &[path], &BTreeSet::new());
    graph(&set);
});
