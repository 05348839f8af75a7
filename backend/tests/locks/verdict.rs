//! Claims beside what was observed: too weak is a failure, too strong as well unless the claim is in doubt or the
//! case says why.

use std::collections::{BTreeMap, BTreeSet};

use studio_kernel::sql::lock::{Lock, LockMode};
use studio_kernel::sql::statement::{ObjectKind, Statement, StatementKind, Verb};

use crate::claims::{Claims, Oid, World};
use crate::observed::{Effect, Effects};

/// Where the server did more than was claimed.
pub(crate) fn too_weak(world: &World, statement: &Statement, claims: &Claims, seen: &Effects) -> Vec<String> {
    let anywhere = claims.anywhere.iter().map(|lock| lock.mode).max();
    let work_anywhere = |pick: fn(&Lock) -> bool| claims.anywhere.iter().any(pick);
    let mut problems = Vec::new();
    for (oid, effect) in seen {
        let relation = &world.relations[oid];
        let on = claims.on.get(oid).map_or(&[][..], Vec::as_slice);
        let mode = claims.mode(world, *oid).max(anywhere);
        // What rows drag along through keys, views, triggers and defaults is not claimed.
        let dragged = on.is_empty() && moves_rows(statement) && effect.mode <= Some(LockMode::RowExclusive);
        if effect.mode > mode && !dragged {
            problems.push(format!("{}: {} and not {}", relation.name, word(effect.mode), word(mode)));
        }
        if !relation.has_rows() || effect.mode <= Some(LockMode::RowExclusive) && !effect.rewrites {
            continue;
        }
        let rewrites = on.iter().any(|one| one.lock.rewrites) || work_anywhere(|lock| lock.rewrites);
        let scans = rewrites || on.iter().any(|one| one.lock.scans) || work_anywhere(|lock| lock.scans);
        if effect.rewrites && !rewrites {
            problems.push(format!("{}: it is rewritten", relation.name));
        }
        if effect.scans && !scans {
            problems.push(format!("{}: it is read", relation.name));
        }
    }
    problems
}

/// Where it did less than was claimed for certain.
pub(crate) fn too_strong(world: &World, claims: &Claims, seen: &Effects) -> Vec<String> {
    let nowhere = claims.nowhere.iter().filter(|lock| lock.certain);
    let mut problems: Vec<String> = nowhere.map(|lock| format!("{}: no relation", lock.object)).collect();
    for (oid, on) in &claims.on {
        let Some(relation) = world.relations.get(oid) else { continue };
        let effect = seen.get(oid).copied().unwrap_or_default();
        for one in on.iter().filter(|one| one.lock.certain) {
            let pruned = one.inherited && one.lock.mode <= LockMode::RowExclusive;
            let lock = &one.lock;
            if effect.mode < Some(lock.mode) && !pruned {
                problems.push(format!("{}: only {}, not {}", relation.name, word(effect.mode), lock.mode));
            }
            if relation.has_rows() && lock.rewrites && !effect.rewrites {
                problems.push(format!("{}: it is not rewritten", relation.name));
            }
            if relation.has_rows() && lock.scans && !lock.rewrites && !effect.scans {
                problems.push(format!("{}: it is not read", relation.name));
            }
        }
    }
    problems
}

/// Claims in doubt, each with the statements that show it at full strength.
#[derive(Default)]
pub(crate) struct Doubts(BTreeMap<String, BTreeSet<String>>);

impl Doubts {
    pub(crate) fn note(&mut self, world: &World, sql: &str, claims: &Claims, seen: &Effects) {
        let whole = |lock: &Lock, oid: &Oid, effect: &Effect| {
            let rows = world.relations[oid].has_rows();
            effect.mode == Some(lock.mode)
                && (!rows || effect.rewrites >= lock.rewrites)
                && (!rows || lock.rewrites || effect.scans >= lock.scans)
        };
        let mut note = |lock: &Lock, shown: bool| {
            let key = format!("{} {} {}: {}", lock.mode, lock.reach, lock.work(), lock.reason);
            let shows = self.0.entry(key).or_default();
            if shown {
                shows.insert(sql.to_owned());
            }
        };
        for (oid, on) in &claims.on {
            for one in on.iter().filter(|one| !one.lock.certain && world.relations.contains_key(oid)) {
                note(&one.lock, seen.get(oid).is_some_and(|effect| whole(&one.lock, oid, effect)));
            }
        }
        for lock in &claims.anywhere {
            let unnamed = seen.iter().filter(|(oid, _)| !claims.on.contains_key(oid));
            note(lock, unnamed.into_iter().any(|(oid, effect)| whole(lock, oid, effect)));
        }
    }

    /// Doubts that no case shows: claims that nothing supports.
    pub(crate) fn unsupported(&self) -> Vec<&String> {
        self.0.iter().filter(|(_, shows)| shows.is_empty()).map(|(key, _)| key).collect()
    }
}

fn moves_rows(statement: &Statement) -> bool {
    use Verb as V;
    match statement.kind {
        StatementKind::Create(ObjectKind::MaterializedView) => true,
        StatementKind::Other(verb) => matches!(
            verb,
            V::Analyze
                | V::Copy
                | V::CreateTableAs
                | V::Declare
                | V::Delete
                | V::Explain
                | V::Insert
                | V::Merge
                | V::Prepare
                | V::RefreshMaterializedView
                | V::Select
                | V::SelectInto
                | V::Table
                | V::Update
                | V::Values
        ),
        _ => false,
    }
}

fn word(mode: Option<LockMode>) -> &'static str {
    mode.map_or("nothing", LockMode::as_str)
}
