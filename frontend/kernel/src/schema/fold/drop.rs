//! DROP, by name or by signature.

use super::Fold;
use crate::{
    schema::{drop::Drop, object::Oid},
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        statement::{ObjectKind as O, ObjectRef, ObjectRole as Role, Statement},
    },
};

impl Fold<'_> {
    pub(super) fn remove(&mut self, roots: &[Oid], cascade: bool) {
        let (place, conditional) = (self.place.clone(), self.conditional);
        self.schema.remove(roots, &Drop { place, cascade, conditional });
    }

    pub(super) fn drop(&mut self, cursor: Cursor<'_>, statement: &Statement, kind: O) {
        let going = match kind {
            O::Function | O::Procedure | O::Aggregate | O::Routine => {
                self.routines_to_drop(cursor, statement, kind)
            }
            O::Operator | O::Cast => self.typed_to_drop(cursor, kind),
            O::Policy | O::Trigger | O::Rule => self.named_to_drop(statement, |fold, object| {
                let table = fold.relation(object.of.as_ref()?)?;
                fold.schema.member(table, kind, &object.name.name)
            }),
            O::OperatorClass
            | O::OperatorFamily
            | O::Transform
            | O::UserMapping
            | O::Database
            | O::Tablespace => return,
            O::Owned => return self.drop_owned(statement),
            _ => self.named_to_drop(statement, |fold, object| fold.find(kind, &object.name)),
        };
        if kind == O::Role {
            self.leave_roles(&going);
        }
        self.remove(&going, statement.flags.cascade);
    }

    fn named_to_drop(
        &mut self,
        statement: &Statement,
        find: impl Fn(&Self, &ObjectRef) -> Option<Oid>,
    ) -> Vec<Oid> {
        let mut going = Vec::new();
        for object in statement.in_role(Role::Drops) {
            match find(self, object) {
                Some(oid) => going.push(oid),
                None => self.nothing_to_drop(object, statement),
            }
        }
        going
    }

    fn routines_to_drop(&mut self, mut cursor: Cursor<'_>, statement: &Statement, kind: O) -> Vec<Oid> {
        let mut going = Vec::new();
        cursor.skip(2);
        cursor.eat_all(&["if", "exists"]);
        for object in statement.in_role(Role::Drops) {
            match self.routine(&mut cursor, kind).0 {
                Some(oid) => going.push(oid),
                None => self.nothing_to_drop(object, statement),
            }
            cursor.eat_kind(TokenKind::Comma);
        }
        going
    }

    fn nothing_to_drop(&mut self, object: &ObjectRef, statement: &Statement) {
        if statement.flags.if_exists || self.conditional {
            return;
        }
        match &object.of {
            Some(of) => self.missing_member(object.kind, &object.name.name, of),
            None => self.missing(object.kind, &object.name),
        }
    }
}
