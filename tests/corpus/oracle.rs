//! PostgreSQL's grammar as the judge: `oracle.mjs` in one process for all texts.

use std::{
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;
use studio_kernel::name::{Ident, QualifiedName};

use crate::blank::filled;

/// What PostgreSQL says of a text.
pub(crate) type Verdict = Result<Vec<Truth>, String>;

/// What PostgreSQL says of a statement.
pub(crate) struct Truth {
    /// From behind the statement before to its end, in bytes.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: String,
    pub(crate) objects: Vec<Named>,
    /// How many actions an ALTER TABLE has.
    pub(crate) actions: Option<usize>,
    /// The tables its queries read.
    pub(crate) reads: Option<Vec<QualifiedName>>,
    /// What its body holds, when it is PL/pgSQL or SQL; `Err` when the parser gave up on it.
    pub(crate) body: Option<Result<BodyTruth, String>>,
}

/// An object as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) role: String,
    pub(crate) kind: String,
    pub(crate) name: QualifiedName,
    pub(crate) of: Option<QualifiedName>,
}

/// What a body holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BodyTruth {
    /// Its statements in a line each, sorted.
    pub(crate) embedded: Vec<String>,
    /// The statements in executed literals, sorted.
    pub(crate) literal: Vec<String>,
    /// How many `format(literal …)` are executed.
    pub(crate) templates: usize,
    /// How many EXECUTE cannot be known.
    pub(crate) unknown: usize,
    /// Level and format of each RAISE, sorted.
    pub(crate) raises: Vec<(String, String)>,
    /// Conditions of each handler, sorted.
    pub(crate) handlers: Vec<Vec<String>>,
    pub(crate) transaction: bool,
}

/// Asks about all texts; the answers stand in their order. `modules` holds `node_modules`.
pub(crate) fn judge(modules: &Path, texts: &[String]) -> io::Result<Vec<Verdict>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/oracle.mjs");
    let mut child =
        Command::new("node").arg(script).arg(modules).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut lines = Vec::new();
    for text in texts {
        serde_json::to_writer(&mut lines, text)?;
        lines.push(b'\n');
    }
    let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let writer = thread::spawn(move || input.write_all(&lines));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| io::Error::other("writing to the oracle"))??;
    let answers = String::from_utf8(output.stdout).map_err(io::Error::other)?;
    // `#option dump` of PL/pgSQL prints between the answers.
    let answers = answers.lines().filter(|line| line.starts_with('{'));
    let verdicts = answers.map(|line| Ok(verdict(&serde_json::from_str(line)?)));
    let verdicts = verdicts.collect::<io::Result<Vec<Verdict>>>()?;
    if !output.status.success() || verdicts.len() != texts.len() {
        let message = format!("the oracle answered {} of {} texts", verdicts.len(), texts.len());
        return Err(io::Error::other(message));
    }
    Ok(verdicts)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default()
}

fn verdict(answer: &Value) -> Verdict {
    match answer["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(list(&answer["statements"]).map(truth).collect()),
    }
}

fn truth(statement: &Value) -> Truth {
    let body = &statement["bodies"];
    let read = || match body["unreadable"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(body_truth(body)),
    };
    Truth {
        start: number(&statement["start"]),
        end: number(&statement["end"]),
        kind: word(&statement["kind"]),
        objects: list(&statement["objects"]).map(named).collect(),
        actions: statement["actions"].is_u64().then(|| number(&statement["actions"])),
        reads: statement["reads"].as_array().map(|reads| reads.iter().filter_map(name).collect()),
        body: body.is_object().then(read),
    }
}

fn named(object: &Value) -> Named {
    let [role, kind] = [0, 1].map(|at| word(&object[at]));
    Named { role, kind, name: name(&object[2]).unwrap_or_default(), of: name(&object[3]) }
}

fn name(parts: &Value) -> Option<QualifiedName> {
    let mut parts: Vec<Ident> = list(parts).map(|part| Ident::exact(filled(&word(part)))).collect();
    let name = parts.pop()?;
    Some(QualifiedName { schema: parts.pop(), name })
}

fn body_truth(body: &Value) -> BodyTruth {
    let mut truth = BodyTruth {
        embedded: list(&body["embedded"]).map(word).collect(),
        literal: list(&body["literal"]).map(word).collect(),
        templates: number(&body["templates"]),
        unknown: number(&body["unknown"]),
        raises: list(&body["raises"]).map(|one| (word(&one[0]), word(&one[1]))).collect(),
        handlers: list(&body["handlers"]).map(|one| list(one).map(word).collect()).collect(),
        transaction: body["transaction"] == true,
    };
    truth.embedded.sort();
    truth.literal.sort();
    truth.raises.sort();
    // A name that stands for several codes is there once for each.
    truth.handlers.iter_mut().for_each(Vec::dedup);
    truth.handlers.sort();
    truth
}
