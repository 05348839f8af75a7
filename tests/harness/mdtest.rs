//! Rule pages as tests. A page explains a rule; its blocks are what the rule must and must not find.
//! It knows no rule: it lints each block and compares.
//!
//! Blocks stand under `## Flagged` or `## Accepted`. A line that ends in `-- error: rule-id` expects a finding
//! of that rule to start in it; every other finding is surplus. `-- file: path` starts another file of the
//! same set. Every repair a block offers must remove its finding, add none, and come to an end.

use std::collections::BTreeMap;

use studio_kernel::{
    lint::{Settings, finding::Finding, lint},
    migration::{MigrationSet, SourceFile},
    text,
};

/// Where a block's text stands when it names no file.
const EXAMPLE: &str = "20260101000000_example.sql";

/// Marks an expected finding.
const MARK: &str = "-- error: ";

/// A block of SQL in a page.
struct Block<'a> {
    /// The line of the page it starts in, from 1.
    line: usize,
    flagged: bool,
    sql: &'a str,
}

/// What is wrong with a rule's page, a sentence each; empty when the page holds.
pub fn check_page(id: &str, known: &[&str], page: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = (false, false);
    if !page.starts_with(&format!("# {id}\n")) {
        wrong.push(format!("{id}: the page does not open with its rule's id"));
    }
    for block in blocks(page) {
        let (files, expected) = read(&block);
        let own = expected.iter().any(|(_, _, rule)| rule == id);
        match block.flagged {
            true => seen.0 |= own,
            false => seen.1 = true,
        }
        let place = format!("{id}, block in line {}", block.line);
        for (_, _, rule) in &expected {
            if !known.contains(&rule.as_str()) {
                wrong.push(format!("{place}: there is no rule {rule}"));
            }
            if !block.flagged && rule == id {
                wrong.push(format!("{place}: an accepted block expects the rule's own finding"));
            }
        }
        if block.flagged && !own {
            wrong.push(format!("{place}: a flagged block expects no finding of its rule"));
        }
        wrong.extend(compare(&files, expected).into_iter().map(|what| format!("{place}: {what}")));
        wrong.extend(laws(&files).into_iter().map(|what| format!("{place}: {what}")));
    }
    for (seen, name) in [(seen.0, "flagged"), (seen.1, "accepted")] {
        if !seen {
            wrong.push(format!("{id}: no {name} block"));
        }
    }
    wrong
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let (mut heading, mut open, mut offset) = ("", None, 0);
    for (at, line) in page.split_inclusive('\n').enumerate() {
        let text = line.trim_end();
        match open {
            Some((first, start)) if text == "```" => {
                let flagged = heading == "Flagged";
                found.push(Block { line: first, flagged, sql: &page[start..offset] });
                open = None;
            }
            None if text == "```sql" && ["Flagged", "Accepted"].contains(&heading) => {
                open = Some((at + 1, offset + line.len()));
            }
            None => heading = text.strip_prefix("## ").unwrap_or(heading),
            Some(_) => {}
        }
        offset += line.len();
    }
    found
}

/// File, line and rule of a finding.
type Place = (String, usize, String);

fn read(block: &Block<'_>) -> (Vec<SourceFile>, Vec<Place>) {
    let mut files: Vec<SourceFile> = Vec::new();
    let mut expected = Vec::new();
    for line in block.sql.split_inclusive('\n') {
        if let Some(path) = line.trim_end().strip_prefix("-- file: ") {
            files.push(SourceFile { path: path.to_owned(), text: String::new() });
            continue;
        }
        if files.is_empty() {
            files.push(SourceFile { path: EXAMPLE.to_owned(), text: String::new() });
        }
        let Some(file) = files.last_mut() else { continue };
        file.text.push_str(line);
        let number = file.text.lines().count();
        if let Some((_, rules)) = line.split_once(MARK) {
            let rules = rules.split(',').map(|rule| rule.trim().to_owned());
            expected.extend(rules.map(|rule| (file.path.clone(), number, rule)));
        }
    }
    (files, expected)
}

fn findings(files: &[SourceFile]) -> Vec<Finding> {
    let set = MigrationSet::new(files.iter().cloned());
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let report = lint(&set, &paths, &Settings::default());
    report.findings.into_iter().filter(|finding| finding.allowed.is_none()).collect()
}

fn compare(files: &[SourceFile], mut expected: Vec<Place>) -> Vec<String> {
    let mut wrong = Vec::new();
    for finding in findings(files) {
        let place = (finding.file, finding.line, finding.rule);
        match expected.iter().position(|other| *other == place) {
            Some(at) => drop(expected.swap_remove(at)),
            None => wrong.push(format!("surplus: {}:{} {}: {}", place.0, place.1, place.2, finding.message)),
        }
    }
    wrong.extend(expected.iter().map(|(file, line, rule)| format!("missing: {file}:{line} {rule}")));
    wrong
}

/// What the repairs of these files break.
fn laws(files: &[SourceFile]) -> Vec<String> {
    let mut wrong = Vec::new();
    let before = findings(files);
    if before != findings(files) {
        wrong.push("two runs differ".to_owned());
    }
    for finding in before.iter().filter(|finding| finding.fix.is_some()) {
        match fixed(files, finding) {
            None => wrong.push(format!("the repair of {} does not fit the text", finding.rule)),
            Some(after) => wrong.extend(outcome(finding, &count(&before), &count(&findings(&after)))),
        }
    }
    wrong.extend(endless(files, before.len()));
    wrong
}

fn fixed(files: &[SourceFile], finding: &Finding) -> Option<Vec<SourceFile>> {
    let mut files = files.to_vec();
    let file = files.iter_mut().find(|file| file.path == finding.file)?;
    file.text = text::apply(&file.text, &finding.fix.as_ref()?.edits)?;
    Some(files)
}

fn count(findings: &[Finding]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.rule.clone()).or_insert(0) += 1;
    }
    counts
}

fn outcome(
    finding: &Finding,
    before: &BTreeMap<String, usize>,
    after: &BTreeMap<String, usize>,
) -> Vec<String> {
    let of = |counts: &BTreeMap<String, usize>, rule: &str| counts.get(rule).copied().unwrap_or(0);
    let mut wrong = Vec::new();
    if of(after, &finding.rule) >= of(before, &finding.rule) {
        wrong.push(format!("the repair “{}” leaves its finding", repair(finding)));
    }
    for (rule, now) in after.iter().filter(|(rule, now)| **now > of(before, rule)) {
        wrong.push(format!("the repair “{}” adds a finding: {now} of {rule}", repair(finding)));
    }
    wrong
}

fn repair(finding: &Finding) -> &str {
    finding.fix.as_ref().map_or("", |fix| fix.title.as_str())
}

/// Repairing one finding after the other must end where nothing is left to repair.
fn endless(files: &[SourceFile], rounds: usize) -> Option<String> {
    let mut files = files.to_vec();
    for _ in 0..=rounds {
        let next = findings(&files).into_iter().find(|finding| finding.fix.is_some())?;
        files = fixed(&files, &next)?;
    }
    Some("repairing does not end".to_owned())
}
