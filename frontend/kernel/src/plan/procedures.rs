//! Which procedures of a set end transactions: a CALL of one may not stand in a transaction.
//! A body is followed through the procedures that it calls, not into text that is made at run time.

use super::relations::{Name, resolved};
use crate::{
    migration::{Migration, MigrationSet},
    sql::statement::{Body, Detail, Embedded, ObjectKind, ObjectRole, Statement, StatementKind, Verb},
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

/// Procedures that call one another, no deeper than anybody writes.
const DEEPEST: u8 = 16;

impl<'a> Procedures<'a> {
    pub(super) fn of(set: &'a MigrationSet) -> Self {
        let mut made = Vec::new();
        for file in set.files() {
            for (index, statement) in file.parsed.statements.iter().enumerate() {
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
        runs(statement, &known, DEEPEST)
    }
}

fn runs(statement: &Statement, known: &[&Procedure<'_>], depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let ends = |body: &Body| {
        let called = |one: &Embedded| !one.dynamic && runs(&one.statement, known, depth);
        body.controls_transaction || body.statements.iter().any(called)
    };
    match (&statement.detail, statement.kind) {
        (Detail::Do(body), _) => ends(body),
        (_, StatementKind::Other(Verb::Call)) => {
            let called = statement.first(ObjectRole::Uses).map(|called| resolved(&called.name));
            let of_name = known.iter().enumerate().filter(|(_, one)| Some(one.name) == called);
            // The last of each, where several replace one another.
            let replaced = |at: usize, one: &Procedure<'_>| {
                let later = known.iter().skip(at + 1);
                later.into_iter().any(|other| (other.name, other.arguments) == (one.name, one.arguments))
            };
            of_name.into_iter().any(|(at, one)| !replaced(at, one) && one.body.is_some_and(ends))
        }
        _ => false,
    }
}
