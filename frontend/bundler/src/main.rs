//! `cargo xtask …`: builds, runs and tests the studio.
//! The commands only; each step has its own file.

mod engine;
mod failure;
mod machine;
mod progress;
mod tool;

use std::process::ExitCode;

use failure::{Failure, Outcome};

const USAGE: &str = "\
Usage: cargo xtask <command>

  engine    fetch the embedded PostgreSQL and print its folder";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    match dispatch(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str) -> Outcome {
    match command {
        "engine" => engine::provision().map(|folder| println!("{}", folder.display())),
        _ => Err(Failure::new(USAGE)),
    }
}
