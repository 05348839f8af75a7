//! Objects by the name a database knows them under: one key for all ways to write it.

use std::fmt;

use crate::{
    name::{Ident, QualifiedName, SearchPath},
    sql::statement::{ObjectKind, ObjectRef},
    words::words,
};

words! {
    /// Kinds that share one space of names, or that hang on a table.
    #[expect(missing_docs, reason = "the variants are PostgreSQL's own terms")]
    Family {
        Relation = "relation", Type = "type", Routine = "routine", Column = "column",
        Constraint = "constraint", Policy = "policy", Trigger = "trigger", Rule = "rule",
        EnumValue = "enum value", Schema = "schema", Extension = "extension", Role = "role",
        Other = "object",
    }
}

impl Family {
    /// The family of a kind.
    pub const fn of(kind: ObjectKind) -> Self {
        use ObjectKind as O;
        match kind {
            O::Table | O::ForeignTable | O::View | O::MaterializedView | O::Index | O::Sequence => {
                Self::Relation
            }
            O::Type | O::Domain => Self::Type,
            O::Function | O::Procedure | O::Aggregate | O::Routine => Self::Routine,
            O::Column => Self::Column,
            O::Constraint => Self::Constraint,
            O::Policy => Self::Policy,
            O::Trigger => Self::Trigger,
            O::Rule => Self::Rule,
            O::EnumValue => Self::EnumValue,
            O::Schema => Self::Schema,
            O::Extension => Self::Extension,
            O::Role => Self::Role,
            _ => Self::Other,
        }
    }

    /// Whether its names stand in a schema.
    const fn in_schema(self) -> bool {
        matches!(self, Self::Relation | Self::Type | Self::Routine)
    }
}

/// An object as the set knows it. Routines of one name are one object: which overload is meant cannot be
/// told from text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Its space of names.
    pub family: Family,
    /// The table (or type) it hangs on, with a schema.
    pub of: Option<QualifiedName>,
    /// Its name, with a schema where its family has one.
    pub name: QualifiedName,
}

impl ObjectKey {
    /// A table, view, index or sequence.
    pub fn relation(name: &QualifiedName) -> Self {
        Self { family: Family::Relation, of: None, name: name.resolved(&SearchPath::default()) }
    }

    /// The schema it stands in, itself or by its table.
    pub fn schema(&self) -> Option<&Ident> {
        self.of.as_ref().unwrap_or(&self.name).schema.as_ref()
    }
}

/// `relation public.t`, `policy p on public.t`.
impl fmt::Display for ObjectKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.family, self.name)?;
        self.of.as_ref().map_or(Ok(()), |of| write!(out, " on {of}"))
    }
}

/// The key of an object as a statement names it, with `public` for a schema that is not written.
pub fn key(object: &ObjectRef) -> ObjectKey {
    let path = SearchPath::default();
    let family = Family::of(object.kind);
    let of = object.of.as_ref().map(|of| of.resolved(&path));
    if object.kind == ObjectKind::Index {
        // An index stands in its table's schema and can be written without it.
        let schema = of.as_ref().and_then(|of| of.schema.clone());
        let name = QualifiedName { schema: object.name.schema.clone().or(schema), ..object.name.clone() };
        return ObjectKey { family, of: None, name: name.resolved(&path) };
    }
    let name = if family.in_schema() { object.name.resolved(&path) } else { object.name.clone() };
    ObjectKey { family, of, name }
}
