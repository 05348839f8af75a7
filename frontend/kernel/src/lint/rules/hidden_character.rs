//! Characters that a reviewer does not see. Help, examples and tests: `hidden_character.md`.

use crate::{
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::{lex::TokenKind, meaning_within},
    text::{Span, hidden},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "hidden-character",
    since: "0.1",
    severity: Severity::Error,
    help: include_str!("hidden_character.md"),
    check: Check::File(check),
};

const UNSEEN: &str = "is not seen, or moves what is seen: what runs is not what is read here.";
const SPACE: &str = "looks like a space, and for PostgreSQL it is part of a name.";

const HELP: &str = "Delete it; in a text that needs it, write it as an escape, such as U&'\\202E'.";

fn check(facts: &FileFacts<'_>, remarks: &mut Remarks<'_>) {
    let text = facts.text();
    // Those behind one another are one place.
    let mut places: Vec<(Span, char, &str)> = Vec::new();
    let mut add = |at: usize, letter: char, how| {
        let end = at + letter.len_utf8();
        match places.last_mut() {
            Some((last, ..)) if last.end == at => last.end = end,
            _ => places.push((Span::new(at, end), letter, how)),
        }
    };
    for (at, letter) in hidden(text) {
        add(at, letter, UNSEEN);
    }
    if !text.is_ascii() {
        meaning_within(text, &mut |kind, span| {
            if matches!(kind, TokenKind::Word | TokenKind::Other) {
                let letters = span.of(text).char_indices().filter(|(_, letter)| is_wide_space(*letter));
                letters.for_each(|(at, letter)| add(span.start + at, letter, SPACE));
            }
        });
    }
    for (span, letter, how) in places {
        let message = format!("U+{:04X} {how}", u32::from(letter));
        remarks.at(span, message).help(HELP);
    }
}

/// The spaces of Unicode besides the one of ASCII.
fn is_wide_space(letter: char) -> bool {
    matches!(
        letter,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}
