//! The rights of objects that are yet to be made, each found by what it is about: a text may give thousands.

use std::collections::{BTreeMap, BTreeSet};

use super::object::DefaultGrant;
use crate::{name::Ident, sql::statement::ObjectKind};

/// Default rights, in the order in which they were given or taken.
#[derive(Clone, Debug, Default)]
pub(super) struct DefaultGrants {
    /// By a number that grows.
    list: BTreeMap<usize, DefaultGrant>,
    next: usize,
    by_right: BTreeMap<Right, usize>,
    by_kind: BTreeMap<(Option<Ident>, ObjectKind), BTreeSet<usize>>,
    by_role: BTreeMap<Ident, BTreeSet<usize>>,
}

/// Where, on what, whose, and which right: no two defaults have all of it the same.
type Right = (Option<Ident>, ObjectKind, Ident, String);

fn right(default: &DefaultGrant) -> Right {
    (default.schema.clone(), default.kind, default.grant.role.clone(), default.grant.right.clone())
}

impl DefaultGrants {
    pub(super) fn iter(&self) -> impl Iterator<Item = &DefaultGrant> {
        self.list.values()
    }

    /// What there is of the same right of the same role.
    pub(super) fn same(&self, wanted: &DefaultGrant) -> Option<&DefaultGrant> {
        self.list.get(self.by_right.get(&right(wanted))?)
    }

    pub(super) fn without_option(&mut self, wanted: &DefaultGrant) {
        let same = self.by_right.get(&right(wanted));
        if let Some(default) = same.and_then(|number| self.list.get_mut(number)) {
            default.grant.option = false;
        }
    }

    pub(super) fn remove(&mut self, wanted: &DefaultGrant) {
        if let Some(number) = self.by_right.get(&right(wanted)).copied() {
            self.take(number);
        }
    }

    pub(super) fn push(&mut self, default: DefaultGrant) {
        self.remove(&default);
        self.put(self.next, default);
        self.next += 1;
    }

    /// What a new object of a kind gets or does not get in a schema.
    pub(super) fn of(&self, kind: ObjectKind, schema: Option<&Ident>) -> impl Iterator<Item = &DefaultGrant> {
        let of = |schema: Option<&Ident>| self.by_kind.get(&(schema.cloned(), kind)).into_iter().flatten();
        let here = schema.into_iter().flat_map(move |schema| of(Some(schema)));
        let numbers: BTreeSet<usize> = of(None).chain(here).copied().collect();
        numbers.into_iter().filter_map(|number| self.list.get(&number))
    }

    pub(super) fn remove_role(&mut self, role: &Ident) {
        for number in self.by_role.get(role).cloned().unwrap_or_default() {
            self.take(number);
        }
    }

    pub(super) fn rename_role(&mut self, before: &Ident, after: &Ident) {
        for number in self.by_role.get(before).cloned().unwrap_or_default() {
            if let Some(mut default) = self.take(number) {
                default.grant.role = after.clone();
                self.put(number, default);
            }
        }
    }

    fn put(&mut self, number: usize, default: DefaultGrant) {
        self.by_right.insert(right(&default), number);
        self.by_kind.entry((default.schema.clone(), default.kind)).or_default().insert(number);
        self.by_role.entry(default.grant.role.clone()).or_default().insert(number);
        self.list.insert(number, default);
    }

    fn take(&mut self, number: usize) -> Option<DefaultGrant> {
        let default = self.list.remove(&number)?;
        self.by_right.remove(&right(&default));
        if let Some(numbers) = self.by_kind.get_mut(&(default.schema.clone(), default.kind)) {
            numbers.remove(&number);
        }
        if let Some(numbers) = self.by_role.get_mut(&default.grant.role) {
            numbers.remove(&number);
        }
        Some(default)
    }
}

impl FromIterator<DefaultGrant> for DefaultGrants {
    fn from_iter<Defaults: IntoIterator<Item = DefaultGrant>>(defaults: Defaults) -> Self {
        let mut found = Self::default();
        defaults.into_iter().for_each(|default| found.push(default));
        found
    }
}
