//! ALTER of anything but relations: new names, new schemas, labels of enums, attributes, domains.

use std::collections::BTreeSet;

use super::{Fold, definition};
use crate::{
    name::Ident,
    schema::{
        labels::{Labels, Side},
        object::{Definition, Demand, Hold, Oid},
    },
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        statement::{Detail, ObjectKind as O, ObjectRole as Role, Statement},
        string_content,
    },
};

impl Fold<'_> {
    pub(super) fn alter(&mut self, cursor: Cursor<'_>, statement: &Statement, kind: O) {
        match kind {
            O::Table | O::ForeignTable | O::View | O::MaterializedView | O::Index | O::Sequence => {
                self.alter_relation(cursor, statement, kind);
            }
            O::Function | O::Procedure | O::Aggregate | O::Routine => self.alter_routine(cursor, kind),
            O::Policy | O::Trigger | O::Rule => self.alter_on_table(cursor, statement, kind),
            O::Operator => self.alter_operator(cursor),
            O::Role => self.alter_role(cursor, statement),
            O::DefaultPrivileges => self.default_privileges(cursor),
            O::OperatorClass
            | O::OperatorFamily
            | O::Transform
            | O::UserMapping
            | O::Database
            | O::Tablespace
            | O::System
            | O::LargeObject => {}
            _ => self.alter_named(cursor, statement, kind),
        }
    }

    fn alter_named(&mut self, mut cursor: Cursor<'_>, statement: &Statement, kind: O) {
        let named =
            statement.objects.iter().find(|object| matches!(object.role, Role::Changes | Role::Renames));
        let Some(named) = named else { return };
        let Some(oid) = self.find(kind, &named.name) else {
            if !statement.flags.if_exists {
                self.missing(kind, &named.name);
            }
            return;
        };
        self.change(oid, |_| {});
        // Behind the name: `alter type s.t …`.
        cursor.skip(1);
        let words = kind_words(kind);
        cursor.skip(words);
        cursor.eat_all(&["if", "exists"]);
        cursor.name();
        if !self.renamed(oid, cursor) {
            match kind {
                O::Type => self.alter_type(oid, cursor),
                O::Domain => self.alter_domain(oid, cursor),
                _ => {}
            }
        }
    }

    /// RENAME TO and SET SCHEMA.
    fn renamed(&mut self, oid: Oid, mut cursor: Cursor<'_>) -> bool {
        if cursor.eat_all(&["rename", "to"]) {
            let Some((name, _)) = cursor.ident() else { return false };
            let before = self.schema.qualified(oid).name;
            self.change(oid, |object| object.name = name.clone());
            if self.schema.get(oid).is_some_and(|object| object.kind == O::Schema) {
                self.rename_schema(&before, &name);
            }
            return true;
        }
        if cursor.eat_all(&["set", "schema"]) {
            let Some((schema, _)) = cursor.ident() else { return false };
            let extension = match self.schema.get(oid) {
                Some(object) if object.kind == O::Extension => Some(object.name.clone()),
                _ => None,
            };
            match extension {
                Some(name) => self.move_extension(oid, &name, &schema),
                None => self.change(oid, |object| object.schema = Some(schema)),
            }
            return true;
        }
        false
    }

    fn rename_schema(&mut self, before: &Ident, after: &Ident) {
        let inside: Vec<Oid> = self.schema.inside(before).map(|(oid, _)| oid).collect();
        for oid in inside {
            self.schema.change(oid, |object| object.schema = Some(after.clone()));
        }
    }

    fn move_extension(&mut self, oid: Oid, name: &Ident, schema: &Ident) {
        self.change(oid, |object| object.definition = Definition::Extension(schema.clone()));
        let members: Vec<Oid> = self.schema.brought_by(name).map(|(oid, _)| oid).collect();
        for member in members {
            self.schema.change(member, |object| object.schema = Some(schema.clone()));
        }
    }

    // Types and domains -------------------------------------------------------------------------------

    fn alter_type(&mut self, oid: Oid, mut cursor: Cursor<'_>) {
        if cursor.eat_all(&["add", "value"]) {
            self.add_label(oid, cursor);
        } else if cursor.eat_all(&["rename", "value"]) {
            let from = literal(&mut cursor);
            cursor.eat("to");
            if let (Some(from), Some(to)) = (from, literal(&mut cursor)) {
                self.with_labels(oid, |labels| labels.rename(&from, to));
            }
        } else {
            while let Some(mut action) = cursor.list_item() {
                if action.eat_all(&["rename", "attribute"]) {
                    let from = action.ident().and_then(|(from, _)| self.schema.column(oid, &from));
                    action.eat("to");
                    if let (Some(column), Some((to, _))) = (from, action.ident()) {
                        self.change(column, |object| object.name = to);
                    }
                } else if action.eat_all(&["add", "attribute"]) {
                    if let Some(read) = definition::column(action, true) {
                        self.add_column(oid, &read);
                    }
                } else if action.eat_all(&["drop", "attribute"]) {
                    action.eat_all(&["if", "exists"]);
                    let found = action.ident().and_then(|(name, _)| self.schema.column(oid, &name));
                    self.remove(&found.into_iter().collect::<Vec<_>>(), action.is("cascade"));
                } else if action.eat_all(&["alter", "attribute"]) {
                    let found = action.ident().and_then(|(name, _)| self.schema.column(oid, &name));
                    action.eat_all(&["set", "data"]);
                    action.eat("type");
                    if let (Some(column), Some(type_use)) = (found, self.type_use(&mut action)) {
                        self.retype(column, &type_use);
                    }
                }
            }
        }
    }

    fn add_label(&mut self, oid: Oid, mut cursor: Cursor<'_>) {
        cursor.eat_all(&["if", "not", "exists"]);
        let Some(label) = literal(&mut cursor) else { return };
        let (before, after) = (cursor.eat("before"), cursor.eat("after"));
        let neighbour = literal(&mut cursor).filter(|_| before || after);
        let side = match &neighbour {
            Some(neighbour) if after => Side::After(neighbour),
            Some(neighbour) => Side::Before(neighbour),
            None => Side::Last,
        };
        self.with_labels(oid, |labels| labels.add(label, side));
    }

    fn with_labels(&mut self, oid: Oid, change: impl FnOnce(&mut Labels)) {
        self.change(oid, |object| {
            if let Definition::Enum(labels) = &mut object.definition {
                change(labels);
            }
        });
    }

    fn alter_domain(&mut self, oid: Oid, mut cursor: Cursor<'_>) {
        if cursor.eat("add") {
            if let Some(definition::TableConstraint::Constraint(read)) = definition::constraint(cursor)
                && read.demand == Demand::Check
            {
                self.add_check(oid, &read);
            }
        } else if cursor.eat_all(&["drop", "constraint"]) {
            cursor.eat_all(&["if", "exists"]);
            let found = cursor.ident().and_then(|(name, _)| self.schema.member(oid, O::Constraint, &name));
            self.remove(&found.into_iter().collect::<Vec<_>>(), false);
        } else if cursor.eat_all(&["rename", "constraint"]) {
            let found = cursor.ident().and_then(|(name, _)| self.schema.member(oid, O::Constraint, &name));
            cursor.eat("to");
            if let (Some(constraint), Some((to, _))) = (found, cursor.ident()) {
                self.change(constraint, |object| object.name = to);
            }
        } else if cursor.eat_all(&["validate", "constraint"]) {
            let found = cursor.ident().and_then(|(name, _)| self.schema.member(oid, O::Constraint, &name));
            if let Some(constraint) = found {
                self.change(constraint, |object| {
                    if let Definition::Constraint(constraint) = &mut object.definition {
                        constraint.valid = true;
                    }
                });
            }
        } else {
            let sets = cursor.eat("set");
            cursor.eat("drop");
            self.change(oid, |object| {
                let Definition::Domain(domain) = &mut object.definition else { return };
                if cursor.are(&["not", "null"]) {
                    domain.not_null = sets;
                } else if cursor.eat("default") {
                    domain.default = sets.then(|| cursor.text().to_owned());
                }
            });
        }
    }

    // Routines, and what hangs on tables -----------------------------------------------------------------

    fn alter_routine(&mut self, mut cursor: Cursor<'_>, kind: O) {
        cursor.skip(2);
        let (found, name) = self.routine(&mut cursor, kind);
        let Some(oid) = found else { return self.missing(kind, &name) };
        self.change(oid, |_| {});
        self.renamed(oid, cursor);
    }

    fn alter_on_table(&mut self, cursor: Cursor<'_>, statement: &Statement, kind: O) {
        let named =
            statement.objects.iter().find(|object| matches!(object.role, Role::Changes | Role::Renames));
        let Some((named, of)) = named.and_then(|named| Some((named, named.of.as_ref()?))) else { return };
        let table = self.relation(of);
        let found = table.and_then(|table| self.schema.member(table, kind, &named.name.name));
        let (Some(table), Some(oid)) = (table, found) else {
            return self.missing_member(kind, &named.name.name, of);
        };
        if let Some(new) = statement.first(Role::Makes) {
            return self.change(oid, |object| object.name = new.name.name.clone());
        }
        let needs = self.condition_needs(table, cursor, statement, kind);
        let policy = match &statement.detail {
            Detail::Policy(read) if !read.roles.is_empty() => {
                Some(read.roles.iter().map(|role| Ident::exact(role.as_str())).collect::<BTreeSet<Ident>>())
            }
            _ => None,
        };
        self.schema.note_roles(oid, policy.iter().flatten());
        self.change(oid, |object| {
            object.needs(needs, Hold::Stops);
            if let (Definition::Policy(own), Some(roles)) = (&mut object.definition, policy) {
                own.roles = roles;
            }
        });
    }
}

/// How many words name the kind.
fn kind_words(kind: O) -> usize {
    kind.as_str().split('_').count()
}

/// The content of a string that stands here.
fn literal(cursor: &mut Cursor<'_>) -> Option<String> {
    let token = cursor.peek().filter(|token| token.kind == TokenKind::Text)?;
    cursor.skip(1);
    Some(string_content(cursor.text_of(token)))
}
