//! Constraints with the names PostgreSQL gives them, and what partitions and children take of their parents'.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use super::{Fold, definition::ConstraintText};
use crate::{
    name::Ident,
    schema::{
        naming,
        object::{Constraint, Definition, Demand, Hold, Object, Oid},
        types::Reference,
    },
    sql::statement::{ObjectKind as O, ObjectRole as Role},
};

impl Constraint {
    pub(super) fn new(demand: Demand) -> Self {
        Self {
            demand,
            columns: Vec::new(),
            references: None,
            valid: true,
            index: None,
            inherited: false,
            passes_on: true,
        }
    }
}

impl Fold<'_> {
    /// The constraints of a CREATE TABLE or ADD COLUMN: checks, then keys (the primary key first, of equal ones
    /// only one), then references.
    pub(super) fn add_constraints(&mut self, table: Oid, mut constraints: Vec<ConstraintText<'_>>) {
        let turn = |read: &ConstraintText<'_>| match read.demand {
            Demand::Check => 0,
            Demand::PrimaryKey => 1,
            Demand::Unique | Demand::Exclusion => 2,
            Demand::ForeignKey | Demand::Trigger => 3,
        };
        constraints.sort_by_key(turn);
        let mut distinct: Vec<ConstraintText<'_>> = Vec::with_capacity(constraints.len());
        let mut keys: BTreeMap<_, usize> = BTreeMap::new();
        for read in constraints {
            // Keys with the same columns and the same manner are one.
            let columns: Vec<Option<Ident>> = read.columns().map(|column| column.cloned()).collect();
            let key = || (columns, read.include.clone(), read.manner.clone());
            let prior = match read.demand {
                Demand::PrimaryKey => {
                    keys.entry(key()).or_insert(distinct.len());
                    None
                }
                Demand::Unique => match keys.entry(key()) {
                    Entry::Occupied(prior) => distinct.get_mut(*prior.get()),
                    Entry::Vacant(place) => {
                        place.insert(distinct.len());
                        None
                    }
                },
                _ => None,
            };
            match prior {
                Some(prior) => prior.name = prior.name.take().or(read.name),
                None => distinct.push(read),
            }
        }
        for read in &distinct {
            self.add_constraint(table, read);
        }
    }

    pub(super) fn add_constraint(&mut self, table: Oid, read: &ConstraintText<'_>) {
        if let Some(name) = &read.name
            && let Some(oid) = self.schema.member(table, O::Constraint, name)
        {
            return self.exists(O::Constraint, oid, false);
        }
        match read.demand {
            Demand::PrimaryKey | Demand::Unique | Demand::Exclusion => self.add_key(table, read),
            Demand::Check => self.add_check(table, read),
            Demand::ForeignKey => self.add_reference(table, read),
            Demand::Trigger => {}
        }
    }

    pub(super) fn constraint(
        &mut self,
        table: Oid,
        name: Ident,
        constraint: Constraint,
        needs: &[Oid],
    ) -> Oid {
        let columns = constraint.columns.clone();
        let definition = Definition::Constraint(constraint);
        let mut object = Object { of: Some(table), definition, ..Object::new(O::Constraint, None, name) };
        object.needs(columns, Hold::Goes);
        object.needs(needs.iter().copied(), Hold::Stops);
        self.make(object)
    }

    /// The name of a constraint that has none: no relation and no constraint of the schema bears it.
    pub(super) fn default_name(
        &self,
        table: Oid,
        middle: Option<&str>,
        label: &str,
        relation: bool,
    ) -> Ident {
        let holder = self.schema.qualified(table);
        let schema = holder.schema.unwrap_or_default();
        let taken = |name: &Ident| {
            relation && self.is_taken(&schema, name) || self.schema.has_constraint(&schema, name)
        };
        naming::choose(holder.name.as_str(), middle, label, taken)
    }

    // CHECK -------------------------------------------------------------------------------------------

    pub(super) fn add_check(&mut self, table: Oid, read: &ConstraintText<'_>) {
        let Some(expression) = read.expression else { return };
        let (columns, needed) = self.read_expression(table, expression);
        // One column that is named, once or more often, is part of the name.
        let middle = match columns.as_slice() {
            [one] => Some(self.schema.qualified(*one).name),
            _ => None,
        };
        let middle = middle.as_ref().map(Ident::as_str);
        let name = read.name.clone().unwrap_or_else(|| self.default_name(table, middle, "check", false));
        let (valid, passes_on) = (read.valid, read.inherits);
        let constraint = Constraint { columns, valid, passes_on, ..Constraint::new(Demand::Check) };
        self.constraint(table, name.clone(), constraint.clone(), &needed);
        if passes_on {
            for child in self.schema.children(table) {
                self.take_check(child, &name, &constraint);
            }
        }
    }

    fn own(&mut self, oid: Oid) {
        self.schema.change(oid, |object| {
            if let Definition::Constraint(constraint) = &mut object.definition {
                constraint.inherited = false;
            }
        });
    }

    /// A child has the checks of its parent.
    pub(super) fn take_checks(&mut self, table: Oid, parent: Oid) {
        for (name, from) in self.constraints_of(parent, |demand| demand == Demand::Check) {
            self.take_check(table, &name, &from);
        }
    }

    fn take_check(&mut self, table: Oid, name: &Ident, from: &Constraint) {
        if let Some(own) = self.schema.member(table, O::Constraint, name) {
            return self.schema.change(own, |object| {
                if let Definition::Constraint(constraint) = &mut object.definition {
                    constraint.inherited = true;
                }
            });
        }
        let columns = self.same_columns(table, &from.columns);
        let own = Constraint { columns, inherited: true, ..from.clone() };
        self.constraint(table, name.clone(), own.clone(), &[]);
        for child in self.schema.children(table) {
            self.take_check(child, name, &own);
        }
    }

    pub(super) fn constraints_of(
        &self,
        table: Oid,
        wanted: impl Fn(Demand) -> bool,
    ) -> Vec<(Ident, Constraint)> {
        let members = self.schema.members(table);
        let found = members.filter_map(|(_, object)| match &object.definition {
            Definition::Constraint(constraint) if constraint.passes_on && wanted(constraint.demand) => {
                Some((object.name.clone(), constraint.clone()))
            }
            _ => None,
        });
        found.collect()
    }

    /// The columns of `table` that are called as these are.
    pub(super) fn same_columns(&self, table: Oid, columns: &[Oid]) -> Vec<Oid> {
        let names = columns.iter().map(|column| self.schema.qualified(*column).name);
        names.filter_map(|name| self.schema.column(table, &name)).collect()
    }

    // Keys --------------------------------------------------------------------------------------------

    fn add_key(&mut self, table: Oid, read: &ConstraintText<'_>) {
        let schema = self.schema.qualified(table).schema.unwrap_or_default();
        let (index, name) = if let Some(used) = &read.using_index {
            let used = crate::name::QualifiedName::new(schema, used.clone());
            let Some(index) = self.relation(&used) else { return self.missing(O::Index, &used) };
            let name = read.name.clone().unwrap_or(used.name);
            let renamed = name.clone();
            self.change(index, |object| object.name = renamed);
            (index, name)
        } else {
            let name = read.name.clone().unwrap_or_else(|| {
                let called = read.key.iter().map(|part| part.called.clone());
                let called = naming::distinct(called.chain(read.include.iter().cloned()).collect());
                let middle = naming::columns_part(&called);
                match read.demand {
                    Demand::PrimaryKey => self.default_name(table, None, "pkey", true),
                    Demand::Unique => self.default_name(table, Some(&middle), "key", true),
                    _ => self.default_name(table, Some(&middle), "excl", true),
                }
            });
            let unique = read.demand != Demand::Exclusion;
            (self.new_index(table, name.clone(), read, unique, false), name)
        };
        let columns = match self.schema.get(index).map(|object| &object.definition) {
            Some(Definition::Index(index)) => index.key.iter().flatten().copied().collect(),
            _ => Vec::new(),
        };
        let constraint = Constraint { columns, index: Some(index), ..Constraint::new(read.demand) };
        if read.demand == Demand::PrimaryKey {
            for column in &constraint.columns {
                let name = self.schema.qualified(*column).name;
                self.not_null(table, &name, None);
            }
        }
        self.constraint(table, name, constraint, &[]);
        self.pass_index_on(table, index);
    }

    /// The constraint in front of an index.
    pub(super) fn constraint_of(&self, index: Oid) -> Option<Oid> {
        let holder = self.schema.get(index)?.of?;
        let mut constraints = self.schema.constraints_of_index(index);
        constraints.find(|(_, constraint)| constraint.of == Some(holder)).map(|(oid, _)| oid)
    }

    pub(super) fn demand_of(&self, index: Oid) -> Option<Demand> {
        match &self.schema.get(self.constraint_of(index)?)?.definition {
            Definition::Constraint(constraint) => Some(constraint.demand),
            _ => None,
        }
    }

    /// LIKE … INCLUDING CONSTRAINTS and INDEXES.
    pub(super) fn like_constraints(&mut self, table: Oid, source: Oid, checks: bool, indexes: bool) {
        if checks {
            for (name, from) in self.constraints_of(source, |demand| demand == Demand::Check) {
                let columns = self.same_columns(table, &from.columns);
                self.constraint(table, name, Constraint { columns, inherited: false, ..from }, &[]);
            }
        }
        let sources = if indexes { self.indexes_of(source) } else { Vec::new() };
        if sources.is_empty() {
            return;
        }
        for (oid, index) in &sources {
            self.take_index(table, *oid, index);
        }
        // They are the table's own, and do not go with those they are copies of.
        let copied: BTreeSet<Oid> = sources.iter().map(|(oid, _)| *oid).collect();
        for (own, _) in self.indexes_of(table) {
            self.schema.change(own, |object| object.needs.retain(|need| !copied.contains(&need.on)));
            if let Some(constraint) = self.constraint_of(own) {
                self.own(constraint);
            }
        }
    }

    // References --------------------------------------------------------------------------------------

    fn add_reference(&mut self, table: Oid, read: &ConstraintText<'_>) {
        let Some(target) = &read.references else { return };
        let names: Vec<Ident> = read.key.iter().filter_map(|part| part.column.clone()).collect();
        let columns = names.iter().filter_map(|name| self.schema.column(table, name)).collect();
        let name = read
            .name
            .clone()
            .unwrap_or_else(|| self.default_name(table, Some(&naming::columns_part(&names)), "fkey", false));
        let found = self.relation(target);
        let mut needs = Vec::new();
        if let Some(found) = found {
            self.note(Role::Uses, found);
            needs.push(found);
            let referenced: Vec<Oid> =
                read.referenced.iter().filter_map(|name| self.schema.column(found, name)).collect();
            needs.extend(self.unique_index(found, &referenced));
            needs.extend(referenced);
        }
        let references = Some(found.map_or_else(|| Reference::Outside(target.clone()), Reference::Known));
        let valid = read.valid;
        let constraint = Constraint { columns, references, valid, ..Constraint::new(Demand::ForeignKey) };
        // What hangs on the table itself goes with it.
        needs.retain(|need| *need != table);
        self.constraint(table, name.clone(), constraint.clone(), &needs);
        for child in self.partitions(table) {
            self.take_reference(child, &name, &constraint);
        }
    }

    /// The unique index that a reference to these columns rests on; without columns, the primary key's.
    fn unique_index(&self, table: Oid, columns: &[Oid]) -> Option<Oid> {
        if columns.is_empty() {
            return self.schema.primary_keys(table).find_map(|(_, object)| match &object.definition {
                Definition::Constraint(key) => key.index,
                _ => None,
            });
        }
        let mut same = self.schema.indexes_on(table, columns);
        same.find(|(_, index)| index.unique && !index.partial).map(|(oid, _)| oid)
    }
}
