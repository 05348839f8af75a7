//! Bytes to UTF-16 units and back: the only place. Everything else in the page counts bytes.

use std::sync::Arc;

use serde::Serialize;
use studio_kernel::{
    lint::finding::{Finding, Severity},
    text::{Edit, Span, Utf16Map},
};

/// Findings and the text whose bytes they count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marked {
    /// The text they are of.
    pub(crate) text: Arc<str>,
    /// In any order; `Command::Fix` counts in this one.
    pub(crate) findings: Vec<Finding>,
}

/// The text the editor holds, as far as Rust was told.
#[derive(Debug)]
pub(super) struct Known {
    text: String,
    units: Utf16Map,
}

/// A finding as `frontend/editor/src/findings.ts` reads it.
#[derive(Serialize)]
struct Mark<'finding> {
    rule: &'finding str,
    severity: Severity,
    message: &'finding str,
    help: &'finding str,
    #[serde(flatten)]
    span: Span,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<MarkFix<'finding>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<&'finding str>,
}

#[derive(Serialize)]
struct MarkFix<'finding> {
    title: &'finding str,
    edits: Vec<Edit>,
}

impl Known {
    pub(super) fn new(text: String) -> Self {
        Self { units: Utf16Map::new(&text), text }
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// The byte offset of the editor's offset.
    pub(super) fn byte(&self, unit: u32) -> usize {
        self.units.to_byte(unit as usize).min(self.text.len())
    }

    /// A span in the editor's offsets.
    pub(super) fn units(&self, span: Span) -> Span {
        Span::new(self.units.to_utf16(span.start), self.units.to_utf16(span.end))
    }

    /// The findings as JSON for the editor; `None` when they are of another text.
    pub(super) fn marks(&self, marked: &Marked) -> Option<String> {
        if !self.is(&marked.text) {
            return None;
        }
        let marks: Vec<_> = marked.findings.iter().map(|finding| self.mark(finding)).collect();
        serde_json::to_string(&marks).ok()
    }

    fn mark<'finding>(&self, finding: &'finding Finding) -> Mark<'finding> {
        let edit = |edit: &Edit| Edit { span: self.units(edit.span), text: edit.text.clone() };
        let fix = finding
            .fix
            .as_ref()
            .map(|fix| MarkFix { title: &fix.title, edits: fix.edits.iter().map(edit).collect() });
        Mark {
            rule: &finding.rule,
            severity: finding.severity,
            message: &finding.message,
            help: &finding.help,
            span: self.units(finding.span),
            fix,
            allowed: finding.allowed.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use studio_kernel::lint::finding::Fix;

    use super::*;

    fn marked(text: &str, word: &str) -> Marked {
        let start = text.find(word).unwrap();
        let span = Span::new(start, start + word.len());
        let finding = Finding {
            file: "a.sql".to_owned(),
            rule: "r".to_owned(),
            severity: Severity::Error,
            message: "m".to_owned(),
            span,
            line: 1,
            column: 1,
            help: String::new(),
            fix: Some(Fix { title: "t".to_owned(), edits: vec![Edit { span, text: "x".to_owned() }] }),
            allowed: None,
        };
        Marked { text: text.into(), findings: vec![finding] }
    }

    #[test]
    fn findings_and_their_fixes_count_utf16() {
        let text = "-- 😀ß\ndrop";
        let marks = Known::new(text.to_owned()).marks(&marked(text, "drop")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&marks).unwrap();
        assert_eq!((&value[0]["start"], &value[0]["end"]), (&7.into(), &11.into()));
        assert_eq!(value[0]["fix"]["edits"][0]["start"], 7);
    }

    #[test]
    fn findings_of_another_text_are_not_shown() {
        assert_eq!(Known::new("drop ".to_owned()).marks(&marked("drop", "drop")), None);
    }

    #[test]
    fn an_offset_behind_the_end_is_the_end() {
        assert_eq!(Known::new("ß".to_owned()).byte(9), 2);
    }
}
