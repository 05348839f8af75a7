//! The locks of a plan's statements, in the light of the set: by name where it knows them, and none on what the
//! file itself makes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, relations::Relations};
use crate::{
    migration::{Migration, MigrationSet},
    name::{QualifiedName, SearchPath},
    sql::{
        lock::{Lock, Reach, locks},
        statement::{ObjectKind, ObjectRole, Statement},
    },
};

impl Plan {
    /// Says which locks its statements take on a server of this major version, 13 to 18; without one, the
    /// strongest of any. The plan's digest does not change.
    pub fn lock_for(&mut self, set: &MigrationSet, server: Option<u16>) {
        let relations = Relations::of(set);
        let mut makers: BTreeMap<QualifiedName, usize> = BTreeMap::new();
        for name in set.files().iter().flat_map(made_by) {
            *makers.entry(name).or_default() += 1;
        }
        for planned in &mut self.files {
            let Some(file) = set.get(&planned.path) else { continue };
            let mut made = made_by(file);
            // What several files make, each unless it exists, may be there.
            made.retain(|name| makers.get(name).is_none_or(|files| *files < 2));
            for planned in planned.segments.iter_mut().flat_map(|segment| &mut segment.statements) {
                if let Some(statement) = file.parsed.statements.get(planned.index) {
                    planned.locks = on_what_existed(statement, server, &relations, &made);
                }
            }
        }
    }
}

fn on_what_existed(
    statement: &Statement,
    server: Option<u16>,
    relations: &Relations,
    made: &BTreeSet<QualifiedName>,
) -> Vec<Lock> {
    let path = SearchPath::default();
    let mut found: Vec<Lock> = Vec::new();
    for lock in locks(statement, server).into_iter().flat_map(|lock| relations.named(lock)) {
        let own = matches!(lock.reach, Reach::Itself | Reach::Children | Reach::Indexes | Reach::Sequences);
        if own && made.contains(&lock.object.resolved(&path)) {
            continue;
        }
        let same = |other: &&mut Lock| {
            other.reach == lock.reach && other.object.resolved(&path) == lock.object.resolved(&path)
        };
        match found.iter_mut().find(same) {
            Some(known) => known.join(&lock),
            None => found.push(lock),
        }
    }
    found.sort_by(|a, b| b.mode.cmp(&a.mode).then(a.reach.cmp(&b.reach)));
    found
}

/// The relations a file makes: nobody can hold or wait for a lock on them before it commits.
fn made_by(file: &Migration) -> BTreeSet<QualifiedName> {
    use ObjectKind::{ForeignTable, Index, MaterializedView, Sequence, Table, View};
    let path = SearchPath::default();
    let relation = |kind| matches!(kind, Table | ForeignTable | View | MaterializedView | Index | Sequence);
    let made = file.parsed.statements.iter().flat_map(|statement| statement.in_role(ObjectRole::Makes));
    made.filter(|object| relation(object.kind)).map(|object| object.name.resolved(&path)).collect()
}
