//! Handlers that catch everything and tell nobody. Help, examples and tests: `swallowed_exception.md`.

use crate::{
    graph::Step,
    lint::{
        facts::FileFacts,
        finding::Severity,
        rule::{Check, Remarks, Rule},
    },
    sql::{
        lex::TokenKind,
        meaning,
        statement::{Handler, StatementKind, Verb},
    },
};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "swallowed-exception",
    since: "0.1",
    severity: Severity::Warning,
    help: include_str!("swallowed_exception.md"),
    check: Check::Step(check),
};

fn check(facts: &FileFacts<'_>, step: &Step<'_>, remarks: &mut Remarks<'_>) {
    let Some(body) = step.statement.body() else { return };
    let runs_now = step.statement.kind == StatementKind::Other(Verb::Do) && !step.deferred;
    for handler in &body.handlers {
        let everything = handler.conditions.iter().any(|condition| condition == "others");
        if !everything || handler.raises_again {
            continue;
        }
        match deed(handler, facts.text()) {
            Deed::Something => {}
            // A function may mean it: only its silence is worth a word.
            Deed::Message if !runs_now => {}
            Deed::Message | Deed::Nothing if runs_now => {
                let message = "Any failure in this block is swallowed: the file counts as applied although part \
                               of it was undone.";
                remarks.at(handler.span, message).help(HELP);
            }
            Deed::Message | Deed::Nothing => {
                let message = "Every error in this block disappears, also those nobody thought of.";
                remarks.at(handler.span, message).help(HELP);
            }
        }
    }
}

const HELP: &str = "Name the conditions that are expected, such as duplicate_object, or RAISE again.";

/// What a handler does with what it caught.
enum Deed {
    Nothing,
    /// It prints a line and goes on.
    Message,
    Something,
}

fn deed(handler: &Handler, text: &str) -> Deed {
    let written = handler.span.of(text);
    let mut tokens = meaning(written).map(|token| (token.kind, token.span().of(written)));
    let is = |(_, word): &(TokenKind, &str), wanted: &str| word.eq_ignore_ascii_case(wanted);
    // Of a handler without a statement this is all: it ends before THEN.
    tokens.by_ref().find(|token| is(token, "then"));
    let mut deed = Deed::Nothing;
    let mut starts = true;
    // No further than to the first that does something: handlers stand in handlers.
    for token in tokens {
        let ends = token.0 == TokenKind::Semicolon;
        if starts && is(&token, "raise") {
            deed = Deed::Message;
        } else if starts && !ends && !is(&token, "null") {
            return Deed::Something;
        }
        starts = ends;
    }
    deed
}

#[cfg(test)]
mod tests {
    use crate::{
        lint::{Settings, lint},
        migration::MigrationSet,
    };

    #[test]
    fn a_handler_without_a_statement_swallows_what_it_catches() {
        for (handler, expected) in [
            ("when others then", 1),
            ("when others then null;", 1),
            ("when others then ;", 1),
            ("when duplicate_table then when others then", 1),
            ("when others then raise;", 0),
            ("when duplicate_table then", 0),
        ] {
            let text = format!("do $$ begin perform 1; exception {handler} end $$;");
            let set = MigrationSet::new([("1_a.sql", text.as_str()).into()]);
            let report = lint(&set, &["1_a.sql"], &Settings::default());
            let said = report.findings.iter().filter(|finding| finding.rule == super::RULE.id).count();
            assert_eq!(said, expected, "{text}");
        }
    }
}
