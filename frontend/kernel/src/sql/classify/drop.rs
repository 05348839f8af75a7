//! DROP of anything.

use super::{Outline, object};
use crate::{
    name::{Ident, QualifiedName},
    sql::{
        cursor::{Cursor, Named},
        lex::TokenKind,
        statement::{
            ObjectKind::{self, *},
            ObjectRole::{Drops, Uses},
            StatementKind, Verb,
        },
    },
};

pub(super) fn drop(mut cursor: Cursor<'_>) -> Outline {
    let Some(kind) = object::kind(&mut cursor) else {
        return Outline::verb(Verb::Unknown);
    };
    let mut outline = Outline::new(StatementKind::Drop(kind));
    outline.flags.concurrently = cursor.eat("concurrently");
    outline.flags.if_exists = cursor.eat_all(&["if", "exists"]);
    match kind {
        Trigger | Policy | Rule => on_table(&mut outline, &mut cursor, kind),
        Owned => {
            cursor.eat("by");
            outline.names(&mut cursor, Drops, Owned);
        }
        UserMapping => {
            cursor.skip_to_any(&["server"]);
            cursor.eat("server");
            outline.name(&mut cursor, Uses, Server);
        }
        // Known by their types, not by a name.
        Cast | Transform => {}
        _ => each(&mut outline, &mut cursor, kind),
    }
    cursor.skip_to_any(&["cascade"]);
    outline.flags.cascade = cursor.eat("cascade");
    outline
}

fn on_table(outline: &mut Outline, cursor: &mut Cursor<'_>, kind: ObjectKind) {
    let name = cursor.name();
    let table = if cursor.eat("on") { cursor.name() } else { None };
    if let Some(name) = name {
        outline.object_of(Drops, kind, name, table.as_ref().map(|table| table.name.clone()));
    }
    if let Some(table) = table {
        outline.object(Uses, Table, table);
    }
}

/// Names separated by commas, each with the argument types or the access method that belong to it.
fn each(outline: &mut Outline, cursor: &mut Cursor<'_>, kind: ObjectKind) {
    loop {
        if kind == Operator {
            if let Some(named) = operator(cursor) {
                outline.object(Drops, kind, named);
            }
        } else {
            outline.name(cursor, Drops, kind);
        }
        cursor.group();
        if cursor.eat("using") {
            cursor.name();
        }
        if !cursor.eat_kind(TokenKind::Comma) {
            return;
        }
    }
}

/// An operator's symbol, with or without a schema.
pub(super) fn operator(cursor: &mut Cursor<'_>) -> Option<Named> {
    let start = *cursor;
    let schema = cursor.name().map(|named| named.name.name);
    cursor.eat_kind(TokenKind::Dot);
    let symbol = cursor.bump().filter(|token| token.kind == TokenKind::Operator)?;
    let span = start.until(cursor).span();
    let name = Ident::exact(cursor.text_of(symbol));
    Some(Named { name: QualifiedName { schema, name }, span })
}
