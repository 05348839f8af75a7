//! Which procedures of a set end transactions: a CALL of one may not stand in a transaction.
//! A body is followed through the procedures that it calls, not into text that is made at run time.

use std::collections::BTreeSet;

use super::relations::{Name, resolved};
use crate::{
    migration::{Migration, MigrationSet},
    sql::statement::{Body, Detail, ObjectKind, ObjectRole, Statement, StatementKind, Verb},
};

/// The procedures of a set, in the order in which it is applied.
pub(super) struct Procedures<'a> {
    made: Vec<Procedure<'a>>,
}

struct Procedure<'a> {
    name: Name<'a>,
    /// Procedures of one name differ in them.
    arguments: &'a str,
    body: Option<&'a Body>,
    file: &'a Migration,
    /// The statement's number in the file.
    index: usize,
}

impl<'a> Procedures<'a> {
    pub(super) fn of(set: &'a MigrationSet) -> Self {
        let mut made = Vec::new();
        for file in set.files() {
            for (index, statement) in file.parsed.forward() {
                if statement.kind != StatementKind::Create(ObjectKind::Procedure) {
                    continue;
                }
                let name = statement.first(ObjectRole::Makes);
                if let (Some(name), Detail::Routine(routine)) = (name, &statement.detail) {
                    let (arguments, body) = (routine.arguments.as_str(), routine.body.as_ref());
                    made.push(Procedure { name: resolved(&name.name), arguments, body, file, index });
                }
            }
        }
        Self { made }
    }

    /// Whether running a statement of a file ends a transaction within it: a CALL of a procedure that does, or a
    /// DO block.
    pub(super) fn commits(&self, statement: &Statement, file: &Migration, index: usize) -> bool {
        let known = |procedure: &&Procedure<'_>| {
            let own = procedure.file.path == file.path;
            let before = procedure.file.role.is_forward()
                && (!file.role.is_forward() || procedure.file.path < file.path);
            own && procedure.index < index || !own && before
        };
        let known: Vec<&Procedure<'_>> = self.made.iter().filter(known).collect();
        runs(statement, &known, &mut BTreeSet::new())
    }
}

/// Each procedure is entered once, however they call one another.
fn runs(statement: &Statement, known: &[&Procedure<'_>], entered: &mut BTreeSet<usize>) -> bool {
    match (&statement.detail, statement.kind) {
        (Detail::Do(body), _) => ends(body, known, entered),
        (_, StatementKind::Other(Verb::Call)) => {
            let called = statement.first(ObjectRole::Uses).map(|called| resolved(&called.name));
            // The last of each, where several replace one another.
            let replaced = |at: usize, one: &Procedure<'_>| {
                let mut later = known.iter().skip(at + 1);
                later.any(|other| (other.name, other.arguments) == (one.name, one.arguments))
            };
            known.iter().enumerate().any(|(at, one)| {
                Some(one.name) == called
                    && entered.insert(at)
                    && !replaced(at, one)
                    && one.body.is_some_and(|body| ends(body, known, entered))
            })
        }
        _ => false,
    }
}

fn ends(body: &Body, known: &[&Procedure<'_>], entered: &mut BTreeSet<usize>) -> bool {
    let mut called = body.statements.iter().filter(|one| !one.dynamic);
    body.controls_transaction || called.any(|one| runs(&one.statement, known, entered))
}
