//! `cargo xtask …`: builds, runs and tests the studio.
//! The commands only; each step has its own file, and README.md beside this folder says what they
//! make.

mod build;
mod cache;
mod check;
mod corpora;
mod dist;
mod engine;
mod extensions;
mod failure;
mod files;
mod machine;
mod progress;
mod readers;
mod run;
mod scripts;
mod split;
mod stamp;
mod test;
mod tool;
mod tree;
mod wasm;

use std::process::ExitCode;

use failure::{Failure, Outcome};
use tree::Tree;

const USAGE: &str = "\
Usage: cargo xtask <command>

  run [-- ARGS]  build everything and start the studio; ARGS go to `studio serve`
  build          build the page and the server
  test           build, and run every test of this machine
  ci             check format, lints and types, and run every test; nothing is skipped
  dist           make one file that is the whole studio
  engine         fetch the embedded PostgreSQL and print its folder
  readers        fetch the Supabase CLI and sqlx, which tests compare with the studio
  corpora        fetch the SQL files that the reader is tested on and print their folder";

#[derive(Clone, Copy)]
enum Command {
    Run,
    Build,
    Test,
    Ci,
    Dist,
    Engine,
    Readers,
    Corpora,
}

impl Command {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "run" => Self::Run,
            "build" => Self::Build,
            "test" => Self::Test,
            "ci" => Self::Ci,
            "dist" => Self::Dist,
            "engine" => Self::Engine,
            "readers" => Self::Readers,
            "corpora" => Self::Corpora,
            _ => return None,
        })
    }

    fn execute(self, tree: &Tree, args: &[String]) -> Outcome {
        match self {
            Self::Run => run::run(tree, args),
            Self::Build => build::build(tree),
            Self::Test => test::test(tree, std::env::var_os("CI").is_some()),
            Self::Ci => check::everything(tree),
            Self::Dist => build::release_file(tree),
            Self::Engine => engine::provision().map(|folder| println!("{}", folder.display())),
            Self::Readers => readers::provision(tree),
            Self::Corpora => {
                let folder = corpora::provision(&engine::provision()?)?;
                println!("{}", folder.display());
                Ok(())
            }
        }
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first().and_then(|(word, rest)| Some((Command::parse(word)?, rest))) {
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        Some((command, rest)) => {
            let rest = rest.strip_prefix(&["--".to_owned()]).unwrap_or(rest);
            match accepted(command, rest).and_then(|()| command.execute(&Tree::find(), rest)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => {
                    eprintln!("\n{failure}");
                    ExitCode::FAILURE
                }
            }
        }
    }
}

/// Only `run` has somebody to pass arguments to.
fn accepted(command: Command, args: &[String]) -> Outcome {
    match (command, args) {
        (Command::Run, _) | (_, []) => Ok(()),
        (_, [first, ..]) => Err(Failure::new(format!("`{first}` is not understood.\n\n{USAGE}"))),
    }
}
