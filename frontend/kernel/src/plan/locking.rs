//! The locks of a plan's statements, in the light of the set: whose an index is, and what the file itself makes.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::Plan;
use crate::{
    migration::{Migration, MigrationSet},
    name::{QualifiedName, SearchPath},
    sql::{
        lock::{Lock, Reach, locks},
        statement::{ObjectKind, ObjectRole, Statement, StatementKind},
    },
};

impl Plan {
    /// Says which locks its statements take on a server of this major version, 13 to 18; without one, the
    /// strongest of any. The plan's digest does not change.
    pub fn lock_for(&mut self, set: &MigrationSet, server: Option<u16>) {
        let owners = index_owners(set);
        for planned in &mut self.files {
            let Some(file) = set.get(&planned.path) else { continue };
            let made = made_here(file);
            for planned in planned.segments.iter_mut().flat_map(|segment| &mut segment.statements) {
                if let Some(statement) = file.parsed.statements.get(planned.index) {
                    planned.locks = on_what_existed(statement, server, &owners, &made);
                }
            }
        }
    }
}

/// Nobody can hold or wait for a lock on a relation that the file makes, before it commits.
fn on_what_existed(
    statement: &Statement,
    server: Option<u16>,
    owners: &BTreeMap<QualifiedName, &QualifiedName>,
    made: &BTreeSet<QualifiedName>,
) -> Vec<Lock> {
    let path = SearchPath::default();
    let mut found: Vec<Lock> = Vec::new();
    for mut lock in locks(statement, server) {
        if lock.reach == Reach::Table
            && let Some(owner) = owners.get(&lock.object.resolved(&path))
        {
            lock.reason = Cow::Owned(format!("it has the index {}", lock.object));
            lock.object = (*owner).clone();
            lock.reach = Reach::Itself;
        }
        let own = matches!(lock.reach, Reach::Itself | Reach::Children | Reach::Indexes | Reach::Sequences);
        let new = own && made.contains(&lock.object.resolved(&path));
        let same = |other: &Lock| (&other.object, other.reach) == (&lock.object, lock.reach);
        if !new && !found.iter().any(same) {
            found.push(lock);
        }
    }
    found
}

/// The indexes that the set makes, with their tables.
fn index_owners(set: &MigrationSet) -> BTreeMap<QualifiedName, &QualifiedName> {
    let path = SearchPath::default();
    let statements = set.files().iter().flat_map(|file| &file.parsed.statements);
    let indexes = statements.filter(|one| one.kind == StatementKind::Create(ObjectKind::Index));
    let made = indexes.filter_map(|one| one.first(ObjectRole::Makes));
    let owner = |index: &QualifiedName, table: &QualifiedName| {
        // An index lives in the schema of its table, whatever the search path is.
        QualifiedName { schema: table.resolved(&path).schema, name: index.name.clone() }
    };
    made.filter_map(|index| index.of.as_ref().map(|table| (owner(&index.name, table), table))).collect()
}

/// The relations the file makes: nobody can hold or wait for a lock on them before it commits.
fn made_here(file: &Migration) -> BTreeSet<QualifiedName> {
    use ObjectKind::{ForeignTable, Index, MaterializedView, Sequence, Table, View};
    let path = SearchPath::default();
    let relation = |kind| matches!(kind, Table | ForeignTable | View | MaterializedView | Index | Sequence);
    let made = file.parsed.statements.iter().flat_map(|statement| statement.in_role(ObjectRole::Makes));
    made.filter(|object| relation(object.kind)).map(|object| object.name.resolved(&path)).collect()
}
