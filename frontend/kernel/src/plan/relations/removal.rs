//! What RENAME, DETACH and DROP take from the database.

use super::{
    catalog::{Catalog, Relation},
    table::Column,
    types::resolved,
};
use crate::sql::statement::{ObjectKind, ObjectRef, ObjectRole, Statement};

impl<'a> Catalog<'a> {
    /// What a table had of its parent is its own from now on; nobody wrote down which indexes it has of it.
    pub(super) fn part(&mut self, table: usize, parent: usize) {
        let columns: Vec<Column<'a>> = self.tables[parent].columns.iter().map(Column::copied).collect();
        self.tables[parent].children.retain(|child| *child != table);
        let of = &mut self.tables[table];
        of.parents.retain(|other| *other != parent);
        of.is_partition = false;
        for column in columns {
            if !of.columns.iter().any(|own| own.name == column.name) {
                of.columns.push(column);
            }
        }
        of.complete = false;
    }

    pub(super) fn rename(&mut self, old: &'a ObjectRef, new: Option<&'a ObjectRef>, conditional: bool) {
        let (from, to) = (resolved(&old.name), new.map(|new| resolved(&new.name)));
        let relation = if conditional { self.names.get(&from).copied() } else { self.names.remove(&from) };
        if let (Some(relation), Some(to)) = (relation, to) {
            self.names.insert(to, relation);
            match (relation, new) {
                (Relation::Table(table), _) => self.tables[table].name = to,
                (Relation::IndexOf(table), Some(new)) => {
                    let uses = self.tables[table].uses.iter_mut();
                    uses.filter(|one| one.name == Some(&old.name.name))
                        .for_each(|one| one.name = Some(&new.name.name));
                }
                (Relation::IndexOf(_), None) => {}
            }
        }
    }

    pub(super) fn rename_type(&mut self, statement: &'a Statement) {
        let renamed = statement.first(ObjectRole::Renames).filter(|renamed| renamed.of.is_none());
        let made = statement.first(ObjectRole::Makes).filter(|made| made.of.is_none());
        if let (Some(old), Some(new)) = (renamed, made)
            && let Some(known) = self.types.known.remove(&resolved(&old.name))
        {
            self.types.known.insert(resolved(&new.name), known);
            // The columns of the type have its old name, and another type may take it.
            let old = old.name.name.as_str();
            let columns = self.tables.iter_mut().flat_map(|table| &mut table.columns);
            for column in columns.filter(|column| column.type_name.is_some_and(|name| name.contains(old))) {
                column.type_name = None;
            }
        }
    }

    pub(super) fn drop(&mut self, kind: ObjectKind, dropped: &'a ObjectRef, conditional: bool) {
        let name = resolved(&dropped.name);
        match (kind, self.names.get(&name).copied()) {
            (ObjectKind::Table | ObjectKind::ForeignTable, Some(Relation::Table(table))) => {
                self.tables[table].complete = false;
                if conditional {
                    return self.tables[table].columns.iter_mut().for_each(|one| one.type_name = None);
                }
                self.names.remove(&name);
                for parent in std::mem::take(&mut self.tables[table].parents) {
                    self.tables[parent].children.retain(|child| *child != table);
                }
                for other in std::mem::take(&mut self.tables[table].referencing) {
                    self.tables[other].uses.retain(|one| one.foreign_key_to() != Some(table));
                }
                for child in self.tables[table].children.clone() {
                    self.drop_child(child);
                }
                self.tables[table].uses.clear();
            }
            (ObjectKind::Index, Some(Relation::IndexOf(table))) => {
                self.tables[table].forget(&dropped.name.name, conditional);
                if !conditional {
                    self.names.remove(&name);
                }
            }
            (ObjectKind::Index, _) => {
                // An index without a written name is called after its table.
                let called = dropped.name.name.as_str();
                for table in &mut self.tables {
                    if called.starts_with(table.name.1) {
                        table.forget(&dropped.name.name, conditional);
                    }
                }
            }
            (ObjectKind::Domain | ObjectKind::Type, _) => {
                self.types.known.remove(&name);
            }
            _ => {}
        }
    }

    /// The partitions of a table go with it.
    fn drop_child(&mut self, child: usize) {
        self.names.remove(&self.tables[child].name);
        self.tables[child].complete = false;
        self.tables[child].uses.clear();
    }
}
