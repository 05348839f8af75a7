//! A rule: a constant with a function pointer; and the pen it writes findings with.

use super::{
    facts::FileFacts,
    finding::{Finding, Fix, Severity},
};
use crate::{
    graph::Step,
    migration::Migration,
    text::{Edit, Span, shown},
    words::count,
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

/// Findings of one rule in one file; the rest is counted. Nobody mends more one by one, and each is sent to every reader.
pub(super) const NAMED: usize = 1_000;

/// Collects the findings of one rule in one file.
pub(super) struct Remarks<'a> {
    rule: &'a Rule,
    file: &'a Migration,
    findings: &'a mut Vec<Finding>,
    /// How many findings there were before.
    before: usize,
    /// How many there are beyond [`NAMED`], the last of them, and the worst of those before it.
    more: usize,
    last: Option<Finding>,
    worst: Option<Severity>,
}

impl<'a> Remarks<'a> {
    pub(super) fn new(rule: &'a Rule, file: &'a Migration, findings: &'a mut Vec<Finding>) -> Self {
        Self { rule, file, before: findings.len(), findings, more: 0, last: None, worst: None }
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
        if at - self.before >= NAMED {
            self.more += 1;
            self.worst = self.worst_of_rest();
            return Remark(self.last.insert(finding));
        }
        self.findings.push(finding);
        Remark(&mut self.findings[at])
    }

    /// When the file is read to its end: how many findings are not named.
    pub(super) fn end(mut self) {
        let worst = self.worst_of_rest();
        if let Some((last, severity)) = self.last.take().zip(worst) {
            let message = format!("{} of this rule in this file.", count(self.more, "more finding"));
            // Behind all statements, so that what allows one of them allows none of the others.
            let span = Span::at(self.file.text.len());
            self.findings.push(Finding { message, severity, span, fix: None, ..last });
        }
    }

    /// What is left out is as bad as the worst of it; the worst severity is the first.
    fn worst_of_rest(&self) -> Option<Severity> {
        self.worst.into_iter().chain(self.last.as_ref().map(|last| last.severity)).min()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lint::{Settings, lint},
        migration::MigrationSet,
    };

    #[test]
    fn of_very_many_findings_the_rest_is_counted() {
        for many in [NAMED, NAMED + 1, 3 * NAMED] {
            let text = "drop table public.gone;\n".repeat(many);
            let set = MigrationSet::new([("1_a.sql", text.as_str()).into()]);
            let found = lint(&set, &["1_a.sql"], &Settings::default()).findings;
            let found: Vec<&Finding> = found.iter().filter(|finding| finding.rule == "drop-table").collect();
            let rest = found.last().map(|last| (last.message.as_str(), last.span));
            let said = format!("{} of this rule in this file.", count(many - NAMED, "more finding"));
            match many - NAMED {
                0 => assert_eq!(found.len(), NAMED),
                _ => {
                    assert_eq!((found.len(), rest), (NAMED + 1, Some((said.as_str(), Span::at(text.len())))))
                }
            }
        }
    }

    #[test]
    fn nothing_allows_the_rest_but_what_allows_all() {
        let one = "-- studio: allow drop-table because it is a test\ndrop table public.gone;\n";
        let open = |text: String| {
            let set = MigrationSet::new([("1_a.sql", text.as_str()).into()]);
            let found = lint(&set, &["1_a.sql"], &Settings::default()).findings;
            found.iter().filter(|finding| finding.rule == "drop-table" && finding.allowed.is_none()).count()
        };
        assert_eq!(open(one.repeat(NAMED)), 0);
        assert_eq!(open(one.repeat(NAMED + 1)), 1);
    }

    #[test]
    fn what_is_counted_is_as_bad_as_the_worst_of_it() {
        let file = Migration::read(("1_a.sql", "select 1;").into());
        let rule = crate::lint::rules::ALL[0];
        let mut findings = Vec::new();
        let mut remarks = Remarks::new(rule, &file, &mut findings);
        for at in 0..NAMED + 3 {
            let severity = if at == NAMED + 1 { Severity::Error } else { Severity::Info };
            remarks.at(Span::at(0), "x").severity(severity);
        }
        remarks.end();
        assert_eq!(findings.last().map(|last| last.severity), Some(Severity::Error));
    }
}
