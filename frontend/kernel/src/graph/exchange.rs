//! Whether two files can change places: neither writes what the other reads or writes, or takes a name that it needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Family, Graph,
    footprint::{Footprint, title},
};
use crate::schema::Oid;

/// Whether two files can change places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "objects", rename_all = "snake_case")]
pub enum Exchange {
    /// Neither writes what the other reads or writes, and no word of one means what the other changes.
    Commutes,
    /// Both use these, and at least one changes them.
    Conflicts(Vec<String>),
    /// What one of them does is known only at run time, or is done by a procedure that it calls.
    Unknown,
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

pub(super) fn exchange(left: &Footprint, right: &Footprint) -> Exchange {
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
        let let_go = other.titles.iter().filter(|(oid, (title, _))| {
            one.let_go.contains(oid) && (other.drops.contains(oid) || title.starts_with("column "))
        });
        objects.extend(let_go.map(|(_, (title, _))| title.clone()));
        let takes: BTreeSet<String> = other.takes.iter().map(ToString::to_string).collect();
        let types: BTreeSet<String> = takes.iter().map(|old| as_type(old)).collect();
        // It may be a routine without its arguments that is taken.
        let gone = |missed: &&String| {
            takes.contains(*missed)
                || missed.split('(').next().is_some_and(|bare| takes.contains(bare))
                || types.contains(*missed)
        };
        objects.extend(missed.iter().filter(gone).cloned());
        objects.extend(one.mentions.upset(&other.mentions, &other.changed));
        let roles = other.takes.iter().filter(|taken| one.frees_roles && taken.family == Family::Role);
        objects.extend(roles.map(ToString::to_string));
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
    let unknown = |one: &Footprint| one.unknown || one.mentions.calls;
    match (objects.is_empty(), unknown(left) || unknown(right)) {
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

/// Whether the two files behind a base can change places.
#[cfg(test)]
pub(super) fn between(base: &str, left: &str, right: &str) -> Option<Exchange> {
    use crate::migration::{MigrationSet, SourceFile};

    let files = [("1_base.sql", base), ("2_left.sql", left), ("3_right.sql", right)];
    super::graph(&MigrationSet::new(files.map(SourceFile::from))).exchange("2_left.sql", "3_right.sql")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the two files behind the first commute, and over what they do not.
    fn exchanged(left: &str, right: &str) -> String {
        let base = "create table t (a int primary key, b int); create table u (a int); create function f() \
                    returns void language sql as ''; create type e as enum ('a'); create sequence sq; \
                    create function g(int) returns int language sql as ''; create function tf() returns \
                    trigger language plpgsql as 'begin end'; create trigger tr before insert on t for each \
                    row execute function tf();";
        match between(base, left, right) {
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
