//! What the files of a set say of how relations hang together: partitions, foreign keys, indexes.
//! It follows no order: whatever any file makes is taken to be there. What columns are follows the order of the
//! statements, and stands in `catalog`.
//!
//! ```text
//! catalog  tables, columns and types, statement by statement
//! removal  what leaves it
//! table    one table of it
//! domains  the types that a set makes
//! types    types to be compared
//! change   when a change of type writes every row
//! uses     what a change of type does to indexes and constraints
//! ```

mod catalog;
mod change;
mod domains;
mod removal;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod uses;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use catalog::Catalog;
use types::qualified;
pub(super) use types::{Name, resolved};

use crate::{
    migration::MigrationSet,
    name::QualifiedName,
    sql::{
        lock::{Lock, Reach},
        statement::{
            ActionKind, Column, Constraint, ConstraintKind, Detail, ObjectKind, ObjectRole, Statement,
            StatementKind, TableAction, Verb,
        },
    },
};

/// The relations of a set. All names are resolved, and the statements' own.
#[derive(Default)]
pub(super) struct Relations<'a> {
    tables: BTreeMap<Name<'a>, Table<'a>>,
    /// Of an index.
    owners: BTreeMap<Name<'a>, Name<'a>>,
}

#[derive(Default)]
struct Table<'a> {
    /// The set makes it: what is not known of it is not so.
    made: bool,
    partitioned: bool,
    owns_sequences: bool,
    partition_of: Option<Name<'a>>,
    children: BTreeSet<Name<'a>>,
    referenced: BTreeSet<Name<'a>>,
    referencing: BTreeSet<Name<'a>>,
}

impl<'a> Relations<'a> {
    pub(super) fn of(set: &'a MigrationSet) -> Self {
        let mut relations = Self::default();
        for (_, statement) in set.files().iter().flat_map(|file| file.parsed.forward()) {
            relations.fold(statement);
        }
        relations
    }

    fn fold(&mut self, statement: &'a Statement) {
        if let Detail::Do(body) | Detail::Schema(body) = &statement.detail {
            return body.statements.iter().for_each(|embedded| self.fold(&embedded.statement));
        }
        let made = statement.first(ObjectRole::Makes);
        match (statement.kind, &statement.detail, made) {
            (_, Detail::CreateTable(definition), Some(made)) => {
                let name = resolved(&made.name);
                for parent in definition.partition_of.iter().chain(&definition.inherits) {
                    self.entry(resolved(parent)).children.insert(name);
                }
                let table = self.entry(name);
                table.made = true;
                table.partitioned |= definition.partitioned;
                table.partition_of = definition.partition_of.as_ref().map(resolved);
                definition.columns.iter().for_each(|column| self.column(name, column));
                definition.constraints.iter().for_each(|constraint| self.constraint(name, constraint));
            }
            (StatementKind::Other(Verb::CreateTableAs | Verb::SelectInto), _, Some(made)) => {
                self.entry(resolved(&made.name)).made = true;
            }
            (StatementKind::Create(ObjectKind::Index), _, Some(made)) => {
                if let Some(table) = made.of.as_ref().map(resolved) {
                    // An index lives in the schema of its table.
                    self.owners.insert((table.0, made.name.name.as_str()), table);
                }
            }
            (
                StatementKind::Create(ObjectKind::Sequence) | StatementKind::Alter(ObjectKind::Sequence),
                ..,
            ) => {
                for owner in statement.in_role(ObjectRole::Uses).filter_map(|column| column.of.as_ref()) {
                    self.entry(resolved(owner)).owns_sequences = true;
                }
            }
            (_, Detail::AlterTable(actions), _) => {
                if let Some(table) = statement.first(ObjectRole::Changes) {
                    let name = resolved(&table.name);
                    actions.iter().for_each(|action| self.action(name, action, statement));
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, name: Name<'a>) -> &mut Table<'a> {
        self.tables.entry(name).or_default()
    }

    fn action(&mut self, table: Name<'a>, action: &'a TableAction, statement: &'a Statement) {
        match &action.kind {
            ActionKind::AddColumn { column, .. } => self.column(table, column),
            ActionKind::AddConstraint(constraint) => self.constraint(table, constraint),
            ActionKind::AttachPartition(partition) => {
                let partition = resolved(partition);
                self.entry(partition).partition_of = Some(table);
                self.entry(table).children.insert(partition);
            }
            ActionKind::Other(words) if words == "inherit" => {
                for parent in statement.used_in(action.span) {
                    self.entry(resolved(&parent.name)).children.insert(table);
                }
            }
            ActionKind::Other(words) if words == "alter column add generated" => {
                self.entry(table).owns_sequences = true;
            }
            _ => {}
        }
    }

    fn column(&mut self, table: Name<'a>, column: &'a Column) {
        if column.generated {
            self.entry(table).owns_sequences = true;
        }
        column.constraints.iter().for_each(|constraint| self.constraint(table, constraint));
    }

    fn constraint(&mut self, table: Name<'a>, constraint: &'a Constraint) {
        match &constraint.kind {
            ConstraintKind::ForeignKey(parent) => {
                let parent = resolved(parent);
                self.entry(parent).referencing.insert(table);
                self.entry(table).referenced.insert(parent);
            }
            ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclusion => {
                if let Some(name) = &constraint.name {
                    self.owners.entry((table.0, name.as_str())).or_insert(table);
                }
            }
            _ => {}
        }
    }

    /// Whether the set divides this table, or the table of this index, into partitions.
    pub(super) fn is_partitioned(&self, relation: &QualifiedName) -> bool {
        let name = resolved(relation);
        if let Some(table) = self.tables.get(&name) {
            return table.partitioned;
        }
        let called_after = || {
            // An index without a written name is called after its table: `parts_region_idx`.
            let mut ends = name.1.rmatch_indices('_').map(|(end, _)| (name.0, &name.1[..end]));
            ends.find_map(|table| self.tables.get_key_value(&table)).map(|(table, _)| *table)
        };
        let owner = self.owners.get(&name).copied().or_else(called_after);
        owner.and_then(|table| self.tables.get(&table)).is_some_and(|table| table.partitioned)
    }

    /// The lock on each relation by its name, as far as the set knows them; else as it is.
    pub(super) fn named(&self, lock: Lock) -> Vec<Lock> {
        let name = resolved(&lock.object);
        let on = |other: Name<'_>, reason: String| Lock {
            object: qualified(other),
            reach: Reach::Itself,
            descends: false,
            // What a doubt depends on is worth more than how the relations hang together.
            reason: if lock.certain { reason.into() } else { lock.reason.clone() },
            ..lock.clone()
        };
        if lock.reach == Reach::Table
            && let Some(owner) = self.owners.get(&name)
        {
            let reason = format!("it has the index {}", lock.object);
            return self.named(Lock { descends: lock.descends, ..on(*owner, reason) });
        }
        let is_index = self.owners.contains_key(&name);
        let Some(table) = self.tables.get(&name).filter(|table| table.made) else {
            return vec![Lock { descends: lock.descends && !is_index, ..lock }];
        };
        let all = |others: &BTreeSet<Name<'_>>, why: &str| {
            let others = others.iter().filter(|other| **other != name);
            others.map(|other| on(*other, format!("{why} {}", lock.object))).collect()
        };
        match lock.reach {
            Reach::Itself => {
                let children = if lock.descends { self.descendants(name) } else { BTreeSet::new() };
                let mut locks: Vec<Lock> = all(&children, "it is a partition or a child of");
                locks.insert(0, Lock { descends: false, ..lock });
                locks
            }
            Reach::Children => all(&self.descendants(name), "it is a partition or a child of"),
            Reach::Parent => {
                all(&table.partition_of.into_iter().collect(), "it is divided into partitions, such as")
            }
            Reach::Referenced => all(&table.referenced, "it is referred to by a foreign key of"),
            // TRUNCATE … CASCADE empties them, and so what refers to them in turn.
            Reach::Referencing if lock.rewrites => all(&self.emptied_with(name), ""),
            Reach::Referencing => all(&table.referencing, "a foreign key there refers to"),
            Reach::DefaultPartition if table.partition_of.is_none() && !table.partitioned => Vec::new(),
            Reach::Sequences if !table.owns_sequences => Vec::new(),
            // It is a table, no view.
            Reach::Beneath => Vec::new(),
            _ => vec![lock],
        }
    }

    fn descendants(&self, root: Name<'_>) -> BTreeSet<Name<'a>> {
        self.reached(root, |table| table.children.iter().copied().collect())
    }

    /// All that refers to a table, at any remove, with its partitions and children.
    fn emptied_with(&self, root: Name<'_>) -> BTreeSet<Name<'a>> {
        let mut found =
            self.reached(root, |table| table.children.union(&table.referencing).copied().collect());
        // Its own partitions and children are named without regard to what refers to it.
        let own = self.descendants(root);
        found.retain(|table| !own.contains(table));
        found
    }

    /// All tables that steps from one to others lead to.
    fn reached(&self, root: Name<'_>, step: impl Fn(&Table<'a>) -> Vec<Name<'a>>) -> BTreeSet<Name<'a>> {
        let mut found = BTreeSet::new();
        let mut open: Vec<Name<'a>> = Vec::new();
        let mut next = self.tables.get(&root);
        loop {
            open.extend(next.into_iter().flat_map(&step));
            let Some(reached) = open.pop() else { return found };
            next = if found.insert(reached) { self.tables.get(&reached) } else { None };
        }
    }
}
