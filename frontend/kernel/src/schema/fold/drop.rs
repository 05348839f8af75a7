//! DROP, by name or by signature.

use super::Fold;
use crate::{
    schema::{ProblemKind, drop::Drop, object::Oid},
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        statement::{ObjectKind as O, ObjectRole as Role, Statement},
    },
};

impl Fold<'_> {
    pub(super) fn remove(&mut self, roots: &[Oid], cascade: bool) {
        let (place, conditional) = (self.place.clone(), self.conditional);
        self.schema.remove(roots, &Drop { place, cascade, conditional });
    }

    pub(super) fn drop(&mut self, cursor: Cursor<'_>, statement: &Statement, kind: O) {
        let mut going = Vec::new();
        match kind {
            O::Function | O::Procedure | O::Aggregate | O::Routine => {
                self.routines_to_drop(cursor, statement, kind, &mut going);
            }
            O::Policy | O::Trigger | O::Rule => {
                for object in statement.in_role(Role::Drops) {
                    let table = object.of.as_ref().and_then(|of| self.relation(of));
                    let found = table.and_then(|table| self.schema.member(table, kind, &object.name.name));
                    self.going(&mut going, found, kind, object.name.to_string(), statement);
                }
            }
            O::Operator
            | O::OperatorClass
            | O::OperatorFamily
            | O::Cast
            | O::Transform
            | O::UserMapping
            | O::Role
            | O::Database
            | O::Tablespace
            | O::Owned => return,
            _ => {
                for object in statement.in_role(Role::Drops) {
                    let found = self.find(kind, &object.name);
                    self.going(&mut going, found, kind, object.name.to_string(), statement);
                }
            }
        }
        self.remove(&going, statement.flags.cascade);
    }

    fn going(
        &mut self,
        going: &mut Vec<Oid>,
        found: Option<Oid>,
        kind: O,
        name: String,
        statement: &Statement,
    ) {
        match found {
            Some(oid) => going.push(oid),
            None if statement.flags.if_exists || self.conditional => {}
            None => self.problem(ProblemKind::Missing, kind, name),
        }
    }

    fn routines_to_drop(
        &mut self,
        mut cursor: Cursor<'_>,
        statement: &Statement,
        kind: O,
        going: &mut Vec<Oid>,
    ) {
        cursor.skip(2);
        cursor.eat_all(&["if", "exists"]);
        loop {
            let (found, shown) = self.routine(&mut cursor, kind);
            self.going(going, found, kind, shown, statement);
            if !cursor.eat_kind(TokenKind::Comma) {
                return;
            }
        }
    }
}
