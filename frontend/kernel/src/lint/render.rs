//! A finding as text for a terminal or a log: where, what, the line with a caret, what to do.
//! It knows no colours and no other format.

use super::finding::Finding;
use crate::text::LineIndex;

/// Longest source line that is printed, in characters.
const LONGEST: usize = 160;

/// Draws a finding. `text` and `lines` are of the finding's file; they are read once per file, not once per
/// finding.
pub fn render(finding: &Finding, text: &str, lines: &LineIndex) -> String {
    let Finding { file, rule, severity, message, line, column, .. } = finding;
    let mut out = format!("{file}:{line}:{column}: {severity}: {message} [{rule}]\n");
    if let Some(span) = lines.line(text, *line) {
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        let source: String = span.of(text).trim_end().chars().take(LONGEST).collect();
        let width = source.chars().count();
        let lead: String = source.chars().take(column - 1).map(blank).collect();
        let shown = finding.span.end.min(span.end).saturating_sub(finding.span.start);
        let marked = text.get(finding.span.start..finding.span.start + shown).unwrap_or_default();
        let carets = marked.chars().count().clamp(1, width.saturating_sub(column - 1).max(1));
        out.push_str(&format!("{gutter} |\n{number} | {source}\n{gutter} | {lead}{}\n", "^".repeat(carets)));
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
        let file = SourceFile { path: "1_a.sql".into(), text: text.into() };
        let report = lint(&MigrationSet::new([file]), &["1_a.sql"], &Settings::default());
        let finding = report.findings.iter().find(|finding| finding.rule == "drop-table").unwrap();
        let expected = "1_a.sql:2:13: warning: All rows of \"ß_old\" are gone with it, and no rollback brings them \
                        back. [drop-table]\n  |\n2 | \tdrop table ß_old;\n  | \t           ^^^^^\n  help: Rename it \
                        first and drop it a release later, when nothing has missed it.\n";
        assert_eq!(render(finding, text, &LineIndex::new(text)), expected);
    }
}
