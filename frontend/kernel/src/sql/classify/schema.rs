//! CREATE SCHEMA and the elements behind its name: statements of six kinds, whose names stand in the new schema.

use std::collections::BTreeSet;

use super::{Context, Outline};
use crate::{
    name::{Ident, QualifiedName},
    sql::{
        cursor::Cursor,
        read_statement,
        statement::{
            Body, Constraint, ConstraintKind, Detail, Embedded,
            ObjectKind::{
                self, ForeignTable, Index, MaterializedView, Role, Schema, Sequence, Table, Trigger, View,
            },
            ObjectRole::{Makes, Uses},
            Statement, StatementKind,
        },
    },
};

pub(super) fn create(mut cursor: Cursor<'_>, mut outline: Outline, context: Context) -> Outline {
    let authorization = cursor.is("authorization");
    if !authorization {
        outline.name(&mut cursor, Makes, Schema);
    }
    if cursor.eat("authorization")
        && let Some(role) = cursor.name()
    {
        if authorization {
            outline.object(Makes, Schema, role.clone());
        }
        outline.object(Uses, Role, role);
    }
    if let Some(schema) = outline.objects.first().filter(|_| starts(cursor, "")) {
        outline.detail = Detail::Schema(elements(cursor, &schema.name.name, context));
    }
    outline
}

/// The elements from here to the end, in the order in which the server makes them.
fn elements(mut cursor: Cursor<'_>, schema: &Ident, context: Context) -> Body {
    let mut body = Body { span: cursor.span(), schema: Some(schema.clone()), ..Body::default() };
    while !cursor.is_empty() {
        let statement = read_statement(element(&mut cursor), context);
        body.statements.push(Embedded { statement, conditional: false, guarded: false, dynamic: false });
    }
    body.statements.sort_by_key(|element| turn(element.statement.kind));
    let made: BTreeSet<QualifiedName> = body
        .statements
        .iter()
        .flat_map(|element| element.statement.in_role(Makes))
        .filter(|made| is_relation(made.kind))
        .map(|made| made.name.clone())
        .collect();
    let place = |name: &mut QualifiedName| {
        if made.contains(name) {
            name.schema.get_or_insert_with(|| schema.clone());
        }
    };
    body.statements.iter_mut().for_each(|element| qualify(&mut element.statement, place));
    body
}

/// Passes one element: it ends where the next one starts.
fn element<'a>(cursor: &mut Cursor<'a>) -> Cursor<'a> {
    let start = *cursor;
    let mut before = cursor.word(0);
    cursor.skip(1);
    while !cursor.is_empty() && !starts(*cursor, before) {
        // Behind a dot, and in quotes, no word starts anything.
        before = if cursor.at_text(".") { "as" } else { cursor.word(0) };
        cursor.step();
    }
    start.until(cursor)
}

/// Whether an element starts here, behind this word. As a label and as a right, CREATE and GRANT start nothing.
fn starts(mut cursor: Cursor<'_>, before: &str) -> bool {
    let is_label = ["as", "with", "grant"].iter().any(|word| before.eq_ignore_ascii_case(word));
    if is_label {
        return false;
    }
    cursor.is("grant")
        || cursor.eat("create") && !cursor.is_empty() && !cursor.is("on") && !cursor.at_text(",")
}

/// PostgreSQL makes the elements in this order, however they are written.
const fn turn(kind: StatementKind) -> u8 {
    match kind {
        StatementKind::Create(Sequence) => 0,
        StatementKind::Create(View) => 2,
        StatementKind::Create(Index) => 3,
        StatementKind::Create(Trigger) => 4,
        StatementKind::Create(_) => 1,
        _ => 5,
    }
}

const fn is_relation(kind: ObjectKind) -> bool {
    matches!(kind, Table | ForeignTable | View | MaterializedView | Sequence)
}

/// Has every name of a relation in the statement placed.
fn qualify(statement: &mut Statement, place: impl Fn(&mut QualifiedName)) {
    for object in &mut statement.objects {
        if is_relation(object.kind) && object.of.is_none() {
            place(&mut object.name);
        }
        object.of.iter_mut().for_each(&place);
    }
    if let Detail::CreateTable(table) = &mut statement.detail {
        table.partition_of.iter_mut().chain(&mut table.inherits).for_each(&place);
        let own = table.columns.iter_mut().flat_map(|column| &mut column.constraints);
        for Constraint { kind, .. } in own.chain(&mut table.constraints) {
            if let ConstraintKind::ForeignKey(target) = kind {
                place(target);
            }
        }
    }
}
