//! Statements about whole tables that change no definition: TRUNCATE, LOCK, VACUUM, REINDEX and the like.

use super::Outline;
use crate::sql::{
    cursor::Cursor,
    lex::TokenKind,
    lock::LockMode,
    statement::{
        Detail,
        ObjectKind::{Database, Index, MaterializedView, Procedure, Role, Schema, Server, Table},
        ObjectRole::{Changes, Uses},
        Verb,
    },
};

pub(super) fn call(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::Call);
    outline.name(&mut cursor, Uses, Procedure);
    outline
}

pub(super) fn truncate(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::Truncate);
    cursor.eat("table");
    outline.names(&mut cursor, Changes, Table);
    cursor.skip_to_any(&["cascade"]);
    outline.flags.cascade = cursor.eat("cascade");
    outline
}

pub(super) fn lock(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::Lock);
    cursor.eat("table");
    outline.names(&mut cursor, Uses, Table);
    cursor.eat("in");
    let start = cursor;
    cursor.skip_to_any(&["mode"]);
    let words = start.until(&cursor).folded().to_ascii_uppercase();
    let mode = LockMode::ALL.iter().find(|mode| mode.as_str() == words);
    outline.detail = Detail::Lock(mode.copied().unwrap_or(LockMode::AccessExclusive));
    outline
}

/// VACUUM and ANALYZE: options, then tables with optional columns. Without tables: the whole database.
pub(super) fn vacuum(mut cursor: Cursor<'_>, verb: Verb) -> Outline {
    let mut outline = Outline::verb(verb);
    let mut options = cursor.group();
    if let Some(options) = &mut options {
        while let Some(option) = options.list_item() {
            let off = option.is_at(1, "false") || option.is_at(1, "off");
            outline.flags.full |= option.is("full") && !off;
        }
    }
    while cursor.is_any(&["full", "freeze", "verbose", "analyze", "analyse", "skip_locked"]) {
        outline.flags.full |= cursor.is("full");
        cursor.skip(1);
    }
    while let Some(mut item) = cursor.list_item() {
        outline.flags.only |= item.eat("only");
        outline.name(&mut item, Changes, Table);
    }
    outline
}

pub(super) fn cluster(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::Cluster);
    cursor.group();
    cursor.eat("verbose");
    let Some(first) = cursor.name() else {
        return outline;
    };
    // The form before 8.3, still accepted: `cluster index on table`.
    if cursor.eat("on") {
        outline.object(Uses, Index, first);
        outline.name(&mut cursor, Changes, Table);
        return outline;
    }
    outline.object(Changes, Table, first);
    if cursor.eat("using") {
        outline.name(&mut cursor, Uses, Index);
    }
    outline
}

pub(super) fn reindex(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::Reindex);
    if let Some(mut options) = cursor.group() {
        while let Some(option) = options.list_item() {
            let off = option.is_at(1, "false") || option.is_at(1, "off");
            outline.flags.concurrently |= option.is("concurrently") && !off;
        }
    }
    let kind = match cursor.word(0).to_ascii_lowercase().as_str() {
        "index" => Index,
        "schema" => Schema,
        "database" | "system" => Database,
        _ => Table,
    };
    cursor.skip(1);
    outline.flags.concurrently |= cursor.eat("concurrently");
    outline.name(&mut cursor, Changes, kind);
    outline
}

pub(super) fn refresh(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::RefreshMaterializedView);
    cursor.eat_all(&["materialized", "view"]);
    outline.flags.concurrently = cursor.eat("concurrently");
    outline.name(&mut cursor, Changes, MaterializedView);
    outline.flags.no_data = cursor.are(&["with", "no", "data"]);
    outline
}

pub(super) fn reassign(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::ReassignOwned);
    cursor.eat_all(&["owned", "by"]);
    outline.names(&mut cursor, Uses, Role);
    if cursor.eat("to") {
        outline.name(&mut cursor, Uses, Role);
    }
    outline
}

pub(super) fn import(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::ImportForeignSchema);
    cursor.eat_all(&["foreign", "schema"]);
    cursor.name();
    cursor.skip_to_any(&["from"]);
    if cursor.eat_all(&["from", "server"]) {
        outline.name(&mut cursor, Uses, Server);
    }
    if cursor.eat("into") && !cursor.at(TokenKind::OpenParen) {
        outline.name(&mut cursor, Changes, Schema);
    }
    outline
}
