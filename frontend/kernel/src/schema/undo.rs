//! What a rollback takes back: every change since a state that may be returned to.
//! Which statements begin a transaction and which end it is not known here.

use super::{
    Schema,
    object::{DefaultGrant, Object, Oid},
    store::{Indexed, Key},
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
    default_grants: Vec<DefaultGrant>,
}

impl Schema {
    /// The present state. From now on every change is noted, until [`Schema::settle`].
    pub(super) fn state(&mut self) -> State {
        let changes = self.undo.get_or_insert_default().len();
        State { changes, default_grants: self.default_grants.clone() }
    }

    /// Takes back what changed since. What was seen of the statements stays said, and no number is given twice.
    pub(super) fn return_to(&mut self, state: State) {
        let Some(mut undo) = self.undo.take() else { return };
        for before in undo.drain(state.changes..).rev() {
            match before {
                Before::Object(oid, object) => self.restore(oid, object),
                Before::Name(key, oid) => self.set_name(key, oid),
            }
        }
        self.undo = Some(undo);
        self.default_grants = state.default_grants;
    }

    /// There is no state to return to any more.
    pub(super) fn settle(&mut self) {
        self.undo = None;
    }

    /// Notes an object before it changes.
    pub(super) fn remember(&mut self, oid: Oid) {
        if let Some(undo) = &mut self.undo {
            undo.push(Before::Object(oid, self.objects.get(&oid).cloned().map(Box::new)));
        }
    }

    /// Gives a name to an object, or to none.
    pub(super) fn set_name(&mut self, key: Key, to: Option<Oid>) {
        let noted = self.undo.as_ref().map(|_| key.clone());
        let before = match to {
            Some(oid) => self.names.insert(key, oid),
            None => self.names.remove(&key),
        };
        if let (Some(undo), Some(key)) = (&mut self.undo, noted) {
            undo.push(Before::Name(key, before));
        }
    }

    fn restore(&mut self, oid: Oid, object: Option<Box<Object>>) {
        if let Some(present) = self.objects.remove(&oid) {
            self.withdraw(oid, &Indexed::of(&present));
        }
        if let Some(object) = object {
            self.enter(oid, &Indexed::of(&object));
            self.objects.insert(oid, *object);
            self.gone.remove(&oid);
        }
    }
}
