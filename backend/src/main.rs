//! The program `studio`: arguments to a command. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser as _;
use studio_backend::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().run().await
}
