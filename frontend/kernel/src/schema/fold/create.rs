//! CREATE of anything but tables, views, indexes and routines.

use std::collections::BTreeSet;

use super::{Fold, definition};
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        Schema,
        key::in_schema,
        object::{Definition, Demand, Domain, Hold, Object, Oid, Policy},
        types::{OF_EXTENSIONS, Reference},
    },
    sql::{
        cursor::Cursor,
        statement::{Detail, ObjectKind as O, ObjectRole as Role, Statement},
    },
};

impl Fold<'_> {
    pub(super) fn create(&mut self, cursor: Cursor<'_>, statement: &Statement, kind: O) {
        match kind {
            O::Table | O::ForeignTable => self.create_table(cursor, statement, kind),
            O::View | O::MaterializedView => self.create_view(cursor, statement, kind),
            O::Index => self.create_index(cursor, statement),
            O::Function | O::Procedure | O::Aggregate => self.create_routine(cursor, statement, kind),
            O::Type => self.create_type(cursor, statement),
            O::Domain => self.create_domain(cursor, statement),
            O::Sequence => self.create_sequence(cursor, statement),
            O::Policy | O::Trigger | O::Rule => self.create_on_table(cursor, statement, kind),
            O::Extension => self.create_extension(cursor, statement),
            O::Statistics => self.create_statistics(cursor, statement),
            O::Operator => self.create_operator(cursor),
            O::Cast => self.create_cast(cursor),
            O::Role => self.create_role(cursor, statement),
            // What tells these apart is more than a name, or they belong to the server and not to a schema.
            O::OperatorClass
            | O::OperatorFamily
            | O::Transform
            | O::UserMapping
            | O::Database
            | O::Tablespace => {}
            _ => {
                if let Some(oid) = self.plain(statement, kind, Definition::Plain) {
                    self.stand_on_used(oid, statement);
                }
            }
        }
    }

    /// An object that has a name and nothing else to read. `None` when it is there already.
    pub(super) fn plain(&mut self, statement: &Statement, kind: O, definition: Definition) -> Option<Oid> {
        let name = &statement.first(Role::Makes)?.name;
        let schema = in_schema(kind).then(|| self.home(statement, name));
        let full = QualifiedName { schema: schema.clone(), name: name.name.clone() };
        if let Some(oid) = self.find(kind, &full) {
            let flags = statement.flags;
            self.exists(kind, oid, flags.if_not_exists || flags.or_replace);
            return None;
        }
        Some(self.make(Object { definition, ..Object::new(kind, schema, name.name.clone()) }))
    }

    // Types -------------------------------------------------------------------------------------------

    fn create_type(&mut self, mut cursor: Cursor<'_>, statement: &Statement) {
        let definition = match &statement.detail {
            Detail::Enum(labels) => Definition::Enum(labels.iter().map(String::as_str).collect()),
            _ => Definition::Plain,
        };
        cursor.skip(2);
        cursor.name();
        // `create type t` alone is a shell; the statement that completes it makes it.
        if cursor.is_empty() {
            return;
        }
        let Some(oid) = self.plain(statement, O::Type, definition) else { return };
        if cursor.eat("as") {
            let mut attributes = cursor.group().unwrap_or(cursor.take(0));
            while let Some(attribute) = attributes.list_item() {
                if let Some(read) = definition::column(attribute, true) {
                    self.add_column(oid, &read);
                }
            }
        }
    }

    fn create_domain(&mut self, mut cursor: Cursor<'_>, statement: &Statement) {
        cursor.skip(2);
        cursor.name();
        cursor.eat("as");
        let Some(base) = self.type_use(&mut cursor) else { return };
        let need = Schema::type_need(&base);
        let domain = Domain { base, not_null: false, default: None };
        let Some(oid) = self.plain(statement, O::Domain, Definition::Domain(domain)) else { return };
        self.schema.change(oid, |object| object.needs(need, Hold::Stops));
        let parts = definition::domain(cursor);
        self.schema.change(oid, |object| {
            if let Definition::Domain(domain) = &mut object.definition {
                domain.not_null = parts.not_null;
                domain.default = parts.default.map(|text| text.text().to_owned());
            }
        });
        for check in parts.constraints.iter().filter(|read| read.demand == Demand::Check) {
            self.add_check(oid, check);
        }
    }

    // Sequences, extensions ---------------------------------------------------------------------------

    fn create_sequence(&mut self, cursor: Cursor<'_>, statement: &Statement) {
        let owner = self.owner(cursor);
        if let Some(oid) = self.plain(statement, O::Sequence, Definition::Sequence(None)) {
            self.schema.change(oid, |object| object.definition = Definition::Sequence(owner.flatten()));
        }
    }

    /// OWNED BY: `None` when it does not say, `Some(None)` for nobody.
    pub(super) fn owner(&self, mut cursor: Cursor<'_>) -> Option<Option<Oid>> {
        cursor.skip_to_any(&["owned"]);
        if !cursor.eat_all(&["owned", "by"]) {
            return None;
        }
        let (column, table) = cursor.column()?;
        let table = table.and_then(|table| self.relation(&table));
        Some(table.and_then(|table| self.schema.column(table, &column.name.name)))
    }

    fn create_extension(&mut self, mut cursor: Cursor<'_>, statement: &Statement) {
        let Some(oid) = self.plain(statement, O::Extension, Definition::Plain) else { return };
        let name = self.schema.qualified(oid).name;
        cursor.skip_to_any(&["schema"]);
        cursor.skip(1);
        let schema = cursor.ident().map(|(schema, _)| schema);
        let bare = QualifiedName::bare(Ident::default());
        let schema = schema.unwrap_or_else(|| self.place_for(&bare));
        self.schema.change(oid, |object| object.definition = Definition::Extension(schema.clone()));
        let types = OF_EXTENSIONS.iter().find(|(extension, _)| *extension == name.as_str());
        for made in types.map_or(&[][..], |(_, types)| types) {
            let object = Object::new(O::Type, Some(schema.clone()), Ident::exact(*made));
            self.make(Object { extension: Some(name.clone()), ..object });
        }
    }

    /// The wrapper of a server, the server of a foreign table, the function of an event trigger.
    pub(super) fn stand_on_used(&mut self, oid: Oid, statement: &Statement) {
        let used = statement.in_role(Role::Uses);
        let holds = used.filter(|used| matches!(used.kind, O::ForeignDataWrapper | O::Server | O::Function));
        let found: Vec<Oid> = holds.filter_map(|used| self.find(used.kind, &used.name)).collect();
        self.schema.change(oid, |object| object.needs(found, Hold::Stops));
    }

    fn create_statistics(&mut self, mut cursor: Cursor<'_>, statement: &Statement) {
        cursor.skip_to_any(&["on"]);
        let mut expressions = cursor;
        cursor.skip_to_any(&["from"]);
        expressions = expressions.until(&cursor);
        cursor.eat("from");
        let Some(table) = cursor.name().and_then(|table| self.relation(&table.name)) else { return };
        let (columns, needed) = self.read_expression(table, expressions);
        if let Some(oid) = self.plain(statement, O::Statistics, Definition::Plain) {
            self.schema.change(oid, |object| {
                object.needs(columns.into_iter().chain([table]), Hold::Goes);
                object.needs(needed, Hold::Stops);
            });
        }
    }

    // On tables ---------------------------------------------------------------------------------------

    fn create_on_table(&mut self, cursor: Cursor<'_>, statement: &Statement, kind: O) {
        let Some(made) = statement.first(Role::Makes) else { return };
        let Some(table) = made.of.as_ref().and_then(|of| self.relation(of)) else { return };
        let name = made.name.name.clone();
        let replaced = self.schema.member(table, kind, &name);
        if let Some(oid) = replaced {
            if !statement.flags.or_replace {
                return self.exists(kind, oid, false);
            }
            self.change(oid, |object| object.needs.clear());
        }
        let oid = replaced
            .unwrap_or_else(|| self.make(Object { of: Some(table), ..Object::new(kind, None, name) }));
        let definition = match kind {
            O::Policy => self.policy(cursor, statement),
            O::Trigger => self.trigger(statement),
            _ => Definition::Plain,
        };
        let mut needs = self.condition_needs(table, cursor, statement, kind);
        if let Definition::Trigger(Reference::Known(function)) = &definition {
            needs.push(*function);
        }
        if let Definition::Policy(policy) = &definition {
            self.schema.note_roles(oid, &policy.roles);
        }
        self.schema.change(oid, |object| {
            object.definition = definition;
            object.needs(needs.into_iter().filter(|need| *need != table), Hold::Stops);
        });
    }

    fn policy(&self, mut cursor: Cursor<'_>, statement: &Statement) -> Definition {
        let Detail::Policy(read) = &statement.detail else { return Definition::Plain };
        cursor.skip_to_any(&["as", "for", "to", "using", "with"]);
        let permissive = !cursor.are(&["as", "restrictive"]);
        let mut roles: BTreeSet<Ident> = read.roles.iter().map(|role| Ident::exact(role.as_str())).collect();
        if roles.is_empty() {
            roles.insert(Ident::exact("public"));
        }
        Definition::Policy(Policy { command: read.command.clone(), permissive, roles })
    }

    fn trigger(&self, statement: &Statement) -> Definition {
        let called = statement.in_role(Role::Uses).find(|used| used.kind == O::Function);
        let Some(called) = called else { return Definition::Plain };
        let found = self.find(O::Function, &called.name);
        let outside = || {
            // What stands nowhere else is PostgreSQL's own.
            let own = Ident::exact("pg_catalog");
            let schema = called.name.schema.clone().or(self.schema.complete.then_some(own));
            Reference::Outside(QualifiedName { schema, name: called.name.name.clone() })
        };
        Definition::Trigger(found.map_or_else(outside, Reference::Known))
    }

    /// Columns, functions and tables that a policy, a trigger or a rule names.
    pub(super) fn condition_needs(
        &self,
        table: Oid,
        cursor: Cursor<'_>,
        statement: &Statement,
        kind: O,
    ) -> Vec<Oid> {
        let mut needs = self.query_needs(cursor, statement, None);
        // A trigger's name, events and table are no columns; only UPDATE OF and WHEN name some.
        let mut condition = cursor;
        let start: &[&str] = if kind == O::Trigger { &["of", "when"] } else { &["using", "with", "do"] };
        condition.skip_to_any(start);
        let (columns, others) = self.read_expression(table, condition);
        let is_own = |need: Oid| {
            let object = self.schema.get(need).filter(|object| object.kind == O::Column);
            object.and_then(|column| column.of) == Some(table)
        };
        needs.retain(|need| !is_own(*need));
        needs.extend(columns);
        needs.extend(others);
        needs
    }
}
