//! Settings and transaction control.

use super::Outline;
use crate::sql::{
    cursor::Cursor,
    statement::{Detail, Verb},
};

/// BEGIN and everything that ends, marks or prepares a transaction.
pub(super) fn transaction(cursor: Cursor<'_>) -> Verb {
    let prepared = cursor.is_at(1, "prepared");
    if cursor.is_any(&["begin", "start"]) {
        Verb::Begin
    } else if cursor.is_any(&["commit", "end"]) {
        if prepared { Verb::CommitPrepared } else { Verb::Commit }
    } else if cursor.is("savepoint") {
        Verb::Savepoint
    } else if cursor.is("release") {
        Verb::Release
    } else if prepared {
        Verb::RollbackPrepared
    } else {
        let mut rest = cursor;
        rest.skip(1);
        rest.eat_any(&["work", "transaction"]);
        if rest.is("to") { Verb::RollbackTo } else { Verb::Rollback }
    }
}

/// SET in all its forms.
pub(super) fn set(mut cursor: Cursor<'_>) -> Outline {
    if cursor.is("constraints") {
        return Outline::verb(Verb::SetConstraints);
    }
    if cursor.is("transaction") || cursor.are(&["session", "characteristics"]) {
        return Outline::verb(Verb::SetTransaction);
    }
    let mut outline = Outline::verb(Verb::Set);
    outline.flags.local = cursor.eat("local");
    if cursor.is("session") && !cursor.is_at(1, "authorization") {
        cursor.skip(1);
    }
    outline.detail = setting(cursor);
    outline
}

pub(super) fn reset(cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::Reset);
    outline.detail = setting(cursor);
    outline
}

/// A setting's name and value. The forms with a syntax of their own have the name of the parameter they
/// set.
fn setting(mut cursor: Cursor<'_>) -> Detail {
    let name = if cursor.eat_all(&["time", "zone"]) {
        "timezone".to_owned()
    } else if cursor.eat_all(&["session", "authorization"]) {
        "session_authorization".to_owned()
    } else if cursor.eat("names") {
        "client_encoding".to_owned()
    } else if cursor.eat("schema") {
        "search_path".to_owned()
    } else if cursor.eat_all(&["xml", "option"]) {
        "xmloption".to_owned()
    } else {
        let name = cursor.name().map(|named| named.name);
        name.map(|name| match name.schema {
            Some(schema) => format!("{}.{}", schema.as_str(), name.name.as_str()),
            None => name.name.as_str().to_owned(),
        })
        .unwrap_or_default()
        .to_ascii_lowercase()
    };
    if !cursor.eat("to") {
        cursor.eat_text("=");
    }
    let default = cursor.len() == 1 && cursor.is("default");
    let value = if default { "" } else { cursor.text() };
    Detail::Setting { name, value: value.to_owned() }
}
