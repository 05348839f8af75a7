//! A finding as text for a terminal or a log: where, what, the line with a caret, what to do.
//! It knows no colours and no other format.

use super::finding::Finding;
use crate::text::{LineIndex, floor};

/// How much of a source line is printed, in bytes before the finding and behind its start.
const BEFORE: usize = 100;
const BEHIND: usize = 120;

/// Draws a finding. `text` and `lines` are of the finding's file; they are read once per file, not once per
/// finding.
pub fn render(finding: &Finding, text: &str, lines: &LineIndex) -> String {
    let Finding { file, rule, severity, message, line, column, span, .. } = finding;
    let mut out = format!("{file}:{line}:{column}: {severity}[{rule}] {message}\n");
    if let Some(whole) = lines.line(text, *line) {
        let start = floor(text, span.start.saturating_sub(BEFORE)).max(whole.start);
        let end = floor(text, span.start + BEHIND).min(whole.end).max(start);
        let source = text.get(start..end).unwrap_or_default().trim_end();
        let lead: String = text.get(start..span.start).unwrap_or_default().chars().map(blank).collect();
        let marked = text.get(span.start..span.end.min(start + source.len())).unwrap_or_default();
        let carets = "^".repeat(marked.chars().count().max(1));
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        out.push_str(&format!("{gutter} |\n{number} | {source}\n{gutter} | {lead}{carets}\n"));
    }
    if let Some(reason) = &finding.allowed {
        out.push_str(&format!("  allowed because {reason}\n"));
    } else if !finding.help.is_empty() {
        out.push_str(&format!("  help: {}\n", finding.help));
    }
    out
}

/// What stands under a character so that the caret meets its column: tabs stay tabs.
const fn blank(character: char) -> char {
    if character == '\t' { '\t' } else { ' ' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lint::{Settings, lint},
        migration::{MigrationSet, SourceFile},
    };

    #[test]
    fn the_caret_stands_under_the_name() {
        let text = "select 'ä';\n\tdrop table ß_old;\n";
        let file = SourceFile::from(("1_a.sql", text));
        let report = lint(&MigrationSet::new([file]), &["1_a.sql"], &Settings::default());
        let finding = report.findings.iter().find(|finding| finding.rule == "drop-table").unwrap();
        let expected = "1_a.sql:2:13: warning[drop-table] All rows of \"ß_old\" are gone with it, and no rollback \
                        brings them back.\n  |\n2 | \tdrop table ß_old;\n  | \t           ^^^^^\n  help: Rename it \
                        first and drop it a release later, when nothing has missed it.\n";
        assert_eq!(render(finding, text, &LineIndex::new(text)), expected);
    }

    #[test]
    fn of_a_long_line_the_place_is_shown() {
        let text = format!("select {}1; drop table old; select 2{};", "ä, ".repeat(200), ", ß".repeat(200));
        let file = SourceFile::from(("1_a.sql", text.clone()));
        let report = lint(&MigrationSet::new([file]), &["1_a.sql"], &Settings::default());
        let finding = report.findings.iter().find(|finding| finding.rule == "drop-table").unwrap();
        let shown = render(finding, &text, &LineIndex::new(&text));
        let [_, _, source, marks, _] = shown.lines().collect::<Vec<_>>()[..] else { panic!("{shown}") };
        assert!(source.chars().count() < 250, "{shown}");
        let marked: String = source
            .chars()
            .zip(marks.chars())
            .filter(|(_, mark)| *mark == '^')
            .map(|(source, _)| source)
            .collect();
        assert_eq!(marked, "old");
    }
}
