//! CREATE TABLE: columns, what it takes from other tables, constraints in the order PostgreSQL names them.

use std::collections::BTreeSet;

use super::{
    Fold,
    definition::{self, ColumnText, ConstraintText, TableConstraint, is_constraint},
};
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        Schema, naming,
        object::{Column, Definition, Demand, Hold, Identity, Object, Oid, Relation},
        types::{TypeBase, TypeUse},
    },
    sql::{
        cursor::Cursor,
        statement::{ObjectKind as O, ObjectRole as Role, Statement},
        type_name::serial,
    },
};

impl Fold<'_> {
    /// A new relation under the name a statement makes. `None` when it is there already.
    pub(super) fn new_relation(&mut self, statement: &Statement, kind: O) -> Option<Oid> {
        let name = &statement.first(Role::Makes)?.name;
        let schema = self.home(statement, name);
        let full = QualifiedName::new(schema.clone(), name.name.clone());
        if let Some(oid) = self.relation(&full) {
            let guarded = statement.flags.if_not_exists;
            self.exists(kind, oid, guarded);
            return None;
        }
        let definition = Definition::Relation(Relation::default());
        Some(self.make(Object { definition, ..Object::new(kind, Some(schema), name.name.clone()) }))
    }

    pub(super) fn create_table(&mut self, mut cursor: Cursor<'_>, statement: &Statement, kind: O) {
        let Some(table) = self.new_relation(statement, kind) else { return };
        if kind == O::ForeignTable {
            self.stand_on_used(table, statement);
        }
        cursor.skip_to_any(&["table"]);
        cursor.skip(1);
        cursor.eat_all(&["if", "not", "exists"]);
        cursor.name();
        let mut typed = true;
        if cursor.eat_all(&["partition", "of"]) {
            let parent = cursor.name().and_then(|parent| self.relation(&parent.name));
            self.with_relation(table, |relation| relation.partition = true);
            self.inherit(table, parent);
            typed = false;
        } else if cursor.eat("of") {
            let row = cursor.name().and_then(|named| self.find(O::Type, &named.name));
            self.copy_columns(table, row);
            typed = false;
        }
        let elements = cursor.group();
        while !cursor.is_empty() {
            if cursor.eat_all(&["partition", "by"]) {
                self.with_relation(table, |relation| relation.partitioned = true);
            } else if cursor.eat("inherits") {
                let mut parents = cursor.group().unwrap_or(cursor.take(0));
                while let Some(mut parent) = parents.list_item() {
                    let parent = parent.name().and_then(|parent| self.relation(&parent.name));
                    self.inherit(table, parent);
                }
            } else {
                cursor.step();
            }
        }
        let mut constraints = Vec::new();
        let mut elements = elements.unwrap_or(cursor.take(0));
        while let Some(element) = elements.list_item() {
            self.element(table, element, typed, &mut constraints);
        }
        self.add_constraints(table, constraints);
        self.take_keys(table);
    }

    fn element<'a>(
        &mut self,
        table: Oid,
        mut element: Cursor<'a>,
        typed: bool,
        constraints: &mut Vec<ConstraintText<'a>>,
    ) {
        if is_constraint(&element) {
            match definition::constraint(element) {
                Some(TableConstraint::Constraint(read)) => constraints.push(*read),
                Some(TableConstraint::NotNull { column, name }) => {
                    self.not_null(table, &column, name.as_ref())
                }
                None => {}
            }
        } else if element.eat("like") {
            self.like(table, element);
        } else if let Some(read) = definition::column(element, typed)
            && self.add_column(table, &read)
        {
            constraints.extend(read.constraints);
        }
    }

    pub(super) fn with_relation(&mut self, table: Oid, change: impl FnOnce(&mut Relation)) {
        self.schema.relation_mut(table).map(change);
    }

    // Columns -----------------------------------------------------------------------------------------

    /// Adds a column, or completes the one that is inherited; its constraints are left to the caller. `false` for
    /// what has no type that could be read.
    pub(super) fn add_column(&mut self, table: Oid, read: &ColumnText<'_>) -> bool {
        let mut type_name = read.type_name;
        let alone = type_name.len() == 1;
        let serial = if alone { serial(Ident::from_sql(type_name.text()).as_str()) } else { None };
        let type_use = match serial {
            Some(own) => {
                Some(TypeUse { base: TypeBase::BuiltIn(own), modifier: String::new(), array: false })
            }
            None => self.type_use(&mut type_name),
        };
        let oid = match (self.schema.column(table, &read.name), type_use) {
            (Some(oid), _) => oid,
            (None, Some(type_use)) => self.new_column(table, read.name.clone(), type_use, false),
            (None, None) => return false,
        };
        let primary = read.constraints.iter().any(|constraint| constraint.demand == Demand::PrimaryKey);
        let expression = read.default.or(read.generated);
        let (_, needed) = expression.map_or_else(Default::default, |text| self.read_expression(table, text));
        self.schema.change(oid, |object| {
            object.needs(needed, Hold::Default);
            let Definition::Column(column) = &mut object.definition else { return };
            column.not_null |= read.not_null || primary || serial.is_some() || read.identity.is_some();
            column.not_null_name = read.not_null_name.clone();
            column.identity = read.identity.or(column.identity);
            column.generated |= read.generated.is_some();
            if let Some(expression) = expression {
                column.default = Some(expression.text().to_owned());
            }
        });
        if let Some(generated) = read.generated {
            let (columns, _) = self.read_expression(table, generated);
            self.schema.change(oid, |object| object.needs(columns, Hold::Stops));
        }
        if serial.is_some() || read.identity.is_some() {
            self.own_sequence(table, oid, read.sequence.clone(), serial.is_some());
        }
        true
    }

    pub(super) fn new_column(&mut self, table: Oid, name: Ident, type_use: TypeUse, inherited: bool) -> Oid {
        let mut position = 1;
        self.with_relation(table, |relation| {
            relation.last_column += 1;
            position = relation.last_column;
        });
        if self.schema.get(table).is_some_and(|object| object.kind == O::Type) {
            position = 1 + self
                .schema
                .members(table)
                .rev()
                .find_map(|(_, attribute)| match &attribute.definition {
                    Definition::Column(attribute) => Some(attribute.position),
                    _ => None,
                })
                .unwrap_or_default();
        }
        let needed = Schema::type_need(&type_use);
        let column = Column {
            position,
            type_use,
            not_null: false,
            default: None,
            identity: None,
            generated: false,
            inherited,
            not_null_name: None,
        };
        let definition = Definition::Column(column);
        let mut object = Object { of: Some(table), definition, ..Object::new(O::Column, None, name) };
        object.needs(needed, Hold::Stops);
        self.make(object)
    }

    /// The sequence of a serial or identity column, and the default that reads it.
    pub(super) fn own_sequence(
        &mut self,
        table: Oid,
        column: Oid,
        named: Option<QualifiedName>,
        default: bool,
    ) {
        let owner = self.schema.qualified(table);
        let Some(schema) = owner.schema else { return };
        let column_name = self.schema.qualified(column).name;
        let taken = |name: &Ident| self.is_taken(&schema, name);
        let chosen = || naming::choose(owner.name.as_str(), Some(column_name.as_str()), "seq", taken);
        let name = named.map_or_else(chosen, |named| named.name);
        let definition = Definition::Sequence(Some(column));
        let text = format!("nextval('{}'::regclass)", QualifiedName::new(schema.clone(), name.clone()));
        let sequence = self.make(Object { definition, ..Object::new(O::Sequence, Some(schema), name) });
        if default {
            self.schema.change(column, |object| {
                object.needs([sequence], Hold::Default);
                if let Definition::Column(column) = &mut object.definition {
                    column.default = Some(text);
                }
            });
        }
    }

    pub(super) fn not_null(&mut self, table: Oid, name: &Ident, constraint: Option<&Ident>) {
        for table in self.family(table) {
            let Some(oid) = self.schema.column(table, name) else { continue };
            self.change(oid, |object| {
                if let Definition::Column(column) = &mut object.definition {
                    column.not_null = true;
                    column.not_null_name = constraint.cloned().or(column.not_null_name.take());
                }
            });
        }
    }

    // What comes from other tables ----------------------------------------------------------------------

    /// A table and all that inherit from it, the table first.
    pub(super) fn family(&self, table: Oid) -> Vec<Oid> {
        let mut family = vec![table];
        let mut seen = BTreeSet::from([table]);
        let mut at = 0;
        while let Some(next) = family.get(at).copied() {
            at += 1;
            for child in self.schema.children(next) {
                if seen.insert(child) {
                    family.push(child);
                }
            }
        }
        family
    }

    /// Makes `parent` a parent of `table`: its columns and checks are the table's, too.
    pub(super) fn inherit(&mut self, table: Oid, parent: Option<Oid>) {
        let Some(parent) = parent else { return self.share_unknown(table, None) };
        // PostgreSQL refuses a circle; nothing that walks from parents to children would come to an end in one.
        if self.family(table).contains(&parent) {
            return;
        }
        let mut partition = false;
        self.with_relation(table, |relation| {
            relation.parents.push(parent);
            partition = relation.partition;
        });
        let how = if partition { Hold::Goes } else { Hold::Stops };
        self.schema.need(table, parent, how);
        self.share_unknown(table, Some(parent));
        let columns: Vec<(Ident, Column)> = self.columns_of(parent);
        for (name, from) in columns {
            let oid = match self.schema.column(table, &name) {
                Some(oid) => oid,
                None => self.new_column(table, name.clone(), from.type_use.clone(), true),
            };
            let needs = self.schema.column(parent, &name).and_then(|oid| self.schema.get(oid));
            let needs: Vec<_> = needs.map(|object| object.needs.clone()).unwrap_or_default();
            self.schema.change(oid, |object| {
                for need in needs.iter().filter(|need| need.how == Hold::Default) {
                    object.needs([need.on], need.how);
                }
                let Definition::Column(column) = &mut object.definition else { return };
                column.inherited = true;
                column.not_null |= from.not_null;
                column.default = column.default.take().or(from.default);
                column.generated |= from.generated;
                if partition {
                    column.identity = from.identity;
                }
            });
        }
        self.take_checks(table, parent);
    }

    /// Where the columns of `from` are not all known, those of what takes them are not, either.
    fn share_unknown(&mut self, table: Oid, from: Option<Oid>) {
        if from.is_none_or(|from| self.is_from_query(from)) {
            self.with_relation(table, |relation| relation.from_query = true);
        }
    }

    /// The columns of a relation or composite type, in order.
    pub(super) fn columns_of(&self, of: Oid) -> Vec<(Ident, Column)> {
        let columns = self.schema.columns(of).into_iter();
        let columns = columns.filter_map(|(_, object)| match &object.definition {
            Definition::Column(column) => Some((object.name.clone(), column.clone())),
            _ => None,
        });
        columns.collect()
    }

    /// The attributes of a composite type become columns.
    fn copy_columns(&mut self, table: Oid, from: Option<Oid>) {
        self.share_unknown(table, from);
        let Some(from) = from else { return };
        self.schema.change(table, |object| object.needs([from], Hold::Stops));
        for (name, column) in self.columns_of(from) {
            self.new_column(table, name, column.type_use, false);
        }
    }

    /// LIKE: a copy of the columns, and with INCLUDING of what else is asked for.
    fn like(&mut self, table: Oid, mut cursor: Cursor<'_>) {
        let source = cursor.name().and_then(|named| self.relation(&named.name));
        self.share_unknown(table, source);
        let Some(source) = source else { return };
        let mut including: Vec<String> = Vec::new();
        while !cursor.is_empty() {
            let takes = cursor.is("including");
            let what = cursor.word(1).to_ascii_lowercase();
            cursor.skip(2);
            if takes {
                including.push(what);
            } else {
                including.retain(|had| *had != what && what != "all");
                if let Some(all) = including.iter().position(|had| had == "all") {
                    including.remove(all);
                    let every = ["defaults", "generated", "identity", "constraints", "indexes", "comments"];
                    including.extend(every.into_iter().filter(|one| *one != what).map(str::to_owned));
                }
            }
        }
        let takes = |what: &str| including.iter().any(|had| had == what || had == "all");
        for (name, from) in self.columns_of(source) {
            let oid = self.new_column(table, name.clone(), from.type_use.clone(), false);
            let original = self.schema.column(source, &name).and_then(|oid| self.schema.get(oid)).cloned();
            let identity: Option<Identity> = from.identity.filter(|_| takes("identity"));
            let computed = if from.generated { takes("generated") } else { takes("defaults") };
            self.schema.change(oid, |object| {
                if let Some(original) = original.filter(|_| takes("comments")) {
                    object.comment = original.comment;
                }
                let Definition::Column(column) = &mut object.definition else { return };
                column.not_null = from.not_null;
                column.identity = identity;
                if computed {
                    column.default = from.default;
                    column.generated = from.generated;
                }
            });
            if identity.is_some() {
                self.own_sequence(table, oid, None, false);
            }
        }
        self.like_constraints(table, source, takes("constraints"), takes("indexes"));
    }
}
