//! The indexes of a schema beside its names: they follow each change of an object, and what would otherwise be looked
//! for among all objects is found by them. Whose a name is stands in `store`.

use std::collections::BTreeSet;

use crate::name::Ident;

use super::{
    Schema,
    key::{Indexed, Name, Part},
    object::{Definition, Index, Object, Oid},
};

impl Schema {
    /// Enters an object wherever it is found by anything but its whole name.
    pub(super) fn enter(&mut self, oid: Oid, indexed: &Indexed) {
        if let Some(name) = indexed.constraint() {
            self.constraints.entry(Name::constraint(name)).or_default().insert(oid);
        }
        if let Some(schema) = indexed.schema() {
            self.by_schema.entry(schema.clone()).or_default().insert(oid);
        }
        if let Some(extension) = &indexed.extension {
            self.by_extension.entry(extension.clone()).or_default().insert(oid);
        }
        self.temporary.extend(indexed.is_temporary().then_some(oid));
        if let Some(holder) = indexed.of.and_then(|of| self.objects.slot_mut(of)) {
            holder.members.insert(oid);
            match &indexed.part {
                Part::Other => {}
                Part::Index(columns) => holder.indexes.entry(columns.clone()).or_default().insert(oid),
                Part::Column(not_null) => {
                    holder.columns.insert(oid);
                    holder.not_null.extend(not_null.iter().map(|name| (name.clone(), oid)));
                }
                Part::Constraint { primary_key, .. } if *primary_key => holder.primary_keys.insert(oid),
                Part::Constraint { .. } => {}
            }
        }
        if let Some(index) = indexed.index().and_then(|index| self.objects.slot_mut(index)) {
            index.constraints.insert(oid);
        }
        for on in &indexed.stands_on {
            if let Some(needed) = self.objects.slot_mut(*on) {
                needed.dependents.insert(oid);
                if indexed.is_table {
                    needed.tables.insert(oid);
                }
            }
        }
    }

    pub(super) fn withdraw(&mut self, oid: Oid, indexed: &Indexed) {
        if let Some(name) = indexed.constraint()
            && let Some(named) = self.constraints.get_mut(&Name::constraint(name))
        {
            named.remove(oid);
        }
        if let Some(inside) = indexed.schema().and_then(|schema| self.by_schema.get_mut(schema)) {
            inside.remove(oid);
        }
        if let Some(extension) = &indexed.extension
            && let Some(brought) = self.by_extension.get_mut(extension)
        {
            brought.remove(oid);
        }
        if indexed.is_temporary() {
            self.temporary.remove(&oid);
        }
        if let Some(holder) = indexed.of.and_then(|of| self.objects.slot_mut(of)) {
            holder.members.remove(oid);
            match &indexed.part {
                Part::Other => {}
                Part::Index(columns) => {
                    holder.indexes.get_mut(columns).into_iter().for_each(|same| same.remove(oid));
                }
                Part::Column(not_null) => {
                    holder.columns.remove(oid);
                    if let Some(name) = not_null
                        && holder.not_null.get(name) == Some(&oid)
                    {
                        holder.not_null.remove(name);
                    }
                }
                Part::Constraint { .. } => holder.primary_keys.remove(oid),
            }
        }
        if let Some(index) = indexed.index().and_then(|index| self.objects.slot_mut(index)) {
            index.constraints.remove(oid);
        }
        for on in &indexed.stands_on {
            if let Some(needed) = self.objects.slot_mut(*on) {
                needed.dependents.remove(oid);
                needed.tables.remove(oid);
            }
        }
    }

    /// What stands in a schema, oldest first.
    pub(super) fn inside(&self, schema: &Ident) -> impl Iterator<Item = (Oid, &Object)> {
        self.objects.those(self.by_schema.get(schema))
    }

    /// What an extension brought, oldest first.
    pub(super) fn brought_by(&self, extension: &Ident) -> impl Iterator<Item = (Oid, &Object)> {
        self.objects.those(self.by_extension.get(extension))
    }

    /// The primary key of a table.
    pub(super) fn primary_keys(&self, table: Oid) -> impl Iterator<Item = (Oid, &Object)> {
        self.objects.those(self.objects.slot(table).map(|slot| &slot.primary_keys))
    }

    /// The constraints that this is the index of.
    pub(super) fn constraints_of_index(&self, index: Oid) -> impl Iterator<Item = (Oid, &Object)> {
        self.objects.those(self.objects.slot(index).map(|slot| &slot.constraints))
    }

    /// The column whose NOT NULL bears this name, given by its author.
    pub(super) fn not_null_named(&self, table: Oid, name: &Ident) -> Option<Oid> {
        self.objects.slot(table)?.not_null.get(name).copied()
    }

    /// The indexes of a table with exactly these columns in their keys, oldest first.
    pub(super) fn indexes_on(&self, table: Oid, columns: &[Oid]) -> impl Iterator<Item = (Oid, &Index)> {
        let same = self.objects.slot(table).and_then(|slot| slot.indexes.get(columns));
        self.objects.those(same).filter_map(|(oid, object)| match &object.definition {
            Definition::Index(index) => Some((oid, index)),
            _ => None,
        })
    }

    /// The tables that inherit from a table or are its partitions.
    pub(super) fn children(&self, table: Oid) -> Vec<Oid> {
        let inherits = |object: &Object| match &object.definition {
            Definition::Relation(relation) => relation.parents.contains(&table),
            _ => false,
        };
        let tables = self.objects.those(self.objects.slot(table).map(|slot| &slot.tables));
        tables.filter(|(_, object)| inherits(object)).map(|(oid, _)| oid).collect()
    }

    /// Notes that an object names roles, so that they find it.
    pub(super) fn note_roles<'r>(&mut self, oid: Oid, roles: impl IntoIterator<Item = &'r Ident>) {
        for role in roles {
            match self.naming_roles.get_mut(role) {
                Some(naming) => _ = naming.insert(oid),
                None => _ = self.naming_roles.insert(role.clone(), BTreeSet::from([oid])),
            }
        }
    }
}
