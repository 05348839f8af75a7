//! What objects are found by: their names, what they hang on, what they stand on. It looks nothing up.

use super::{
    fold::TEMPORARY,
    object::{Definition, Demand, Object, Oid},
    types::TypeUse,
};
use crate::{name::Ident, sql::statement::ObjectKind};

/// What no two objects share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// In a schema, or in the database.
    Whole(Name),
    /// Among what hangs on an object: the kind that stands for its space of names, and its name.
    Member(Oid, (ObjectKind, Ident)),
}

/// A name that stands on its own. No order of names is ever shown, so they are sorted by a number that is made of
/// them: a search compares some twenty names, which was a fifth of the time a fold takes.
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
    pub(super) fn new(kind: ObjectKind, schema: Option<&Ident>, name: &Ident) -> Self {
        let (space, arguments) = (space(kind), Vec::new());
        let schema_bytes = schema.map_or("", Ident::as_str).bytes();
        let bytes = name.as_str().bytes().chain([0, space as u8]).chain(schema_bytes);
        // FNV-1a: short and the same on every machine; two names that share a number are told apart below it.
        let number = bytes.fold(0xcbf2_9ce4_8422_2325, |number: u64, byte| {
            (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { number, space, name: name.clone(), schema: schema.cloned(), arguments }
    }

    pub(super) fn with(self, arguments: &[TypeUse]) -> Self {
        Self { arguments: arguments.to_vec(), ..self }
    }

    /// Whether they differ in their arguments at most.
    pub(super) fn is_namesake(&self, other: &Self) -> bool {
        (self.number, self.space, &self.name, &self.schema)
            == (other.number, other.space, &other.name, &other.schema)
    }

    /// Under which constraints of one name are found, wherever they stand.
    pub(super) fn constraint(name: &Ident) -> Self {
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
                Self::Whole(name.with(object.arguments()))
            }
        }
    }
}

/// What an object is found by.
#[derive(PartialEq, Eq)]
pub(super) struct Indexed {
    pub(super) key: Key,
    pub(super) of: Option<Oid>,
    pub(super) stands_on: Vec<Oid>,
    pub(super) is_table: bool,
    /// What brought it.
    pub(super) extension: Option<Ident>,
    pub(super) part: Part,
}

/// What its holder finds it by, or its index.
#[derive(PartialEq, Eq)]
pub(super) enum Part {
    Other,
    /// The columns of an index's key.
    Index(Vec<Oid>),
    /// A constraint, with its index.
    Constraint {
        primary_key: bool,
        index: Option<Oid>,
    },
    /// A column, with the name that its NOT NULL was given.
    Column(Option<Ident>),
}

impl Part {
    fn of(object: &Object) -> Self {
        match &object.definition {
            Definition::Index(index) => Self::Index(index.columns()),
            Definition::Constraint(constraint) => Self::Constraint {
                primary_key: constraint.demand == Demand::PrimaryKey,
                index: constraint.index,
            },
            Definition::Column(column) => {
                Self::Column(column.not_null_name.clone().filter(|_| column.not_null))
            }
            _ => Self::Other,
        }
    }
}

impl Indexed {
    pub(super) fn of(object: &Object) -> Self {
        Self {
            key: Key::of(object),
            of: object.of,
            stands_on: object.stands_on().collect(),
            is_table: matches!(object.kind, ObjectKind::Table | ObjectKind::ForeignTable),
            extension: object.extension.clone(),
            part: Part::of(object),
        }
    }

    /// The index behind a constraint.
    pub(super) const fn index(&self) -> Option<Oid> {
        match &self.part {
            Part::Constraint { index, .. } => *index,
            _ => None,
        }
    }

    /// The schema it stands in.
    pub(super) fn schema(&self) -> Option<&Ident> {
        match &self.key {
            Key::Whole(name) => name.schema.as_ref(),
            Key::Member(..) => None,
        }
    }

    /// The name of a constraint.
    pub(super) fn constraint(&self) -> Option<&Ident> {
        match &self.key {
            Key::Member(_, (ObjectKind::Constraint, name)) => Some(name),
            _ => None,
        }
    }

    pub(super) fn is_temporary(&self) -> bool {
        self.schema().is_some_and(|schema| schema.as_str() == TEMPORARY)
    }
}

impl Object {
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
