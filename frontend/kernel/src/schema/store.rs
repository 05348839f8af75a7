//! Objects by number and by name. A rename changes the name alone; whoever refers to the number follows.

use std::collections::BTreeSet;

use crate::{
    name::{Ident, QualifiedName},
    sql::statement::ObjectKind,
};

use super::{
    Schema,
    fold::TEMPORARY,
    key::{Indexed, Key, Name, in_schema, space},
    object::{Definition, Hold, Need, Object, Oid, Relation},
    types::{Reference, TypeBase, TypeUse},
};

impl Object {
    pub(super) fn new(kind: ObjectKind, schema: Option<Ident>, name: Ident) -> Self {
        Self {
            kind,
            schema,
            name,
            of: None,
            definition: Definition::Plain,
            comment: None,
            grants: BTreeSet::new(),
            extension: None,
            made: None,
            changed: Vec::new(),
            conditional: false,
            needs: Vec::new(),
        }
    }

    pub(super) fn needs(&mut self, on: impl IntoIterator<Item = Oid>, how: Hold) {
        let mut known: BTreeSet<Oid> =
            self.needs.iter().filter(|need| need.how == how).map(|need| need.on).collect();
        self.needs.extend(on.into_iter().filter(|on| known.insert(*on)).map(|on| Need { on, how }));
    }
}

impl Schema {
    /// Adds an object under a new number. One of the same name must not be there.
    pub(super) fn insert(&mut self, object: Object) -> Oid {
        let oid = self.objects.number();
        self.remember_new(oid);
        self.index(oid, Indexed::of(&object));
        self.note_roles(oid, object.grants.iter().map(|grant| &grant.role));
        match &object.definition {
            Definition::Policy(policy) => self.note_roles(oid, &policy.roles),
            Definition::Role(memberships) => self.note_roles(oid, memberships.keys()),
            _ => {}
        }
        self.objects.set(oid, Some(Box::new(object)));
        oid
    }

    /// Changes an object, and its place in every index with it.
    pub(super) fn change(&mut self, oid: Oid, change: impl FnOnce(&mut Object)) {
        self.remember(oid);
        let Some(object) = self.objects.get_mut(oid) else { return };
        let before = Indexed::of(object);
        change(object);
        let after = Indexed::of(object);
        if before != after {
            self.forget(oid, before);
            self.index(oid, after);
        }
    }

    /// Lets an object need another. [`Self::change`] looks at all that it needs, which may be much.
    pub(super) fn need(&mut self, oid: Oid, on: Oid, how: Hold) {
        let Some(needed) = self.objects.slot(on) else { return };
        if needed.dependents.has(oid) {
            return self.change(oid, |object| object.needs([on], how));
        }
        self.remember(oid);
        let Some(object) = self.objects.get_mut(oid) else { return };
        object.needs.push(Need { on, how });
        let is_table = matches!(object.kind, ObjectKind::Table | ObjectKind::ForeignTable);
        if let Some(needed) = self.objects.slot_mut(on) {
            needed.dependents.insert(oid);
            if is_table {
                needed.tables.insert(oid);
            }
        }
    }

    /// What a table or view has for itself; no index is kept of it.
    pub(super) fn relation_mut(&mut self, oid: Oid) -> Option<&mut Relation> {
        self.remember(oid);
        match &mut self.objects.get_mut(oid)?.definition {
            Definition::Relation(relation) => Some(relation),
            _ => None,
        }
    }

    /// Takes an object out, its members left to the caller.
    pub(super) fn take(&mut self, oid: Oid) -> Option<Object> {
        self.remember(oid);
        let object = self.objects.set(oid, None)?;
        self.forget(oid, Indexed::of(&object));
        Some(*object)
    }

    fn index(&mut self, oid: Oid, indexed: Indexed) {
        self.enter(oid, &indexed);
        self.set_name(indexed.key, Some(oid));
    }

    fn forget(&mut self, oid: Oid, indexed: Indexed) {
        self.withdraw(oid, &indexed);
        let named = match &indexed.key {
            Key::Whole(name) => self.names.get(name),
            Key::Member(of, name) => self.objects.slot(*of).and_then(|slot| slot.names.get(name)),
        };
        if named == Some(&oid) {
            self.set_name(indexed.key, None);
        }
    }

    /// What hangs on an object, oldest first.
    pub(super) fn members(&self, of: Oid) -> impl DoubleEndedIterator<Item = (Oid, &Object)> {
        self.objects.members(of)
    }

    /// The columns of a table, in order.
    pub(super) fn columns(&self, table: Oid) -> Vec<(Oid, &Object)> {
        self.objects.those(self.objects.slot(table).map(|slot| &slot.columns)).collect()
    }

    pub(super) fn column_count(&self, table: Oid) -> usize {
        self.objects.slot(table).map_or(0, |slot| slot.columns.count())
    }

    pub(super) fn column(&self, table: Oid, name: &Ident) -> Option<Oid> {
        self.member(table, ObjectKind::Column, name)
    }

    /// Who needs an object, beside its members.
    pub(super) fn dependents_of(&self, on: Oid) -> impl Iterator<Item = (Oid, &Object)> {
        self.objects.dependents(on)
    }

    /// The sequences that a column owns.
    pub(super) fn sequences_of(&self, column: Oid) -> Vec<Oid> {
        let owned = |object: &Object| object.definition == Definition::Sequence(Some(column));
        self.dependents_of(column).filter(|(_, object)| owned(object)).map(|(oid, _)| oid).collect()
    }

    // Names -------------------------------------------------------------------------------------------

    /// The object of this name in the space of `kind`.
    pub(super) fn lookup(&self, path: &[Ident], kind: ObjectKind, name: &QualifiedName) -> Option<Oid> {
        let at = |schema| match space(kind) {
            ObjectKind::Table | ObjectKind::Type => {
                self.names.get(&Name::new(kind, schema, &name.name)).copied()
            }
            _ => self.namesakes(Name::new(kind, schema, &name.name)).next(),
        };
        if !in_schema(kind) {
            return at(None);
        }
        if let Some(schema) = &name.schema {
            return at(Some(schema));
        }
        // Few files make temporary objects, and every bare name would be looked up among them.
        let temporary = Ident::exact(TEMPORARY);
        let temporary = (!self.temporary.is_empty()).then_some(&temporary);
        temporary.into_iter().chain(path).find_map(|schema| at(Some(schema)))
    }

    /// The objects whose names differ from this one in their arguments at most.
    fn namesakes(&self, first: Name) -> impl Iterator<Item = Oid> {
        let found = self.names.range(&first..).map(|(name, oid)| (name, *oid));
        found.take_while(move |(name, _)| name.is_namesake(&first)).map(|(_, oid)| oid)
    }

    /// Every routine of this name in the first schema that has one.
    pub(super) fn routines(&self, path: &[Ident], name: &QualifiedName) -> Vec<Oid> {
        let in_schema = |schema: &Ident| -> Vec<Oid> {
            self.namesakes(Name::new(ObjectKind::Function, Some(schema), &name.name)).collect()
        };
        match &name.schema {
            Some(schema) => in_schema(schema),
            None => path.iter().map(in_schema).find(|found| !found.is_empty()).unwrap_or_default(),
        }
    }

    /// The routine with exactly these arguments.
    pub(super) fn routine(&self, schema: &Ident, name: &Ident, arguments: &[TypeUse]) -> Option<Oid> {
        self.with_types(ObjectKind::Function, Some(schema), name, arguments)
    }

    /// The routine, operator or cast with exactly these types.
    pub(super) fn with_types(
        &self,
        kind: ObjectKind,
        schema: Option<&Ident>,
        name: &Ident,
        types: &[TypeUse],
    ) -> Option<Oid> {
        self.names.get(&Name::new(kind, schema, name).with(types)).copied()
    }

    /// A type, or a table as a type.
    pub(super) fn type_named(&self, path: &[Ident], name: &QualifiedName) -> Option<Oid> {
        let table = || self.lookup(path, ObjectKind::Table, name).filter(|oid| self.is_row_type(*oid));
        self.lookup(path, ObjectKind::Type, name).or_else(table)
    }

    fn is_row_type(&self, oid: Oid) -> bool {
        let kind = self.objects.get(oid).map(|object| object.kind);
        kind.is_some_and(|kind| !matches!(kind, ObjectKind::Index | ObjectKind::Sequence))
    }

    /// Whether a relation of this name stands in a schema.
    pub(super) fn has_relation(&self, schema: &Ident, name: &Ident) -> bool {
        self.names.contains_key(&Name::new(ObjectKind::Table, Some(schema), name))
    }

    /// Whether a constraint of this name stands on any table or domain of a schema.
    pub(super) fn has_constraint(&self, schema: &Ident, name: &Ident) -> bool {
        let named = self.objects.those(self.constraints.get(&Name::constraint(name)));
        let holder = |(_, constraint): (Oid, &Object)| self.objects.get(constraint.of?);
        named.filter_map(holder).any(|holder| holder.schema.as_ref() == Some(schema))
    }

    // Printing ----------------------------------------------------------------------------------------

    /// The name of an object with its schema, also of one that is gone.
    pub fn qualified(&self, oid: Oid) -> QualifiedName {
        self.present_or_gone(oid).map_or_else(QualifiedName::default, |object| QualifiedName {
            schema: object.schema.clone(),
            name: object.name.clone(),
        })
    }

    /// The name of what is referred to.
    pub fn referred(&self, reference: &Reference) -> QualifiedName {
        match reference {
            Reference::Known(oid) => self.qualified(*oid),
            Reference::Outside(name) => name.clone(),
        }
    }

    /// A type as PostgreSQL prints it for a column, with schemas.
    pub fn type_text(&self, type_use: &TypeUse) -> String {
        type_use.print(|reference| self.referred(reference), true)
    }

    /// The argument types of a routine as PostgreSQL prints them, with schemas.
    pub fn arguments_text(&self, arguments: &[TypeUse]) -> Vec<String> {
        arguments.iter().map(|one| one.print(|reference| self.referred(reference), false)).collect()
    }

    /// `public.t`, `public.f(integer)`, `a on public.t`: what an object is called in full.
    pub fn full_name(&self, oid: Oid) -> String {
        let name = self.qualified(oid);
        match self.present_or_gone(oid) {
            Some(Object { definition: Definition::Routine(arguments), .. }) => {
                format!("{name}({})", self.arguments_text(arguments).join(", "))
            }
            Some(Object { of: Some(of), schema: None, .. }) => format!("{name} on {}", self.qualified(*of)),
            _ => name.to_string(),
        }
    }

    /// Types an object needs, for its `needs`.
    pub(super) fn type_need(type_use: &TypeUse) -> Option<Oid> {
        match &type_use.base {
            TypeBase::Named(Reference::Known(oid)) => Some(*oid),
            _ => None,
        }
    }
}
