//! What RENAME, DETACH and DROP take from the database.

use std::collections::BTreeSet;

use super::{
    catalog::{Catalog, Relation, Typed},
    table::Column,
    types::resolved,
};
use crate::{
    name::Ident,
    sql::{
        lex::TokenKind,
        meaning,
        statement::{ObjectKind, ObjectRef, ObjectRole, Statement},
    },
};

impl<'a> Catalog<'a> {
    /// What a table had of its parent is its own from now on; nobody wrote down which indexes it has of it.
    pub(super) fn part(&mut self, table: usize, parent: usize) {
        let columns: Vec<Column<'a>> = self.tables[parent].columns.iter().map(Column::copied).collect();
        self.tables[parent].children.remove(&table);
        let of = &mut self.tables[table];
        of.parents.retain(|other| *other != parent);
        of.is_partition = false;
        of.complete = false;
        for column in columns {
            self.add_column(table, column);
        }
    }

    pub(super) fn rename(&mut self, old: &'a ObjectRef, new: Option<&'a ObjectRef>, conditional: bool) {
        let (from, to) = (resolved(&old.name), new.map(|new| resolved(&new.name)));
        let relation = if conditional { self.names.get(&from).copied() } else { self.names.remove(&from) };
        if let (Some(relation), Some(to)) = (relation, to) {
            self.names.insert(to, relation);
            match (relation, new) {
                (Relation::Table(table), _) => {
                    self.tables[table].name = to;
                    self.called.entry(to.1).or_default().insert(table);
                }
                (Relation::IndexOf(table), Some(new)) => {
                    self.tables[table].uses.rename(&old.name.name, &new.name.name);
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
            let old = &old.name.name;
            for (table, place) in self.typed_as(old) {
                if let Some(column) = self.tables[table].columns.at_mut(place) {
                    column.type_name = column.type_name.filter(|written| !names(written).contains(old));
                }
            }
        }
    }

    /// The columns whose types have or had this word in them.
    fn typed_as(&mut self, word: &Ident) -> BTreeSet<(usize, usize)> {
        let Typed { columns, read, by_word } = &mut self.typed;
        for (table, place) in columns.iter().skip(*read) {
            let column = self.tables[*table].columns.at(*place);
            for word in column.and_then(|column| column.type_name).into_iter().flat_map(names) {
                by_word.entry(word).or_default().insert((*table, *place));
            }
        }
        *read = columns.len();
        by_word.remove(word).unwrap_or_default()
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
                    self.tables[parent].children.remove(&table);
                }
                for (other, number) in std::mem::take(&mut self.tables[table].referred).into_keys() {
                    self.tables[other].uses.remove(number);
                }
                for child in self.tables[table].children.clone() {
                    self.drop_child(child);
                }
                self.tables[table].uses.clear();
            }
            (ObjectKind::Index, Some(Relation::IndexOf(table))) => {
                self.tables[table].uses.forget(&dropped.name.name, conditional);
                if !conditional {
                    self.names.remove(&name);
                }
            }
            (ObjectKind::Index, _) => {
                // An index without a written name is called after its table.
                let called = dropped.name.name.as_str();
                for (end, last) in called.char_indices() {
                    let table = &called[..end + last.len_utf8()];
                    for at in self.called.get(table).into_iter().flatten() {
                        let of = &mut self.tables[*at];
                        if of.name.1 == table {
                            of.uses.forget(&dropped.name.name, conditional);
                        }
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

/// The names in a type.
fn names(written: &str) -> Vec<Ident> {
    let names =
        meaning(written).filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName));
    names.map(|token| Ident::from_sql(token.span().of(written))).collect()
}
