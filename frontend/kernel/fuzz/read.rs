//! Looks for texts that break the reader, guided by coverage. The stable toolchain is enough:
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

use studio_kernel::sql::{parse, significant_tokens};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut end = 0;
    for statement in parse(text).statements {
        assert!(end <= statement.span.start && !statement.span.of(text).is_empty());
        end = statement.span.end;
    }
    significant_tokens(text);
});
