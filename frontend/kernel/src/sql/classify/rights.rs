//! GRANT, REVOKE, COMMENT and SECURITY LABEL: statements about objects of any kind.

use super::{Outline, drop::operator, object};
use crate::sql::{
    cursor::Cursor,
    lex::TokenKind,
    statement::{
        ObjectKind::{self, *},
        ObjectRole::{self, Comments, Grants, Uses},
        Verb,
    },
};

/// GRANT and REVOKE, of rights on objects or of membership in roles.
pub(super) fn grant(mut cursor: Cursor<'_>, verb: Verb) -> Outline {
    let mut outline = Outline::verb(verb);
    let towards = if verb == Verb::Grant { "to" } else { "from" };
    let membership = cursor;
    cursor.skip_to_any(&["on", towards]);
    if cursor.eat("on") {
        targets(&mut outline, &mut cursor);
    } else {
        let mut roles = membership;
        roles.eat_all(&["admin", "option", "for"]);
        roles.eat_all(&["inherit", "option", "for"]);
        roles.eat_all(&["set", "option", "for"]);
        outline.names(&mut roles, Grants, Role);
    }
    cursor.skip_to_any(&[towards]);
    cursor.eat(towards);
    loop {
        cursor.eat("group");
        outline.name(&mut cursor, Uses, Role);
        if !cursor.eat_kind(TokenKind::Comma) {
            break;
        }
    }
    cursor.skip_to_any(&["cascade"]);
    outline.flags.cascade = cursor.eat("cascade");
    outline
}

/// What stands between ON and TO. Rights on everything in a schema are rights on the schema's content:
/// the schema is named, with the plural's kind lost.
fn targets(outline: &mut Outline, cursor: &mut Cursor<'_>) {
    if cursor.eat("all") {
        cursor.skip(1);
        cursor.eat_all(&["in", "schema"]);
        outline.names(cursor, Grants, Schema);
        return;
    }
    let kind = named_kind(cursor);
    if kind == LargeObject {
        return;
    }
    loop {
        outline.name(cursor, Grants, kind);
        cursor.group();
        if !cursor.eat_kind(TokenKind::Comma) {
            return;
        }
    }
}

/// The kind that is written, else a table's; a table can have the name of a kind.
fn named_kind(cursor: &mut Cursor<'_>) -> ObjectKind {
    let mut ahead = *cursor;
    match object::kind(&mut ahead) {
        Some(kind) if ahead.at_name() && !ahead.is_any(&["to", "from"]) || kind == LargeObject => {
            *cursor = ahead;
            kind
        }
        _ => Table,
    }
}

pub(super) fn comment(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::Comment);
    cursor.eat("on");
    subject(&mut outline, cursor);
    outline
}

pub(super) fn security_label(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::SecurityLabel);
    cursor.skip_to_any(&["on"]);
    cursor.eat("on");
    subject(&mut outline, cursor);
    outline
}

/// The object a comment or label is put on.
fn subject(outline: &mut Outline, mut cursor: Cursor<'_>) {
    let role = Comments;
    let Some(kind) = object::kind(&mut cursor) else {
        return;
    };
    match kind {
        Column => {
            if let Some((named, of)) = cursor.column() {
                outline.object_of(role, kind, named, of);
            }
        }
        Trigger | Policy | Rule | Constraint => on_something(outline, cursor, role, kind),
        Operator => {
            if let Some(named) = operator(&mut cursor) {
                outline.object(role, kind, named);
            }
        }
        Cast | LargeObject | Transform => {}
        _ => outline.name(&mut cursor, role, kind),
    }
}

fn on_something(outline: &mut Outline, mut cursor: Cursor<'_>, role: ObjectRole, kind: ObjectKind) {
    let name = cursor.name();
    cursor.eat("on");
    let holder = if cursor.eat("domain") { Domain } else { Table };
    let table = cursor.name();
    if let Some(name) = name {
        outline.object_of(role, kind, name, table.as_ref().map(|table| table.name.clone()));
    }
    if let Some(table) = table {
        outline.object(Uses, holder, table);
    }
}
