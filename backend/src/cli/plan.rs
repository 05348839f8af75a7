//! `studio plan PATHS…`: what a run of these files would do, without asking a database.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use clap::ValueEnum;
use studio_kernel::plan::{Plan, PlannedFile, SegmentKind, plan};

use super::{input, output::outln, print_json, unusable, verdict};

/// Arguments of `studio plan`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files or folders, all of one migrations folder, in the order they run
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Say the locks of this major version of PostgreSQL; without it, the strongest of any
    #[arg(long, value_name = "MAJOR", value_parser = clap::value_parser!(u16).range(13..=18))]
    postgres: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Prints the plan; a plan that must not run ends with 1.
pub fn run(args: &Args) -> ExitCode {
    let inputs = match input::read(&args.paths) {
        Ok(inputs) => inputs,
        Err(error) => return unusable(error),
    };
    let [input] = inputs.as_slice() else {
        return unusable("A plan takes files of one migrations folder.");
    };
    let mut plan = plan(&input.set, &input.paths(), &BTreeSet::new());
    // The neighbours tell whose index it is, and which partitions and foreign keys there are.
    let neighbours = input.whole();
    plan.lock_for(neighbours.as_ref().unwrap_or(&input.set), args.postgres);
    match args.format {
        Format::Json => {
            print_json(&plan);
        }
        Format::Text => print(&plan),
    }
    verdict(plan.refusals.is_empty())
}

/// For people.
pub(super) fn print(plan: &Plan) {
    for file in &plan.files {
        print_file(file);
    }
    for refusal in &plan.refusals {
        outln!("refused  {} [{}] {}", refusal.path, refusal.code, refusal.message);
    }
}

fn print_file(file: &PlannedFile) {
    outln!("{}  {}", file.purpose, file.path);
    for (number, segment) in file.segments.iter().enumerate() {
        let kind = match segment.kind {
            SegmentKind::Transaction => "one transaction",
            SegmentKind::Standalone => "on its own, outside any transaction",
        };
        let because = if segment.reason.is_empty() { "" } else { ": " };
        outln!("  segment {}, {kind}{because}{}", number + 1, segment.reason);
        for statement in &segment.statements {
            outln!("  {:>5}  {}", statement.line, statement.summary);
            for lock in statement.locks.iter().filter(|lock| lock.is_notable()) {
                outln!("         {lock}");
            }
        }
    }
}
