//! The tables, columns and types of a set, statement by statement in the order in which it is applied.
//! It holds no name and no type of its own: all are the statements'. It says nothing of what a change comes to.
//!
//! The set is taken to make the database: what it makes is there from then on, `if not exists` or in a branch of a DO
//! block. What it may have changed is no longer known. Text that a body makes at run time is not seen.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    domains::{Domain, UserType, UserTypes},
    table::{Column, Table, TableKind},
    types::{Name, resolved},
    uses::{Use, UseOf},
};
use crate::{
    migration::Migration,
    name::{Ident, QualifiedName},
    sql::statement::{
        ActionKind, Constraint, ConstraintKind, Detail, ObjectKind, ObjectRef, ObjectRole, Statement,
        StatementKind, Table as TableDefinition, TableAction, Verb,
    },
};

/// The database as the statements so far have made it.
#[derive(Default)]
pub(in crate::plan) struct Catalog<'a> {
    pub(super) tables: Vec<Table<'a>>,
    pub(super) names: BTreeMap<Name<'a>, Relation>,
    pub(super) types: UserTypes<'a>,
    /// Tables by their name without a schema, those that once bore it included.
    pub(super) called: BTreeMap<&'a str, BTreeSet<usize>>,
    pub(super) typed: Typed,
    /// Of the file that is read.
    text: &'a str,
    /// Statements so far.
    pub(super) now: usize,
}

/// Columns, each by its table and its place there, by the types they have or once had.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) columns: Vec<(usize, usize)>,
    /// So many of them have been read for the words of their types: it is done only when somebody asks.
    pub(super) read: usize,
    pub(super) by_word: BTreeMap<Ident, BTreeSet<(usize, usize)>>,
}

#[derive(Clone, Copy)]
pub(super) enum Relation {
    Table(usize),
    IndexOf(usize),
}

impl<'a> Catalog<'a> {
    /// The statements to come are of this file.
    pub(in crate::plan) fn open(&mut self, file: &'a Migration) {
        self.text = &file.text;
    }

    pub(super) fn table(&self, name: &QualifiedName) -> Option<usize> {
        match self.names.get(&resolved(name)) {
            Some(Relation::Table(table)) => Some(*table),
            _ => None,
        }
    }

    /// A table and those whose columns it shares: it is the first.
    pub(super) fn family(&self, root: usize) -> Vec<usize> {
        self.reached(root, |table| table.children.iter())
    }

    /// A table and all that steps from one to others lead to. Nothing keeps a text from making a table its own ancestor.
    fn reached<'t, Next>(&'t self, root: usize, next: impl Fn(&'t Table<'a>) -> Next) -> Vec<usize>
    where
        Next: Iterator<Item = &'t usize>,
    {
        let mut reached = vec![root];
        let mut seen = BTreeSet::from([root]);
        let mut at = 0;
        while let Some(table) = reached.get(at).copied() {
            reached.extend(next(&self.tables[table]).copied().filter(|next| seen.insert(*next)));
            at += 1;
        }
        reached
    }

    /// A column of a table, or of a parent's.
    pub(super) fn column(&self, table: usize, name: &Ident) -> Option<&Column<'a>> {
        let of = &self.tables[table];
        if let Some(own) = of.columns.get(name) {
            return Some(own);
        }
        let ancestors =
            if of.parents.is_empty() { Vec::new() } else { self.reached(table, |one| one.parents.iter()) };
        ancestors.into_iter().find_map(|one| self.tables[one].columns.get(name))
    }

    /// Adds a column to a table.
    pub(super) fn add_column(&mut self, table: usize, column: Column<'a>) {
        let place = self.tables[table].columns.push(column);
        self.typed.columns.extend(place.map(|place| (table, place)));
    }

    /// The table of this name; a new one, of which nothing is known, where there is none.
    fn referred(&mut self, name: &'a QualifiedName) -> usize {
        let key = resolved(name);
        if let Some(Relation::Table(table)) = self.names.get(&key) {
            return *table;
        }
        self.tables.push(Table::unknown(key));
        self.called.entry(key.1).or_default().insert(self.tables.len() - 1);
        self.names.insert(key, Relation::Table(self.tables.len() - 1));
        self.tables.len() - 1
    }

    /// Follows a statement, and those of a DO block or a new schema one by one.
    pub(in crate::plan) fn follow(&mut self, statement: &'a Statement) {
        match &statement.detail {
            Detail::Do(body) | Detail::Schema(body) => {
                body.statements.iter().for_each(|one| self.follow_one(&one.statement, one.conditional));
            }
            _ => self.follow_one(statement, false),
        }
    }

    pub(super) fn follow_one(&mut self, statement: &'a Statement, conditional: bool) {
        self.now += 1;
        if statement.flags.temporary {
            return;
        }
        let made = statement.first(ObjectRole::Makes);
        match (statement.kind, &statement.detail, made) {
            (_, Detail::CreateTable(definition), Some(made)) => self.create(statement, definition, made),
            (StatementKind::Other(Verb::CreateTableAs | Verb::SelectInto), _, Some(made)) => {
                let table = self.referred(&made.name);
                self.tables[table].complete = true;
            }
            (StatementKind::Create(ObjectKind::Index), _, Some(made)) => {
                if let Some(table) = made.of.as_ref().and_then(|table| self.table(table)) {
                    let name = (self.tables[table].name.0, made.name.name.as_str());
                    self.names.entry(name).or_insert(Relation::IndexOf(table));
                    self.index(table, statement, Some(&made.name.name));
                }
            }
            (StatementKind::Create(ObjectKind::Index), _, None) => {
                let table = statement.first(ObjectRole::Uses);
                if let Some(table) = table.and_then(|table| self.table(&table.name)) {
                    self.index(table, statement, None);
                }
            }
            (_, Detail::Domain(domain), Some(made)) => {
                let domain = Domain {
                    base: &domain.type_name,
                    not_null: domain.not_null,
                    checks: domain.constraints.iter().filter(|one| one.kind == ConstraintKind::Check).count(),
                    default: domain.default.as_deref(),
                    in_doubt: false,
                };
                let name = resolved(&made.name);
                self.types.known.entry(name).or_insert(UserType::Domain(domain));
            }
            (StatementKind::Create(ObjectKind::Type), _, Some(made)) => {
                self.types.known.entry(resolved(&made.name)).or_insert(UserType::Own);
            }
            (StatementKind::Create(ObjectKind::Cast), ..) => self.types.own_casts = true,
            (StatementKind::Alter(ObjectKind::Domain), Detail::Alter(actions), _) => {
                let changed = statement.first(ObjectRole::Changes);
                if let Some(UserType::Domain(domain)) =
                    changed.and_then(|changed| self.types.known.get_mut(&resolved(&changed.name)))
                {
                    actions.iter().for_each(|action| domain.alter(&action.kind));
                    domain.in_doubt |= conditional;
                }
                self.rename_type(statement);
            }
            (StatementKind::Alter(ObjectKind::Type), ..) => self.rename_type(statement),
            (StatementKind::Alter(ObjectKind::Index), ..) => {
                if let Some(renamed) = statement.first(ObjectRole::Renames) {
                    self.rename(renamed, made, conditional);
                }
            }
            (StatementKind::Drop(kind), ..) => {
                for dropped in statement.in_role(ObjectRole::Drops) {
                    self.drop(kind, dropped, conditional);
                }
            }
            (_, Detail::AlterTable(actions), _) => {
                let changed = statement.first(ObjectRole::Changes);
                if let Some(renamed) = statement.first(ObjectRole::Renames).filter(|_| changed.is_none()) {
                    return self.rename(renamed, made, conditional);
                }
                if let Some(changed) = changed {
                    let table = self.referred(&changed.name);
                    for action in actions {
                        self.alter(table, action, statement, conditional);
                    }
                }
            }
            _ => {}
        }
    }

    fn create(&mut self, statement: &'a Statement, definition: &'a TableDefinition, made: &'a ObjectRef) {
        if self.table(&made.name).is_some_and(|known| self.tables[known].complete) {
            return;
        }
        let table = self.referred(&made.name);
        for parent in definition.partition_of.iter().chain(&definition.inherits) {
            self.join(table, parent);
        }
        let constraints = definition.columns.iter().flat_map(|column| &column.constraints);
        for constraint in constraints.chain(&definition.constraints) {
            self.constraint(table, constraint);
        }
        for column in &definition.columns {
            self.add_column(table, Column::new(column, self.now));
        }
        // LIKE copies columns, and OF a type has its own.
        let constraints = definition.columns.iter().flat_map(|column| &column.constraints);
        let referred = constraints.chain(&definition.constraints).filter_map(|one| match &one.kind {
            ConstraintKind::ForeignKey(to) => Some(to),
            _ => None,
        });
        let parents = definition.partition_of.iter().chain(&definition.inherits);
        let known: BTreeSet<&QualifiedName> = referred.chain(parents).collect();
        let copied = statement.in_role(ObjectRole::Uses).any(|used| match used.kind {
            ObjectKind::Type => true,
            ObjectKind::Table => !known.contains(&used.name),
            _ => false,
        });
        let of = &mut self.tables[table];
        of.complete = !copied;
        of.is_partition = definition.partition_of.is_some();
        of.kind = if definition.partitioned {
            TableKind::Partitioned
        } else if statement.kind == StatementKind::Create(ObjectKind::ForeignTable) {
            TableKind::Foreign
        } else {
            TableKind::Plain
        };
    }

    fn join(&mut self, table: usize, parent: &'a QualifiedName) {
        let parent = self.referred(parent);
        self.tables[table].parents.push(parent);
        self.tables[parent].children.insert(table);
    }

    fn index(&mut self, table: usize, statement: &'a Statement, name: Option<&'a Ident>) {
        if let Detail::Index(keys) = &statement.detail
            && !name.is_some_and(|name| self.tables[table].uses.has(name))
        {
            let condition = if statement.flags.has_where { self.written(statement.span) } else { "" };
            let of = UseOf::Index { keys, condition, only: statement.flags.only };
            self.tables[table].uses.push(Use { since: self.now, name, in_doubt: false, of });
        }
    }

    fn written(&self, span: crate::text::Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    fn constraint(&mut self, table: usize, constraint: &'a Constraint) {
        let text = self.written(constraint.span);
        let valid = !constraint.not_valid && !constraint.not_enforced;
        let of = match &constraint.kind {
            ConstraintKind::NotNull => return,
            ConstraintKind::Check => UseOf::Check { text, valid },
            ConstraintKind::ForeignKey(to) => {
                let to = self.referred(to);
                UseOf::ForeignKey { constraint, text, to, valid }
            }
            // The index is there already.
            _ if constraint.using_index => return,
            _ => UseOf::Key { constraint, text },
        };
        let one = Use { since: self.now, name: constraint.name.as_ref(), in_doubt: false, of };
        let to = one.foreign_key_to();
        let number = self.tables[table].uses.push(one);
        if let Some(to) = to {
            self.tables[to].referred.push(table, number);
        }
    }

    fn alter(&mut self, table: usize, action: &'a TableAction, statement: &'a Statement, conditional: bool) {
        match &action.kind {
            ActionKind::AddColumn { column: added, .. } if self.column(table, &added.name).is_none() => {
                self.add_column(table, Column::new(added, self.now));
                added.constraints.iter().for_each(|constraint| self.constraint(table, constraint));
            }
            ActionKind::AddConstraint(constraint) => self.constraint(table, constraint),
            ActionKind::SetType { name, type_name, collation, .. } => {
                for one in self.family(table) {
                    let columns = &mut self.tables[one].columns;
                    let Some(place) = columns.place(name) else { continue };
                    if let Some(column) = columns.at_mut(place) {
                        let stays = !conditional || column.type_name == Some(type_name);
                        column.type_name = stays.then_some(type_name.as_str());
                        column.collation = collation.as_ref();
                    }
                    self.typed.columns.push((one, place));
                }
            }
            ActionKind::RenameColumn { from, to } => {
                let now = self.now;
                for one in self.family(table) {
                    if let Some(column) = self.tables[one].columns.rename(from, to, now) {
                        column.type_name = column.type_name.filter(|_| !conditional);
                    }
                    self.tables[one].complete &= !conditional;
                }
            }
            ActionKind::DropColumn { name, .. } => {
                for one in self.family(table) {
                    let of = &mut self.tables[one];
                    if conditional {
                        of.columns.get_mut(name).into_iter().for_each(|column| column.type_name = None);
                    } else if let Some(column) = of.columns.remove(name) {
                        for (number, _) in of.uses.of_column(&column.names()) {
                            of.uses.remove(number);
                        }
                    }
                    of.complete &= !conditional;
                }
            }
            ActionKind::DropConstraint { name, .. } => {
                for one in self.family(table) {
                    self.tables[one].uses.forget(name, conditional);
                }
            }
            ActionKind::ValidateConstraint(name) => self.tables[table].uses.validate(name),
            ActionKind::RenameConstraint { from, to } => self.tables[table].uses.rename(from, to),
            ActionKind::AttachPartition(partition) => {
                let partition = self.referred(partition);
                self.tables[partition].parents.push(table);
                self.tables[partition].is_partition = true;
                self.tables[table].children.insert(partition);
            }
            ActionKind::DetachPartition { name, .. } => {
                let partition = self.referred(name);
                self.part(partition, table);
            }
            ActionKind::Other(words) if words == "inherit" || words == "no inherit" => {
                for parent in statement.used_in(action.span) {
                    let parent = self.referred(&parent.name);
                    if words == "inherit" {
                        self.tables[table].parents.push(parent);
                        self.tables[parent].children.insert(table);
                    } else {
                        self.part(table, parent);
                    }
                }
            }
            _ => {}
        }
    }
}
