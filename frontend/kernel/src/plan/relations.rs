//! What the files of a set say of how relations hang together: partitions, foreign keys, indexes.
//! It follows no order: whatever any file makes is taken to be there.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    migration::MigrationSet,
    name::{QualifiedName, SearchPath},
    sql::{
        lock::{Lock, Reach},
        statement::{
            ActionKind, Column, Constraint, ConstraintKind, Detail, ObjectKind, ObjectRole, Statement,
            StatementKind, Verb,
        },
    },
};

/// The relations of a set. All names are resolved.
#[derive(Default)]
pub(super) struct Relations {
    tables: BTreeMap<QualifiedName, Table>,
    /// Of an index.
    owners: BTreeMap<QualifiedName, QualifiedName>,
    path: SearchPath,
}

#[derive(Default)]
struct Table {
    /// The set makes it: what is not known of it is not so.
    made: bool,
    partitioned: bool,
    owns_sequences: bool,
    partition_of: Option<QualifiedName>,
    children: BTreeSet<QualifiedName>,
    referenced: BTreeSet<QualifiedName>,
    referencing: BTreeSet<QualifiedName>,
}

impl Relations {
    pub(super) fn of(set: &MigrationSet) -> Self {
        let mut relations = Self::default();
        for statement in set.files().iter().flat_map(|file| &file.parsed.statements) {
            relations.fold(statement);
        }
        relations
    }

    fn fold(&mut self, statement: &Statement) {
        if let Detail::Do(body) = &statement.detail {
            return body.statements.iter().for_each(|embedded| self.fold(&embedded.statement));
        }
        let made = statement.first(ObjectRole::Makes);
        match (statement.kind, &statement.detail, made) {
            (_, Detail::CreateTable(definition), Some(made)) => {
                let name = made.name.resolved(&self.path);
                for parent in definition.partition_of.iter().chain(&definition.inherits) {
                    self.entry(parent).children.insert(name.clone());
                }
                let parent = definition.partition_of.as_ref().map(|parent| parent.resolved(&self.path));
                let table = self.entry(&name);
                table.made = true;
                table.partitioned |= definition.partitioned;
                table.partition_of = parent;
                definition.columns.iter().for_each(|column| self.column(&name, column));
                definition.constraints.iter().for_each(|constraint| self.constraint(&name, constraint));
            }
            (StatementKind::Other(Verb::CreateTableAs | Verb::SelectInto), _, Some(made)) => {
                self.entry(&made.name).made = true;
            }
            (StatementKind::Create(ObjectKind::Index), _, Some(made)) => {
                if let Some(table) = made.of.as_ref().map(|table| table.resolved(&self.path)) {
                    // An index lives in the schema of its table.
                    let index = QualifiedName { schema: table.schema.clone(), name: made.name.name.clone() };
                    self.owners.insert(index, table);
                }
            }
            (
                StatementKind::Create(ObjectKind::Sequence) | StatementKind::Alter(ObjectKind::Sequence),
                ..,
            ) => {
                for owner in statement.in_role(ObjectRole::Uses).filter_map(|column| column.of.as_ref()) {
                    self.entry(owner).owns_sequences = true;
                }
            }
            (_, Detail::AlterTable(actions), _) => {
                if let Some(table) = statement.first(ObjectRole::Changes) {
                    let name = table.name.resolved(&self.path);
                    actions.iter().for_each(|action| self.action(&name, &action.kind, statement));
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, name: &QualifiedName) -> &mut Table {
        self.tables.entry(name.resolved(&self.path)).or_default()
    }

    fn action(&mut self, table: &QualifiedName, action: &ActionKind, statement: &Statement) {
        match action {
            ActionKind::AddColumn { column, .. } => self.column(table, column),
            ActionKind::AddConstraint(constraint) => self.constraint(table, constraint),
            ActionKind::AttachPartition(partition) => {
                let partition = partition.resolved(&self.path);
                self.entry(&partition).partition_of = Some(table.clone());
                self.entry(table).children.insert(partition);
            }
            ActionKind::Other(words) if words == "inherit" => {
                for parent in statement.in_role(ObjectRole::Uses) {
                    self.entry(&parent.name).children.insert(table.clone());
                }
            }
            ActionKind::Other(words) if words == "alter column add generated" => {
                self.entry(table).owns_sequences = true;
            }
            _ => {}
        }
    }

    fn column(&mut self, table: &QualifiedName, column: &Column) {
        self.entry(table).owns_sequences |= column.generated;
        column.constraints.iter().for_each(|constraint| self.constraint(table, constraint));
    }

    fn constraint(&mut self, table: &QualifiedName, constraint: &Constraint) {
        if let ConstraintKind::ForeignKey(parent) = &constraint.kind {
            let parent = parent.resolved(&self.path);
            self.entry(&parent).referencing.insert(table.clone());
            self.entry(table).referenced.insert(parent);
        }
    }

    /// The lock on each relation by its name, as far as the set knows them; else as it is.
    pub(super) fn named(&self, lock: Lock) -> Vec<Lock> {
        let name = lock.object.resolved(&self.path);
        let on = |other: &QualifiedName, reason: String| Lock {
            object: other.clone(),
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
            return self.named(Lock { descends: lock.descends, ..on(owner, reason) });
        }
        let is_index = self.owners.contains_key(&name);
        let Some(table) = self.tables.get(&name).filter(|table| table.made) else {
            return vec![Lock { descends: lock.descends && !is_index, ..lock }];
        };
        let all = |others: &BTreeSet<QualifiedName>, why: &str| {
            let others = others.iter().filter(|other| **other != name);
            others.map(|other| on(other, format!("{why} {}", lock.object))).collect()
        };
        match lock.reach {
            Reach::Itself => {
                let children = if lock.descends { self.descendants(&name) } else { BTreeSet::new() };
                let mut locks: Vec<Lock> = all(&children, "it is a partition or a child of");
                locks.insert(0, Lock { descends: false, ..lock });
                locks
            }
            Reach::Children => all(&self.descendants(&name), "it is a partition or a child of"),
            Reach::Parent => {
                all(&table.partition_of.iter().cloned().collect(), "it is divided into partitions, such as")
            }
            Reach::Referenced => all(&table.referenced, "it is referred to by a foreign key of"),
            Reach::Referencing => all(&table.referencing, "a foreign key there refers to"),
            Reach::DefaultPartition if table.partition_of.is_none() && !table.partitioned => Vec::new(),
            Reach::Sequences if !table.owns_sequences => Vec::new(),
            // It is a table, no view.
            Reach::Beneath => Vec::new(),
            _ => vec![lock],
        }
    }

    fn descendants(&self, root: &QualifiedName) -> BTreeSet<QualifiedName> {
        let mut found = BTreeSet::new();
        let mut open = vec![root];
        while let Some(next) = open.pop() {
            let children = self.tables.get(next).map(|table| &table.children);
            open.extend(children.into_iter().flatten().filter(|child| found.insert((*child).clone())));
        }
        found
    }
}
