//! The actions of ALTER TABLE, in the order PostgreSQL takes them: drops, types, new columns, the rest.

use super::{
    Fold,
    definition::{self, TableConstraint, is_constraint},
};
use crate::{
    name::Ident,
    schema::{
        Schema, naming,
        object::{Column, Definition, Hold, Identity, Object, Oid},
        types::TypeUse,
    },
    sql::{
        cursor::Cursor,
        statement::{ObjectKind as O, ObjectRole as Role, Statement},
    },
};

impl Fold<'_> {
    /// ALTER of a table, view, index or sequence: PostgreSQL takes `alter table` for most of them.
    pub(super) fn alter_relation(&mut self, mut cursor: Cursor<'_>, statement: &Statement, kind: O) {
        cursor.skip_to_any(&["table", "view", "index", "sequence"]);
        cursor.skip(1);
        cursor.eat_all(&["if", "exists"]);
        let only = cursor.eat("only");
        let Some(named) = cursor.name() else { return };
        cursor.eat_text("*");
        let Some(table) = self.relation(&named.name) else {
            if !statement.flags.if_exists {
                self.missing(kind, &named.name);
            }
            return;
        };
        self.change(table, |_| {});
        if kind == O::Sequence
            && let Some(owner) = self.owner(cursor)
        {
            self.schema.change(table, |object| object.definition = Definition::Sequence(owner));
        }
        let mut actions = Vec::new();
        while let Some(action) = cursor.list_item() {
            actions.push(action);
        }
        actions.sort_by_key(pass);
        for action in actions {
            self.action(table, action, only);
        }
    }

    fn action(&mut self, table: Oid, mut action: Cursor<'_>, only: bool) {
        let level = ["row", "level", "security"];
        if action.eat("add") {
            self.add(table, action, only);
        } else if action.eat("drop") {
            self.drop_part(table, action, only);
        } else if action.eat("alter") {
            if !action.eat("constraint") {
                self.alter_column(table, action, only);
            }
        } else if action.eat("rename") {
            self.rename(table, action);
        } else if action.eat_all(&["set", "schema"]) {
            if let Some((schema, _)) = action.ident() {
                self.move_relation(table, &schema);
            }
        } else if action.eat_all(&["validate", "constraint"]) {
            self.validate(table, action);
        } else if action.eat_all(&["attach", "partition"]) {
            self.attach(table, action);
        } else if action.eat_all(&["detach", "partition"]) {
            let child = action.name().and_then(|named| self.relation(&named.name));
            self.leave(child, table);
        } else if action.eat("inherit") {
            let parent = action.name().and_then(|named| self.relation(&named.name));
            self.inherit(table, parent);
        } else if action.eat_all(&["no", "inherit"]) {
            if let Some(parent) = action.name().and_then(|named| self.relation(&named.name)) {
                self.leave(Some(table), parent);
            }
        } else if action.eat("enable") && action.are(&level) {
            self.with_relation(table, |relation| relation.rls = true);
        } else if action.eat("disable") && action.are(&level) {
            self.with_relation(table, |relation| relation.rls = false);
        } else if action.eat("force") {
            self.with_relation(table, |relation| relation.forced = true);
        } else if action.eat_all(&["no", "force"]) {
            self.with_relation(table, |relation| relation.forced = false);
        }
    }

    fn add(&mut self, table: Oid, mut action: Cursor<'_>, only: bool) {
        if is_constraint(&action) {
            match definition::constraint(action) {
                Some(TableConstraint::Constraint(read)) => self.add_constraint(table, &read),
                Some(TableConstraint::NotNull { column, name }) => {
                    self.not_null(table, &column, name.as_ref())
                }
                None => {}
            }
            return;
        }
        action.eat("column");
        let guarded = action.eat_all(&["if", "not", "exists"]);
        let Some(read) = definition::column(action, true) else { return };
        if let Some(oid) = self.schema.column(table, &read.name) {
            return self.exists(O::Column, oid, guarded);
        }
        if !self.add_column(table, &read) {
            return;
        }
        if let Some(from) = self.column(table, &read.name).filter(|_| !only) {
            for child in self.family(table).into_iter().skip(1) {
                self.inherit_column(child, &read.name, &from);
            }
        }
        self.add_constraints(table, read.constraints);
    }

    fn inherit_column(&mut self, table: Oid, name: &Ident, from: &Column) {
        let oid = match self.schema.column(table, name) {
            Some(oid) => oid,
            None => self.new_column(table, name.clone(), from.type_use.clone(), true),
        };
        self.schema.change(oid, |object| {
            let Definition::Column(column) = &mut object.definition else { return };
            let position = column.position;
            *column = Column { position, inherited: true, ..from.clone() };
        });
    }

    pub(super) fn column(&self, table: Oid, name: &Ident) -> Option<Column> {
        match &self.schema.get(self.schema.column(table, name)?)?.definition {
            Definition::Column(column) => Some(column.clone()),
            _ => None,
        }
    }

    fn drop_part(&mut self, table: Oid, mut action: Cursor<'_>, only: bool) {
        let constraint = action.eat("constraint");
        if !constraint {
            action.eat("column");
        }
        let if_exists = action.eat_all(&["if", "exists"]);
        let Some((name, _)) = action.ident() else { return };
        let kind = if constraint { O::Constraint } else { O::Column };
        let Some(oid) = self.schema.member(table, kind, &name) else {
            if constraint && self.drop_not_null(table, &name) || if_exists {
                return;
            }
            let of = self.schema.qualified(table);
            return self.missing_member(kind, &name, &of);
        };
        // NOT NULL outlives the primary key that brought it.
        let mut going = vec![oid];
        for child in self.family(table).into_iter().skip(1).filter(|_| !only) {
            let inherited = self.schema.member(child, kind, &name).filter(|own| self.is_inherited(*own));
            going.extend(inherited);
        }
        self.remove(&going, action.is("cascade"));
    }

    fn is_inherited(&self, oid: Oid) -> bool {
        match self.schema.get(oid).map(|object| &object.definition) {
            Some(Definition::Column(column)) => column.inherited,
            Some(Definition::Constraint(constraint)) => constraint.inherited,
            _ => false,
        }
    }

    /// From PostgreSQL 18 on NOT NULL is a constraint with a name and can be dropped by it.
    fn drop_not_null(&mut self, table: Oid, name: &Ident) -> bool {
        let own = self.schema.not_null_named(table, name);
        let found = own.or_else(|| self.not_null_by_default(table, name));
        if let Some(oid) = found {
            self.with_column(oid, |column| column.not_null = false);
        }
        found.is_some()
    }

    /// The column whose NOT NULL gets this name when its author gives none.
    fn not_null_by_default(&self, table: Oid, name: &Ident) -> Option<Oid> {
        const LABEL: &str = "not_null";
        let holder = self.schema.qualified(table).name;
        let is_called = |column: &Object| match &column.definition {
            Definition::Column(Column { not_null: true, not_null_name: None, .. }) => {
                naming::joined(holder.as_str(), Some(column.name.as_str()), LABEL) == name.as_str()
            }
            _ => false,
        };
        let middle = || name.as_str().strip_prefix(holder.as_str())?.strip_prefix('_')?.strip_suffix(LABEL);
        if let Some(column) = middle().and_then(|middle| middle.strip_suffix('_')) {
            let named = self.schema.column(table, &Ident::exact(column));
            let named = named.filter(|oid| self.schema.get(*oid).is_some_and(is_called));
            if named.is_some() {
                return named;
            }
        }
        // Of a name that was cut it is not known where.
        if name.as_str().len() < naming::CUT {
            return None;
        }
        self.schema.columns(table).into_iter().find(|(_, column)| is_called(column)).map(|(oid, _)| oid)
    }

    fn with_column(&mut self, oid: Oid, change: impl FnOnce(&mut Column)) {
        self.change(oid, |object| {
            if let Definition::Column(column) = &mut object.definition {
                change(column);
            }
        });
    }

    // ALTER COLUMN ------------------------------------------------------------------------------------

    fn alter_column(&mut self, table: Oid, mut action: Cursor<'_>, only: bool) {
        action.eat("column");
        let Some((name, _)) = action.ident() else { return };
        let Some(own) = self.schema.column(table, &name) else { return };
        let tables = if only { vec![table] } else { self.family(table) };
        let columns: Vec<Oid> = tables.into_iter().filter_map(|one| self.schema.column(one, &name)).collect();
        if action.eat_all(&["set", "data", "type"]) || action.eat("type") {
            if let Some(type_use) = self.type_use(&mut action) {
                for oid in columns {
                    self.retype(oid, &type_use);
                }
            }
        } else if action.eat_all(&["set", "default"]) {
            let (_, needed) = self.read_expression(table, action);
            for oid in columns {
                self.set_default(oid, Some(action.text().to_owned()), &needed);
            }
        } else if action.eat_all(&["drop", "default"]) {
            for oid in columns {
                self.set_default(oid, None, &[]);
            }
        } else if action.are(&["set", "not", "null"]) {
            self.not_null(table, &name, None);
        } else if action.are(&["drop", "not", "null"]) {
            for oid in columns {
                self.with_column(oid, |column| column.not_null = false);
            }
        } else if action.eat_all(&["add", "generated"]) {
            let identity = if action.is("always") { Identity::Always } else { Identity::ByDefault };
            self.with_column(own, |column| column.identity = Some(identity));
            action.skip_to_any(&["identity"]);
            action.skip(1);
            let named = action.group().and_then(definition::sequence_name);
            self.own_sequence(table, own, named, false);
        } else if action.eat_all(&["set", "generated"]) {
            let identity = if action.is("always") { Identity::Always } else { Identity::ByDefault };
            self.with_column(own, |column| column.identity = Some(identity));
        } else if action.eat_all(&["drop", "identity"]) {
            self.with_column(own, |column| column.identity = None);
            let owned = self.schema.sequences_of(own);
            self.remove(&owned, false);
        } else if action.eat_all(&["drop", "expression"]) {
            for oid in columns {
                self.with_column(oid, |column| {
                    column.generated = false;
                    column.default = None;
                });
            }
        } else {
            self.change(own, |_| {});
        }
    }

    pub(super) fn retype(&mut self, oid: Oid, type_use: &TypeUse) {
        let need = Schema::type_need(type_use);
        let before = match self.schema.get(oid).map(|object| &object.definition) {
            Some(Definition::Column(column)) => Schema::type_need(&column.type_use),
            _ => None,
        };
        self.with_column(oid, |column| column.type_use = type_use.clone());
        self.schema.change(oid, |object| {
            object.needs.retain(|need| Some(need.on) != before);
            object.needs(need, Hold::Stops);
        });
        if let Some(need) = need {
            self.note(Role::Uses, need);
        }
    }

    fn set_default(&mut self, oid: Oid, default: Option<String>, needed: &[Oid]) {
        // `set default null` is no default.
        let default = default.filter(|text| !text.eq_ignore_ascii_case("null"));
        self.with_column(oid, |column| column.default = default);
        self.schema.change(oid, |object| {
            object.needs.retain(|need| need.how != Hold::Default);
            object.needs(needed.iter().copied(), Hold::Default);
        });
    }

    fn validate(&mut self, table: Oid, mut action: Cursor<'_>) {
        let Some((name, _)) = action.ident() else { return };
        for table in self.family(table) {
            let Some(oid) = self.schema.member(table, O::Constraint, &name) else { continue };
            self.change(oid, |object| {
                if let Definition::Constraint(constraint) = &mut object.definition {
                    constraint.valid = true;
                }
            });
        }
    }

    // Names -------------------------------------------------------------------------------------------

    fn rename(&mut self, table: Oid, mut action: Cursor<'_>) {
        if action.eat("to") {
            let Some((name, _)) = action.ident() else { return };
            return self.rename_relation(table, name);
        }
        let constraint = action.eat("constraint");
        if !constraint {
            action.eat("column");
        }
        let Some((from, _)) = action.ident() else { return };
        action.eat("to");
        let Some((to, _)) = action.ident() else { return };
        let kind = if constraint { O::Constraint } else { O::Column };
        for table in self.family(table) {
            let Some(oid) = self.schema.member(table, kind, &from) else { continue };
            self.change(oid, |object| object.name = to.clone());
            // The index of a constraint bears its name.
            if let Some(Definition::Constraint(constraint)) =
                self.schema.get(oid).map(|object| &object.definition)
                && let Some(index) = constraint.index
            {
                self.change(index, |object| object.name = to.clone());
            }
        }
    }

    fn rename_relation(&mut self, oid: Oid, name: Ident) {
        if let Some(constraint) = self.constraint_of(oid) {
            self.change(constraint, |object| object.name = name.clone());
        }
        self.change(oid, |object| object.name = name);
    }

    /// Indexes and the sequences of its columns move with a table.
    fn move_relation(&mut self, table: Oid, schema: &Ident) {
        let columns: Vec<Oid> = self.schema.columns(table).into_iter().map(|(oid, _)| oid).collect();
        let mut moving = vec![table];
        moving.extend(self.indexes_of(table).into_iter().map(|(oid, _)| oid));
        moving.extend(columns.iter().flat_map(|column| self.schema.sequences_of(*column)));
        for oid in moving {
            self.change(oid, |object| object.schema = Some(schema.clone()));
        }
    }
}

/// When PostgreSQL takes an action, whatever stands before it in the list.
fn pass(action: &Cursor<'_>) -> u8 {
    if action.is("drop") {
        0
    } else if action.is("alter") {
        let mut rest = *action;
        rest.skip(1);
        rest.eat("column");
        rest.ident();
        let types = rest.is("type") || rest.are(&["set", "data", "type"]);
        let drops = rest.is("drop");
        if drops { 0 } else { 1 + 3 * u8::from(!types) }
    } else if action.is("add") {
        let mut rest = *action;
        rest.skip(1);
        2 + u8::from(is_constraint(&rest)) * 3
    } else {
        6
    }
}
