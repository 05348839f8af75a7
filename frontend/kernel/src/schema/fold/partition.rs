//! Partitions: what they take of their parents, and what they keep when they leave.

use std::collections::BTreeSet;

use super::Fold;
use crate::{
    name::Ident,
    schema::{
        naming,
        object::{Constraint, Definition, Demand, Hold, Index, Object, Oid},
    },
    sql::{cursor::Cursor, statement::ObjectKind as O},
};

impl Fold<'_> {
    pub(super) fn attach(&mut self, parent: Oid, mut action: Cursor<'_>) {
        let Some(child) = action.name().and_then(|named| self.relation(&named.name)) else { return };
        // An index is attached to an index: it goes with it from now on.
        if self.schema.get(child).is_some_and(|object| object.kind == O::Index) {
            return self.change(child, |object| object.needs([parent], Hold::Goes));
        }
        self.change(child, |_| {});
        self.with_relation(child, |relation| relation.partition = true);
        self.inherit(child, Some(parent));
        self.take_keys(child);
    }

    /// A child that is a table of its own again keeps all that it took.
    pub(super) fn leave(&mut self, child: Option<Oid>, parent: Oid) {
        let Some(child) = child else { return };
        self.with_relation(child, |relation| {
            relation.parents.retain(|own| *own != parent);
            relation.partition = false;
        });
        let from: BTreeSet<Oid> =
            self.indexes_of(parent).into_iter().map(|(oid, _)| oid).chain([parent]).collect();
        let members: Vec<Oid> = self.schema.members(child).map(|(oid, _)| oid).chain([child]).collect();
        for oid in members {
            self.schema.change(oid, |object| {
                object.needs.retain(|need| !from.contains(&need.on));
                match &mut object.definition {
                    Definition::Column(column) => {
                        column.inherited = false;
                        column.identity = None;
                    }
                    Definition::Constraint(constraint) => constraint.inherited = false,
                    _ => {}
                }
            });
        }
        self.change(child, |_| {});
    }

    pub(super) fn partitions(&self, table: Oid) -> Vec<Oid> {
        let mut children = self.schema.children(table);
        children.retain(|child| self.is_partition(*child));
        children
    }

    fn is_partition(&self, table: Oid) -> bool {
        let object = self.schema.get(table);
        matches!(object.map(|object| &object.definition), Some(Definition::Relation(relation)) if relation.partition)
    }

    /// A partition has an index for each of its parent's, a constraint for each key, and the parent's references.
    pub(super) fn take_keys(&mut self, table: Oid) {
        let parents = match self.schema.get(table).map(|object| &object.definition) {
            Some(Definition::Relation(relation)) if relation.partition => relation.parents.clone(),
            _ => return,
        };
        for parent in parents {
            for (oid, index) in self.indexes_of(parent) {
                self.take_index(table, oid, &index);
            }
            for (name, from) in self.constraints_of(parent, |demand| demand == Demand::ForeignKey) {
                self.take_reference(table, &name, &from);
            }
        }
    }

    /// A foreign key of its parent's, and its partitions one of its own.
    pub(super) fn take_reference(&mut self, table: Oid, name: &Ident, from: &Constraint) {
        if self.schema.member(table, O::Constraint, name).is_some() {
            return;
        }
        let columns = self.same_columns(table, &from.columns);
        let own = Constraint { columns, inherited: true, ..from.clone() };
        self.constraint(table, name.clone(), own.clone(), &[]);
        for child in self.partitions(table) {
            self.take_reference(child, name, &own);
        }
    }

    /// The partitions of a table get an index like this one of it.
    pub(super) fn pass_index_on(&mut self, table: Oid, index: Oid) {
        let definition = match self.schema.get(index).map(|object| &object.definition) {
            Some(Definition::Index(definition)) => definition.clone(),
            _ => return,
        };
        for child in self.partitions(table) {
            self.take_index(child, index, &definition);
        }
    }

    pub(super) fn take_index(&mut self, table: Oid, from: Oid, index: &Index) {
        let key = self.same_columns(table, &index.columns());
        let own = self.schema.indexes_on(table, &key).find(|(_, own)| {
            (own.unique || !index.unique)
                && own.key.len() == index.key.len()
                && (&own.method, own.partial) == (&index.method, index.partial)
        });
        let own = own.map(|(oid, _)| oid);
        let demand = self.demand_of(from).filter(|demand| *demand != Demand::ForeignKey);
        if let Some(own) = own {
            return self.schema.need(own, from, Hold::Goes);
        }
        let mut names: Vec<Ident> = key.iter().map(|column| self.schema.qualified(*column).name).collect();
        names.extend((key.len()..index.key.len()).map(|_| Ident::exact("expr")));
        let middle = naming::columns_part(&naming::distinct(names));
        let name = match demand {
            Some(Demand::PrimaryKey) => self.default_name(table, None, "pkey", true),
            Some(Demand::Exclusion) => self.default_name(table, Some(&middle), "excl", true),
            Some(_) => self.default_name(table, Some(&middle), "key", true),
            None => self.index_name(table, &middle),
        };
        let schema = self.schema.qualified(table).schema;
        let mut own_columns = key.iter().copied();
        let own_key = index.key.iter().map(|part| part.and_then(|_| own_columns.next())).collect();
        let definition = Definition::Index(Index { key: own_key, ..index.clone() });
        let mut object =
            Object { of: Some(table), definition, ..Object::new(O::Index, schema, name.clone()) };
        object.needs(key.iter().copied().chain([from]), Hold::Goes);
        let oid = self.make(object);
        if let Some(demand) = demand {
            let index = Some(oid);
            let constraint = Constraint { columns: key, index, inherited: true, ..Constraint::new(demand) };
            self.constraint(table, name, constraint, &[]);
        }
        self.pass_index_on(table, oid);
    }
}
