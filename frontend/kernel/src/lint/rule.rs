//! A rule: a constant with a function pointer; and the pen it writes findings with.

use super::{
    facts::FileFacts,
    finding::{Finding, Fix, Severity},
};
use crate::{
    graph::Step,
    migration::Migration,
    text::{Edit, Span, shown},
};

/// What is looked for, how bad it is, and the page that explains and tests it.
#[derive(Debug)]
pub(super) struct Rule {
    /// Names the pattern found; "allow …" must read well.
    pub(super) id: &'static str,
    /// The first release that has it.
    pub(super) since: &'static str,
    /// Unless a finding says otherwise.
    pub(super) severity: Severity,
    /// Markdown: help, examples and tests at once.
    pub(super) help: &'static str,
    /// Where it looks.
    pub(super) check: Check,
}

/// Where a rule looks.
#[derive(Debug)]
pub(super) enum Check {
    /// At each statement, those in bodies included.
    Step(fn(&FileFacts<'_>, &Step<'_>, &mut Remarks<'_>)),
    /// At the file as a whole.
    File(fn(&FileFacts<'_>, &mut Remarks<'_>)),
    /// At the comments; done by `allow` once all findings are there.
    Comments,
}

/// Collects the findings of one rule in one file.
pub(super) struct Remarks<'a> {
    rule: &'a Rule,
    file: &'a Migration,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Remarks<'a> {
    pub(super) fn new(rule: &'a Rule, file: &'a Migration, findings: &'a mut Vec<Finding>) -> Self {
        Self { rule, file, findings }
    }

    /// A finding: what is wrong and what it causes.
    pub(super) fn at(&mut self, span: Span, message: impl Into<String>) -> Remark<'_> {
        let finding = Finding {
            file: self.file.path.clone(),
            rule: self.rule.id.to_owned(),
            severity: self.rule.severity,
            message: shown(&message.into()).into_owned(),
            span,
            line: 0,
            column: 0,
            help: String::new(),
            fix: None,
            allowed: None,
        };
        let at = self.findings.len();
        self.findings.push(finding);
        Remark(&mut self.findings[at])
    }

    /// A finding about the file as a whole, at its first line.
    pub(super) fn file(&mut self, message: impl Into<String>) -> Remark<'_> {
        let end = self.file.text.find('\n').unwrap_or(self.file.text.len());
        self.at(Span::new(0, end), message)
    }
}

/// The finding just made.
pub(super) struct Remark<'a>(&'a mut Finding);

impl Remark<'_> {
    pub(super) fn severity(self, severity: Severity) -> Self {
        self.0.severity = severity;
        self
    }

    /// What to do instead.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        self.0.help = help.into();
        self
    }

    /// A repair, where there is a safe one.
    pub(super) fn fix(self, fix: Option<Fix>) -> Self {
        self.0.fix = fix;
        self
    }
}

/// A repair that puts `text` at `offset`.
pub(super) fn insertion(title: &str, offset: usize, text: impl Into<String>) -> Fix {
    Fix { title: title.to_owned(), edits: vec![Edit { span: Span::at(offset), text: text.into() }] }
}
