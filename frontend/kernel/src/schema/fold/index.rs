//! CREATE INDEX, and the indexes behind constraints.

use super::{
    Fold,
    definition::{self, ConstraintText},
};
use crate::{
    name::Ident,
    schema::{
        naming,
        object::{Definition, Demand, Hold, Index, Object, Oid},
    },
    sql::{
        cursor::Cursor,
        statement::{ObjectKind as O, Statement},
    },
};

impl Fold<'_> {
    pub(super) fn create_index(&mut self, mut cursor: Cursor<'_>, statement: &Statement) {
        let flags = statement.flags;
        cursor.skip_to_any(&["index"]);
        cursor.skip(1);
        cursor.eat("concurrently");
        cursor.eat_all(&["if", "not", "exists"]);
        let written = if cursor.is("on") { None } else { cursor.name() };
        cursor.eat("on");
        cursor.eat("only");
        let Some(table) = cursor.name().and_then(|table| self.relation(&table.name)) else { return };
        let schema = self.schema.qualified(table).schema.unwrap_or_default();
        let name = written.map(|named| named.name.name);
        if let Some(name) = &name {
            let full = crate::name::QualifiedName::new(schema, name.clone());
            if let Some(oid) = self.relation(&full) {
                return self.exists(O::Index, oid, flags.if_not_exists);
            }
        }
        let mut read = empty();
        if cursor.eat("using") {
            read.method = Some(cursor.word(0).to_ascii_lowercase());
            cursor.skip(1);
        }
        read.key = cursor.group().map(definition::key).unwrap_or_default();
        if cursor.eat("include") {
            read.include = cursor.group().map(definition::names).unwrap_or_default();
        }
        cursor.skip_to_any(&["where"]);
        if cursor.eat("where") {
            read.expression = Some(cursor);
        }
        let name = name.unwrap_or_else(|| {
            let called = read.key.iter().map(|part| part.called.clone());
            let called = naming::distinct(called.chain(read.include.iter().cloned()).collect());
            self.index_name(table, &naming::columns_part(&called))
        });
        let partial = read.expression.is_some();
        let index = self.new_index(table, name, &read, flags.unique, partial);
        if !flags.only {
            self.pass_index_on(table, index);
        }
    }

    pub(super) fn index_name(&self, table: Oid, middle: &str) -> Ident {
        let holder = self.schema.qualified(table);
        let schema = holder.schema.unwrap_or_default();
        let taken = |name: &Ident| self.is_taken(&schema, name);
        naming::choose(holder.name.as_str(), Some(middle), "idx", taken)
    }

    /// An index with this key. Every column it names takes it along, one in an expression, too.
    pub(super) fn new_index(
        &mut self,
        table: Oid,
        name: Ident,
        read: &ConstraintText<'_>,
        unique: bool,
        partial: bool,
    ) -> Oid {
        let schema = self.schema.qualified(table).schema;
        let mut key = Vec::new();
        let mut columns: Vec<Oid> =
            read.include.iter().filter_map(|name| self.schema.column(table, name)).collect();
        let mut needed = Vec::new();
        for part in &read.key {
            let column = part.column.as_ref().and_then(|name| self.schema.column(table, name));
            key.push(column);
            columns.extend(column);
        }
        let expressions = read.key.iter().filter_map(|part| part.expression).chain(read.expression);
        for expression in expressions {
            let (named, others) = self.read_expression(table, expression);
            columns.extend(named);
            needed.extend(others);
        }
        let method = read.method.clone().unwrap_or_else(|| "btree".to_owned());
        let definition = Definition::Index(Index { unique, key, partial, method });
        let mut object = Object { of: Some(table), definition, ..Object::new(O::Index, schema, name) };
        object.needs(columns, Hold::Goes);
        object.needs(needed, Hold::Stops);
        self.make(object)
    }

    /// The indexes of a table, oldest first.
    pub(super) fn indexes_of(&self, table: Oid) -> Vec<(Oid, Index)> {
        let members = self.schema.members(table);
        let indexes = members.filter_map(|(oid, object)| match &object.definition {
            Definition::Index(index) => Some((oid, index.clone())),
            _ => None,
        });
        indexes.collect()
    }
}

/// A key without parts.
fn empty<'a>() -> ConstraintText<'a> {
    ConstraintText::new(None, Demand::Unique)
}
