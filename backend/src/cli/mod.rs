//! The command line: one file per command. Exit codes: 0 fine, 1 findings or a failed check, 2 wrong usage
//! or unreadable input.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a closed pipe would end the program in the middle of a run"
)]

pub mod apply;
mod audit;
pub mod graph;
mod input;
pub mod inspect;
pub mod lint;
mod output;
pub mod plan;
pub mod serve;
mod servers;
mod start_link;
pub mod status;

use std::{fmt::Display, process::ExitCode};

use clap::{Parser, Subcommand};

use self::output::{errln, outln, whole};
use crate::config::Config;

/// Write, lint, review, prove and run SQL migrations for PostgreSQL and Supabase
#[derive(Debug, Parser)]
#[command(name = "studio", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the studio to browsers
    Serve(Box<Config>),
    /// Check the audit log, or write it out
    #[command(subcommand)]
    Audit(Box<audit::What>),
    /// Judge migration files
    Lint(lint::Args),
    /// List the statements of a file, with the objects they name
    Inspect(inspect::Args),
    /// Say what a run of these files would do on an empty ledger: segments, statements, locks
    Plan(plan::Args),
    /// Say what files need of each other, what does not fit, and what rollbacks and validations leave out
    Graph(graph::Args),
    /// Apply files to a database, each with its ledger row
    Apply(apply::Args),
    /// Undo files with their rollback files, newest first
    Rollback(apply::Args),
    /// Run validation files in a transaction that is undone
    Validate(apply::Args),
    /// Compare files with a database's ledger: pending, applied, edited since
    Status(status::Args),
}

impl Cli {
    /// Does what it says; the exit code tells how it went.
    pub async fn run(self) -> ExitCode {
        match self.command {
            Command::Serve(config) => serve::run(*config).await,
            Command::Audit(what) => whole(audit::run(*what).await),
            Command::Lint(args) => whole(lint::run(&args)),
            Command::Inspect(args) => whole(inspect::run(&args)),
            Command::Plan(args) => whole(plan::run(&args)),
            Command::Graph(args) => whole(graph::run(&args)),
            Command::Apply(args) => apply::run(&args, apply::Deed::Apply).await,
            Command::Rollback(args) => apply::run(&args, apply::Deed::Rollback).await,
            Command::Validate(args) => apply::run(&args, apply::Deed::Validate).await,
            Command::Status(args) => whole(status::run(&args).await),
        }
    }
}

/// What a check ends with.
fn verdict(fine: bool) -> ExitCode {
    ExitCode::from(if fine { 0 } else { 1 })
}

/// Says on standard error why nothing could be done.
fn unusable(error: impl Display) -> ExitCode {
    errln!("error: {error}");
    ExitCode::from(2)
}

/// Prints one JSON document.
fn print_json(value: &impl serde::Serialize) -> ExitCode {
    match serde_json::to_string_pretty(value) {
        Ok(text) => {
            outln!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => unusable(error),
    }
}
