//! The actions of ALTER TABLE, one by one.

use super::{
    Outline,
    constraint::{starts_table_constraint, table_constraint},
    table::column,
};
use crate::{
    name::{Ident, QualifiedName},
    sql::{
        cursor::{Cursor, Named},
        statement::{
            ActionKind as A,
            ObjectKind::{Column, Constraint, Role, Table, Type},
            ObjectRole::{self, Changes, Drops, Makes, Renames, Uses},
            TableAction,
        },
    },
};

/// Reads the actions behind the table's name. The objects they name go into `outline`.
pub(super) fn actions(
    mut cursor: Cursor<'_>,
    outline: &mut Outline,
    table: &QualifiedName,
) -> Vec<TableAction> {
    let mut actions = Vec::new();
    while let Some(item) = cursor.list_item() {
        if !item.is_empty() {
            let kind = action(item, outline, table);
            actions.push(TableAction { span: item.span(), kind });
        }
    }
    actions
}

/// ATTRIBUTE actions of a composite type, by their first words: an attribute is a column.
pub(super) fn attributes(
    mut cursor: Cursor<'_>,
    outline: &mut Outline,
    of: &QualifiedName,
) -> Vec<TableAction> {
    let mut actions = Vec::new();
    while let Some(mut item) = cursor.list_item() {
        if item.is_at(1, "attribute") {
            actions.push(TableAction { span: item.span(), kind: A::Other(item.take(2).folded()) });
        }
        let role = match item.word(0).to_ascii_lowercase().as_str() {
            "add" => Makes,
            "drop" => Drops,
            "alter" => Changes,
            "rename" => Renames,
            _ => continue,
        };
        item.skip(1);
        if !item.eat("attribute") {
            continue;
        }
        item.eat_all(&["if", "exists"]);
        column_named(&mut item, outline, role, of);
        if item.eat("to") {
            column_named(&mut item, outline, Makes, of);
        }
    }
    actions
}

fn column_named(cursor: &mut Cursor<'_>, outline: &mut Outline, role: ObjectRole, of: &QualifiedName) {
    if let Some((name, span)) = cursor.ident() {
        let name = QualifiedName::bare(name);
        outline.object_of(role, Column, Named { name, span }, Some(of.clone()));
    }
}

/// The constraint that an action of ALTER DOMAIN is about.
pub(super) fn domain(mut cursor: Cursor<'_>, outline: &mut Outline, of: &QualifiedName) {
    let role = match cursor.word(0).to_ascii_lowercase().as_str() {
        "add" => Makes,
        "drop" => Drops,
        "validate" => Changes,
        "rename" => Renames,
        _ => return,
    };
    cursor.skip(1);
    if !cursor.eat("constraint") {
        return;
    }
    cursor.eat_all(&["if", "exists"]);
    named_as(&mut cursor, outline, role, Some(of.clone()));
    if role == Renames && cursor.eat("to") {
        named_as(&mut cursor, outline, Makes, Some(of.clone()));
    }
}

fn action(mut cursor: Cursor<'_>, outline: &mut Outline, table: &QualifiedName) -> A {
    let whole = cursor;
    let of = Some(table.clone());
    let read = if cursor.eat("add") {
        add(cursor, outline, of)
    } else if cursor.eat("drop") {
        drop(cursor, outline, of)
    } else if cursor.eat("alter") {
        alter(cursor, outline, of)
    } else if cursor.eat_all(&["validate", "constraint"]) {
        named(&mut cursor, outline, of).map(A::ValidateConstraint)
    } else if cursor.eat("rename") {
        rename(cursor, outline, table)
    } else if cursor.eat_all(&["set", "schema"]) {
        cursor.ident().map(|(schema, _)| A::SetSchema(schema))
    } else if cursor.eat_all(&["attach", "partition"]) {
        partition(&mut cursor, outline).map(A::AttachPartition)
    } else if cursor.eat_all(&["detach", "partition"]) {
        partition(&mut cursor, outline)
            .map(|name| A::DetachPartition { name, concurrently: cursor.is("concurrently") })
    } else if cursor.eat_all(&["owner", "to"]) {
        outline.name(&mut cursor, Uses, Role);
        None
    } else if cursor.eat("inherit") || cursor.eat_all(&["no", "inherit"]) {
        outline.name(&mut cursor, Uses, Table);
        None
    } else if cursor.eat("of") {
        outline.name(&mut cursor, Uses, Type);
        None
    } else {
        row_security(&cursor)
    };
    read.unwrap_or_else(|| A::Other(first_words(whole)))
}

/// The words up to the first that is a name or a value: `set statistics`, `owner to`, `replica identity`.
fn first_words(mut cursor: Cursor<'_>) -> String {
    let start = cursor;
    let two = [
        "owner", "replica", "set", "no", "cluster", "alter", "add", "drop", "enable", "disable", "not",
        "force",
    ];
    if cursor.is_any(&["set", "reset"]) {
        let mut options = cursor;
        options.skip(1);
        if let Some(group) = options.group() {
            return format!("{} ({})", cursor.word(0).to_ascii_lowercase(), option_names(group));
        }
    }
    let second = usize::from(cursor.is_any(&two) && !cursor.word(1).is_empty());
    let count = 1 + second + usize::from(cursor.are(&["set", "without"]));
    cursor.skip(count);
    start.until(&cursor).folded()
}

/// `fillfactor, toast.autovacuum_enabled` of a list of options with their values.
fn option_names(mut group: Cursor<'_>) -> String {
    let mut names = Vec::new();
    while let Some(mut item) = group.list_item() {
        names.extend(item.name().map(|named| named.name.to_string()));
    }
    names.join(", ")
}

fn row_security(cursor: &Cursor<'_>) -> Option<A> {
    let level = ["row", "level", "security"];
    let rest = |count| {
        let mut rest = *cursor;
        rest.skip(count);
        rest
    };
    if cursor.are(&["no", "force"]) && rest(2).are(&level) {
        return Some(A::ForceRls(false));
    }
    if rest(1).are(&level) {
        let switches = [("enable", A::EnableRls), ("disable", A::DisableRls), ("force", A::ForceRls(true))];
        return switches.into_iter().find(|(word, _)| cursor.is(word)).map(|(_, action)| action);
    }
    let rule = cursor.is_at(1, "rule") || cursor.is_at(2, "rule") && !cursor.is_at(1, "trigger");
    (cursor.is_any(&["enable", "disable"]) && !rule).then_some(A::Trigger)
}

fn add(mut cursor: Cursor<'_>, outline: &mut Outline, of: Option<QualifiedName>) -> Option<A> {
    if starts_table_constraint(&cursor) {
        if cursor.is("constraint") {
            let mut rest = cursor;
            rest.skip(1);
            named_as(&mut rest, outline, Makes, of);
        }
        return table_constraint(cursor, outline).map(A::AddConstraint);
    }
    cursor.eat("column");
    let if_not_exists = cursor.eat_all(&["if", "not", "exists"]);
    let mut name = cursor;
    let (ident, span) = name.ident()?;
    outline.object_of(Makes, Column, Named { name: QualifiedName::bare(ident), span }, of);
    column(cursor, outline, true).map(|column| A::AddColumn { column, if_not_exists })
}

fn drop(mut cursor: Cursor<'_>, outline: &mut Outline, of: Option<QualifiedName>) -> Option<A> {
    let mut tail = cursor;
    tail.skip_to_any(&["cascade"]);
    outline.flags.cascade |= tail.is("cascade");
    if cursor.eat("constraint") {
        let if_exists = cursor.eat_all(&["if", "exists"]);
        let name = named_as(&mut cursor, outline, Drops, of)?;
        return Some(A::DropConstraint { name, if_exists });
    }
    // DROP NOT NULL and DROP DEFAULT of a domain.
    if cursor.is_any(&["not", "default"]) {
        return None;
    }
    cursor.eat("column");
    let if_exists = cursor.eat_all(&["if", "exists"]);
    let (name, span) = cursor.ident()?;
    let column = Named { name: QualifiedName::bare(name.clone()), span };
    outline.object_of(Drops, Column, column, of);
    Some(A::DropColumn { name, if_exists })
}

fn alter(mut cursor: Cursor<'_>, outline: &mut Outline, of: Option<QualifiedName>) -> Option<A> {
    if cursor.eat("constraint") {
        named(&mut cursor, outline, of);
        return Some(A::Other("alter constraint".to_owned()));
    }
    cursor.eat("column");
    let (name, span) = cursor.ident()?;
    let column = Named { name: QualifiedName::bare(name.clone()), span };
    outline.object_of(Changes, Column, column, of);
    if cursor.eat_all(&["set", "not", "null"]) {
        return Some(A::SetNotNull(name));
    }
    if cursor.eat_all(&["drop", "not", "null"]) {
        return Some(A::DropNotNull(name));
    }
    if cursor.eat_all(&["set", "default"]) {
        return Some(A::SetDefault(name));
    }
    if cursor.eat_all(&["drop", "default"]) {
        return Some(A::DropDefault(name));
    }
    if cursor.eat_all(&["set", "data", "type"]) || cursor.eat("type") {
        let start = cursor;
        cursor.skip_to_any(&["using", "collate"]);
        let type_name = start.until(&cursor).folded();
        let collation = if cursor.eat("collate") { cursor.name().map(|named| named.name) } else { None };
        let using = cursor.eat("using").then(|| cursor.text().to_owned());
        return Some(A::SetType { name, type_name, collation, using });
    }
    let words = format!("alter column {} {}", cursor.word(0), cursor.word(1));
    Some(A::Other(words.trim_end().to_ascii_lowercase()))
}

fn rename(mut cursor: Cursor<'_>, outline: &mut Outline, table: &QualifiedName) -> Option<A> {
    let of = Some(table.clone());
    if cursor.eat("to") {
        return cursor.ident().map(|(name, _)| A::RenameTo(name));
    }
    let constraint = cursor.eat("constraint");
    if !constraint {
        cursor.eat("column");
    }
    let kind = if constraint { Constraint } else { Column };
    let (from, old) = cursor.ident()?;
    cursor.eat("to");
    let (to, new) = cursor.ident()?;
    for (role, name, span) in [(Renames, &from, old), (Makes, &to, new)] {
        let name = QualifiedName::bare(name.clone());
        outline.object_of(role, kind, Named { name, span }, of.clone());
    }
    Some(if constraint { A::RenameConstraint { from, to } } else { A::RenameColumn { from, to } })
}

/// A constraint that is only changed.
fn named(cursor: &mut Cursor<'_>, outline: &mut Outline, of: Option<QualifiedName>) -> Option<Ident> {
    named_as(cursor, outline, Changes, of)
}

fn named_as(
    cursor: &mut Cursor<'_>,
    outline: &mut Outline,
    role: ObjectRole,
    of: Option<QualifiedName>,
) -> Option<Ident> {
    let (name, span) = cursor.ident()?;
    let constraint = Named { name: QualifiedName::bare(name.clone()), span };
    outline.object_of(role, Constraint, constraint, of);
    Some(name)
}

fn partition(cursor: &mut Cursor<'_>, outline: &mut Outline) -> Option<QualifiedName> {
    let named = cursor.name()?;
    let name = named.name.clone();
    outline.object(Uses, Table, named);
    Some(name)
}
