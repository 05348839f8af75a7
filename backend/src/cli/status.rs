//! `studio status PATHS…`: which files a database has, as its ledger records them.

use std::{path::PathBuf, process::ExitCode};

use clap::ValueEnum;
use serde::Serialize;
use studio_kernel::{migration::Migration, run::api::FileState};

use super::{
    apply::{Database, cannot},
    input,
    output::outln,
    print_json, unusable, verdict,
};
use crate::{
    pg::target::{TargetError, ledger::LedgerRow},
    services::{migrations::file_state, target::ledger},
};

/// Arguments of `studio status`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files or folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    database: Database,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// The whole answer.
#[derive(Serialize)]
struct Status {
    target: String,
    files: Vec<FileStatus>,
    /// Recorded versions without a file.
    without_file: Vec<String>,
}

#[derive(Serialize)]
struct FileStatus {
    path: String,
    version: Option<String>,
    state: FileState,
}

/// Prints the states; ends with 1 when a file was edited after it was applied, or a recorded one is gone.
pub async fn run(args: &Args) -> ExitCode {
    let inputs = match input::read(&args.paths) {
        Ok(inputs) => inputs,
        Err(error) => return unusable(error),
    };
    let (name, rows) = match recorded(&args.database).await {
        Ok(recorded) => recorded,
        Err(error) => return cannot(&error),
    };
    let files: Vec<&Migration> = inputs.iter().flat_map(|input| input.set.files()).collect();
    let known =
        |row: &&LedgerRow| !files.iter().any(|file| file.file_name.version.as_ref() == Some(&row.version));
    let without_file = rows.iter().filter(known).map(|row| row.version.clone()).collect();
    let files = files.iter().map(|file| FileStatus {
        path: file.path.clone(),
        version: file.file_name.version.clone(),
        state: file_state(file, Some(&rows)),
    });
    let status = Status { target: name, files: files.collect(), without_file };
    match args.format {
        Format::Json => drop(print_json(&status)),
        Format::Text => print(&status),
    }
    let edited = status.files.iter().any(|file| file.state == FileState::Edited);
    verdict(!edited && status.without_file.is_empty())
}

async fn recorded(database: &Database) -> Result<(String, Vec<LedgerRow>), TargetError> {
    let target = database.target()?;
    let rows = ledger(&target).await?.rows;
    Ok((target.name().to_owned(), rows))
}

fn print(status: &Status) {
    outln!("{}", status.target);
    for file in &status.files {
        outln!("{:<9} {}", file.state.as_str(), file.path);
    }
    for version in &status.without_file {
        outln!("no file   {version}");
    }
}
