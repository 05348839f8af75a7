//! Rules over a set of migrations: one pass over each file, same input, same bytes out.
//! It knows no database; what it is told of one stands in [`Settings`].

mod allow;
mod facts;
pub mod finding;
mod guard;
mod render;
mod rule;
mod rules;

pub use render::render;

use std::collections::BTreeSet;

use crate::{
    graph::{Step, steps},
    migration::{Migration, MigrationSet},
    sql::{Parsed, parse_in_full},
    text::LineIndex,
};
use facts::{FileFacts, SetFacts};
use finding::{Coverage, Finding, Report, Severity};
use rule::{Check, Remarks, Rule};

/// What linting depends on besides the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// PostgreSQL's major version, 13 to 18.
    pub server_version: u16,
    /// Schemas the Data API exposes; a table there needs row level security.
    pub exposed_schemas: Vec<String>,
    /// Versions the target has. What only other files make does not exist yet, so nobody waits for it: with
    /// an empty set the rules about locks exempt every table of the set.
    pub applied: BTreeSet<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { server_version: 15, exposed_schemas: vec!["public".to_owned()], applied: BTreeSet::new() }
    }
}

impl Settings {
    /// For a target with these versions applied and of this major version, where that is known.
    pub fn of_target(applied: BTreeSet<String>, server: Option<u16>) -> Self {
        let usual = Self::default();
        Self { applied, server_version: server.unwrap_or(usual.server_version), ..usual }
    }
}

/// A rule as the page and the command line show it.
#[derive(Clone, Copy, Debug)]
pub struct RuleInfo {
    /// Stable.
    pub id: &'static str,
    /// By default.
    pub severity: Severity,
    /// The first release that has it.
    pub since: &'static str,
    /// Markdown: help and tested examples in one.
    pub help: &'static str,
}

/// Every rule, by id.
pub fn rules() -> Vec<RuleInfo> {
    let info = |rule: &&Rule| {
        let Rule { id, severity, since, help, .. } = **rule;
        RuleInfo { id, severity, since, help }
    };
    let mut rules: Vec<RuleInfo> = rules::ALL.iter().map(info).collect();
    rules.sort_by_key(|rule| rule.id);
    rules
}

/// Lints the files `paths` names, each in the light of the whole set. Unknown paths are skipped.
pub fn lint(set: &MigrationSet, paths: &[&str], settings: &Settings) -> Report {
    let facts = SetFacts::new(set, settings);
    let paths: BTreeSet<&str> = paths.iter().copied().collect();
    let mut report = Report::default();
    for file in paths.iter().filter_map(|path| set.get(path)) {
        if set.is_stopped() {
            break;
        }
        lint_file(&facts, file, &mut report);
    }
    report
}

/// As [`lint`], with sqlparser asked about every statement.
pub fn lint_in_full(set: &MigrationSet, paths: &[&str], settings: &Settings) -> Report {
    let mut report = lint(set, paths, settings);
    let paths: BTreeSet<&str> = paths.iter().copied().collect();
    let files = paths.iter().filter_map(|path| set.get(path)).take_while(|_| !set.is_stopped());
    report.coverage.parsed = files.map(|file| with_tree(&parse_in_full(&file.text))).sum();
    report.coverage.unread = 0;
    report
}

fn with_tree(parsed: &Parsed) -> usize {
    let readings = parsed.forward().flat_map(|(_, statement)| statement.readings());
    readings.flatten().filter(|reading| reading.has_tree()).count()
}

fn lint_file(set: &SetFacts<'_>, file: &Migration, report: &mut Report) {
    let steps = steps(file);
    cover(&steps, &mut report.coverage);
    let facts = FileFacts::new(set, file, &steps);
    let mut findings: Vec<Finding> = Vec::new();
    for rule in rules::ALL {
        let mut remarks = Remarks::new(rule, file, &mut findings);
        match rule.check {
            Check::Step(check) => {
                let wanted = steps.iter().take_while(|_| !facts.set.set.is_stopped());
                wanted.for_each(|step| check(&facts, step, &mut remarks));
            }
            Check::File(check) => check(&facts, &mut remarks),
            Check::Comments => {}
        }
        remarks.end();
    }
    allow::apply(file, &mut findings);
    findings.sort_by(|a, b| (a.span, &a.rule, &a.message).cmp(&(b.span, &b.rule, &b.message)));
    if findings.is_empty() {
        return;
    }
    let lines = LineIndex::new(&file.text);
    let mut positions = lines.positions(&file.text);
    for finding in &mut findings {
        let place = positions.at(finding.span.start);
        (finding.line, finding.column) = (place.line, place.column);
    }
    report.findings.extend(findings);
}

fn cover(steps: &[Step<'_>], coverage: &mut Coverage) {
    for step in steps {
        coverage.statements += 1;
        match step.statement.reading {
            Some(reading) => coverage.parsed += usize::from(reading.has_tree()),
            None => coverage.unread += 1,
        }
        coverage.unknown_dynamic += step.statement.body().map_or(0, |body| body.unknown_dynamic.len());
    }
}
