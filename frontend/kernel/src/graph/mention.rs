//! What the text of a file names where the model of the schema does not follow it: schemas and roles anywhere,
//! routines that are called, sequences that are drawn from. A word may mean something else, so it rather says too much.

use std::collections::BTreeSet;

use super::{Family, ObjectKey};
use crate::{
    migration::{Migration, Step, steps},
    name::{Ident, QualifiedName, SearchPath},
    schema::{Definition, Oid, Schema},
    sql::{
        significant_tokens,
        statement::{Detail, ObjectKind, ObjectRole, StatementKind, Verb},
        string_content,
    },
};

/// Functions whose first argument is the name of a sequence.
/// <https://www.postgresql.org/docs/18/functions-sequence.html>
const DRAWS: [&str; 3] = ["nextval", "currval", "setval"];

/// Texts in texts are read so deep.
const DEEP: u8 = 3;

/// The words of what runs with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    words: BTreeSet<Ident>,
    /// With a parenthesis behind it.
    called: BTreeSet<Ident>,
    /// Resolved.
    drawn: BTreeSet<QualifiedName>,
    /// It calls a procedure: what that does is not followed.
    pub(super) calls: bool,
}

/// What means something else once a file has run: a routine or a sequence that it writes, a schema or a role that comes
/// or goes, anything that it renames.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Changed {
    pub(super) family: Family,
    pub(super) name: Ident,
    /// As the graph says it.
    pub(super) title: String,
}

impl From<&ObjectKey> for Changed {
    fn from(object: &ObjectKey) -> Self {
        Self { family: object.family, name: object.name.name.clone(), title: object.to_string() }
    }
}

/// The names that schemas and roles get by RENAME TO, which ends its statement.
pub(super) fn new_names(file: &Migration) -> Vec<Changed> {
    let mut found = Vec::new();
    for step in steps(file).iter().filter(|step| !step.deferred) {
        let renamed = step.statement.in_role(ObjectRole::Renames).map(|object| Family::of(object.kind));
        for family in renamed.filter(|family| matches!(family, Family::Schema | Family::Role)) {
            let last = significant_tokens(step.statement.span.of(&file.text)).pop();
            let name = QualifiedName::bare(Ident::from_sql(&last.unwrap_or_default()));
            found.push(Changed::from(&ObjectKey { family, of: None, name }));
        }
    }
    found
}

impl Mentions {
    pub(super) fn of(file: &Migration) -> Self {
        let mut found = Self::default();
        for (_, statement) in file.parsed.forward() {
            found.calls |= statement.kind == StatementKind::Other(Verb::Call);
            // PL/pgSQL is looked at when it is called, every other body when it is made.
            let runs = match &statement.detail {
                Detail::Do(_) => true,
                Detail::Routine(routine) => routine.language != "plpgsql",
                _ => false,
            };
            let drawn = found.read(statement.span.of(&file.text), if runs { DEEP } else { 0 });
            // A default of a new table is not evaluated yet.
            if statement.kind != StatementKind::Create(ObjectKind::Table) {
                found.drawn.extend(drawn);
            }
        }
        found
    }

    /// Takes in the names of a text, and answers with the sequences that it speaks of.
    fn read(&mut self, text: &str, depth: u8) -> Vec<QualifiedName> {
        let mut drawn = Vec::new();
        let tokens = significant_tokens(text);
        let at = |at: usize| tokens.get(at).map_or("", String::as_str);
        for (index, token) in tokens.iter().enumerate() {
            let is_name =
                token.starts_with(|first: char| first == '"' || first == '_' || first.is_alphabetic());
            if token.starts_with(['\'', '$']) || token.contains('\'') && !token.starts_with('"') {
                let content = string_content(token);
                if index > 1 && at(index - 1) == "(" && DRAWS.contains(&at(index - 2)) {
                    drawn.push(QualifiedName::from_sql(&content).resolved(&SearchPath::default()));
                }
                if depth > 0 {
                    drawn.extend(self.read(&content, depth - 1));
                }
            } else if is_name {
                let name = Ident::from_sql(token);
                if at(index + 1) == "(" {
                    self.called.insert(name.clone());
                }
                self.words.insert(name);
            }
        }
        drawn
    }

    /// Adds the sequences that give the rows of an INSERT their numbers.
    pub(super) fn draw(&mut self, schema: &Schema, file: &Migration) {
        let inserts = |step: &Step<'_>| {
            !step.deferred
                && matches!(
                    step.statement.kind,
                    StatementKind::Other(Verb::Insert | Verb::Copy | Verb::Merge)
                )
        };
        let steps = steps(file).into_iter().filter(inserts);
        let tables = steps.flat_map(|step| step.statement.in_role(ObjectRole::Changes));
        let filled: BTreeSet<Oid> =
            tables.filter_map(|table| schema.find(ObjectKind::Table, &table.name)).collect();
        let is_sequence = |oid: &Oid| schema.get(*oid).is_some_and(|one| one.kind == ObjectKind::Sequence);
        for (oid, object) in schema.objects().filter(|_| !filled.is_empty()) {
            let of_filled = |column: Oid| {
                schema.get(column).and_then(|column| column.of).is_some_and(|of| filled.contains(&of))
            };
            match &object.definition {
                Definition::Sequence(Some(owner)) if of_filled(*owner) => {
                    self.drawn.insert(schema.qualified(oid));
                }
                Definition::Column(_) if of_filled(oid) => {
                    let sequences = schema.needs(oid).filter(is_sequence);
                    self.drawn.extend(sequences.map(|sequence| schema.qualified(sequence)));
                }
                _ => {}
            }
        }
    }

    /// What it names of that which another file has changed, and the sequences that both draw from.
    pub(super) fn upset<'a>(
        &'a self,
        other: &'a Self,
        changed: &'a BTreeSet<Changed>,
    ) -> impl Iterator<Item = String> + 'a {
        let sequences: BTreeSet<&Ident> = self.drawn.iter().map(|drawn| &drawn.name).collect();
        let changed = changed.iter().filter(move |one| match one.family {
            // What is written without a schema stands in public.
            Family::Schema if one.name.as_str() == "public" => !self.words.is_empty(),
            Family::Schema | Family::Role => self.words.contains(&one.name),
            Family::Routine => self.called.contains(&one.name),
            Family::Relation => sequences.contains(&one.name),
            _ => false,
        });
        let drawn = self.drawn.intersection(&other.drawn);
        let drawn = drawn.map(|drawn| format!("{} {drawn}", Family::Relation));
        changed.map(|one| one.title.clone()).chain(drawn)
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::exchange::{Exchange, between};

    const BASE: &str = "create schema s; \
        create table s.st (a int); \
        create function s.sf() returns int language sql as 'select 1'; \
        create type s.sty as (a int); \
        create role r; \
        create table t (a int primary key, b int); \
        create table u (a int); \
        create policy tp on t using (true); \
        create type e as enum ('a'); \
        create sequence sq; \
        create function g(int) returns int language sql as 'select 1'; \
        create function tf() returns trigger language plpgsql as 'begin end';";

    fn exchanged(left: &str, right: &str) -> Option<Exchange> {
        between(BASE, left, right)
    }

    #[track_caller]
    fn conflict(pairs: &[(&str, &str)]) {
        for (left, right) in pairs {
            for (left, right) in [(left, right), (right, left)] {
                let said = exchanged(left, right);
                assert!(matches!(said, Some(Exchange::Conflicts(_))), "{left} | {right}: {said:?}");
            }
        }
    }

    #[test]
    fn a_schema_that_moves_takes_what_stands_in_it_along() {
        conflict(&[
            ("alter schema s rename to s2", "create table s.x ()"),
            ("alter schema s rename to s2", "alter table s.st add b int"),
            ("alter schema s rename to s2", "create table s2.x ()"),
            ("alter schema s rename to s2", "insert into s.st values (1)"),
            ("alter schema s rename to s2", "comment on function s.sf() is 'x'"),
            ("alter schema s rename to s2", "create table y (a s.sty)"),
            ("alter schema s rename to s2", "select s.sf()"),
            ("alter schema s rename to s2", "create table y (a int default s.sf())"),
            ("alter schema s rename to s2", "grant usage on schema s to anon"),
            ("alter schema s rename to s2", "drop table s.st"),
            ("alter schema elsewhere rename to s2", "create table elsewhere.x ()"),
            ("alter schema elsewhere rename to s2", "create table s2.x ()"),
            ("alter schema elsewhere rename to s2", "select elsewhere.f()"),
            ("drop schema s cascade", "create table s.x ()"),
            ("drop schema if exists s cascade", "select s.sf()"),
        ]);
    }

    #[test]
    fn who_draws_from_a_sequence_takes_turns() {
        conflict(&[
            ("insert into t values (nextval('sq'))", "insert into u values (nextval('sq'))"),
            ("insert into t values (nextval('sq'))", "alter sequence sq restart"),
            ("select setval('sq', 5)", "insert into u values (nextval('sq'))"),
            ("select setval('sq', 5)", "select setval('sq', 6)"),
            ("insert into t values (nextval('sq'))", "drop sequence sq"),
            ("insert into t values (nextval('nosq'))", "create sequence nosq"),
            (
                "create function later() returns int language sql as 'select 1'",
                "create table x (a int default later())",
            ),
            (
                "create function later() returns int language sql as 'select 1'",
                "alter table t add check (later() > 0)",
            ),
            (
                "create function later() returns int language sql as 'select 1'",
                "create index on t ((later()))",
            ),
            (
                "create function later() returns int language sql as 'select 1'",
                "create policy p on t using (later() = 1)",
            ),
            (
                "create function later() returns int language sql as 'select 1'",
                "create view v as select later()",
            ),
            (
                "create function later() returns int language sql as 'select 1'",
                "insert into t select later()",
            ),
            ("create function later() returns int language sql as 'select 1'", "select public.later()"),
            (
                "create function later() returns int language sql as 'select 1'",
                "update t set b = later() where a = 1",
            ),
            (
                "create function later() returns int language sql as 'select 1'",
                "alter table t alter b set default later()",
            ),
            (
                "create or replace function g(int) returns int language sql as 'select 2'",
                "insert into t select g(1)",
            ),
            (
                "create or replace function g(int) returns int language sql as 'select 2'",
                "create index on t (g(a))",
            ),
            (
                "create or replace function g(int) returns int language sql as 'select 2'",
                "create view v as select g(1)",
            ),
            (
                "create function ltf() returns trigger language plpgsql as 'begin end'",
                "create trigger k before insert on t for each row execute function ltf()",
            ),
            (
                "create function later() returns int language sql as 'select 1'",
                "create trigger k before insert on t for each row when (later() = 1) execute function tf()",
            ),
            (
                "create function later() returns int language sql as 'select 1'",
                "create materialized view m as select later()",
            ),
            (
                "create function later() returns int language sql as 'select 1'",
                "create table c as select later()",
            ),
            ("create table n (a int)", "create function z(n) returns int language sql as ''"),
            ("create table n (a int)", "create function z() returns n language sql as 'select null'"),
            ("do $$ begin perform nextval('sq'); end $$", "alter sequence sq restart"),
        ]);
    }

    #[test]
    fn a_role_is_there_or_not() {
        conflict(&[
            ("create role ann", "create policy p on t to ann using (true)"),
            ("drop role r", "create policy p on t to r using (true)"),
            ("alter role r rename to q", "create policy p on t to r using (true)"),
            ("alter role r rename to q", "create schema z authorization r"),
            ("create role ann", "create schema z authorization ann"),
            ("create role ann", "grant select on t to ann"),
            ("create role ann", "alter table t owner to ann"),
            ("create role ann", "set role ann"),
            ("create role ann", "grant r to ann"),
            ("create role ann", "alter default privileges for role ann grant select on tables to r"),
            ("create role ann", "revoke all on t from ann"),
            ("create role ann", "alter policy tp on t to ann"),
        ]);
    }

    #[test]
    fn what_an_expression_calls_must_be_there() {
        conflict(&[("drop function g(int)", "create view v as select g(1)")]);
    }

    #[test]
    fn a_table_brings_a_type_of_its_name() {
        conflict(&[
            ("create type n as enum ('a')", "create table n (a int)"),
            ("create domain n as int", "create view n as select 1"),
            ("create table n (a int)", "create table x (a n)"),
            ("drop table u", "create table x (a u)"),
            ("alter table u rename to u2", "create table x (a u)"),
            ("drop type e", "create table e (a int)"),
            ("alter table u rename to u2", "create type u2 as (a int)"),
        ]);
    }

    #[test]
    fn what_has_nothing_to_do_with_it_commutes() {
        for (left, right) in [
            ("alter schema s rename to s2", "create table x (a int)"),
            ("insert into t values (nextval('sq'))", "insert into u values (nextval('other'))"),
            ("create table k (a int default nextval('sq'))", "create table l (a int default nextval('sq'))"),
            ("create role ann", "create policy p on t to r using (true)"),
            ("create function later() returns int language sql as 'select 1'", "create table x (later int)"),
            ("create table n (a int)", "create table x (a int, n text)"),
            ("create type n as enum ('a')", "create table x (a int)"),
            (
                "create function later() returns int language sql as 'select 1'",
                "create function calls() returns int language plpgsql as $$ begin return later(); end $$",
            ),
        ] {
            for (left, right) in [(left, right), (right, left)] {
                assert_eq!(exchanged(left, right), Some(Exchange::Commutes), "{left} | {right}");
            }
        }
    }

    #[test]
    fn what_is_said_names_the_object() {
        for (left, right, name) in [
            ("alter schema s rename to s2", "create table s.x ()", "schema s"),
            ("create role ann", "create policy p on t to ann using (true)", "role ann"),
            ("select setval('sq', 5)", "insert into u values (nextval('public.sq'))", "relation public.sq"),
            (
                "create function later() returns int language sql as 'select 1'",
                "insert into t select later()",
                "routine public.later()",
            ),
        ] {
            assert_eq!(exchanged(left, right), Some(Exchange::Conflicts(vec![name.to_owned()])));
        }
    }
}
