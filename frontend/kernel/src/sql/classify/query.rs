//! Queries and changes of rows: which tables they read and which they write.

use std::collections::BTreeSet;

use super::{Context, Outline};
use crate::{
    name::Ident,
    sql::{
        cursor::Cursor,
        lex::{Token, TokenKind},
        statement::{
            ObjectKind::Table,
            ObjectRole::{self, Changes, Makes, Uses},
            Verb,
        },
    },
};

/// SELECT, also in parentheses; SELECT INTO outside PL/pgSQL.
pub(super) fn select(cursor: Cursor<'_>, context: Context) -> Outline {
    let mut outline = Outline::verb(Verb::Select);
    if !context.plpgsql
        && let Some(target) = into_target(cursor)
    {
        outline = Outline::verb(Verb::SelectInto);
        make(&mut outline, target);
    }
    reads(&mut outline, cursor);
    outline
}

/// What follows the INTO of a SELECT, before its FROM. Of several queries the first one may hold it, in
/// whatever parentheses it stands.
fn into_target(mut cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    while cursor.eat_kind(TokenKind::OpenParen) {}
    cursor.skip_to_any(&["into", "from", "union", "intersect", "except"]);
    cursor.eat("into").then_some(cursor)
}

fn make(outline: &mut Outline, mut target: Cursor<'_>) {
    target.eat_any(&["local", "global"]);
    outline.flags.temporary = target.eat_any(&["temporary", "temp"]);
    target.eat("unlogged");
    target.eat("table");
    outline.name(&mut target, Makes, Table);
}

/// WITH: the kind of the statement behind the common tables.
pub(super) fn with(cursor: Cursor<'_>, context: Context) -> Outline {
    let mut main = cursor;
    main.skip(1);
    main.skip_to_any(&["select", "insert", "update", "delete", "merge", "values", "table"]);
    let mut rest = main;
    rest.skip(1);
    let mut outline = match main.word(0).to_ascii_lowercase().as_str() {
        "insert" => target(Verb::Insert, rest, Some("into")),
        "update" => target(Verb::Update, rest, None),
        "delete" => target(Verb::Delete, rest, Some("from")),
        "merge" => target(Verb::Merge, rest, Some("into")),
        "values" => Outline::verb(Verb::Values),
        _ => return select(cursor, context),
    };
    outline.objects.clear();
    let deletes = main.is("delete") || main.is("merge");
    scan(&mut outline, cursor, deletes);
    outline
}

/// A statement that only reads.
pub(super) fn plain(verb: Verb, cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(verb);
    reads(&mut outline, cursor);
    outline
}

pub(super) fn table(mut cursor: Cursor<'_>) -> Outline {
    let mut outline = Outline::verb(Verb::Table);
    outline.flags.only = cursor.eat("only");
    outline.name(&mut cursor, Uses, Table);
    outline
}

/// The table a statement writes, behind `word` when there is one.
fn target(verb: Verb, mut cursor: Cursor<'_>, word: Option<&str>) -> Outline {
    let mut outline = Outline::verb(verb);
    word.map(|word| cursor.eat(word));
    outline.flags.only = cursor.eat("only");
    outline.name(&mut cursor, Changes, Table);
    while !cursor.is_empty() {
        outline.flags.on_conflict |= cursor.are(&["on", "conflict"]);
        cursor.step();
    }
    outline
}

fn writes(verb: Verb, cursor: Cursor<'_>, word: Option<&str>, using: bool) -> Outline {
    let mut outline = target(verb, cursor, word);
    let mut rest = cursor;
    word.map(|word| rest.eat(word));
    rest.eat("only");
    rest.name();
    scan(&mut outline, rest, using);
    outline
}

pub(super) fn insert(cursor: Cursor<'_>) -> Outline {
    writes(Verb::Insert, cursor, Some("into"), false)
}

pub(super) fn update(cursor: Cursor<'_>) -> Outline {
    writes(Verb::Update, cursor, None, false)
}

pub(super) fn delete(cursor: Cursor<'_>) -> Outline {
    writes(Verb::Delete, cursor, Some("from"), true)
}

pub(super) fn merge(cursor: Cursor<'_>) -> Outline {
    writes(Verb::Merge, cursor, Some("into"), true)
}

/// COPY: of a table in either direction, or of a query, which may write and return what it wrote.
pub(super) fn copy(mut cursor: Cursor<'_>, context: Context) -> Outline {
    let mut outline = Outline::verb(Verb::Copy);
    let query = cursor.group();
    if let Some(query) = query {
        outline = super::relabelled(Verb::Copy, query, context);
    } else {
        cursor.eat("binary");
        let named = cursor.name();
        cursor.group();
        let role = if cursor.is("to") { Uses } else { Changes };
        if let Some(named) = named {
            outline.object(role, Table, named);
        }
    }
    // PostgreSQL takes either name in either direction.
    outline.flags.client = cursor.eat_any(&["from", "to"]) && (cursor.is("stdin") || cursor.is("stdout"));
    outline
}

/// Adds the tables a query reads.
pub(super) fn reads(outline: &mut Outline, cursor: Cursor<'_>) {
    scan(outline, cursor, false);
}

/// What one level of parentheses is.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Between FROM and what follows the tables: a comma is followed by a table.
    tables: bool,
    /// `extract(… from …)` and the like: FROM names no table. Nor does it in `a is distinct from b`.
    call: bool,
    /// In DELETE and MERGE: USING names a table.
    using: bool,
    /// Joins whose ON or USING has not come yet: that USING names columns.
    joins: u8,
}

/// Words in whose parentheses FROM belongs to the call.
const FROM_CALLS: [&str; 5] = ["extract", "substring", "trim", "overlay", "position"];

/// Words that end a list of tables.
const BEHIND_TABLES: [&str; 17] = [
    "where",
    "into",
    "group",
    "order",
    "having",
    "limit",
    "union",
    "intersect",
    "except",
    "window",
    "set",
    "returning",
    "fetch",
    "offset",
    "for",
    "select",
    "when",
];

/// Finds tables behind FROM, JOIN and (in DELETE and MERGE) USING, and the targets of writing WITH parts.
/// Names of common tables are left out.
fn scan(outline: &mut Outline, mut cursor: Cursor<'_>, using: bool) {
    let local = common_tables(cursor);
    let mut levels = vec![Level { using, ..Level::default() }];
    let mut before: Option<Token> = None;
    while let Some(token) = cursor.peek() {
        let level = levels.last().copied().unwrap_or_default();
        let mut expected = None;
        match token.kind {
            TokenKind::OpenParen => {
                let word = before.map_or("", |token| cursor.text_of(token));
                let call = FROM_CALLS.iter().any(|name| name.eq_ignore_ascii_case(word));
                levels.push(Level { call, ..Level::default() });
            }
            TokenKind::CloseParen if levels.len() > 1 => {
                levels.pop();
            }
            TokenKind::Comma if level.tables => expected = Some(Uses),
            TokenKind::Word => {
                let text = cursor.text_of(token);
                let wordy = before.is_some_and(|token| token.kind == TokenKind::Word);
                let follows =
                    |word| before.is_some_and(|token| cursor.text_of(token).eq_ignore_ascii_case(word));
                let top = levels.last_mut();
                if cursor.is("from") {
                    let deletes = follows("delete");
                    if !level.call && !follows("distinct") {
                        expected = Some(if deletes { Changes } else { Uses });
                    }
                    top.into_iter().for_each(|top| top.using |= deletes);
                } else if cursor.is("join") {
                    expected = Some(Uses);
                    top.into_iter().for_each(|top| top.joins = top.joins.saturating_add(1));
                } else if cursor.is("on") || cursor.is("using") {
                    let names_table = cursor.is("using") && level.using && level.joins == 0;
                    expected = names_table.then_some(Uses);
                    top.into_iter().for_each(|top| top.joins = top.joins.saturating_sub(1));
                } else if cursor.is("table") && starts_query(before, &cursor) {
                    expected = Some(Uses);
                } else if cursor.is("into") && (follows("insert") || follows("merge"))
                    || cursor.is("update") && !wordy && before.is_some()
                {
                    expected = Some(Changes);
                    top.into_iter().for_each(|top| top.using |= follows("merge"));
                } else if BEHIND_TABLES.iter().any(|word| word.eq_ignore_ascii_case(text)) {
                    let top = levels.len() == 1;
                    outline.flags.has_where |= top && cursor.is("where");
                    outline.flags.row_lock |= cursor.is("for") && locks_rows(&cursor);
                    if let Some(level) = levels.last_mut() {
                        level.tables = false;
                    }
                }
            }
            _ => {}
        }
        before = Some(token);
        cursor.skip(1);
        if let Some(role) = expected {
            before = relation(outline, &mut cursor, &mut levels, role, &local).or(before);
        }
    }
}

/// Whether a query can start behind this token, so that TABLE is one.
fn starts_query(before: Option<Token>, cursor: &Cursor<'_>) -> bool {
    let words = ["as", "union", "intersect", "except", "all", "distinct"];
    before.is_none_or(|token| {
        let text = cursor.text_of(token);
        token.kind == TokenKind::OpenParen || words.iter().any(|word| word.eq_ignore_ascii_case(text))
    })
}

/// Whether a value that looks like a name stands here: `current_date`, `collation for (…)`.
fn is_value(cursor: &Cursor<'_>) -> bool {
    let values = [
        "user",
        "current_user",
        "session_user",
        "current_role",
        "current_date",
        "current_time",
        "current_timestamp",
        "current_catalog",
        "localtime",
        "localtimestamp",
    ];
    cursor.is_any(&values) || cursor.are(&["collation", "for"])
}

fn locks_rows(cursor: &Cursor<'_>) -> bool {
    ["update", "share", "no", "key"].iter().any(|word| cursor.is_at(1, word))
}

/// Reads what stands where a table is expected. Returns the last token passed.
fn relation(
    outline: &mut Outline,
    cursor: &mut Cursor<'_>,
    levels: &mut Vec<Level>,
    role: ObjectRole,
    local: &BTreeSet<Ident>,
) -> Option<Token> {
    if let Some(level) = levels.last_mut() {
        level.tables = role == Uses;
    }
    cursor.eat("only");
    cursor.eat("lateral");
    // `from (a join b …)`: tables stand inside; `from (select …)` finds its own FROM.
    let mut opened = None;
    while cursor.at(TokenKind::OpenParen) {
        opened = cursor.bump();
        levels.push(Level { tables: true, ..Level::default() });
    }
    let called = cursor.are(&["rows", "from"]) || is_value(cursor);
    if called || cursor.is_any(&["select", "with", "values", "table"]) {
        if let Some(level) = levels.last_mut() {
            level.tables &= called;
        }
        cursor.eat_all(&["rows", "from"]);
        return opened;
    }
    let start = *cursor;
    let named = cursor.name()?;
    let called = cursor.at(TokenKind::OpenParen) && role == Uses;
    // What is written is a table even when a common table has its name.
    let common = role == Uses && named.name.schema.is_none() && local.contains(&named.name.name);
    if !called && !common {
        outline.object(role, Table, named);
    }
    start.until(cursor).tokens().last().copied()
}

/// Names that `… AS (` defines inside the statement.
fn common_tables(cursor: Cursor<'_>) -> BTreeSet<Ident> {
    let mut names = BTreeSet::new();
    let mut rest = cursor;
    if !rest.tokens().iter().any(|token| rest.text_of(*token).eq_ignore_ascii_case("with")) {
        return names;
    }
    while !rest.is_empty() {
        let mut ahead = rest;
        if let Some((name, _)) = ahead.ident() {
            if ahead.at(TokenKind::OpenParen) && names_only(ahead) {
                ahead.step();
            }
            if ahead.eat("as") {
                ahead.eat("not");
                ahead.eat("materialized");
                if ahead.at(TokenKind::OpenParen) {
                    names.insert(name);
                }
            }
        }
        rest.skip(1);
    }
    names
}

/// Whether the parentheses here hold names and commas alone; looks at their tokens once.
fn names_only(cursor: Cursor<'_>) -> bool {
    let mut inside = cursor;
    inside.skip(1);
    while inside.at_name() || inside.at(TokenKind::Comma) {
        inside.skip(1);
    }
    inside.at(TokenKind::CloseParen)
}
