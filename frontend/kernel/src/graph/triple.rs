//! What a feature makes, against what its rollback drops, its validation asserts and its seeds fill.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Family, asserted::Asserted, footprint::title_of};
use crate::{
    migration::{Migration, MigrationSet, Role, steps},
    name::QualifiedName,
    schema::{Definition, Difference, Object, Oid, Schema, Shape},
    sql::statement::{ObjectKind, ObjectRole, StatementKind, Verb},
};

/// How far the files around a forward file cover what it makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The forward file.
    pub forward: String,
    /// What undoes it.
    pub rollback: Option<String>,
    /// What proves it.
    pub validation: Option<String>,
    /// What it makes and leaves behind, `relation public.t`.
    pub makes: Vec<String>,
    /// Made, and still there after the rollback.
    pub not_dropped: Vec<String>,
    /// Not made by it, and gone after the rollback.
    pub dropped_too: Vec<String>,
    /// There before, and not the same after the rollback.
    pub not_restored: Vec<String>,
    /// Made, and not named by the validation.
    pub not_asserted: Vec<String>,
    /// Named by the validation, and not there after the forward file.
    pub asserted_too: Vec<String>,
    /// Who fills its tables, itself included.
    pub seeds: Vec<Seed>,
    /// Some of what the three do is known only at run time, so that the lists may say too much.
    pub unknown: bool,
}

/// A file that fills tables of a feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed {
    /// Its path.
    pub file: String,
    /// The tables.
    pub fills: Vec<String>,
}

impl Coverage {
    /// Whether nothing is missing and nothing too much.
    pub fn is_whole(&self) -> bool {
        let lists = [
            &self.not_dropped,
            &self.dropped_too,
            &self.not_restored,
            &self.not_asserted,
            &self.asserted_too,
        ];
        lists.iter().all(|list| list.is_empty())
    }
}

/// The triples of a set, in order. A forward file with neither rollback nor validation has none.
pub fn coverage(set: &MigrationSet) -> Vec<Coverage> {
    let mut found = Vec::new();
    let mut schema = Schema::default();
    for file in set.forward_files() {
        let before = schema.clone();
        schema.apply(file);
        let Some(triple) = set.triple(&file.path) else { continue };
        if triple.rollback.is_none() && triple.validation.is_none() {
            continue;
        }
        let made = left_behind(&schema, file);
        let mut coverage = Coverage {
            forward: file.path.clone(),
            rollback: triple.rollback.map(|file| file.path.clone()),
            validation: triple.validation.map(|file| file.path.clone()),
            makes: made
                .iter()
                .filter(|oid| !is_column_of(&schema, **oid, &made))
                .map(|oid| title_of(&schema, *oid))
                .collect(),
            seeds: seeds(set, &schema, &made),
            unknown: schema.unknown().len() > before.unknown().len(),
            ..Coverage::default()
        };
        if let Some(rollback) = triple.rollback {
            undo(&mut coverage, &before, &schema, file, rollback);
        }
        if let Some(validation) = triple.validation {
            prove(&mut coverage, &schema, &made, validation);
        }
        found.push(coverage);
    }
    found
}

/// What a file makes that is there when it ends, oldest first: what goes and comes with its table is left out.
fn left_behind(schema: &Schema, file: &Migration) -> Vec<Oid> {
    let own = |oid: Oid| {
        let made = schema.get(oid).and_then(|object| object.made.as_ref());
        made.is_some_and(|made| *made.file == *file.path)
    };
    let counts = |oid: &Oid| match schema.get(*oid) {
        Some(object) => match &object.definition {
            Definition::Sequence(owner) => owner.is_none(),
            Definition::Index(_) => {
                object.of.is_none_or(|of| schema.member(of, ObjectKind::Constraint, &object.name).is_none())
            }
            _ => true,
        },
        None => false,
    };
    schema.objects().map(|(oid, _)| oid).filter(|oid| own(*oid)).filter(counts).collect()
}

/// Whether it is a column of a table that is named itself.
fn is_column_of(schema: &Schema, oid: Oid, made: &[Oid]) -> bool {
    let object = schema.get(oid).filter(|object| object.kind == ObjectKind::Column);
    object.and_then(|column| column.of).is_some_and(|table| has(made, table))
}

/// Whether a list that is in order holds an object.
fn has(made: &[Oid], oid: Oid) -> bool {
    made.binary_search(&oid).is_ok()
}

// Rollback ------------------------------------------------------------------------------------------------

fn undo(coverage: &mut Coverage, before: &Schema, made: &Schema, forward: &Migration, rollback: &Migration) {
    let mut after = made.clone();
    after.apply(rollback);
    coverage.unknown |= after.unknown().len() > made.unknown().len();
    let left = left_behind(&after, forward);
    for oid in &left {
        let Some(object) = after.get(*oid) else { continue };
        // The table that stays says it for its parts, and what is shared is nobody's to drop.
        let with_table = object.of.is_some_and(|of| has(&left, of));
        if !with_table && !matches!(object.kind, ObjectKind::Schema | ObjectKind::Extension) {
            coverage.not_dropped.push(title_of(&after, *oid));
        }
    }
    for difference in before.snapshot().differences(&after.snapshot()) {
        match (&difference.left, &difference.right) {
            (Some(_), None) => coverage.dropped_too.push(shown(&difference)),
            // A label cannot be taken back.
            (Some(left), Some(_)) if !matches!(left.shape, Shape::Enum(_)) => {
                coverage.not_restored.push(shown(&difference));
            }
            _ => {}
        }
    }
}

/// As [`title_of`] says it.
fn shown(difference: &Difference) -> String {
    let Some(entry) = difference.left.as_ref().or(difference.right.as_ref()) else { return String::new() };
    let title = difference.title.strip_prefix(entry.kind.as_str()).unwrap_or(&difference.title);
    format!("{}{title}", Family::of(entry.kind))
}

// Validation ----------------------------------------------------------------------------------------------

fn prove(coverage: &mut Coverage, schema: &Schema, made: &[Oid], validation: &Migration) {
    let asserted = Asserted::read(validation);
    for oid in made {
        let Some(object) = schema.get(*oid) else { continue };
        let column = object.kind == ObjectKind::Column;
        // The columns of a view are its query's.
        if column && object.of.and_then(|of| schema.get(of)).is_some_and(is_view) {
            continue;
        }
        if !asserted.names(object.name.as_str(), column) {
            coverage.not_asserted.push(title_of(schema, *oid));
        }
    }
    let known: BTreeSet<&str> = schema
        .objects()
        .filter(|(_, object)| object.kind != ObjectKind::Column)
        .map(|(_, object)| object.name.as_str())
        .collect();
    let mut strangers: BTreeSet<String> = BTreeSet::new();
    for name in &asserted.looked_up {
        let written = QualifiedName::from_sql(name.split('(').next().unwrap_or(name));
        let own = written.schema.as_ref().is_none_or(|schema| schema.as_str() == "public");
        if own && !known.contains(written.name.as_str()) && !written.name.as_str().starts_with("pg_") {
            strangers.insert(name.clone());
        }
    }
    // A list of names: where most are objects, the others are meant to be.
    for list in &asserted.lists {
        let plain = |item: &&String| known.contains(item.split('(').next().unwrap_or(item));
        let hits = list.iter().filter(plain).count();
        if hits * 2 >= list.len() && hits >= 2 {
            strangers.extend(list.iter().filter(|item| !plain(item)).cloned());
        }
    }
    coverage.asserted_too.extend(strangers);
}

fn is_view(object: &Object) -> bool {
    matches!(object.kind, ObjectKind::View | ObjectKind::MaterializedView)
}

// Seeds ---------------------------------------------------------------------------------------------------

fn seeds(set: &MigrationSet, schema: &Schema, made: &[Oid]) -> Vec<Seed> {
    let mut found = Vec::new();
    for file in set.forward_files() {
        let mut fills = BTreeSet::new();
        for step in steps(file).iter().filter(|step| !step.deferred) {
            let verb = step.statement.kind;
            let writes = matches!(verb, StatementKind::Other(Verb::Insert | Verb::Copy | Verb::Merge));
            let with = matches!(verb, StatementKind::Other(Verb::Update | Verb::Select));
            if !writes && !with {
                continue;
            }
            let changed = step.statement.in_role(ObjectRole::Changes);
            let tables = changed.filter_map(|table| schema.find(ObjectKind::Table, &table.name));
            fills.extend(tables.filter(|table| has(made, *table)).map(|table| title_of(schema, table)));
        }
        if !fills.is_empty()
            && matches!(file.role, Role::Seed | Role::Setup | Role::Feature | Role::Enhancement)
        {
            found.push(Seed { file: file.path.clone(), fills: fills.into_iter().collect() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::SourceFile;

    /// The coverage of the one triple of a set on a base of two tables.
    fn cover(forward: &str, rollback: &str, validation: &str) -> Coverage {
        let set = MigrationSet::new(
            [
                ("1_base.sql", "create table base (id int primary key); create table other ();".to_owned()),
                ("2_feature.sql", forward.to_owned()),
                ("3_seed_rows.sql", "insert into made values (1); insert into base values (1);".to_owned()),
                ("rollback/undo.sql", format!("-- forward: feature\n{rollback}")),
                ("validate/prove.sql", format!("-- forward: feature\n{validation}")),
            ]
            .map(SourceFile::from),
        );
        coverage(&set).remove(0)
    }

    const FORWARD: &str = "create type kind as enum ('a');
        create table made (id int primary key, k kind unique);
        create index by_kind on made (k);
        create policy reads on made using (true);
        alter table base add column made_id int references made;
        create function act(int) returns void language sql as '';
        create view seen as select id, k as kind from made;";

    #[test]
    fn a_whole_triple_has_neither_holes_nor_intruders() {
        let rollback =
            "drop function if exists act(int); drop view if exists seen; alter table if exists base drop column if exists made_id;
            drop table if exists made; drop type if exists kind;";
        let validation = "do $$ declare functions text[] := array['act(integer)', 'made', 'seen']; begin
            perform to_regclass('public.made'), to_regtype('kind');
            perform from (values ('made', 'id'), ('made', 'k'), ('base', 'made_id')) as c (t, n);
            perform from (values ('made_pkey'), ('made_k_key'), ('by_kind'), ('base_made_id_fkey')) as n;
            perform format('reads on %s', 'made'), 'reads'; end $$;";
        let coverage = cover(FORWARD, rollback, validation);
        assert!(coverage.is_whole(), "{coverage:#?}");
        assert_eq!(
            coverage.seeds,
            [Seed { file: "3_seed_rows.sql".into(), fills: vec!["relation public.made".into()] }]
        );
        assert_eq!(coverage.makes.first().map(String::as_str), Some("type public.kind"));
    }

    #[test]
    fn holes_and_intruders_are_named() {
        let rollback = "drop index by_kind; drop table other; alter table base drop column made_id;
            alter table base add column extra int; create table kept ();";
        let validation = "do $$ begin perform to_regclass('public.made'), to_regclass('public.mode');
            perform unnest(array['by_kind', 'made', 'by_sort']); end $$;";
        let coverage = cover(FORWARD, rollback, validation);
        assert_eq!(
            coverage.not_dropped,
            [
                "type public.kind",
                "relation public.made",
                "routine public.act(integer)",
                "relation public.seen"
            ]
        );
        assert_eq!(coverage.dropped_too, ["relation public.other"]);
        assert_eq!(coverage.asserted_too, ["by_sort", "public.mode"]);
        assert_eq!(
            coverage.not_asserted,
            [
                "type public.kind",
                "column id on public.made",
                "column k on public.made",
                "constraint made_pkey on public.made",
                "constraint made_k_key on public.made",
                "policy reads on public.made",
                "column made_id on public.base",
                "constraint base_made_id_fkey on public.base",
                "routine public.act(integer)",
                "relation public.seen",
            ]
        );
    }

    #[test]
    fn what_was_changed_and_not_changed_back_is_named() {
        let forward = "alter table base enable row level security; alter table base rename id to number;";
        let coverage = cover(forward, "alter table base rename number to id;", "");
        assert_eq!(coverage.not_restored, ["relation public.base"]);
        assert!(cover(forward, "do $$ begin execute a || b; end $$", "").unknown);
    }
}
