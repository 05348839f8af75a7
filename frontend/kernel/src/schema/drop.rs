//! What goes along when something is dropped, as PostgreSQL's dependencies decide it.

use std::collections::BTreeSet;

use crate::sql::statement::{ObjectKind, ObjectRole};

use super::{
    Effect, Gone, Problem, ProblemKind, Schema,
    object::{Definition, Hold, Oid, Place},
};

/// How something is dropped.
#[derive(Clone, Debug)]
pub(super) struct Drop {
    pub(super) place: Place,
    pub(super) cascade: bool,
    pub(super) conditional: bool,
}

impl Schema {
    /// Drops objects and what goes along. What needs them and does not go along is a problem without CASCADE,
    /// and stays.
    pub(super) fn remove(&mut self, roots: &[Oid], drop: &Drop) {
        let mut going: BTreeSet<Oid> = roots.iter().copied().collect();
        let mut open: Vec<Oid> = roots.to_vec();
        let mut held: BTreeSet<Oid> = BTreeSet::new();
        let mut defaults: Vec<Oid> = Vec::new();
        while let Some(next) = open.pop() {
            for (oid, how) in self.dependents(next) {
                match how {
                    _ if going.contains(&oid) => {}
                    Hold::Goes => {
                        going.insert(oid);
                        open.push(oid);
                    }
                    Hold::Stops if drop.cascade => {
                        going.insert(oid);
                        open.push(oid);
                    }
                    Hold::Default if drop.cascade => defaults.push(oid),
                    Hold::Stops | Hold::Default => {
                        held.insert(oid);
                    }
                }
            }
        }
        for oid in held.difference(&going) {
            let Some(object) = self.objects.get(*oid) else { continue };
            let problem = Problem {
                place: drop.place.clone(),
                kind: ProblemKind::Needed,
                object: object.kind,
                name: self.qualified(*oid),
                of: object.of.map(|of| self.qualified(of)),
                span: drop.place.span,
                conditional: drop.conditional,
            };
            self.problems.push(problem);
        }
        for column in defaults.into_iter().filter(|column| !going.contains(column)) {
            self.change(column, |object| {
                object.needs.retain(|need| need.how != Hold::Default);
                if let Definition::Column(column) = &mut object.definition {
                    column.default = None;
                }
            });
        }
        self.bury(&going, drop);
    }

    fn bury(&mut self, going: &BTreeSet<Oid>, drop: &Drop) {
        // Names first: they print with what hangs together.
        let names: Vec<String> = going.iter().map(|oid| self.full_name(*oid)).collect();
        for (oid, name) in going.iter().zip(names) {
            let Some(object) = self.take(*oid) else { continue };
            let place = drop.place.clone();
            self.effects.push(Effect { place: place.clone(), role: ObjectRole::Drops, on: *oid });
            self.gone.insert(*oid, Gone { object, name, dropped: place, conditional: drop.conditional });
        }
        // Whoever stayed stands on it no more.
        for oid in going {
            let left: Vec<Oid> = self.dependents_of(*oid).map(|(left, _)| left).collect();
            for left in left {
                self.change(left, |object| object.needs.retain(|need| !going.contains(&need.on)));
            }
        }
    }

    /// Who cannot do without `on`, and how.
    fn dependents(&self, on: Oid) -> Vec<(Oid, Hold)> {
        let mut found: Vec<(Oid, Hold)> = self.members(on).map(|(oid, _)| (oid, Hold::Goes)).collect();
        for (oid, object) in self.dependents_of(on) {
            let needs = object.needs.iter().filter(|need| need.on == on);
            found.extend(needs.map(|need| (oid, need.how)));
        }
        let sequences = self.sequences_of(on).into_iter();
        found.extend(sequences.map(|sequence| (sequence, Hold::Goes)));
        let Some(dropped) = self.objects.get(on) else { return found };
        // A schema holds what stands in it, an extension what it brought.
        match dropped.kind {
            ObjectKind::Schema => {
                found.extend(self.inside(&dropped.name).map(|(oid, _)| (oid, Hold::Stops)));
            }
            ObjectKind::Extension => {
                found.extend(self.brought_by(&dropped.name).map(|(oid, _)| (oid, Hold::Goes)));
            }
            _ => {}
        }
        // The index behind a constraint goes with it.
        if let Definition::Constraint(constraint) = &dropped.definition {
            found.extend(constraint.index.map(|index| (index, Hold::Goes)));
        }
        found
    }
}
