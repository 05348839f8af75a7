//! A table as the statements so far have made it: what of it is written down, by reference.
//! Its columns are found by name and its indexes and constraints by what they name, because one ALTER TABLE may ask for
//! thousands of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    types::Name,
    uses::{Mention, Referred, Use},
};
use crate::{
    name::{Ident, QualifiedName},
    sql::statement::Column as Definition,
};

pub(super) struct Table<'a> {
    pub(super) name: Name<'a>,
    pub(super) columns: Columns<'a>,
    /// Partitioned or inherited from; whose columns it has beside its own.
    pub(super) parents: Vec<usize>,
    pub(super) children: BTreeSet<usize>,
    pub(super) uses: Uses<'a>,
    /// The foreign keys of tables that refer to it.
    pub(super) referred: Referred,
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

impl<'a> Table<'a> {
    /// One of which nothing is known but its name.
    pub(super) fn unknown(name: Name<'a>) -> Self {
        Self {
            name,
            columns: Columns::default(),
            parents: Vec::new(),
            children: BTreeSet::new(),
            uses: Uses::default(),
            referred: Referred::default(),
            complete: false,
            kind: TableKind::Plain,
            is_partition: false,
        }
    }
}

pub(super) struct Column<'a> {
    /// The statement that made it.
    since: usize,
    pub(super) name: &'a Ident,
    /// Its earlier names, each with the statement that ended it.
    earlier: Vec<(&'a Ident, usize)>,
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

    /// Whether it was there then.
    pub(super) const fn was_there(&self, then: usize) -> bool {
        then >= self.since
    }

    /// What it is and was called, each with the statements from which and before which.
    pub(super) fn names(&self) -> Vec<(&'a Ident, usize, usize)> {
        let mut from = self.since;
        let ended = self.earlier.iter().copied().chain([(self.name, usize::MAX)]);
        ended.map(|(name, until)| (name, std::mem::replace(&mut from, until), until)).collect()
    }
}

/// The columns of a table, in order.
#[derive(Default)]
pub(super) struct Columns<'a> {
    /// A column that was dropped leaves its place.
    list: Vec<Option<Column<'a>>>,
    by_name: BTreeMap<&'a Ident, usize>,
}

impl<'a> Columns<'a> {
    /// Adds a column, unless there is one of its name; returns its place.
    pub(super) fn push(&mut self, column: Column<'a>) -> Option<usize> {
        let place = self.list.len();
        if self.by_name.contains_key(column.name) {
            return None;
        }
        self.by_name.insert(column.name, place);
        self.list.push(Some(column));
        Some(place)
    }

    pub(super) fn get(&self, name: &Ident) -> Option<&Column<'a>> {
        self.at(*self.by_name.get(name)?)
    }

    pub(super) fn get_mut(&mut self, name: &Ident) -> Option<&mut Column<'a>> {
        self.at_mut(*self.by_name.get(name)?)
    }

    pub(super) fn place(&self, name: &Ident) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(super) fn at(&self, place: usize) -> Option<&Column<'a>> {
        self.list.get(place)?.as_ref()
    }

    pub(super) fn at_mut(&mut self, place: usize) -> Option<&mut Column<'a>> {
        self.list.get_mut(place)?.as_mut()
    }

    pub(super) fn remove(&mut self, name: &Ident) -> Option<Column<'a>> {
        self.list.get_mut(self.by_name.remove(name)?)?.take()
    }

    /// Gives a column another name with this statement. Where one has that name already, PostgreSQL refuses it, or a
    /// condition around it keeps it from running.
    pub(super) fn rename(&mut self, from: &Ident, to: &'a Ident, now: usize) -> Option<&mut Column<'a>> {
        if self.by_name.contains_key(to) {
            return None;
        }
        let place = self.by_name.remove(from)?;
        self.by_name.insert(to, place);
        let column = self.at_mut(place)?;
        column.earlier.push((column.name, now));
        column.name = to;
        Some(column)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Column<'a>> {
        self.list.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Column<'a>> {
        self.list.iter_mut().flatten()
    }
}

/// The indexes and constraints of a table, by number; no number is given twice.
#[derive(Default)]
pub(super) struct Uses<'a> {
    list: Vec<Option<Use<'a>>>,
    by_name: BTreeMap<&'a Ident, BTreeSet<usize>>,
    primary_keys: BTreeSet<usize>,
    /// Those before this one that have no name may be gone.
    doubted: usize,
    /// So many of them have been read for the columns that they name: it is done only when somebody asks.
    read: usize,
    by_column: BTreeMap<Ident, Vec<Named>>,
}

/// A use that names a column.
#[derive(Clone, Copy)]
struct Named {
    /// The statement that made the use.
    since: usize,
    number: usize,
    how: Mention,
}

impl<'a> Uses<'a> {
    /// Adds one; returns its number.
    pub(super) fn push(&mut self, one: Use<'a>) -> usize {
        let number = self.list.len();
        if let Some(name) = one.name {
            self.by_name.entry(name).or_default().insert(number);
        }
        if one.is_primary_key() {
            self.primary_keys.insert(number);
        }
        self.list.push(Some(one));
        number
    }

    pub(super) fn get(&self, number: usize) -> Option<&Use<'a>> {
        self.list.get(number)?.as_ref()
    }

    /// Whether it may be gone.
    pub(super) fn is_in_doubt(&self, number: usize) -> bool {
        self.get(number).is_some_and(|one| one.in_doubt || one.name.is_none() && number < self.doubted)
    }

    pub(super) fn has(&self, name: &Ident) -> bool {
        self.by_name.contains_key(name)
    }

    pub(super) fn remove(&mut self, number: usize) {
        let Some(one) = self.list.get_mut(number).and_then(Option::take) else { return };
        self.primary_keys.remove(&number);
        if let Some(name) = one.name
            && let Some(named) = self.by_name.get_mut(name)
        {
            named.remove(&number);
            if named.is_empty() {
                self.by_name.remove(name);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.list.iter_mut().for_each(|one| *one = None);
        self.by_name.clear();
        self.primary_keys.clear();
    }

    pub(super) fn primary_key(&self) -> Option<usize> {
        self.primary_keys.first().copied()
    }

    /// Drops an index or a constraint. What bears no written name may be the one.
    pub(super) fn forget(&mut self, name: &Ident, conditional: bool) {
        match self.by_name.get(name).cloned() {
            None => self.doubted = self.list.len(),
            Some(named) if conditional => {
                self.each(&named, |one| one.in_doubt = true);
            }
            Some(named) => named.into_iter().for_each(|number| self.remove(number)),
        }
    }

    pub(super) fn validate(&mut self, name: &Ident) {
        if let Some(named) = self.by_name.get(name).cloned() {
            self.each(&named, Use::validate);
        }
    }

    pub(super) fn rename(&mut self, from: &Ident, to: &'a Ident) {
        if let Some(named) = self.by_name.remove(from) {
            self.each(&named, |one| one.name = Some(to));
            self.by_name.entry(to).or_default().extend(named);
        }
    }

    fn each(&mut self, numbers: &BTreeSet<usize>, mut change: impl FnMut(&mut Use<'a>)) {
        for number in numbers {
            self.list.get_mut(*number).and_then(Option::as_mut).into_iter().for_each(&mut change);
        }
    }

    /// Those that name a column by what it was called when they were made, by number, each with how it does.
    pub(super) fn of_column(&mut self, column: &[(&Ident, usize, usize)]) -> Vec<(usize, Mention)> {
        let Self { list, read, by_column, .. } = self;
        for (number, one) in list.iter().enumerate().skip(*read) {
            let Some(one) = one else { continue };
            for (name, how) in one.columns() {
                by_column.entry(name).or_default().push(Named { since: one.since, number, how });
            }
        }
        *read = list.len();
        let mut found = Vec::new();
        for (name, from, until) in column {
            let Some(named) = by_column.get_mut(*name) else { continue };
            // What is gone is passed once.
            named.retain(|named| list.get(named.number).is_some_and(Option::is_some));
            let first = named.partition_point(|named| named.since < *from);
            let then = named[first..].iter().take_while(|named| named.since < *until);
            found.extend(then.map(|named| (named.number, named.how)));
        }
        found
    }
}
