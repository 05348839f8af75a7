//! What a rollback takes back: every change since a state that may be returned to.
//! Which statements begin a transaction and which end it is not known here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Schema,
    defaults::DefaultGrants,
    key::{Indexed, Key},
    object::{Object, Oid},
};

/// What was before a change.
#[derive(Clone, Debug)]
pub(super) enum Before {
    /// An object; `None` where none was.
    Object(Oid, Option<Box<Object>>),
    /// Whose a name was.
    Name(Key, Option<Oid>),
}

/// A state to return to.
pub(super) struct State {
    /// How many changes were noted before it.
    changes: usize,
    default_grants: Arc<DefaultGrants>,
}

/// What was before each change since the first state to return to.
#[derive(Clone, Debug, Default)]
pub(super) struct Undo {
    changes: Vec<Before>,
    /// Objects noted since the last state: what they were at that state is known.
    noted: BTreeSet<Oid>,
}

impl Schema {
    /// The present state. From now on every change is noted, until [`Schema::settle`].
    pub(super) fn state(&mut self) -> State {
        let undo = self.undo.get_or_insert_default();
        undo.noted.clear();
        State { changes: undo.changes.len(), default_grants: Arc::clone(&self.default_grants) }
    }

    /// Takes back what changed since. What was seen of the statements stays said, and no number is given twice.
    pub(super) fn return_to(&mut self, state: State) {
        let Some(mut undo) = self.undo.take() else { return };
        for before in undo.changes.drain(state.changes..).rev() {
            match before {
                Before::Object(oid, object) => self.restore(oid, object),
                Before::Name(key, oid) => self.set_name(key, oid),
            }
        }
        undo.noted.clear();
        self.undo = Some(undo);
        self.default_grants = state.default_grants;
    }

    /// There is no state to return to any more.
    pub(super) fn settle(&mut self) {
        self.undo = None;
    }

    /// Notes an object before it changes.
    pub(super) fn remember(&mut self, oid: Oid) {
        if let Some(undo) = &mut self.undo
            && let Some(object) = self.objects.get(oid)
            && undo.noted.insert(oid)
        {
            undo.changes.push(Before::Object(oid, Some(Box::new(object.clone()))));
        }
    }

    /// Notes an object before it is there.
    pub(super) fn remember_new(&mut self, oid: Oid) {
        if let Some(undo) = &mut self.undo {
            undo.noted.insert(oid);
            undo.changes.push(Before::Object(oid, None));
        }
    }

    /// Gives a name to an object, or to none.
    pub(super) fn set_name(&mut self, key: Key, to: Option<Oid>) {
        let noted = self.undo.as_ref().map(|_| key.clone());
        let before = match key {
            Key::Whole(name) => set(&mut self.names, name, to),
            Key::Member(of, name) => {
                self.objects.slot_mut(of).and_then(|slot| set(&mut slot.names, name, to))
            }
        };
        if let (Some(undo), Some(key)) = (&mut self.undo, noted) {
            undo.changes.push(Before::Name(key, before));
        }
    }

    fn restore(&mut self, oid: Oid, object: Option<Box<Object>>) {
        // It went since, and perhaps it came since as well: to the earlier state it is not gone.
        self.gone.remove(&oid);
        let entered = object.as_deref().map(Indexed::of);
        if let Some(present) = self.objects.set(oid, object) {
            self.withdraw(oid, &Indexed::of(&present));
        }
        if let Some(indexed) = entered {
            self.enter(oid, &indexed);
        }
    }
}

/// Puts a value, or none, under a key; returns what was there.
fn set<K: Ord>(map: &mut BTreeMap<K, Oid>, key: K, to: Option<Oid>) -> Option<Oid> {
    match to {
        Some(oid) => map.insert(key, oid),
        None => map.remove(&key),
    }
}
