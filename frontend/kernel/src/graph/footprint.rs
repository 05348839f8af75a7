//! What each file reads and writes, and whether two files can change places.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Family, Graph, file_objects,
    mention::{Mentions, Shaken},
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
    reads: BTreeSet<Oid>,
    writes: BTreeSet<Oid>,
    /// Among what it writes.
    drops: BTreeSet<Oid>,
    /// Names it needs and does not find.
    pub(super) missing: Vec<Problem>,
    /// What it looks for by name and does not find, as [`title`] says it; PostgreSQL may have it itself.
    sought: BTreeSet<String>,
    /// What the objects that it drops stood on.
    let_go: BTreeSet<Oid>,
    /// What it gives another name or schema, as it was called before, and the roles that it drops, known or not.
    takes: Vec<String>,
    /// Routines and sequences that it writes, and all that it renames.
    shaken: BTreeSet<Shaken>,
    /// Of its text.
    mentions: Mentions,
    /// Some of what it does is known only at run time.
    pub(super) unknown: bool,
    /// What it writes: how that is called, and what it hangs on.
    titles: BTreeMap<Oid, (String, Oid)>,
}

/// Whether two files can change places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "objects", rename_all = "snake_case")]
pub enum Exchange {
    /// Neither writes what the other reads or writes.
    Commutes,
    /// Both use these, and at least one changes them.
    Conflicts(Vec<String>),
    /// What one of them does is known only at run time.
    Unknown,
}

/// The fold of a set, file by file.
pub(super) struct Reading {
    /// When all forward files have run.
    pub(super) schema: Schema,
    /// As the files of the set.
    pub(super) footprints: Vec<Footprint>,
    /// The forward file that makes an object.
    makers: BTreeMap<Oid, usize>,
}

impl Reading {
    pub(super) fn new(set: &MigrationSet, start: Schema) -> Self {
        let mut reading = Self {
            schema: start,
            footprints: vec![Footprint::default(); set.files().len()],
            makers: BTreeMap::new(),
        };
        let forward = |at: &usize| set.files()[*at].role.is_forward();
        for at in (0..set.files().len()).filter(forward) {
            let seen = Seen::of(&reading.schema);
            reading.schema.apply(&set.files()[at]);
            let mut footprint = seen.since(&reading.schema);
            let mut taken = file_objects(&set.files()[at], ObjectRole::Drops);
            taken.retain(|(object, _)| object.family == Family::Role);
            taken.extend(file_objects(&set.files()[at], ObjectRole::Renames));
            footprint.takes = taken.iter().map(|(object, _)| object.to_string()).collect();
            footprint.shaken.extend(taken.into_iter().map(|(object, _)| Shaken {
                title: object.to_string(),
                family: object.family,
                name: object.name.name,
            }));
            footprint.mentions = Mentions::of(&set.files()[at]);
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
        let mut later = self.footprints.iter().enumerate().skip(at + 1);
        let makes = |footprint: &Footprint| footprint.titles.values().any(|(made, _)| is_meant(made, title));
        later.find(|(_, footprint)| makes(footprint)).map(|(at, _)| at)
    }

    pub(super) fn exchange(&self, left: usize, right: usize) -> Exchange {
        exchange(&self.footprints[left], &self.footprints[right])
    }
}

impl Graph {
    /// Whether two files of the set can change places; `None` when one of them is not in it.
    pub fn exchange(&self, left: &str, right: &str) -> Option<Exchange> {
        let of = |path: &str| {
            let at = self.nodes.iter().position(|node| node.path == path)?;
            self.footprints.get(at)
        };
        Some(exchange(of(left)?, of(right)?))
    }
}

fn exchange(left: &Footprint, right: &Footprint) -> Exchange {
    let mut shared: BTreeMap<Oid, &(String, Oid)> = BTreeMap::new();
    let mut objects = BTreeSet::new();
    for (one, other) in [(left, right), (right, left)] {
        let both = |oid: &Oid| other.reads.contains(oid) || other.writes.contains(oid);
        shared.extend(one.titles.iter().filter(|(oid, _)| both(oid)).map(|(oid, title)| (*oid, title)));
        let missed: BTreeSet<String> =
            one.missing.iter().map(title).chain(one.sought.iter().cloned()).collect();
        let is_missed = |made: &&String| {
            missed.contains(*made)
                || made.split('(').next().is_some_and(|bare| missed.contains(bare))
                || missed.contains(&as_type(made))
        };
        objects.extend(other.titles.values().map(|(title, _)| title).filter(is_missed).cloned());
        let let_go =
            other.titles.iter().filter(|(oid, _)| other.drops.contains(oid) && one.let_go.contains(oid));
        objects.extend(let_go.map(|(_, (title, _))| title.clone()));
        let gone = |missed: &&String| {
            other.takes.iter().any(|old| is_meant(missed, old) || **missed == as_type(old))
        };
        objects.extend(missed.iter().filter(gone).cloned());
        objects.extend(one.mentions.upset(&other.mentions, &other.shaken));
    }
    // Two objects that come to bear one name, or one that makes room for the other.
    let named: BTreeSet<String> = left.titles.values().map(|(title, _)| as_type(title)).collect();
    let other = right
        .titles
        .iter()
        .filter(|(oid, (title, _))| !left.titles.contains_key(oid) && named.contains(&as_type(title)));
    objects.extend(other.map(|(_, (title, _))| title.clone()));
    // A table speaks for its parts.
    let alone = |oid: &Oid, top: &Oid| oid == top || !shared.contains_key(top);
    let titles = shared.iter().filter(|(oid, (_, top))| alone(oid, top));
    objects.extend(titles.map(|(_, (title, _))| title.clone()));
    match (objects.is_empty(), left.unknown || right.unknown) {
        (false, _) => Exchange::Conflicts(objects.into_iter().collect()),
        (true, true) => Exchange::Unknown,
        (true, false) => Exchange::Commutes,
    }
}

/// The row type that a relation brings; as it is for all else.
fn as_type(title: &str) -> String {
    let row = title.strip_prefix("relation ").map(|name| format!("{} {name}", Family::Type));
    row.unwrap_or_else(|| title.to_owned())
}

/// Whether a name that was not found means this object: it may leave a routine's arguments out.
fn is_meant(made: &str, missed: &str) -> bool {
    made == missed || made.split('(').next() == Some(missed)
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
                footprint.shaken.extend(shaken(schema, effect.on));
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

/// A routine or a sequence.
fn shaken(schema: &Schema, oid: Oid) -> Option<Shaken> {
    use ObjectKind::{Aggregate, Function, Procedure, Routine, Sequence};
    let object = schema.present_or_gone(oid)?;
    let (family, name) = (Family::of(object.kind), object.name.clone());
    matches!(object.kind, Sequence | Function | Procedure | Aggregate | Routine).then(|| Shaken {
        family,
        name,
        title: title_of(schema, oid),
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graph::graph, migration::SourceFile};

    /// Whether the two files behind the first commute, and over what they do not.
    fn exchanged(left: &str, right: &str) -> String {
        let base = "create table t (a int primary key, b int); create table u (a int); create function f() \
                    returns void language sql as ''; create type e as enum ('a'); create sequence sq; \
                    create function g(int) returns int language sql as ''; create function tf() returns \
                    trigger language plpgsql as 'begin end'; create trigger tr before insert on t for each \
                    row execute function tf();";
        let files = [("1_base.sql", base), ("2_left.sql", left), ("3_right.sql", right)];
        let set = MigrationSet::new(files.map(SourceFile::from));
        match graph(&set).exchange("2_left.sql", "3_right.sql") {
            Some(Exchange::Commutes) => "commutes".to_owned(),
            Some(Exchange::Unknown) => "unknown".to_owned(),
            Some(Exchange::Conflicts(objects)) => objects.join(", "),
            None => "none".to_owned(),
        }
    }

    #[track_caller]
    fn check(left: &str, right: &str, expected: &str) {
        assert_eq!(exchanged(left, right), expected, "{left} | {right}");
    }

    #[test]
    fn files_commute_when_neither_writes_what_the_other_touches() {
        check("create index on t (b)", "create policy p on t using (true)", "commutes");
        check("create table v (t int references t)", "create table w (t int references t)", "commutes");
        check("insert into t values (1)", "insert into u values (1)", "commutes");
        check("", "drop table t", "commutes");
    }

    #[test]
    fn a_conflict_names_the_object() {
        check("create table v ()", "comment on table v is 'x'", "relation public.v");
        check("alter table t add column c int", "alter table t add column d int", "relation public.t");
        check("insert into t values (1)", "update t set b = 1", "relation public.t");
        check("create index on u (a)", "alter table u rename to w", "relation public.w");
        check("drop function f()", "grant execute on function f() to public", "routine public.f()");
        check("select * from later", "create table later ()", "relation public.later");
        check(
            "alter table t rename to w",
            "alter table t add constraint c check (b > 0)",
            "relation public.t",
        );
        check("alter table t rename b to c", "comment on column t.b is 'x'", "column b on public.t");
        check("create schema s; alter table t set schema s", "alter table t owner to r", "relation public.t");
        check("alter function f() rename to g", "drop function f()", "routine public.f");
        check(
            "create view v as select a from t",
            "drop table t cascade",
            "relation public.t, relation public.v",
        );
    }

    #[test]
    fn files_do_not_commute_over_a_name_that_one_needs_and_the_other_takes() {
        for (needs, takes, name) in [
            ("create table x (m e)", "alter type e rename to e9", "type public.e"),
            ("create function y(e) returns int language sql as ''", "drop type e", "type public.e"),
            ("create table x (a int default nextval('sq'))", "drop sequence sq", "relation public.sq"),
            (
                "create table x (a int default nextval('public.sq'::regclass))",
                "drop sequence sq",
                "relation public.sq",
            ),
            ("select nextval('sq')", "drop sequence sq", "relation public.sq"),
            ("drop trigger tr on t", "drop function tf() cascade", "public.t"),
            ("drop trigger tr on t", "drop table t", "public.t"),
            ("drop table u", "create table u (b int)", "relation public.u"),
            (
                "alter function g(int) rename to h",
                "create function h(int) returns int language sql as ''",
                "routine public.h(integer)",
            ),
            ("create schema s; alter table t set schema s", "create table s.t (a int)", "relation s.t"),
            (
                "create table y2 (a int generated always as identity)",
                "create sequence y2_a_seq",
                "relation public.y2_a_seq",
            ),
            ("create index on t (b)", "create table t_b_idx ()", "relation public.t_b_idx"),
            ("grant select on t to r1", "alter role r1 rename to r9", "role r1"),
            ("grant select on t to r1", "drop role r1", "role r1"),
            ("alter table t owner to r1", "drop role r1", "role r1"),
            ("alter default privileges grant select on tables to r1", "drop role r1", "role r1"),
            ("reassign owned by r1 to r2", "drop role r1", "role r1"),
        ] {
            for (left, right) in [(needs, takes), (takes, needs)] {
                let said = exchanged(left, right);
                assert!(said.contains(name), "{left} | {right}: {said}");
            }
        }
    }

    #[test]
    fn what_is_known_only_at_run_time_is_said() {
        check("do $$ begin execute a || b; end $$", "insert into u values (1)", "unknown");
        check("do $$ begin execute 'drop table u'; end $$", "insert into u values (1)", "relation public.u");
    }
}
