//! Relations whose columns are those of a query: views, CREATE TABLE AS, SELECT INTO.

use std::collections::BTreeSet;

use super::{
    Fold, definition,
    query::{Output, Query, Yields},
};
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        expression::{OfTable, mentions},
        object::{Definition, Hold, Oid},
        types::{TypeBase, TypeUse},
    },
    sql::{
        cursor::Cursor,
        statement::{ObjectKind as O, ObjectRole as Role, Statement, StatementKind::Other, Verb},
    },
};

impl Fold<'_> {
    pub(super) fn create_view(&mut self, mut cursor: Cursor<'_>, statement: &Statement, kind: O) {
        let Some(name) = statement.first(Role::Makes).map(|view| view.name.clone()) else { return };
        let full = QualifiedName::new(self.home(statement, &name), name.name.clone());
        let view = match self.relation(&full).filter(|_| statement.flags.or_replace) {
            Some(view) => {
                self.change(view, |object| object.needs.clear());
                view
            }
            None => match self.new_relation(statement, kind) {
                Some(view) => view,
                None => return,
            },
        };
        cursor.skip_to_any(&["view", "recursive"]);
        let recursive = cursor.eat("recursive");
        let names = list_of_names(&mut cursor);
        let query = if recursive {
            self.recursive_query(&name.name, &names, cursor)
        } else {
            self.query(cursor, statement)
        };
        let needs = self.query_needs(cursor, statement, Some(&query));
        self.schema.change(view, |object| {
            object.needs(needs.into_iter().filter(|need| *need != view), Hold::Stops);
        });
        self.set_columns(view, query.columns, &names);
    }

    pub(super) fn table_from_query(&mut self, mut cursor: Cursor<'_>, statement: &Statement) {
        let mut names = Vec::new();
        if statement.kind == Other(Verb::CreateTableAs) {
            cursor.skip_to_any(&["table"]);
            names = list_of_names(&mut cursor);
        }
        // It is read before the table is there.
        let query = self.query(cursor, statement);
        if let Some(table) = self.new_relation(statement, O::Table) {
            self.set_columns(table, query.columns, &names);
        }
    }

    /// What a query needs: tables, those of their columns that it names, functions and types.
    pub(super) fn query_needs(
        &self,
        cursor: Cursor<'_>,
        statement: &Statement,
        query: Option<&Query>,
    ) -> Vec<Oid> {
        let read = mentions(cursor);
        let mut needs = self.needed(&read);
        needs.extend(query.iter().flat_map(|query| &query.needs));
        let read = read.by_table(query.map_or(&[], |query| &query.stars));
        let used: BTreeSet<(O, &QualifiedName)> =
            statement.in_role(Role::Uses).map(|used| (used.kind, &used.name)).collect();
        for (kind, name) in used {
            let Some(table) = self.find(kind, name) else { continue };
            needs.push(table);
            needs.extend(self.named_columns(table, &read.of(&name.name)));
        }
        needs
    }

    /// The columns of a table that are among those that are named, oldest first.
    fn named_columns(&self, table: Oid, named: &OfTable<'_>) -> Vec<Oid> {
        // Whichever are fewer: a query may name one of thousands, or thousands that are not this table's.
        if let Some(names) = named.fewer_than(self.schema.column_count(table)) {
            let found: BTreeSet<Oid> = names.filter_map(|name| self.schema.column(table, name)).collect();
            return found.into_iter().collect();
        }
        let columns = self.schema.columns(table).into_iter();
        columns.filter(|(_, column)| named.names(&column.name)).map(|(oid, _)| oid).collect()
    }

    // Columns -----------------------------------------------------------------------------------------

    /// Whether the columns of a relation are not all known.
    pub(super) fn is_from_query(&self, relation: Oid) -> bool {
        match self.schema.get(relation).map(|object| &object.definition) {
            Some(Definition::Relation(relation)) => relation.from_query,
            _ => false,
        }
    }

    /// Gives a relation the columns of a query, the first of them under other names. What CREATE OR REPLACE finds
    /// there stays.
    fn set_columns(&mut self, relation: Oid, outputs: Option<Vec<Output>>, names: &[Ident]) {
        let read = outputs.and_then(|outputs| columns(outputs, names));
        let had: Vec<Ident> =
            self.schema.columns(relation).into_iter().map(|(_, column)| column.name.clone()).collect();
        let goes_on = |read: &Vec<(Ident, TypeUse)>| {
            read.len() >= had.len() && read.iter().zip(&had).all(|((name, _), had)| name == had)
        };
        let Some(read) = read.filter(goes_on) else {
            return self.with_relation(relation, |relation| relation.from_query = true);
        };
        self.with_relation(relation, |relation| relation.from_query = false);
        for (name, type_use) in read.into_iter().skip(had.len()) {
            self.new_column(relation, name, type_use, false);
        }
    }
}

/// Passes the kind, IF NOT EXISTS, the name and the names of the columns, up to the query.
fn list_of_names(cursor: &mut Cursor<'_>) -> Vec<Ident> {
    cursor.skip(1);
    cursor.eat_all(&["if", "not", "exists"]);
    cursor.name();
    let names = cursor.group().map(definition::names).unwrap_or_default();
    cursor.skip_to_any(&["as"]);
    cursor.skip(1);
    names
}

/// Names and types; `None` when a name is not known, or a psql variable stands for it.
fn columns(outputs: Vec<Output>, names: &[Ident]) -> Option<Vec<(Ident, TypeUse)>> {
    let mut taken = BTreeSet::new();
    let mut columns = Vec::with_capacity(outputs.len());
    for (at, output) in outputs.into_iter().enumerate() {
        let name = names.get(at).cloned().or(output.name)?;
        if name.as_str().starts_with(':') || !taken.insert(name.clone()) {
            return None;
        }
        let type_use = match output.yields {
            Yields::Type(type_use) => type_use,
            Yields::Unknown | Yields::Open => {
                TypeUse { base: TypeBase::Unknown, modifier: String::new(), array: false }
            }
        };
        columns.push((name, type_use));
    }
    (names.len() <= columns.len()).then_some(columns)
}
