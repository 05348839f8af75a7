//! `studio lint PATHS…`: the linter's verdict, for people and for programs.

use std::{path::PathBuf, process::ExitCode};

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};
use studio_kernel::{
    lint::{
        self, Settings,
        finding::{Coverage, Finding, Severity},
    },
    text::LineIndex,
    words::count,
};

use super::{input, output::outln, print_json, unusable, verdict};

/// Arguments of `studio lint`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files or folders; the files of one folder are read as one set
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Show findings that a file allows with a reason, too
    #[arg(long)]
    allowed: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// Annotations of a GitHub workflow
    Github,
    /// SARIF 2.1.0
    Sarif,
}

#[derive(Serialize)]
struct Answer {
    findings: Vec<Finding>,
    coverage: Read,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Read {
    statements: usize,
    parsed: usize,
    unknown_dynamic: usize,
}

/// Lints; a finding that no file allows ends with 1.
pub fn run(args: &Args) -> ExitCode {
    let inputs = match input::read(&args.paths) {
        Ok(inputs) => inputs,
        Err(error) => return unusable(error),
    };
    let mut answer = Answer { findings: Vec::new(), coverage: Read::default() };
    let mut shown = Vec::new();
    for input in &inputs {
        let report = lint::lint_in_full(&input.set, &input.paths(), &Settings::default());
        let Coverage { statements, parsed, unknown_dynamic, .. } = report.coverage;
        answer.coverage.statements += statements;
        answer.coverage.parsed += parsed;
        answer.coverage.unknown_dynamic += unknown_dynamic;
        let findings: Vec<Finding> =
            report.findings.into_iter().filter(|finding| finding.allowed.is_none() || args.allowed).collect();
        for of_file in findings.chunk_by(|one, next| one.file == next.file) {
            let text = of_file.first().and_then(|finding| input.set.get(&finding.file));
            let text = text.map_or("", |file| &file.text);
            let lines = LineIndex::new(text);
            for finding in of_file {
                let finding = Finding { file: input.shown(&finding.file), ..finding.clone() };
                if matches!(args.format, Format::Text) {
                    shown.push(lint::render(&finding, text, &lines));
                }
                answer.findings.push(finding);
            }
        }
    }
    let fine = answer.findings.iter().all(|finding| finding.allowed.is_some());
    match args.format {
        Format::Text => print_text(&answer, &shown),
        Format::Json => {
            print_json(&answer);
        }
        Format::Github => answer.findings.iter().for_each(|finding| outln!("{}", annotation(finding))),
        Format::Sarif => {
            print_json(&sarif(&answer.findings));
        }
    }
    verdict(fine)
}

fn print_text(answer: &Answer, shown: &[String]) {
    shown.iter().for_each(|finding| outln!("{finding}"));
    let Read { statements, parsed, unknown_dynamic } = answer.coverage;
    let findings = count(answer.findings.len(), "finding");
    let unknown = match unknown_dynamic {
        0 => String::new(),
        executed => format!("; {executed} EXECUTE of text that nobody can know before it runs"),
    };
    outln!("{findings}; {parsed} of {statements} statements fully read{unknown}.");
}

/// A workflow command (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).
fn annotation(finding: &Finding) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    format!(
        "::{level} file={},line={},col={},title={}::{} {}",
        property(&finding.file),
        finding.line,
        finding.column,
        property(&finding.rule),
        data(&finding.message),
        data(&finding.help),
    )
}

fn sarif(findings: &[Finding]) -> Value {
    let level = |severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let rules = lint::rules();
    let rules = rules.iter().map(|rule| {
        json!({
            "id": rule.id,
            "defaultConfiguration": { "level": level(rule.severity) },
            "help": { "text": rule.help, "markdown": rule.help },
        })
    });
    let results = findings.iter().map(|finding| {
        let mut result = json!({
            "ruleId": finding.rule,
            "level": level(finding.severity),
            "message": { "text": finding.message },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": finding.file },
                "region": {
                    "startLine": finding.line,
                    "startColumn": finding.column,
                    "byteOffset": finding.span.start,
                    "byteLength": finding.span.len(),
                },
            } }],
        });
        if let Some(reason) = &finding.allowed {
            result["suppressions"] = json!([{ "kind": "inSource", "justification": reason }]);
        }
        result
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "studio",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}
