//! `studio lint PATHS…`: the linter's verdict, for people and for programs.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

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
        let Coverage { statements, parsed, .. } = report.coverage;
        answer.coverage.statements += statements;
        answer.coverage.parsed += parsed;
        let texts: BTreeMap<&str, (&str, LineIndex)> = input
            .set
            .files()
            .iter()
            .map(|file| (file.path.as_str(), (file.text.as_str(), LineIndex::new(&file.text))))
            .collect();
        for mut finding in report.findings {
            if finding.allowed.is_some() && !args.allowed {
                continue;
            }
            let text = texts.get(finding.file.as_str());
            finding.file = input.shown(&finding.file);
            shown.extend(text.map(|(text, lines)| lint::render(&finding, text, lines)));
            answer.findings.push(finding);
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
    let Read { statements, parsed } = answer.coverage;
    let findings = count(answer.findings.len(), "finding");
    outln!("{findings}; {parsed} of {statements} statements fully read.");
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
