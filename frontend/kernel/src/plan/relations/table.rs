//! A table as the statements so far have made it: what of it is written down, by reference.

use super::{types::Name, uses::Use};
use crate::{
    name::{Ident, QualifiedName},
    sql::statement::Column as Definition,
};

pub(super) struct Table<'a> {
    pub(super) name: Name<'a>,
    pub(super) columns: Vec<Column<'a>>,
    /// Partitioned or inherited from; whose columns it has beside its own.
    pub(super) parents: Vec<usize>,
    pub(super) children: Vec<usize>,
    pub(super) uses: Vec<Use<'a>>,
    /// Tables with a foreign key to it.
    pub(super) referencing: Vec<usize>,
    /// All its columns, indexes and constraints are known.
    pub(super) complete: bool,
    pub(super) kind: TableKind,
    /// It is a partition of its parent.
    pub(super) is_partition: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TableKind {
    Plain,
    /// Its rows are in its partitions.
    Partitioned,
    /// Its rows are elsewhere.
    Foreign,
}

pub(super) struct Column<'a> {
    /// The statement that made it.
    since: usize,
    pub(super) name: &'a Ident,
    /// Its earlier names, each with the statement that ended it.
    pub(super) earlier: Vec<(&'a Ident, usize)>,
    /// `None` when it is not known any more.
    pub(super) type_name: Option<&'a str>,
    pub(super) collation: Option<&'a QualifiedName>,
}

impl<'a> Column<'a> {
    pub(super) fn new(definition: &'a Definition, since: usize) -> Self {
        Self {
            since,
            name: &definition.name,
            earlier: Vec::new(),
            // A column that is computed when it is read has a rule of its own.
            type_name: Some(definition.type_name.as_str())
                .filter(|name| !name.is_empty() && !definition.is_virtual),
            collation: definition.collation.as_ref(),
        }
    }

    pub(super) fn copied(&self) -> Self {
        Self { earlier: self.earlier.clone(), ..*self }
    }

    /// What it was called then, if it was there.
    pub(super) fn name_at(&self, then: usize) -> Option<&'a Ident> {
        let earlier = self.earlier.iter().find(|(_, until)| then < *until);
        (then >= self.since).then(|| earlier.map_or(self.name, |(name, _)| *name))
    }
}

impl Table<'_> {
    /// Drops an index or a constraint. What bears no written name may be the one.
    pub(super) fn forget(&mut self, name: &Ident, conditional: bool) {
        let named = self.uses.iter().any(|one| one.name == Some(name));
        for one in &mut self.uses {
            one.in_doubt |= if named { conditional && one.name == Some(name) } else { one.name.is_none() };
        }
        self.uses.retain(|one| conditional || one.name != Some(name));
    }
}
