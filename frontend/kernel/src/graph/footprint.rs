//! What each file reads and writes, and what files need of each other for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Exchange, Family, ObjectKey,
    exchange::exchange,
    file_objects,
    mention::{Changed, Mentions, new_names},
};
use crate::{
    migration::MigrationSet,
    schema::{Definition, Oid, Problem, ProblemKind, Schema},
    sql::statement::{ObjectKind, ObjectRole},
};

/// What one file does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    /// What it makes, in order, without columns and what comes by itself.
    pub(super) makes: Vec<String>,
    /// All that it makes.
    made: BTreeSet<Oid>,
    pub(super) reads: BTreeSet<Oid>,
    pub(super) writes: BTreeSet<Oid>,
    /// Among what it writes.
    pub(super) drops: BTreeSet<Oid>,
    /// Names it needs and does not find.
    pub(super) missing: Vec<Problem>,
    /// What it looks for by name and does not find, as [`title`] says it; PostgreSQL may have it itself.
    pub(super) sought: BTreeSet<String>,
    /// What the objects that it drops stood on.
    pub(super) let_go: BTreeSet<Oid>,
    /// What it gives another name or schema, as it was called before, and the schemas and roles that it drops, known or
    /// not.
    pub(super) takes: Vec<ObjectKey>,
    /// By name.
    pub(super) changed: BTreeSet<Changed>,
    /// It drops or changes what may have been the last to need a role.
    pub(super) frees_roles: bool,
    /// Of its text.
    pub(super) mentions: Mentions,
    /// Some of what it does is known only at run time.
    pub(super) unknown: bool,
    /// What it writes: how that is called, and what it hangs on.
    pub(super) titles: BTreeMap<Oid, (String, Oid)>,
}

/// The fold of a set, file by file.
pub(super) struct Reading {
    /// When all forward files have run.
    pub(super) schema: Schema,
    /// As the files of the set.
    pub(super) footprints: Vec<Footprint>,
    /// The forward file that makes an object.
    makers: BTreeMap<Oid, usize>,
    /// The files that write an object of this name, in order; a routine's also without its arguments.
    writers: BTreeMap<String, Vec<usize>>,
}

impl Reading {
    pub(super) fn new(set: &MigrationSet, start: Schema) -> Self {
        let mut reading = Self {
            schema: start,
            footprints: vec![Footprint::default(); set.files().len()],
            makers: BTreeMap::new(),
            writers: BTreeMap::new(),
        };
        let forward = |at: &usize| set.files()[*at].role.is_forward();
        for at in (0..set.files().len()).filter(forward) {
            let seen = Seen::of(&reading.schema);
            reading.schema.apply(&set.files()[at]);
            let mut footprint = seen.since(&reading.schema);
            let file = &set.files()[at];
            let gone = file_objects(file, ObjectRole::Drops).into_iter().map(|(object, _)| object);
            let gone = gone.filter(|object| matches!(object.family, Family::Role | Family::Schema));
            let renamed = file_objects(file, ObjectRole::Renames).into_iter().map(|(object, _)| object);
            footprint.takes = gone.chain(renamed).collect();
            footprint.changed.extend(footprint.takes.iter().map(Changed::from).chain(new_names(file)));
            footprint.mentions = Mentions::of(file);
            footprint.mentions.draw(&reading.schema, file);
            for oid in &footprint.made {
                reading.makers.insert(*oid, at);
            }
            reading.footprints[at] = footprint;
        }
        for at in (0..set.files().len()).filter(|at| !forward(at)) {
            let mut after = reading.schema.clone();
            let seen = Seen::of(&after);
            after.apply(&set.files()[at]);
            reading.footprints[at] = seen.since(&after);
        }
        for (at, footprint) in reading.footprints.iter().enumerate() {
            for (made, _) in footprint.titles.values() {
                let bare = made.split('(').next().filter(|bare| bare.len() < made.len());
                for name in bare.into_iter().chain([made.as_str()]) {
                    let writers = reading.writers.entry(name.to_owned()).or_default();
                    if writers.last() != Some(&at) {
                        writers.push(at);
                    }
                }
            }
        }
        reading
    }

    /// The forward files that made what a file uses, each with what is used.
    pub(super) fn needs(&self, at: usize) -> BTreeMap<usize, Vec<String>> {
        let mut needs: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let footprint = &self.footprints[at];
        for oid in footprint.reads.iter().chain(&footprint.writes) {
            let Some(maker) = self.makers.get(oid).filter(|maker| **maker != at) else { continue };
            let top = top(&self.schema, *oid);
            // What goes with its table need not be there, whoever has added it.
            if top != *oid && footprint.drops.contains(oid) && footprint.drops.contains(&top) {
                continue;
            }
            // A part that came with its table goes by the table's name.
            let named = if self.makers.get(&top) == Some(maker) { top } else { *oid };
            needs.entry(*maker).or_default().push(title_of(&self.schema, named));
        }
        needs
    }

    /// The first forward file behind this one that makes an object of this name.
    pub(super) fn made_later(&self, title: &str, at: usize) -> Option<usize> {
        let writers = self.writers.get(title)?;
        writers.get(writers.partition_point(|writer| *writer <= at)).copied()
    }

    pub(super) fn exchange(&self, left: usize, right: usize) -> Exchange {
        exchange(&self.footprints[left], &self.footprints[right])
    }
}

/// How far the records of a schema reached.
struct Seen {
    effects: usize,
    problems: usize,
    unknown: usize,
    sought: usize,
}

impl Seen {
    fn of(schema: &Schema) -> Self {
        let (effects, problems) = (schema.effects().len(), schema.problems().len());
        Self { effects, problems, unknown: schema.unknown().len(), sought: schema.sought().len() }
    }

    fn since(&self, schema: &Schema) -> Footprint {
        let mut footprint =
            Footprint { unknown: schema.unknown().len() > self.unknown, ..Footprint::default() };
        for effect in schema.effects().iter().skip(self.effects) {
            let writes = effect.role != ObjectRole::Uses;
            let set = if writes { &mut footprint.writes } else { &mut footprint.reads };
            set.insert(effect.on);
            if writes {
                let title = || (title_of(schema, effect.on), top(schema, effect.on));
                footprint.titles.entry(effect.on).or_insert_with(title);
                footprint.changed.extend(changed(schema, effect.on, effect.role));
                footprint.frees_roles |= match effect.role {
                    ObjectRole::Drops => true,
                    ObjectRole::Changes => is_a(schema, effect.on, ObjectKind::Policy),
                    _ => false,
                };
            }
            if effect.role == ObjectRole::Drops {
                footprint.drops.insert(effect.on);
                let dropped = schema.buried(effect.on).and_then(|gone| gone.object.of);
                footprint.let_go.extend(schema.needs(effect.on).chain(dropped));
            }
            if effect.role == ObjectRole::Makes {
                footprint.made.insert(effect.on);
                if !comes_by_itself(schema, effect.on) {
                    footprint.makes.push(title_of(schema, effect.on));
                }
            }
        }
        let missing = schema.problems().iter().skip(self.problems);
        let certain = missing.filter(|problem| problem.kind == ProblemKind::Missing && !problem.conditional);
        footprint.missing = certain.cloned().collect();
        let sought = schema.sought().iter().skip(self.sought);
        footprint.sought = sought.map(|(kind, name)| format!("{} {name}", Family::of(*kind))).collect();
        footprint
    }
}

/// A routine, a sequence, or a schema or a role that is made.
fn changed(schema: &Schema, oid: Oid, role: ObjectRole) -> Option<Changed> {
    use ObjectKind::{Aggregate, Function, Procedure, Role, Routine, Sequence};
    let object = schema.present_or_gone(oid)?;
    let changes = match object.kind {
        Sequence | Function | Procedure | Aggregate | Routine => true,
        ObjectKind::Schema | Role => role == ObjectRole::Makes,
        _ => false,
    };
    let (family, name) = (Family::of(object.kind), object.name.clone());
    changes.then(|| Changed { family, name, title: title_of(schema, oid) })
}

fn is_a(schema: &Schema, oid: Oid, kind: ObjectKind) -> bool {
    schema.present_or_gone(oid).is_some_and(|object| object.kind == kind)
}

/// Columns, indexes behind constraints, sequences behind columns, what an extension brings.
fn comes_by_itself(schema: &Schema, oid: Oid) -> bool {
    let Some(object) = schema.present_or_gone(oid).filter(|object| object.extension.is_none()) else {
        return true;
    };
    match &object.definition {
        Definition::Column(_) => true,
        Definition::Sequence(owner) => owner.is_some(),
        Definition::Index(_) => {
            let constraint = |of| schema.member(of, ObjectKind::Constraint, &object.name);
            object.of.and_then(constraint).is_some()
        }
        _ => false,
    }
}

/// The object that a column, a constraint or an index hangs on, or hung on; itself for all else.
pub(super) fn top(schema: &Schema, oid: Oid) -> Oid {
    schema.present_or_gone(oid).and_then(|object| object.of).unwrap_or(oid)
}

/// `relation public.t`, `policy p on public.t`.
pub(super) fn title_of(schema: &Schema, oid: Oid) -> String {
    let family = schema.present_or_gone(oid).map_or(Family::Other, |object| Family::of(object.kind));
    format!("{family} {}", schema.full_name(oid))
}

/// The same of what is not there.
pub(super) fn title(problem: &Problem) -> String {
    let of = problem.of.as_ref().map_or(String::new(), |of| format!(" on {of}"));
    format!("{} {}{of}", Family::of(problem.object), problem.name)
}
