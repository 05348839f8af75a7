//! Constraints of tables and columns.

use super::Outline;
use crate::{
    name::{Ident, QualifiedName},
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        statement::{Constraint, ConstraintKind, ObjectKind::Table, ObjectRole::Uses},
    },
};

/// Words that start a table constraint; anything else starts a column.
pub(super) fn starts_table_constraint(cursor: &Cursor<'_>) -> bool {
    let group = |at| cursor.peek_at(at).is_some_and(|token| token.kind == TokenKind::OpenParen);
    cursor.is("constraint")
        || cursor.are(&["primary", "key"])
        || cursor.are(&["foreign", "key"])
        || cursor.is("unique")
        || cursor.is("check") && group(1)
        || cursor.is("exclude") && (group(1) || cursor.is_at(1, "using"))
        || cursor.are(&["not", "null"])
}

/// A table constraint, from its name or first word to the end of `cursor`.
pub(super) fn table_constraint(mut cursor: Cursor<'_>, outline: &mut Outline) -> Option<Constraint> {
    let span = cursor.span();
    let name = if cursor.eat("constraint") { cursor.ident() } else { None };
    let mut columns = Vec::new();
    let mut using_index = false;
    let kind = if cursor.eat_all(&["primary", "key"]) {
        ConstraintKind::PrimaryKey
    } else if cursor.eat("unique") {
        if cursor.eat("nulls") {
            cursor.eat("not");
            cursor.eat("distinct");
        }
        ConstraintKind::Unique
    } else if cursor.eat("check") {
        ConstraintKind::Check
    } else if cursor.eat("exclude") {
        ConstraintKind::Exclusion
    } else if cursor.eat_all(&["not", "null"]) {
        columns.extend(cursor.ident().map(|(name, _)| name));
        ConstraintKind::NotNull
    } else if cursor.eat_all(&["foreign", "key"]) {
        columns = column_list(&mut cursor);
        cursor.eat("references");
        ConstraintKind::ForeignKey(referenced(&mut cursor, outline)?)
    } else {
        return None;
    };
    if matches!(kind, ConstraintKind::PrimaryKey | ConstraintKind::Unique) {
        using_index = cursor.are(&["using", "index"]) && !cursor.is_at(2, "tablespace");
        columns = column_list(&mut cursor);
    }
    let (mut not_valid, mut not_enforced) = (false, false);
    while !cursor.is_empty() {
        not_valid |= cursor.are(&["not", "valid"]);
        not_enforced |= cursor.are(&["not", "enforced"]);
        cursor.step();
    }
    let name = name.map(|(name, _)| name);
    Some(Constraint { name, span, kind, not_valid, not_enforced, using_index, columns })
}

/// The table behind REFERENCES.
pub(super) fn referenced(cursor: &mut Cursor<'_>, outline: &mut Outline) -> Option<QualifiedName> {
    let named = cursor.name()?;
    let name = named.name.clone();
    outline.object(Uses, Table, named);
    Some(name)
}

/// The plain names of a list in parentheses.
pub(super) fn column_list(cursor: &mut Cursor<'_>) -> Vec<Ident> {
    let Some(mut group) = cursor.group() else {
        return Vec::new();
    };
    let mut columns = Vec::new();
    while let Some(mut item) = group.list_item() {
        columns.extend(item.ident().map(|(name, _)| name));
    }
    columns
}
