//! ALTER of anything; the actions of a table stand in `alter_table`.

use super::{
    Outline, alter_table, create,
    drop::operator,
    object::{self, has_arguments, stands_on_table},
};
use crate::{
    name::{Ident, QualifiedName},
    sql::{
        cursor::{Cursor, Named},
        lex::TokenKind,
        statement::{
            Detail,
            ObjectKind::{self, *},
            ObjectRole::{Changes, Makes, Renames, Uses},
            StatementKind, Verb,
        },
        string_content,
    },
};

pub(super) fn alter(mut cursor: Cursor<'_>) -> Outline {
    let Some(kind) = object::kind(&mut cursor) else {
        return Outline::verb(Verb::Unknown);
    };
    let mut outline = Outline::new(StatementKind::Alter(kind));
    outline.flags.if_exists = cursor.eat_all(&["if", "exists"]);
    match kind {
        Table | ForeignTable => table(cursor, outline, kind),
        DefaultPrivileges => default_privileges(cursor, outline),
        System => {
            cursor.skip(1);
            if !cursor.is("all") {
                outline.name(&mut cursor, Changes, Parameter);
            }
            outline
        }
        LargeObject => outline,
        // `alter role all set …` names nobody.
        Role if cursor.is("all") && cursor.peek_at(1).is_some() => outline,
        UserMapping => {
            cursor.skip_to_any(&["server"]);
            cursor.eat("server");
            outline.name(&mut cursor, Uses, Server);
            outline
        }
        Policy => {
            if rename_behind(cursor) {
                generic(cursor, outline, kind)
            } else {
                create::policy(cursor, outline, Changes)
            }
        }
        _ => generic(cursor, outline, kind),
    }
}

fn rename_behind(mut cursor: Cursor<'_>) -> bool {
    cursor.skip_to_any(&["rename", "using", "with"]);
    cursor.is("rename")
}

/// `all in tablespace …`: every table, index or view there.
fn all_in_tablespace(cursor: &mut Cursor<'_>, outline: &mut Outline) -> bool {
    let all = cursor.eat_all(&["all", "in", "tablespace"]);
    if all {
        outline.name(cursor, Uses, Tablespace);
    }
    all
}

fn table(mut cursor: Cursor<'_>, mut outline: Outline, kind: ObjectKind) -> Outline {
    if all_in_tablespace(&mut cursor, &mut outline) {
        return outline;
    }
    outline.flags.only = cursor.eat("only");
    let closed = outline.flags.only && cursor.eat_kind(TokenKind::OpenParen);
    let Some(named) = cursor.name() else {
        return outline;
    };
    if closed {
        cursor.eat_kind(TokenKind::CloseParen);
    }
    cursor.eat_text("*");
    let name = named.name.clone();
    if !renamed(&mut outline, cursor, kind, &named) {
        outline.object(Changes, kind, named);
    }
    outline.detail = Detail::AlterTable(alter_table::actions(cursor, &mut outline, &name));
    outline
}

/// RENAME TO and SET SCHEMA: the old name and the new one. The new name keeps what it is not given anew.
fn renamed(outline: &mut Outline, mut cursor: Cursor<'_>, kind: ObjectKind, old: &Named) -> bool {
    let schema = cursor.are(&["set", "schema"]);
    if !schema && !cursor.are(&["rename", "to"]) {
        return false;
    }
    cursor.skip(2);
    let Some((new, span)) = cursor.ident() else {
        return false;
    };
    let name = if schema {
        QualifiedName::new(new, old.name.name.clone())
    } else {
        QualifiedName { schema: old.name.schema.clone(), name: new }
    };
    outline.object(Renames, kind, old.clone());
    outline.object(Makes, kind, Named { name, span });
    true
}

fn generic(mut cursor: Cursor<'_>, mut outline: Outline, kind: ObjectKind) -> Outline {
    if all_in_tablespace(&mut cursor, &mut outline) {
        return outline;
    }
    let named = if kind == Operator { operator(&mut cursor) } else { cursor.name() };
    let Some(named) = named else {
        return outline;
    };
    if has_arguments(kind) {
        cursor.group();
    }
    if matches!(kind, OperatorClass | OperatorFamily) && cursor.eat("using") {
        cursor.name();
    }
    if stands_on_table(kind) && cursor.eat("on") {
        on_table(&mut outline, cursor, kind, named);
        return outline;
    }
    let of = named.name.clone();
    // An extension is in no schema itself: only what it brings moves.
    if kind == Extension && cursor.eat_all(&["set", "schema"]) {
        outline.object(Changes, kind, named);
        outline.name(&mut cursor, Uses, Schema);
        return outline;
    }
    if !renamed(&mut outline, cursor, kind, &named) {
        outline.object(Changes, kind, named);
    }
    match kind {
        // Columns and constraints are named as a table's are.
        Index | View | MaterializedView => {
            outline.detail = Detail::Alter(alter_table::actions(cursor, &mut outline, &of));
        }
        // What the actions name is not an object of a table.
        Sequence | Domain => {
            let actions = alter_table::actions(cursor, &mut Outline::new(outline.kind), &of);
            outline.detail = Detail::Alter(actions);
        }
        _ => {}
    }
    match kind {
        Type => {
            outline.detail = Detail::Alter(alter_table::attributes(cursor, &mut outline, &of));
            values(&mut outline, cursor, &of);
        }
        Domain => alter_table::domain(cursor, &mut outline, &of),
        Publication if cursor.eat_any(&["add", "drop", "set"]) && cursor.is_any(&["table", "tables"]) => {
            published(&mut outline, cursor);
        }
        Sequence => create::owned_by(&mut outline, cursor),
        Extension if cursor.eat_any(&["add", "drop"]) => {
            if let Some(member) = object::kind(&mut cursor) {
                outline.name(&mut cursor, Uses, member);
            }
        }
        _ => {}
    }
    outline
}

fn on_table(outline: &mut Outline, mut cursor: Cursor<'_>, kind: ObjectKind, named: Named) {
    let Some(table) = cursor.name() else { return };
    let of = Some(table.name.clone());
    let new = cursor.eat_all(&["rename", "to"]).then(|| cursor.ident()).flatten();
    let role = if new.is_some() { Renames } else { Changes };
    outline.object_of(role, kind, named, of.clone());
    outline.object(Uses, Table, table);
    if let Some((name, span)) = new {
        outline.object_of(Makes, kind, Named { name: QualifiedName::bare(name), span }, of);
    }
}

/// What a publication holds: tables, each with optional columns and condition, and schemas. The words before a
/// name are those of the names behind it, too.
pub(super) fn published(outline: &mut Outline, mut cursor: Cursor<'_>) {
    let mut kind = Table;
    while let Some(mut item) = cursor.list_item() {
        if item.eat_all(&["tables", "in", "schema"]) {
            kind = Schema;
        } else if item.eat("table") {
            kind = Table;
        }
        if kind == Schema && item.is("current_schema") {
            continue;
        }
        if item.eat("only") {
            item.eat_kind(TokenKind::OpenParen);
        }
        outline.name(&mut item, Uses, kind);
    }
}

/// ADD VALUE and RENAME VALUE of an enum.
fn values(outline: &mut Outline, mut cursor: Cursor<'_>, of: &QualifiedName) {
    let renames = cursor.are(&["rename", "value"]);
    if !renames && !cursor.are(&["add", "value"]) {
        return;
    }
    cursor.skip(2);
    outline.flags.if_not_exists = cursor.eat_all(&["if", "not", "exists"]);
    let mut labels = Vec::new();
    let roles: &[_] = if renames { &[Renames, Makes] } else { &[Makes] };
    for role in roles {
        cursor.eat("to");
        let Some(token) = cursor.peek().filter(|token| token.kind == TokenKind::Text) else {
            break;
        };
        cursor.skip(1);
        let label = string_content(cursor.text_of(token));
        let name = QualifiedName::bare(Ident::exact(label.clone()));
        let named = Named { name, span: cursor.span_of(token) };
        outline.object_of(*role, EnumValue, named, Some(of.clone()));
        labels.push(label);
    }
    if !renames {
        outline.detail = Detail::Enum(labels);
    }
}

/// ALTER DEFAULT PRIVILEGES: the schemas and roles it is about.
fn default_privileges(mut cursor: Cursor<'_>, mut outline: Outline) -> Outline {
    loop {
        if cursor.eat("for") {
            cursor.skip(1);
            outline.names(&mut cursor, Uses, Role);
        } else if cursor.eat_all(&["in", "schema"]) {
            outline.names(&mut cursor, Uses, Schema);
        } else {
            return outline;
        }
    }
}
