//! What the text of a statement does not say and a set of migrations may: what columns and types are.
//! It decides nothing; whoever reads a set answers.

use crate::{
    name::{Ident, QualifiedName},
    sql::statement::Statement,
};

/// Whether a statement has work to do, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// None.
    #[default]
    None,
    /// What it depends on is not known.
    Perhaps(&'static str),
    /// It has, for this reason.
    Certain(&'static str),
}

/// `alter column … type …`, as it is written.
#[derive(Clone, Copy, Debug)]
pub struct TypeChange<'a> {
    /// The table.
    pub table: &'a QualifiedName,
    /// The column.
    pub column: &'a Ident,
    /// The new type.
    pub type_name: &'a str,
    /// `collate …`.
    pub collation: Option<&'a QualifiedName>,
    /// `using …`.
    pub using: Option<&'a str>,
    /// What the statement's other changes of type write: foreign keys are then checked again in any case.
    pub beside: Work,
}

/// What a change of a column's type comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retyped {
    /// Whether every row is written.
    pub rewrites: Work,
    /// Whether every row is read where none is written.
    pub scans: Work,
    /// The tables at the other ends of foreign keys on the column, and whether the key is checked again; `None`
    /// when nobody knows them.
    pub keys: Option<Vec<(QualifiedName, Work)>>,
}

/// The database as the statements before this one have made it. `'s` is the life of the statements.
pub trait Known<'s> {
    /// What a change of a column's type comes to; `None` when the column's type is not known.
    fn retyped(&mut self, change: &TypeChange<'_>) -> Option<Retyped>;

    /// Whether a new column of a type writes every row: for a constraint or a default that the type brings,
    /// unless the column has a default of its own. `None` when the type is not known.
    fn filled(&self, type_name: &str, own_default: bool) -> Option<Work>;

    /// The statement has run, or may have.
    fn pass(&mut self, statement: &'s Statement, conditional: bool);
}

/// Nothing is known but what the statement says itself.
pub(super) struct Nothing;

impl Known<'_> for Nothing {
    fn retyped(&mut self, _: &TypeChange<'_>) -> Option<Retyped> {
        None
    }

    fn filled(&self, _: &str, _: bool) -> Option<Work> {
        None
    }

    fn pass(&mut self, _: &Statement, _: bool) {}
}
