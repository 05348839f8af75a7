//! CREATE of anything but tables, routines and schemas, which have files of their own.

use super::{Context, Outline, alter, drop::operator, object, query, routine, schema, table};
use crate::{
    name::QualifiedName,
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        statement::{
            Detail, Flags,
            ObjectKind::{self, *},
            ObjectRole::{self, Makes, Uses},
            Policy as PolicyDetail, StatementKind, Verb,
        },
        string_content,
    },
    text::Span,
};

pub(super) fn create(mut cursor: Cursor<'_>, context: Context) -> Outline {
    let mut flags = Flags { or_replace: cursor.eat_all(&["or", "replace"]), ..Flags::default() };
    cursor.eat_any(&["global", "local"]);
    flags.temporary = cursor.eat_any(&["temporary", "temp"]);
    flags.unique = cursor.eat("unique");
    cursor.eat("unlogged");
    let recursive = cursor.eat("recursive");
    if cursor.is_at(1, "trigger") || cursor.is_at(1, "conversion") {
        cursor.eat_any(&["constraint", "default"]);
    }
    let Some(kind) = object::kind(&mut cursor) else {
        return Outline::verb(Verb::Unknown);
    };
    let mut outline = Outline::new(StatementKind::Create(kind));
    outline.flags = flags;
    match kind {
        Table | ForeignTable => return table::create(cursor, outline, kind),
        Function | Procedure => return routine::create(cursor, outline, kind, context),
        Index => return index(cursor, outline),
        Policy => return policy(cursor, outline, Makes),
        Cast => return outline,
        Column | Constraint | Owned | Parameter | LargeObject | System | DefaultPrivileges | Routine => {
            return Outline::verb(Verb::Unknown);
        }
        _ => {}
    }
    outline.flags.if_not_exists = cursor.eat_all(&["if", "not", "exists"]);
    match kind {
        Trigger => trigger(cursor, outline),
        Rule => rule(cursor, outline),
        Schema => schema::create(cursor, outline, context),
        UserMapping | Transform => {
            cursor.skip_to_any(&["server"]);
            cursor.eat("server");
            outline.name(&mut cursor, Uses, Server);
            outline
        }
        Operator => {
            if let Some(named) = operator(&mut cursor) {
                outline.object(Makes, kind, named);
            }
            outline
        }
        Statistics => {
            if !cursor.is("on") {
                outline.name(&mut cursor, Makes, kind);
            }
            cursor.skip_to_any(&["from"]);
            cursor.eat("from");
            outline.name(&mut cursor, Uses, Table);
            outline
        }
        View | MaterializedView => {
            outline.name(&mut cursor, Makes, kind);
            cursor.skip_to_any(&["as"]);
            cursor.eat("as");
            outline.flags.no_data = table::with_no_data(cursor);
            query::reads(&mut outline, cursor);
            outline.flags.has_where = false;
            if recursive {
                reads_no_self(&mut outline);
            }
            outline
        }
        _ => named(cursor, outline, kind),
    }
}

/// A recursive view reads itself as a common table, without its schema.
fn reads_no_self(outline: &mut Outline) {
    let own = outline.objects.first().map(|view| QualifiedName::bare(view.name.name.clone()));
    outline.objects.retain(|object| object.role != Uses || Some(&object.name) != own.as_ref());
}

/// A name and, for some kinds, what it hangs on.
fn named(mut cursor: Cursor<'_>, mut outline: Outline, kind: ObjectKind) -> Outline {
    outline.name(&mut cursor, Makes, kind);
    match kind {
        Type if cursor.eat_all(&["as", "enum"]) => {
            let mut labels = Vec::new();
            let mut group = cursor.group().unwrap_or(cursor.take(0));
            while let Some(item) = group.list_item() {
                labels.push(string_content(item.text()));
            }
            outline.detail = Detail::Enum(labels);
        }
        Sequence => owned_by(&mut outline, cursor),
        Extension => {
            cursor.eat("with");
            if cursor.eat("schema") {
                outline.name(&mut cursor, Uses, Schema);
            }
        }
        Publication if cursor.eat("for") && !cursor.is("all") => alter::published(&mut outline, cursor),
        EventTrigger => executes(&mut outline, cursor),
        Server => {
            cursor.skip_to_any(&["foreign"]);
            if cursor.eat_all(&["foreign", "data", "wrapper"]) {
                outline.name(&mut cursor, Uses, ForeignDataWrapper);
            }
        }
        Domain => {
            cursor.eat("as");
            let name = outline.objects.first().map(|made| made.name.name.clone()).unwrap_or_default();
            outline.detail = Detail::Domain(table::domain(cursor, name, &mut outline));
        }
        _ => {}
    }
    outline
}

/// OWNED BY table.column of a sequence.
pub(super) fn owned_by(outline: &mut Outline, mut cursor: Cursor<'_>) {
    cursor.skip_to_any(&["owned"]);
    if cursor.eat_all(&["owned", "by"])
        && !cursor.is("none")
        && let Some((named, of)) = cursor.column()
    {
        outline.object_of(Uses, Column, named, of);
    }
}

fn index(mut cursor: Cursor<'_>, mut outline: Outline) -> Outline {
    outline.flags.concurrently = cursor.eat("concurrently");
    outline.flags.if_not_exists = cursor.eat_all(&["if", "not", "exists"]);
    let name = if cursor.is("on") { None } else { cursor.name() };
    cursor.eat("on");
    outline.flags.only = cursor.eat("only");
    let table = cursor.name();
    if let Some(name) = name {
        outline.object_of(Makes, Index, name, table.as_ref().map(|table| table.name.clone()));
    }
    if let Some(table) = table {
        outline.object(Uses, Table, table);
    }
    if cursor.eat("using") {
        cursor.skip(1);
    }
    let mut columns = Vec::new();
    let mut group = cursor.group().unwrap_or(cursor.take(0));
    while let Some(item) = group.list_item() {
        columns.push(item.text().to_owned());
    }
    outline.detail = Detail::Index(columns);
    cursor.skip_to_any(&["where"]);
    outline.flags.has_where = cursor.is("where");
    outline
}

/// CREATE POLICY and ALTER POLICY.
pub(super) fn policy(mut cursor: Cursor<'_>, mut outline: Outline, role: ObjectRole) -> Outline {
    let name = cursor.name();
    let table = if cursor.eat("on") { cursor.name() } else { None };
    if let Some(name) = name {
        outline.object_of(role, Policy, name, table.as_ref().map(|table| table.name.clone()));
    }
    if let Some(table) = table {
        outline.object(Uses, Table, table);
    }
    let mut policy = PolicyDetail { command: "all".to_owned(), ..PolicyDetail::default() };
    while !cursor.is_empty() {
        if cursor.eat("for") {
            policy.command = cursor.word(0).to_ascii_lowercase();
            cursor.skip(1);
        } else if cursor.eat("to") {
            while let Some((name, _)) = cursor.ident() {
                policy.roles.push(name.as_str().to_owned());
                cursor.eat_kind(TokenKind::Comma);
                if cursor.is("using") || cursor.is("with") {
                    break;
                }
            }
        } else if cursor.eat("using") {
            policy.using = expression(&mut outline, &mut cursor);
        } else if cursor.eat_all(&["with", "check"]) {
            policy.check = expression(&mut outline, &mut cursor);
        } else {
            cursor.step();
        }
    }
    outline.detail = Detail::Policy(policy);
    outline
}

/// An expression in parentheses: where it stands, and the tables its queries read.
fn expression(outline: &mut Outline, cursor: &mut Cursor<'_>) -> Option<Span> {
    let group = cursor.group()?;
    query::reads(outline, group);
    outline.flags.has_where = false;
    Some(group.span())
}

fn trigger(mut cursor: Cursor<'_>, mut outline: Outline) -> Outline {
    let name = cursor.name();
    cursor.skip_to_any(&["on"]);
    cursor.eat("on");
    let table = cursor.name();
    if let Some(name) = name {
        outline.object_of(Makes, Trigger, name, table.as_ref().map(|table| table.name.clone()));
    }
    if let Some(table) = table {
        outline.object(Uses, Table, table);
    }
    if cursor.eat("from") {
        outline.name(&mut cursor, Uses, Table);
    }
    executes(&mut outline, cursor);
    outline
}

/// EXECUTE FUNCTION or PROCEDURE of a trigger.
fn executes(outline: &mut Outline, mut cursor: Cursor<'_>) {
    cursor.skip_to_any(&["execute"]);
    cursor.eat("execute");
    if cursor.eat_any(&["function", "procedure"]) {
        outline.name(&mut cursor, Uses, Function);
    }
}

fn rule(mut cursor: Cursor<'_>, mut outline: Outline) -> Outline {
    let name = cursor.name();
    cursor.skip_to_any(&["to"]);
    cursor.eat("to");
    let table = cursor.name();
    if let Some(name) = name {
        outline.object_of(Makes, Rule, name, table.as_ref().map(|table| table.name.clone()));
    }
    if let Some(table) = table {
        outline.object(Uses, Table, table);
    }
    outline
}
