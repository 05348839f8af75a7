//! `studio inspect FILE`: the statements of a file with the objects they name.

use std::{path::PathBuf, process::ExitCode};

use clap::ValueEnum;
use serde::Serialize;
use studio_kernel::{
    sql::{
        self,
        statement::{ObjectKind, ObjectRole, Reading, Statement},
    },
    text::LineIndex,
};

use super::{output::outln, unusable};
use crate::services::folder::read_text;

/// Arguments of `studio inspect`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A .sql file
    file: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Serialize)]
struct Inspection {
    statements: Vec<Inspected>,
}

#[derive(Serialize)]
struct Inspected {
    start: usize,
    end: usize,
    kind: String,
    objects: Vec<Object>,
    parsed: bool,
}

#[derive(Serialize)]
struct Object {
    role: ObjectRole,
    kind: ObjectKind,
    name: String,
}

/// Prints the statements.
pub fn run(args: &Args) -> ExitCode {
    let text = match read_text(&args.file) {
        Ok(text) => text,
        Err(reason) => return unusable(format!("{} cannot be read: {reason}.", args.file.display())),
    };
    let statements: Vec<Inspected> = sql::parse_in_full(&text).statements.iter().map(inspected).collect();
    match args.format {
        Format::Json => super::print_json(&Inspection { statements }),
        Format::Text => {
            let lines = LineIndex::new(&text);
            for statement in statements {
                print(&statement, lines.line_of(statement.start));
            }
            ExitCode::SUCCESS
        }
    }
}

fn inspected(statement: &Statement) -> Inspected {
    let objects = statement.objects.iter().map(|object| Object {
        role: object.role,
        kind: object.kind,
        name: object.name.to_string(),
    });
    Inspected {
        start: statement.span.start,
        end: statement.span.end,
        kind: statement.kind.to_string(),
        objects: objects.collect(),
        parsed: statement.reading.is_some_and(Reading::has_tree),
    }
}

fn print(statement: &Inspected, line: usize) {
    let Inspected { start, end, kind, objects, parsed } = statement;
    let outline = if *parsed { "" } else { "  (outline only)" };
    outln!("{line:>5}  {start}..{end}  {kind}{outline}");
    for Object { role, kind, name } in objects {
        outln!("       {role} {kind} {name}");
    }
}
