//! What bodies hold, by the kernel and by PostgreSQL's own parsers.

use studio_kernel::sql::statement::{Embedded, Statement};

use crate::{compare::kind_of, oracle::BodyTruth};

/// What differs, in words.
pub(crate) fn difference(statement: &Statement, expected: &BodyTruth) -> Option<String> {
    let Some(body) = statement.body() else {
        return Some("its body is not read".to_owned());
    };
    let kinds = |dynamic: bool| {
        let of = |one: &&Embedded| one.dynamic == dynamic;
        let mut kinds: Vec<String> =
            body.statements.iter().filter(of).map(|one| kind_of(&one.statement)).collect();
        kinds.sort();
        kinds
    };
    let mut read = BodyTruth {
        embedded: kinds(false),
        literal: kinds(true),
        templates: expected.templates,
        unknown: body.unknown_dynamic.len(),
        raises: body.raises.iter().map(|one| (one.level.clone(), one.message.clone())).collect(),
        handlers: body
            .handlers
            .iter()
            .map(|one| one.conditions.iter().map(|one| code(one)).collect())
            .collect(),
        transaction: body.controls_transaction,
    };
    read.raises.sort();
    read.handlers.sort();
    if expected.templates > 0 && holds(&read.literal, &expected.literal) {
        // What a template makes is not PostgreSQL's to say.
        read.literal.clone_from(&expected.literal);
    }
    (read != *expected).then(|| format!("its body holds {expected:?}, not {read:?}"))
}

/// `sqlstate '42P07'` is the code alone to the judge.
fn code(condition: &str) -> String {
    condition.strip_prefix("sqlstate").map_or(condition, |code| code.trim().trim_matches('\'')).to_owned()
}

/// Whether `all`, sorted, holds each of `some`, sorted.
fn holds(all: &[String], some: &[String]) -> bool {
    let mut rest = all.iter();
    some.iter().all(|one| rest.any(|other| other == one))
}
