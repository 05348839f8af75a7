//! CREATE TABLE: its columns and constraints.

use super::{
    Outline,
    constraint::{referenced, starts_table_constraint, table_constraint},
    query,
};
use crate::{
    name::Ident,
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        statement::{
            Column, Constraint, ConstraintKind, Detail, ObjectKind,
            ObjectKind::{ForeignTable, Server},
            ObjectRole::{Makes, Uses},
            StatementKind, Table, Verb,
        },
        type_name::serial,
    },
};

/// CREATE TABLE or CREATE FOREIGN TABLE, behind those words.
pub(super) fn create(mut cursor: Cursor<'_>, mut outline: Outline, kind: ObjectKind) -> Outline {
    outline.flags.if_not_exists = cursor.eat_all(&["if", "not", "exists"]);
    if let Some(named) = cursor.name() {
        let temporary = |schema: &Ident| schema.as_str() == "pg_temp";
        outline.flags.temporary |= named.name.schema.as_ref().is_some_and(temporary);
        outline.object(Makes, kind, named);
    }
    let mut table = Table::default();
    if cursor.eat_all(&["partition", "of"])
        && let Some(parent) = cursor.name()
    {
        table.partition_of = Some(parent.name.clone());
        outline.object(Uses, ObjectKind::Table, parent);
    }
    let typed = cursor.eat("of");
    if typed {
        outline.name(&mut cursor, Uses, ObjectKind::Type);
    }
    let typed = typed || table.partition_of.is_some();
    let elements = cursor.group();
    let mut tail = cursor;
    while !tail.is_empty() {
        if tail.is("as") && table.partition_of.is_none() {
            return as_query(tail, outline);
        }
        table.partitioned |= tail.are(&["partition", "by"]);
        if tail.eat("inherits") {
            let mut parents = tail.group().unwrap_or(tail.take(0));
            let known = outline.objects.len();
            outline.names(&mut parents, Uses, ObjectKind::Table);
            table.inherits.extend(outline.objects.iter().skip(known).map(|parent| parent.name.clone()));
        } else if kind == ForeignTable && tail.eat("server") {
            outline.name(&mut tail, Uses, Server);
        } else {
            tail.step();
        }
    }
    let mut elements = elements.unwrap_or(cursor.take(0));
    while let Some(mut element) = elements.list_item() {
        if starts_table_constraint(&element) {
            table.constraints.extend(table_constraint(element, &mut outline));
        } else if element.is("like") {
            element.skip(1);
            outline.name(&mut element, Uses, ObjectKind::Table);
        } else {
            table.columns.extend(column(element, &mut outline, !typed));
        }
    }
    outline.detail = Detail::CreateTable(table);
    outline
}

/// CREATE TABLE … AS: a query, or EXECUTE of a prepared one.
fn as_query(mut cursor: Cursor<'_>, mut outline: Outline) -> Outline {
    outline.kind = StatementKind::Other(Verb::CreateTableAs);
    cursor.eat("as");
    query::reads(&mut outline, cursor);
    outline.flags.no_data = with_no_data(cursor);
    outline
}

/// Whether the statement ends in WITH NO DATA.
pub(super) fn with_no_data(mut cursor: Cursor<'_>) -> bool {
    cursor.skip(cursor.len().saturating_sub(3));
    cursor.are(&["with", "no", "data"])
}

/// Words that start a constraint or an option of a column and end its type or default.
const COLUMN_PARTS: [&str; 17] = [
    "constraint",
    "not",
    "null",
    "check",
    "default",
    "generated",
    "unique",
    "primary",
    "references",
    "collate",
    "deferrable",
    "initially",
    "storage",
    "compression",
    "options",
    "using",
    "enforced",
];

/// A column definition; without a type for the columns of typed tables.
pub(super) fn column(mut cursor: Cursor<'_>, outline: &mut Outline, typed: bool) -> Option<Column> {
    let span = cursor.span();
    let (name, _) = cursor.ident()?;
    Some(described(cursor, Column { name, span, ..Column::default() }, outline, typed))
}

/// A domain, from its type on.
pub(super) fn domain(cursor: Cursor<'_>, name: Ident, outline: &mut Outline) -> Column {
    described(cursor, Column { name, span: cursor.span(), ..Column::default() }, outline, true)
}

/// Everything behind the name.
fn described(mut cursor: Cursor<'_>, mut column: Column, outline: &mut Outline, typed: bool) -> Column {
    let start = cursor;
    cursor.skip_to_any(&COLUMN_PARTS);
    if typed {
        column.type_name = start.until(&cursor).folded();
    }
    column.generated = serial(&column.type_name).is_some();
    parts(&mut cursor, &mut column, outline);
    column
}

/// Everything behind the type.
fn parts(cursor: &mut Cursor<'_>, column: &mut Column, outline: &mut Outline) {
    while !cursor.is_empty() {
        let start = *cursor;
        let name = if cursor.eat("constraint") { cursor.ident() } else { None };
        let kind = if cursor.eat_all(&["not", "null"]) {
            column.not_null = true;
            Some(ConstraintKind::NotNull)
        } else if cursor.eat("check") {
            cursor.step();
            Some(ConstraintKind::Check)
        } else if cursor.eat_all(&["primary", "key"]) {
            column.not_null = true;
            Some(ConstraintKind::PrimaryKey)
        } else if cursor.eat("unique") {
            if cursor.eat("nulls") {
                cursor.eat("not");
                cursor.eat("distinct");
            }
            Some(ConstraintKind::Unique)
        } else if cursor.eat("references") {
            referenced(cursor, outline).map(|table| {
                cursor.group();
                actions(cursor);
                ConstraintKind::ForeignKey(table)
            })
        } else {
            other_part(cursor, column);
            None
        };
        if let Some(kind) = kind {
            // Most columns have one at most; the growth of an empty list would take room for four.
            if column.constraints.is_empty() {
                column.constraints.reserve_exact(1);
            }
            column.constraints.push(Constraint {
                name: name.map(|(name, _)| name),
                span: start.until(cursor).span(),
                kind,
                not_valid: false,
                not_enforced: false,
                using_index: false,
                columns: vec![column.name.clone()],
            });
        }
    }
}

fn other_part(cursor: &mut Cursor<'_>, column: &mut Column) {
    if cursor.eat("collate") {
        column.collation = cursor.name().map(|named| named.name);
    } else if cursor.eat("default") {
        let start = *cursor;
        cursor.step();
        cursor.skip_to_any(&COLUMN_PARTS);
        column.default = Some(start.until(cursor).text().to_owned());
    } else if cursor.eat("generated") {
        column.generated = true;
        // `by default on null as identity`: its words start no other part.
        cursor.skip_to_any(&["as"]);
        cursor.eat("as");
        let expression = cursor.at(TokenKind::OpenParen);
        cursor.step();
        // Without a word for it a column is virtual since PostgreSQL 18, the first that lets the word out.
        column.is_virtual = expression && !cursor.is("stored");
    } else {
        cursor.step();
    }
}

/// MATCH, ON DELETE, ON UPDATE of a foreign key: `set null` there is no NULL constraint.
fn actions(cursor: &mut Cursor<'_>) {
    loop {
        if cursor.eat("match") {
            cursor.step();
        } else if cursor.is("on") && (cursor.is_at(1, "delete") || cursor.is_at(1, "update")) {
            cursor.skip(2);
            if cursor.eat_any(&["set", "no"]) {
                cursor.step();
                if cursor.at(TokenKind::OpenParen) {
                    cursor.step();
                }
            } else {
                cursor.step();
            }
        } else {
            return;
        }
    }
}
