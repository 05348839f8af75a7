//! Objects by number and by name. A rename changes the name alone; whoever refers to the number follows.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    name::{Ident, QualifiedName},
    sql::statement::ObjectKind,
};

use super::{
    Schema,
    object::{Definition, Hold, Need, Object, Oid, Relation},
    types::{Reference, TypeBase, TypeUse},
};

/// What no two objects share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    space: ObjectKind,
    schema: Option<Ident>,
    of: Option<Oid>,
    name: Ident,
    /// Of routines.
    arguments: Vec<TypeUse>,
}

impl Key {
    pub(super) fn member(of: Oid, kind: ObjectKind, name: &Ident) -> Self {
        Self { of: Some(of), ..Self::in_schema(kind, None, name) }
    }

    fn in_schema(kind: ObjectKind, schema: Option<&Ident>, name: &Ident) -> Self {
        let arguments = Vec::new();
        Self { space: space(kind), schema: schema.cloned(), of: None, name: name.clone(), arguments }
    }

    fn of(object: &Object) -> Self {
        let arguments = match &object.definition {
            Definition::Routine(arguments) => arguments.clone(),
            _ => Vec::new(),
        };
        // An index or a sequence hangs on a table and yet shares the tables' space.
        let of = object.of.filter(|_| object.schema.is_none());
        let key = Self::in_schema(object.kind, object.schema.as_ref(), &object.name);
        Self { of, arguments, ..key }
    }
}

/// What an object is found by.
#[derive(PartialEq, Eq)]
struct Indexed {
    key: Key,
    of: Option<Oid>,
    stands_on: Vec<Oid>,
}

impl Indexed {
    fn of(object: &Object) -> Self {
        Self { key: Key::of(object), of: object.of, stands_on: object.stands_on().collect() }
    }
}

/// The kind that stands for a space of names.
pub(super) const fn space(kind: ObjectKind) -> ObjectKind {
    use ObjectKind as O;
    match kind {
        O::Table | O::ForeignTable | O::View | O::MaterializedView | O::Index | O::Sequence => O::Table,
        O::Type | O::Domain => O::Type,
        O::Function | O::Procedure | O::Aggregate | O::Routine => O::Function,
        other => other,
    }
}

/// Whether objects of this kind stand in a schema.
pub(super) const fn in_schema(kind: ObjectKind) -> bool {
    use ObjectKind as O;
    matches!(space(kind), O::Table | O::Type | O::Function | O::Statistics | O::Collation)
}

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

    /// What it needs, and the column that owns it when it is a sequence.
    fn stands_on(&self) -> impl Iterator<Item = Oid> {
        let owner = match self.definition {
            Definition::Sequence(owner) => owner,
            _ => None,
        };
        self.needs.iter().map(|need| need.on).chain(owner)
    }

    pub(super) fn needs(&mut self, on: impl IntoIterator<Item = Oid>, how: Hold) {
        for on in on {
            if !self.needs.iter().any(|need| need.on == on && need.how == how) {
                self.needs.push(Need { on, how });
            }
        }
    }
}

impl Schema {
    /// Adds an object under a new number. One of the same name must not be there.
    pub(super) fn insert(&mut self, object: Object) -> Oid {
        let oid = Oid(self.next);
        self.next += 1;
        self.index(oid, Indexed::of(&object));
        self.objects.insert(oid, object);
        oid
    }

    /// Changes an object, and its place in every index with it.
    pub(super) fn change(&mut self, oid: Oid, change: impl FnOnce(&mut Object)) {
        let Some(object) = self.objects.get_mut(&oid) else { return };
        let before = Indexed::of(object);
        change(object);
        let after = Indexed::of(object);
        if before != after {
            self.forget(oid, &before);
            self.index(oid, after);
        }
    }

    /// What a table or view has for itself; no index is kept of it.
    pub(super) fn relation_mut(&mut self, oid: Oid) -> Option<&mut Relation> {
        match &mut self.objects.get_mut(&oid)?.definition {
            Definition::Relation(relation) => Some(relation),
            _ => None,
        }
    }

    /// Takes an object out, its members left to the caller.
    pub(super) fn take(&mut self, oid: Oid) -> Option<Object> {
        let object = self.objects.remove(&oid)?;
        self.forget(oid, &Indexed::of(&object));
        Some(object)
    }

    fn index(&mut self, oid: Oid, Indexed { key, of, stands_on }: Indexed) {
        if key.space == ObjectKind::Constraint {
            self.constraints.entry(key.name.clone()).or_default().insert(oid);
        }
        if let Some(of) = of {
            self.members.entry(of).or_default().insert(oid);
        }
        for on in stands_on {
            self.dependents.entry(on).or_default().insert(oid);
        }
        self.names.insert(key, oid);
    }

    fn forget(&mut self, oid: Oid, Indexed { key, of, stands_on }: &Indexed) {
        if key.space == ObjectKind::Constraint {
            discard(&mut self.constraints, &key.name, oid);
        }
        if let Some(of) = of {
            discard(&mut self.members, of, oid);
        }
        for on in stands_on {
            discard(&mut self.dependents, on, oid);
        }
        if self.names.get(key) == Some(&oid) {
            self.names.remove(key);
        }
    }

    /// What hangs on an object, oldest first.
    pub(super) fn members(&self, of: Oid) -> impl Iterator<Item = (Oid, &Object)> {
        let members = self.members.get(&of).into_iter().flatten();
        members.filter_map(|oid| Some((*oid, self.objects.get(oid)?)))
    }

    /// The columns of a table, in order.
    pub(super) fn columns(&self, table: Oid) -> Vec<(Oid, &Object)> {
        self.members(table).filter(|(_, member)| member.kind == ObjectKind::Column).collect()
    }

    pub(super) fn column(&self, table: Oid, name: &Ident) -> Option<Oid> {
        self.member(table, ObjectKind::Column, name)
    }

    /// Who needs an object, beside its members.
    pub(super) fn dependents_of(&self, on: Oid) -> impl Iterator<Item = (Oid, &Object)> {
        let dependents = self.dependents.get(&on).into_iter().flatten();
        dependents.filter_map(|oid| Some((*oid, self.objects.get(oid)?)))
    }

    /// The tables that inherit from a table or are its partitions.
    pub(super) fn children(&self, table: Oid) -> Vec<Oid> {
        let inherits = |object: &Object| match &object.definition {
            Definition::Relation(relation) => relation.parents.contains(&table),
            _ => false,
        };
        self.dependents_of(table).filter(|(_, object)| inherits(object)).map(|(oid, _)| oid).collect()
    }

    /// The sequences that a column owns.
    pub(super) fn sequences_of(&self, column: Oid) -> Vec<Oid> {
        let owned = |object: &Object| object.definition == Definition::Sequence(Some(column));
        self.dependents_of(column).filter(|(_, object)| owned(object)).map(|(oid, _)| oid).collect()
    }

    // Names -------------------------------------------------------------------------------------------

    /// The object of this name in the space of `kind`.
    pub(super) fn lookup(&self, path: &[Ident], kind: ObjectKind, name: &QualifiedName) -> Option<Oid> {
        let at = |schema: Option<&Ident>| {
            let first = Key::in_schema(kind, schema, &name.name);
            let (key, oid) = self.names.range(first.clone()..).next()?;
            let same = key.space == first.space && key.schema == first.schema && key.of.is_none();
            (same && key.name == first.name).then_some(*oid)
        };
        if !in_schema(kind) {
            return at(None);
        }
        let temporary = Ident::exact(super::fold::TEMPORARY);
        match &name.schema {
            Some(schema) => at(Some(schema)),
            None => at(Some(&temporary)).or_else(|| path.iter().find_map(|schema| at(Some(schema)))),
        }
    }

    /// Every routine of this name in the first schema that has one.
    pub(super) fn routines(&self, path: &[Ident], name: &QualifiedName) -> Vec<Oid> {
        let in_schema = |schema: &Ident| -> Vec<Oid> {
            let first = Key::in_schema(ObjectKind::Function, Some(schema), &name.name);
            let of_name =
                |key: &Key| (key.space, &key.schema, &key.name) == (first.space, &first.schema, &first.name);
            let found = self.names.range(first.clone()..).take_while(|(key, _)| of_name(key));
            found.map(|(_, oid)| *oid).collect()
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
        let key = Key::in_schema(kind, schema, name);
        self.names.get(&Key { arguments: types.to_vec(), ..key }).copied()
    }

    /// A type, or a table as a type.
    pub(super) fn type_named(&self, path: &[Ident], name: &QualifiedName) -> Option<Oid> {
        let table = || self.lookup(path, ObjectKind::Table, name).filter(|oid| self.is_row_type(*oid));
        self.lookup(path, ObjectKind::Type, name).or_else(table)
    }

    fn is_row_type(&self, oid: Oid) -> bool {
        let kind = self.objects.get(&oid).map(|object| object.kind);
        kind.is_some_and(|kind| !matches!(kind, ObjectKind::Index | ObjectKind::Sequence))
    }

    /// Whether a relation of this name stands in a schema.
    pub(super) fn has_relation(&self, schema: &Ident, name: &Ident) -> bool {
        self.names.contains_key(&Key::in_schema(ObjectKind::Table, Some(schema), name))
    }

    /// Whether a constraint of this name stands on any table or domain of a schema.
    pub(super) fn has_constraint(&self, schema: &Ident, name: &Ident) -> bool {
        let named = self.constraints.get(name).into_iter().flatten();
        let holder = |oid: &Oid| self.objects.get(&self.objects.get(oid)?.of?);
        named.filter_map(holder).any(|holder| holder.schema.as_ref() == Some(schema))
    }

    // Printing ----------------------------------------------------------------------------------------

    /// The name of an object with its schema, also of one that is gone.
    pub fn qualified(&self, oid: Oid) -> QualifiedName {
        let object = self.objects.get(&oid).or_else(|| self.gone.get(&oid).map(|gone| &gone.object));
        object.map_or_else(QualifiedName::default, |object| QualifiedName {
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
        let object = self.objects.get(&oid).or_else(|| self.gone.get(&oid).map(|gone| &gone.object));
        match object {
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

fn discard<K: Ord>(index: &mut BTreeMap<K, BTreeSet<Oid>>, key: &K, oid: Oid) {
    if let Some(oids) = index.get_mut(key) {
        oids.remove(&oid);
        if oids.is_empty() {
            index.remove(key);
        }
    }
}
