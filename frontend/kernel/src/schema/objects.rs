//! Objects by number, each with what hangs on it and who needs it. Numbers are given one after the other, so that
//! an object is found without a search. What an object means is not asked here.

use std::collections::{BTreeMap, BTreeSet};

use super::object::{Object, Oid};
use crate::{name::Ident, sql::statement::ObjectKind};

/// Objects, and the places of those that are gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects(Vec<Slot>);

/// What is known under one number. The lists stay when the object goes: what is in them goes by itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    object: Option<Box<Object>>,
    /// What hangs on it, oldest first.
    pub(super) members: Numbers,
    /// Who needs it, beside its members.
    pub(super) dependents: Numbers,
    /// Of these, tables: they inherit from it or are its partitions.
    pub(super) tables: Numbers,
    /// Of its members, the columns.
    pub(super) columns: Numbers,
    /// Its members by the kind that stands for their space of names, and by name.
    pub(super) names: BTreeMap<(ObjectKind, Ident), Oid>,
    /// Its indexes by the columns of their keys.
    pub(super) indexes: BTreeMap<Vec<Oid>, Numbers>,
    /// Its primary key.
    pub(super) primary_keys: Numbers,
    /// Its columns by the names that authors gave their NOT NULL.
    pub(super) not_null: BTreeMap<Ident, Oid>,
    /// The constraints that it is the index of.
    pub(super) constraints: Numbers,
}

impl Objects {
    /// A number that was never given before.
    pub(super) fn number(&mut self) -> Oid {
        self.0.push(Slot::default());
        Oid(self.0.len() as u32)
    }

    pub(super) fn slot(&self, oid: Oid) -> Option<&Slot> {
        self.0.get(place(oid))
    }

    pub(super) fn slot_mut(&mut self, oid: Oid) -> Option<&mut Slot> {
        self.0.get_mut(place(oid))
    }

    pub(super) fn get(&self, oid: Oid) -> Option<&Object> {
        self.slot(oid)?.object.as_deref()
    }

    pub(super) fn get_mut(&mut self, oid: Oid) -> Option<&mut Object> {
        self.slot_mut(oid)?.object.as_deref_mut()
    }

    /// Puts an object, or none, under a number that was given; returns what was there.
    pub(super) fn set(&mut self, oid: Oid, object: Option<Box<Object>>) -> Option<Box<Object>> {
        std::mem::replace(&mut self.slot_mut(oid)?.object, object)
    }

    /// All objects, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Oid, &Object)> {
        let numbered = (1..).map(Oid).zip(&self.0);
        numbered.filter_map(|(oid, slot)| Some((oid, slot.object.as_deref()?)))
    }

    /// What hangs on an object, oldest first.
    pub(super) fn members(&self, of: Oid) -> impl DoubleEndedIterator<Item = (Oid, &Object)> {
        self.those(self.slot(of).map(|slot| &slot.members))
    }

    /// Who needs an object, beside its members, oldest first.
    pub(super) fn dependents(&self, on: Oid) -> impl Iterator<Item = (Oid, &Object)> {
        self.those(self.slot(on).map(|slot| &slot.dependents))
    }

    /// Those of these numbers that are there, oldest first.
    pub(super) fn those<'a>(
        &'a self,
        numbers: Option<&'a Numbers>,
    ) -> impl DoubleEndedIterator<Item = (Oid, &'a Object)> {
        let oids = numbers.into_iter().flat_map(|numbers| &numbers.0);
        oids.filter_map(|oid| Some((*oid, self.get(*oid)?)))
    }
}

/// The first number is 1.
const fn place(oid: Oid) -> usize {
    (oid.0 as usize).wrapping_sub(1)
}

/// A set of numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers(BTreeSet<Oid>);

impl Numbers {
    pub(super) fn insert(&mut self, oid: Oid) {
        self.0.insert(oid);
    }

    pub(super) fn remove(&mut self, oid: Oid) {
        self.0.remove(&oid);
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, oid: Oid) -> bool {
        self.0.contains(&oid)
    }
}
