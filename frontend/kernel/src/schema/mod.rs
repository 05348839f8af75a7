//! What a database holds after the statements of a set, one after the other: tables and views with columns and
//! constraints, indexes, routines, operators, types, policies, triggers, roles, grants, comments. Who owns an
//! object is not modelled.
//! It follows names as PostgreSQL does and asks no database; what cannot be known from text is said to be
//! unknown.
//!
//! ```text
//! object      what a schema is made of
//! types       types as a schema has them
//! naming      names PostgreSQL gives by itself
//! expression  what an expression names
//! session     the search path
//! objects     objects by number
//! key         what they are found by
//! labels      the labels of an enum
//! defaults    the rights of what is yet to be made
//! store       objects by name
//! indexes     what follows each change of them
//! undo        what a rollback takes back
//! drop        what goes along when something is dropped
//! fold        statements to objects
//! snapshot    a schema as rows, as an introspection of a database gives them
//! ```

mod defaults;
mod drop;
mod expression;
mod fold;
mod indexes;
mod key;
mod labels;
mod naming;
mod object;
mod objects;
mod session;
mod snapshot;
mod store;
mod types;
mod undo;

pub use labels::Labels;
pub use object::{
    Column, Constraint, DefaultGrant, Definition, Demand, Domain, Grant, Hold, Identity, Index, Object, Oid,
    Place, Policy, Relation,
};
pub use snapshot::{Difference, Entry, Needed, Shape, Snapshot};
pub use types::{Reference, TypeBase, TypeUse};

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    migration::{Migration, MigrationSet},
    name::{Ident, QualifiedName},
    sql::statement::{ObjectKind, ObjectRole},
    text::Span,
    words::words,
};

/// What a database holds.
#[derive(Clone, Debug)]
pub struct Schema {
    objects: objects::Objects,
    /// Of all that hangs on nothing or is found without it.
    names: BTreeMap<key::Name, Oid>,
    /// Constraints by name: no two of one schema get the same by default.
    constraints: BTreeMap<key::Name, objects::Numbers>,
    /// What stands in each schema.
    by_schema: BTreeMap<Ident, objects::Numbers>,
    /// What each extension brought.
    by_extension: BTreeMap<Ident, objects::Numbers>,
    /// Objects that name a role, or once did: by rights, as policies, as its members.
    naming_roles: BTreeMap<Ident, BTreeSet<Oid>>,
    /// What ends with the session.
    temporary: BTreeSet<Oid>,
    gone: BTreeMap<Oid, Gone>,
    effects: Vec<Effect>,
    problems: Vec<Problem>,
    unknown: Vec<Place>,
    sought: Vec<(ObjectKind, QualifiedName)>,
    default_grants: Arc<defaults::DefaultGrants>,
    /// PostgreSQL's major version; the newest that is known when `None`.
    version: Option<u32>,
    search_path: Vec<Ident>,
    /// Whether what is not here is certainly not in the database.
    complete: bool,
    /// What was before each change since the first state to return to; kept while there is one.
    undo: Option<undo::Undo>,
}

/// An object that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// As it was.
    pub object: Object,
    /// As it was called in full.
    pub name: String,
    /// The statement that dropped it.
    pub dropped: Place,
    /// Whether that statement may not have run.
    pub conditional: bool,
}

/// A statement does something to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The statement.
    pub place: Place,
    /// What it does.
    pub role: ObjectRole,
    /// To what.
    pub on: Oid,
}

/// A statement that PostgreSQL will refuse unless the database holds something the set does not make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The statement.
    pub place: Place,
    /// What is wrong.
    pub kind: ProblemKind,
    /// The kind of the object.
    pub object: ObjectKind,
    /// The object's name; where it was written without a schema, with the first of the search path.
    pub name: QualifiedName,
    /// The table it hangs on.
    pub of: Option<QualifiedName>,
    /// Where its name stands, or else the statement.
    pub span: Span,
    /// Whether the statement may not run.
    pub conditional: bool,
}

words! {
    /// What is wrong with a statement.
    ProblemKind {
        /// It makes what is there already.
        Exists = "exists",
        /// It needs what is not there.
        Missing = "missing",
        /// It drops what others need, without CASCADE.
        Needed = "needed",
    }
}

impl Schema {
    /// What the forward files of a set make of an empty database.
    pub fn of(set: &MigrationSet) -> Self {
        let mut schema = Self::default();
        for file in set.forward_files() {
            schema.apply(file);
        }
        schema
    }

    /// Reads the statements of a file in order, as in a session of its own.
    pub fn apply(&mut self, file: &Migration) {
        fold::apply(self, file);
    }

    /// All objects, oldest first.
    pub fn objects(&self) -> impl Iterator<Item = (Oid, &Object)> {
        self.objects.iter()
    }

    /// An object that is there.
    pub fn get(&self, oid: Oid) -> Option<&Object> {
        self.objects.get(oid)
    }

    /// An object that is there, or as it was when it went.
    pub fn present_or_gone(&self, oid: Oid) -> Option<&Object> {
        self.objects.get(oid).or_else(|| self.gone.get(&oid).map(|gone| &gone.object))
    }

    /// The object of this name that shares a space of names with `kind`; a bare name is looked up in the
    /// search path that a session begins with. Of routines it is the first of that name.
    pub fn find(&self, kind: ObjectKind, name: &QualifiedName) -> Option<Oid> {
        self.lookup(&self.search_path, kind, name)
    }

    /// A column, constraint, trigger, policy or rule of an object.
    pub fn member(&self, of: Oid, kind: ObjectKind, name: &Ident) -> Option<Oid> {
        self.objects.slot(of)?.names.get(&(key::space(kind), name.clone())).copied()
    }

    /// What an object cannot do without, or could not, beside what it hangs on.
    pub fn needs(&self, oid: Oid) -> impl Iterator<Item = Oid> {
        let needs = self.present_or_gone(oid).map_or(&[][..], |object| &object.needs);
        needs.iter().map(|need| need.on)
    }

    /// Whether what is not here is certainly not in the database: the fold began with a snapshot.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// An object that was dropped.
    pub fn buried(&self, oid: Oid) -> Option<&Gone> {
        self.gone.get(&oid)
    }

    /// What was dropped, oldest first.
    pub fn gone(&self) -> impl Iterator<Item = (Oid, &Gone)> {
        self.gone.iter().map(|(oid, gone)| (*oid, gone))
    }

    /// What each statement did, in order.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Statements that PostgreSQL will refuse, in order.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Names that statements look for and the schema does not hold, in order; no mistake follows, for PostgreSQL
    /// may have them itself.
    pub fn sought(&self) -> &[(ObjectKind, QualifiedName)] {
        &self.sought
    }

    /// Statements whose effect is known only at run time, in order.
    pub fn unknown(&self) -> &[Place] {
        &self.unknown
    }
}

impl Default for Schema {
    /// An empty database: the schema `public` alone.
    fn default() -> Self {
        let public = Ident::exact("public");
        let mut schema = Self {
            objects: objects::Objects::default(),
            names: BTreeMap::new(),
            constraints: BTreeMap::new(),
            by_schema: BTreeMap::new(),
            by_extension: BTreeMap::new(),
            naming_roles: BTreeMap::new(),
            temporary: BTreeSet::new(),
            gone: BTreeMap::new(),
            effects: Vec::new(),
            problems: Vec::new(),
            unknown: Vec::new(),
            sought: Vec::new(),
            default_grants: Arc::default(),
            version: None,
            search_path: vec![public.clone()],
            complete: false,
            undo: None,
        };
        schema.insert(Object::new(ObjectKind::Schema, None, public));
        schema
    }
}

#[cfg(test)]
mod tests;
