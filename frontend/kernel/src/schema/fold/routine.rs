//! Routines: what tells one from its namesakes.

use super::Fold;
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        Schema,
        object::{Definition, Hold, Object, Oid},
        types::{Reference, TypeBase, TypeUse},
    },
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        statement::{Detail, ObjectKind as O, ObjectRole as Role, Statement},
    },
};

/// Words that can stand before an argument's name or type.
const MODES: [&str; 4] = ["in", "out", "inout", "variadic"];

/// First words of types that have several.
const LONG_TYPES: [&str; 12] = [
    "double",
    "character",
    "char",
    "bit",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "national",
    "nchar",
    "float",
    "setof",
];

impl Fold<'_> {
    pub(super) fn create_routine(&mut self, mut cursor: Cursor<'_>, statement: &Statement, kind: O) {
        cursor.skip_to_any(&["function", "procedure", "aggregate"]);
        cursor.skip(1);
        let Some(named) = cursor.name() else { return };
        let Some(group) = cursor.group() else { return };
        let arguments = self.arguments(group, kind);
        let schema = self.place_for(&named.name);
        let name = named.name.name;
        let mut needs: Vec<Oid> = arguments.iter().filter_map(Schema::type_need).collect();
        needs.extend(self.result_needs(cursor));
        needs.extend(self.body_needs(statement));
        if let Some(oid) = self.schema.routine(&schema, &name, &arguments) {
            if !statement.flags.or_replace {
                return self.exists(kind, oid, false);
            }
            return self.change(oid, |object| {
                object.needs.clear();
                object.needs(needs, Hold::Stops);
            });
        }
        let definition = Definition::Routine(arguments);
        let mut object = Object { definition, ..Object::new(kind, Some(schema), name) };
        object.needs(needs, Hold::Stops);
        self.make(object);
    }

    /// The types of RETURNS, be it one, SETOF or TABLE.
    fn result_needs(&self, mut cursor: Cursor<'_>) -> Vec<Oid> {
        if !cursor.eat("returns") {
            return Vec::new();
        }
        let types = if cursor.eat("table") {
            cursor.group().map(|group| self.arguments(group, O::Function)).unwrap_or_default()
        } else {
            self.type_use(&mut cursor).into_iter().collect()
        };
        types.iter().filter_map(Schema::type_need).collect()
    }

    /// A body of BEGIN ATOMIC is kept as a tree and so depends on what it names.
    fn body_needs(&self, statement: &Statement) -> Vec<Oid> {
        let Detail::Routine(routine) = &statement.detail else { return Vec::new() };
        let atomic = routine.body.as_ref().filter(|_| routine.language.is_empty());
        let statements = atomic.into_iter().flat_map(|body| &body.statements);
        let objects = statements.flat_map(|inner| &inner.statement.objects);
        let used = objects.filter(|object| object.of.is_none() && object.role != Role::Makes);
        used.filter_map(|object| self.find(object.kind, &object.name)).collect()
    }

    /// The types between the parentheses of a routine: all but OUT arguments, without modifiers.
    pub(super) fn arguments(&self, mut group: Cursor<'_>, kind: O) -> Vec<TypeUse> {
        let mut types = Vec::new();
        // An aggregate's direct arguments end at ORDER BY; `(*)` has none.
        if kind == O::Aggregate && group.at_text("*") {
            return types;
        }
        while let Some(mut item) = group.list_item() {
            item.eat_all(&["order", "by"]);
            if item.is("out") && item.len() > 1 {
                continue;
            }
            if item.eat("in") {
                // `in out` is `inout`.
                item.eat("out");
            } else {
                item.eat_any(&MODES);
            }
            if is_named(&item) {
                item.skip(1);
                if item.eat("out") {
                    continue;
                }
                item.eat_any(&MODES);
            }
            types.extend(self.type_use(&mut item).map(TypeUse::without_modifier));
        }
        types
    }

    /// The routine that ALTER, DROP, COMMENT and GRANT mean by a name and, where given, its arguments.
    pub(super) fn routine(&self, cursor: &mut Cursor<'_>, kind: O) -> (Option<Oid>, QualifiedName) {
        let Some(named) = cursor.name() else { return (None, QualifiedName::default()) };
        let name = named.name;
        let Some(group) = cursor.group() else {
            let all = self.schema.routines(self.session.path(), &name);
            return (all.first().copied(), name);
        };
        let arguments = self.arguments(group, kind);
        let exact = |oid: &Oid| match self.schema.get(*oid).map(|object| &object.definition) {
            Some(Definition::Routine(own)) => same(own, &arguments),
            _ => false,
        };
        // Each schema of the path may hold the overload that is meant.
        let schemas = match &name.schema {
            Some(schema) => vec![schema.clone()],
            None => self.session.path().to_vec(),
        };
        // Namesakes are asked one by one only where a type is not known, which may be another's by its last name.
        let is_outside = |one: &TypeUse| matches!(one.base, TypeBase::Named(Reference::Outside(_)));
        let outside = arguments.iter().any(is_outside);
        let named_in = |schema: Ident| {
            let same = self.schema.routine(&schema, &name.name, &arguments);
            let namesakes = || self.schema.routines(&[], &QualifiedName::new(schema, name.name.clone()));
            same.or_else(|| if outside { namesakes().into_iter().find(exact) } else { None })
        };
        let found = schemas.into_iter().find_map(named_in);
        (found, name)
    }
}

/// Whether two lists of types are one, a type that is not known being the same by its last name.
fn same(left: &[TypeUse], right: &[TypeUse]) -> bool {
    use Reference::Outside;
    let equal = |(left, right): (&TypeUse, &TypeUse)| match (&left.base, &right.base) {
        (TypeBase::Named(Outside(a)), TypeBase::Named(Outside(b))) => {
            left.array == right.array && a.name == b.name
        }
        _ => left == right,
    };
    left.len() == right.len() && left.iter().zip(right).all(equal)
}

/// Whether the argument's name stands before its type.
fn is_named(item: &Cursor<'_>) -> bool {
    let second = item.peek_at(1).map(|token| token.kind);
    matches!(second, Some(TokenKind::Word | TokenKind::QuotedName))
        && !item.is_any(&LONG_TYPES)
        && !item.is_at(1, "default")
        && !item.is_at(1, "array")
}
