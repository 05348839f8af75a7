//! Suppressions: `-- studio: allow <rule> because <reason>` for the statement it precedes or stands in,
//! `-- studio: allow-file <rule> because <reason>` for the whole file. They are never silent: what is
//! malformed, unknown, double or of no use is a finding itself.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use super::{
    finding::{Finding, Fix},
    guard::indentation,
    rule::Remarks,
    rules,
};
use crate::{
    migration::Migration,
    sql::{
        lex::{Lexer, TokenKind},
        statement::{Body, Detail, Statement},
    },
    text::{Edit, Span},
};

/// What a directive starts with, behind the comment's marker.
const PREFIX: &str = "studio:";

/// Marks the findings that a suppression covers, and adds those about the suppressions.
pub(super) fn apply(file: &Migration, findings: &mut Vec<Finding>) {
    if !file.text.contains(PREFIX) {
        return;
    }
    let places = places(findings);
    let mut seen = BTreeSet::new();
    let mut flaws: Vec<(Span, String)> = Vec::new();
    for directive in directives(file) {
        let Directive { comment, covered, rule, reason } = match directive {
            Ok(directive) => directive,
            Err(flaw) => {
                flaws.push(flaw);
                continue;
            }
        };
        if !seen.insert((rule, covered)) {
            flaws.push((comment, format!("{rule} is allowed here already.")));
            continue;
        }
        let covered = covered.unwrap_or(Span::new(0, usize::MAX));
        let of_rule = places.get(rule).map_or(&[][..], Vec::as_slice);
        let first = of_rule.partition_point(|(span, _)| span.start < covered.start);
        let mut used = false;
        let reached = of_rule[first..].iter().take_while(|(span, _)| span.start < covered.end);
        for (_, at) in reached.filter(|(span, _)| covered.contains(*span)) {
            findings[*at].allowed.get_or_insert_with(|| reason.to_owned());
            used = true;
        }
        if !used {
            flaws.push((comment, format!("There is no {rule} here to allow.")));
        }
    }
    let mut remarks = Remarks::new(&rules::suppression_hygiene::RULE, file, findings);
    for (comment, flaw) in flaws {
        let help = "Write `-- studio: allow <rule> because <reason>` before the statement, or remove it.";
        remarks.at(comment, flaw).help(help).fix(Some(removal(&file.text, comment)));
    }
}

/// Where the findings of each rule stand, in order, so that each suppression looks only at its own stretch.
fn places(findings: &[Finding]) -> BTreeMap<String, Vec<(Span, usize)>> {
    let mut places: BTreeMap<String, Vec<(Span, usize)>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        places.entry(finding.rule.clone()).or_default().push((finding.span, at));
    }
    places.values_mut().for_each(|places| places.sort_unstable());
    places
}

/// A well-formed suppression.
struct Directive<'a> {
    comment: Span,
    /// The stretch it covers; `None` for the whole file.
    covered: Option<Span>,
    rule: &'a str,
    reason: &'a str,
}

/// All directives in order; for a malformed one its place and what is wrong.
fn directives(file: &Migration) -> Vec<Result<Directive<'_>, (Span, String)>> {
    let statements = &file.parsed.statements;
    let mut found = Vec::new();
    let mut ended = 0;
    for token in Lexer::new(&file.text) {
        match token.kind {
            TokenKind::Semicolon => ended = token.end,
            TokenKind::Comment => {
                let covered = covered(statements, token.span(), ended);
                found.extend(directive(&file.text, token.span(), covered));
            }
            _ => {}
        }
    }
    // The elements of a schema are no text of their own: their comments are found already.
    for statement in statements.iter().filter(|one| !matches!(one.detail, Detail::Schema(_))) {
        in_body(&file.text, statement, &mut found);
    }
    found.sort_by_key(|directive| match directive {
        Ok(directive) => directive.comment,
        Err((comment, _)) => *comment,
    });
    found
}

/// The statement a comment stands in or precedes. Between the last token and the `;` it still stands in it;
/// `ended` is where the last `;` before the comment ends.
fn covered(statements: &[Statement], comment: Span, ended: usize) -> Option<Span> {
    let next = statements.partition_point(|statement| statement.span.end <= comment.start);
    let before = next.checked_sub(1).and_then(|at| statements.get(at)).map(|statement| statement.span);
    before
        .filter(|before| before.end > ended)
        .or_else(|| statements.get(next).map(|statement| statement.span))
}

/// Directives inside a body: each covers the next thing in it that a rule can speak of.
fn in_body<'a>(
    text: &'a str,
    statement: &'a Statement,
    found: &mut Vec<Result<Directive<'a>, (Span, String)>>,
) {
    let Some(body) = statement.body() else { return };
    let written = body.span.of(text);
    if !written.contains(PREFIX) {
        return;
    }
    let mut parts = parts(body);
    let nested: Vec<Span> =
        body.statements.iter().filter_map(|inner| inner.statement.body()).map(|inner| inner.span).collect();
    let mut nested = Around::new(nested);
    let mut around = Around::new(parts.clone());
    parts.sort_unstable();
    let directives = comments(written, body.span.start).into_iter();
    for comment in directives.filter(|comment| comment.of(text).contains(PREFIX)) {
        if nested.smallest(comment).is_some() {
            continue;
        }
        let next = parts.partition_point(|part| part.start < comment.end);
        let covered = around.smallest(comment).or_else(|| parts.get(next).copied());
        found.extend(directive(text, comment, Some(covered.unwrap_or(statement.span))));
    }
    for inner in &body.statements {
        in_body(text, &inner.statement, found);
    }
}

/// Stretches of a text, to be asked which of them is the smallest around a place; one place after the other.
struct Around {
    /// Those that start behind the places asked for so far, the last first.
    ahead: Vec<Span>,
    /// Those that started before them, the smallest first, and of equal ones the first.
    open: BinaryHeap<Reverse<(usize, Span)>>,
}

impl Around {
    fn new(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable_by_key(|span| Reverse(*span));
        Self { ahead: spans, open: BinaryHeap::new() }
    }

    /// The smallest that holds `place`, which must not stand before one that was asked for earlier.
    fn smallest(&mut self, place: Span) -> Option<Span> {
        while let Some(next) = self.ahead.pop_if(|next| next.start <= place.start) {
            self.open.push(Reverse((next.len(), next)));
        }
        // What ends before this place holds no later one, either.
        while let Some(Reverse((_, span))) = self.open.peek() {
            if span.end >= place.end {
                return Some(*span);
            }
            self.open.pop();
        }
        None
    }
}

/// Where the statements, handlers and raises of a body stand.
fn parts(body: &Body) -> Vec<Span> {
    let statements = body.statements.iter().map(|inner| inner.statement.span);
    let handlers = body.handlers.iter().map(|handler| handler.span);
    statements.chain(handlers).chain(body.raises.iter().map(|raise| raise.span)).collect()
}

fn comments(text: &str, base: usize) -> Vec<Span> {
    let comments = Lexer::new(text).filter(|token| token.kind == TokenKind::Comment);
    comments.map(|token| token.span().shifted(base)).collect()
}

/// Reads a comment; `None` when it is no directive.
fn directive(
    text: &str,
    comment: Span,
    covered: Option<Span>,
) -> Option<Result<Directive<'_>, (Span, String)>> {
    let written = comment.of(text);
    let inner = match written.strip_prefix("/*") {
        Some(block) => block.strip_suffix("*/").unwrap_or(block),
        None => written.strip_prefix("--").unwrap_or(written),
    };
    let words = inner.trim().strip_prefix(PREFIX)?.trim();
    let (verb, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    let rest = rest.trim_start();
    let (rule, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let reason = rest.trim_start().strip_prefix("because").map_or("", str::trim);
    let flaw = if !matches!(verb, "allow" | "allow-file") {
        format!("“{verb}” is no directive; there are allow and allow-file.")
    } else if !rules::ALL.iter().any(|known| known.id == rule) {
        format!("There is no rule “{rule}”.")
    } else if reason.is_empty() {
        format!("The reason is missing, so {rule} is not allowed: add “because …”.")
    } else if verb == "allow" && covered.is_none() {
        "No statement follows that it could be about.".to_owned()
    } else {
        let covered = covered.filter(|_| verb == "allow");
        return Some(Ok(Directive { comment, covered, rule, reason }));
    };
    Some(Err((comment, flaw)))
}

/// Removes a comment, and its line when nothing else stands in it.
fn removal(text: &str, comment: Span) -> Fix {
    let behind = text.get(comment.end..).unwrap_or_default();
    // Only white space is passed on the way to the line's ends: a file may be one long line.
    let blank = |character: char| character != '\n' && character.is_whitespace();
    let rest = behind.trim_start_matches(blank);
    let span = match indentation(text, comment.start) {
        Some(lead) if rest.starts_with('\n') => {
            Span::new(comment.start - lead.len(), comment.end + behind.len() - rest.len() + 1)
        }
        _ => comment,
    };
    Fix { title: "Remove the comment".to_owned(), edits: vec![Edit { span, text: String::new() }] }
}
