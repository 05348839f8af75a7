//! Names of letters of two scripts that look alike. Help, examples and tests: `mixed_script_name.md`.

use crate::{
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::{lex::TokenKind, meaning_within},
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "mixed-script-name",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("mixed_script_name.md"),
    check: Check::File(check),
};

fn check(facts: &FileFacts<'_>, remarks: &mut Remarks<'_>) {
    let text = facts.text();
    if text.is_ascii() {
        return;
    }
    meaning_within(text, &mut |kind, span| {
        let name = span.of(text);
        let is_name = matches!(kind, TokenKind::Word | TokenKind::QuotedName);
        let has_latin = || name.bytes().any(|byte| byte.is_ascii_alphabetic());
        if is_name
            && has_latin()
            && let Some(script) = name.chars().find_map(script)
        {
            let message = format!("The name {name} mixes Latin letters with {script} ones, which look like them.");
            remarks.at(span, message).help("Write a name in letters of one script.");
        }
    });
}

/// Scripts whose letters look like Latin ones.
fn script(letter: char) -> Option<&'static str> {
    match letter {
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some("Greek"),
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => Some("Cyrillic"),
        '\u{531}'..='\u{58f}' => Some("Armenian"),
        '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Some("Cherokee"),
        '\u{ff21}'..='\u{ff5a}' => Some("fullwidth"),
        '\u{1d400}'..='\u{1d7ff}' => Some("mathematical"),
        _ => None,
    }
}
