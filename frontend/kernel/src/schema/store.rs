//! Objects by number and by name. A rename changes the name alone; whoever refers to the number follows.

use std::collections::BTreeSet;

use crate::{
    name::{Ident, QualifiedName},
    sql::statement::ObjectKind,
};

use super::{
    Schema,
    fold::TEMPORARY,
    object::{Definition, Hold, Need, Object, Oid, Relation},
    types::{Reference, TypeBase, TypeUse},
};

/// What no two objects share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// In a schema, or in the database.
    Whole(Name),
    /// Among what hangs on an object: the kind that stands for its space of names, and its name.
    Member(Oid, (ObjectKind, Ident)),
}

/// A name that stands on its own. No order of names is ever shown, so they are sorted by a number that is made of
/// them: a search compares some twenty names, and of the fold's time those comparisons were a third.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// Of all below but the arguments.
    number: u64,
    space: ObjectKind,
    name: Ident,
    schema: Option<Ident>,
    /// Of routines.
    arguments: Vec<TypeUse>,
}

impl Name {
    fn new(kind: ObjectKind, schema: Option<&Ident>, name: &Ident) -> Self {
        let (space, arguments) = (space(kind), Vec::new());
        let schema_bytes = schema.map_or("", Ident::as_str).bytes();
        let bytes = name.as_str().bytes().chain([0, space as u8]).chain(schema_bytes);
        // FNV-1a: short and the same on every machine; two names that share a number are told apart below it.
        let number = bytes.fold(0xcbf2_9ce4_8422_2325, |number: u64, byte| {
            (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { number, space, name: name.clone(), schema: schema.cloned(), arguments }
    }

    /// Under which constraints of one name are found, wherever they stand.
    fn constraint(name: &Ident) -> Self {
        Self::new(ObjectKind::Constraint, None, name)
    }
}

impl Key {
    fn of(object: &Object) -> Self {
        match object.of {
            // An index or a sequence hangs on a table and yet shares the tables' space.
            Some(of) if object.schema.is_none() => {
                Self::Member(of, (space(object.kind), object.name.clone()))
            }
            _ => {
                let name = Name::new(object.kind, object.schema.as_ref(), &object.name);
                Self::Whole(Name { arguments: object.arguments().to_vec(), ..name })
            }
        }
    }
}

/// What an object is found by.
#[derive(PartialEq, Eq)]
pub(super) struct Indexed {
    key: Key,
    of: Option<Oid>,
    stands_on: Vec<Oid>,
}

impl Indexed {
    pub(super) fn of(object: &Object) -> Self {
        Self { key: Key::of(object), of: object.of, stands_on: object.stands_on().collect() }
    }

    /// The name of a constraint.
    fn constraint(&self) -> Option<&Ident> {
        match &self.key {
            Key::Member(_, (ObjectKind::Constraint, name)) => Some(name),
            _ => None,
        }
    }

    fn is_temporary(&self) -> bool {
        match &self.key {
            Key::Whole(name) => name.schema.as_ref().is_some_and(|schema| schema.as_str() == TEMPORARY),
            Key::Member(..) => false,
        }
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

    /// What tells a routine from its namesakes.
    fn arguments(&self) -> &[TypeUse] {
        match &self.definition {
            Definition::Routine(arguments) => arguments,
            _ => &[],
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
        let oid = self.objects.number();
        self.remember(oid);
        self.index(oid, Indexed::of(&object));
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

    /// Enters an object wherever it is found by anything but its whole name.
    pub(super) fn enter(&mut self, oid: Oid, indexed: &Indexed) {
        if let Some(name) = indexed.constraint() {
            self.constraints.entry(Name::constraint(name)).or_default().insert(oid);
        }
        self.temporary.extend(indexed.is_temporary().then_some(oid));
        if let Some(of) = indexed.of {
            self.objects.slot_mut(of).map(|slot| slot.members.insert(oid));
        }
        for on in &indexed.stands_on {
            self.objects.slot_mut(*on).map(|slot| slot.dependents.insert(oid));
        }
    }

    pub(super) fn withdraw(&mut self, oid: Oid, indexed: &Indexed) {
        if let Some(name) = indexed.constraint()
            && let Some(named) = self.constraints.get_mut(&Name::constraint(name))
        {
            named.remove(oid);
        }
        if indexed.is_temporary() {
            self.temporary.remove(&oid);
        }
        if let Some(of) = indexed.of {
            self.objects.slot_mut(of).map(|slot| slot.members.remove(oid));
        }
        for on in &indexed.stands_on {
            self.objects.slot_mut(*on).map(|slot| slot.dependents.remove(oid));
        }
    }

    /// What hangs on an object, oldest first.
    pub(super) fn members(&self, of: Oid) -> impl Iterator<Item = (Oid, &Object)> {
        self.objects.members(of)
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
        self.objects.dependents(on)
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
        let at = |schema| match space(kind) {
            ObjectKind::Function => self.namesakes(Name::new(kind, schema, &name.name)).next(),
            _ => self.names.get(&Name::new(kind, schema, &name.name)).copied(),
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
        let alike = move |name: &Name| {
            (name.space, &name.name, &name.schema) == (first.space, &first.name, &first.schema)
        };
        found.take_while(move |(name, _)| alike(name)).map(|(_, oid)| oid)
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
        let name = Name::new(ObjectKind::Function, Some(schema), name);
        self.names.get(&Name { arguments: arguments.to_vec(), ..name }).copied()
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
        let object = self.objects.get(oid).or_else(|| self.gone.get(&oid).map(|gone| &gone.object));
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
        let object = self.objects.get(oid).or_else(|| self.gone.get(&oid).map(|gone| &gone.object));
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
