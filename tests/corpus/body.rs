//! What bodies hold, by the kernel and by PostgreSQL's own parsers.

use std::collections::BTreeSet;

use studio_kernel::{
    name::QualifiedName,
    sql::statement::{Embedded, ObjectRole, Statement},
};

use crate::{
    compare::{kind_of, tables_read},
    oracle::BodyTruth,
};

/// What differs, in words.
pub(crate) fn difference(statement: &Statement, expected: &BodyTruth) -> Option<String> {
    let Some(body) = statement.body() else {
        return Some("its body is not read".to_owned());
    };
    let kinds = |dynamic: bool| {
        let of = |one: &&Embedded| one.dynamic == dynamic;
        let mut kinds: Vec<String> =
            body.statements.iter().filter(of).map(|one| summary(&one.statement)).collect();
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

/// A statement in one line: its kind, what it does to which objects, which tables it reads.
fn summary(statement: &Statement) -> String {
    let parts = |name: &QualifiedName| match &name.schema {
        Some(schema) => format!("{}.{}", schema.as_str(), name.name.as_str()),
        None => name.name.as_str().to_owned(),
    };
    let others = statement.objects.iter().filter(|object| object.role != ObjectRole::Uses);
    let mut done: Vec<String> = others
        .map(|object| {
            let of = object.of.as_ref().map(|of| format!(" of {}", parts(of))).unwrap_or_default();
            format!("{} {} {}{of}", object.role, object.kind, parts(&object.name))
        })
        .collect();
    done.sort();
    let read = tables_read(statement);
    let read = read.iter().flatten().map(|name| format!("reads {}", parts(name)));
    let read: BTreeSet<String> = read.collect();
    [vec![kind_of(statement)], done, read.into_iter().collect()].concat().join(", ")
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
