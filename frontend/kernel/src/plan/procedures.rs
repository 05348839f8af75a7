//! Which procedures of a set end transactions: a CALL of one may not stand in a transaction.
//! A body is followed through the procedures that it calls, not into text that is made at run time.

use std::collections::{BTreeMap, BTreeSet};

use super::relations::{Name, resolved};
use crate::{
    migration::{Migration, MigrationSet},
    sql::statement::{Body, Detail, ObjectKind, ObjectRole, Statement, StatementKind, Verb},
};

/// The procedures of a set by name and by arguments, in which procedures of one name differ; of one that is replaced, in
/// the order in which the set is applied.
pub(super) struct Procedures<'a> {
    made: BTreeMap<Name<'a>, BTreeMap<&'a str, Vec<Procedure<'a>>>>,
}

struct Procedure<'a> {
    ends: Ends<'a>,
    file: &'a Migration,
    /// The statement's number in the file.
    index: usize,
}

/// What a body has to do with the end of a transaction.
#[derive(Default)]
struct Ends<'a> {
    itself: bool,
    calls: BTreeSet<Name<'a>>,
}

impl<'a> Procedures<'a> {
    pub(super) fn of(set: &'a MigrationSet) -> Self {
        let mut procedures = Self { made: BTreeMap::new() };
        for file in set.files() {
            for (index, statement) in file.parsed.forward() {
                if statement.kind != StatementKind::Create(ObjectKind::Procedure) {
                    continue;
                }
                let name = statement.first(ObjectRole::Makes);
                if let (Some(name), Detail::Routine(routine)) = (name, &statement.detail) {
                    let mut ends = Ends::default();
                    routine.body.iter().for_each(|body| ends.read_body(body));
                    let named = procedures.made.entry(resolved(&name.name)).or_default();
                    let same = named.entry(&routine.arguments).or_default();
                    same.push(Procedure { ends, file, index });
                }
            }
        }
        procedures
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
        let mut ends = Ends::default();
        ends.read(statement);
        let mut itself = ends.itself;
        // Each is entered once, however they call one another.
        let mut entered: BTreeSet<Name<'_>> = ends.calls.clone();
        let mut open: Vec<Name<'_>> = ends.calls.into_iter().collect();
        while let Some(name) = open.pop().filter(|_| !itself) {
            // The last of each, where several replace one another.
            let same = self.made.get(&name).into_iter().flat_map(BTreeMap::values);
            for called in same.filter_map(|same| same.iter().rev().find(known)) {
                itself |= called.ends.itself;
                open.extend(called.ends.calls.iter().filter(|name| entered.insert(**name)));
            }
        }
        itself
    }
}

impl<'a> Ends<'a> {
    fn read(&mut self, statement: &'a Statement) {
        match (&statement.detail, statement.kind) {
            (Detail::Do(body), _) => self.read_body(body),
            (_, StatementKind::Other(Verb::Call)) => {
                self.calls.extend(statement.first(ObjectRole::Uses).map(|called| resolved(&called.name)));
            }
            _ => {}
        }
    }

    fn read_body(&mut self, body: &'a Body) {
        self.itself |= body.controls_transaction;
        body.statements.iter().filter(|one| !one.dynamic).for_each(|one| self.read(&one.statement));
    }
}
