//! What stands between the operators of an expression: literals, columns, calls, CASE.

use super::{BOOLEAN, Called, Term, Value, cast, named, nameless, type_here, whole};
use crate::{
    name::{Ident, QualifiedName},
    sql::{cursor::Cursor, lex::TokenKind},
};

pub(super) fn primary<'a>(cursor: &mut Cursor<'a>, depth: u8) -> Option<Term<'a>> {
    let token = cursor.peek()?;
    match token.kind {
        TokenKind::Text | TokenKind::DollarText => {
            while cursor.eat_kind(TokenKind::Text) || cursor.eat_kind(TokenKind::DollarText) {}
            let bits = cursor.text_of(token).starts_with(['b', 'B', 'x', 'X']);
            Some(nameless(if bits { Value::Unknown } else { Value::Open }))
        }
        TokenKind::Number => {
            cursor.skip(1);
            Some(nameless(number(cursor.text_of(token))))
        }
        TokenKind::OpenParen => {
            let inside = cursor.group()?;
            if inside.is_any(&QUERIES) {
                return Some(Term { called: Called::Query(inside), value: Value::Query(inside) });
            }
            let mut items = inside;
            items.list_item()?;
            if items.is_empty() { whole(inside, depth + 1) } else { Some(named("row", Value::Unknown)) }
        }
        TokenKind::Word | TokenKind::QuotedName => word(cursor, depth),
        _ => None,
    }
}

/// Words that start a query.
pub(in crate::schema::fold) const QUERIES: [&str; 4] = ["select", "with", "values", "table"];

fn number(text: &str) -> Value<'static> {
    if text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b") || text.contains('_') {
        Value::Unknown
    } else if text.parse::<i32>().is_ok() {
        Value::Own("integer")
    } else if text.parse::<i64>().is_ok() {
        Value::Own("bigint")
    } else {
        Value::Own("numeric")
    }
}

/// What looks like a name and is a value; PostgreSQL calls its column by the same word.
const VALUES: [(&str, &str); 12] = [
    ("current_date", "date"),
    ("current_time", "time with time zone"),
    ("current_timestamp", "timestamp with time zone"),
    ("localtime", "time without time zone"),
    ("localtimestamp", "timestamp without time zone"),
    ("current_user", "name"),
    ("current_role", "name"),
    ("session_user", "name"),
    ("user", "name"),
    ("current_catalog", "name"),
    ("current_schema", "name"),
    ("system_user", "text"),
];

fn word<'a>(cursor: &mut Cursor<'a>, depth: u8) -> Option<Term<'a>> {
    let opens = cursor.peek_at(1).is_some_and(|next| next.kind == TokenKind::OpenParen);
    if cursor.is("case") {
        return case(cursor, depth);
    }
    if let Some(name) =
        ["array", "row"].into_iter().find(|name| cursor.is(name) && (opens || *name == "array"))
    {
        cursor.skip(1);
        cursor.step();
        return Some(named(name, Value::Unknown));
    }
    if cursor.eat_any(&["true", "false"]) {
        // Up to PostgreSQL 14 it is a cast, and called by its type.
        return Some(Term { called: Called::Unknown, value: BOOLEAN });
    }
    if cursor.eat("null") {
        return Some(nameless(Value::Open));
    }
    if let Some((name, own)) = VALUES.iter().find(|(name, _)| cursor.is(name) && !opens) {
        cursor.skip(1);
        return Some(named(name, Value::Own(own)));
    }
    if opens && let Some(term) = syntax(cursor, depth) {
        return term;
    }
    typed_literal(cursor).or_else(|| column_or_call(cursor))
}

/// Calls that PostgreSQL's grammar knows by their words.
#[expect(clippy::option_option, reason = "one that is not understood is still none of the others")]
fn syntax<'a>(cursor: &mut Cursor<'a>, depth: u8) -> Option<Option<Term<'a>>> {
    let start = *cursor;
    let word = cursor.word(0).to_ascii_lowercase();
    cursor.skip(1);
    let mut inside = cursor.group()?;
    Some(match word.as_str() {
        "exists" => Some(named("exists", BOOLEAN)),
        "coalesce" | "greatest" | "least" => {
            let mut values = Vec::new();
            while let Some(item) = inside.list_item() {
                values.push(whole(item, depth + 1).map_or(Value::Unknown, |term| term.value));
            }
            Some(named(&word, Value::Common(values)))
        }
        "trim" if inside.is("leading") => Some(named("ltrim", Value::Unknown)),
        "trim" if inside.is("trailing") => Some(named("rtrim", Value::Unknown)),
        "trim" => Some(named("btrim", Value::Unknown)),
        "cast" => {
            let from = inside;
            inside.skip_to_any(&["as"]);
            let inner = whole(from.until(&inside), depth + 1);
            inside.skip(1);
            let inner = inner.map_or(Called::Unknown, |term| term.called);
            let mut term = Term { called: inner, value: Value::Unknown };
            cast(&mut term, inside);
            Some(term)
        }
        "current_time" | "current_timestamp" | "localtime" | "localtimestamp" => {
            Some(named(&word, Value::Unknown))
        }
        "treat" | "xmlserialize" => None,
        _ => {
            *cursor = start;
            return None;
        }
    })
}

/// `date '2020-01-01'`.
fn typed_literal<'a>(cursor: &mut Cursor<'a>) -> Option<Term<'a>> {
    let mut ahead = *cursor;
    let written = type_here(&mut ahead)?;
    if !ahead.eat_kind(TokenKind::Text) {
        return None;
    }
    *cursor = ahead;
    let mut term = nameless(Value::Open);
    cast(&mut term, written);
    // `interval '1' day`: the fields are part of the type.
    if written.is("interval") && cursor.eat_any(&["year", "month", "day", "hour", "minute", "second"]) {
        term.value = Value::Unknown;
        if cursor.eat("to") {
            cursor.skip(1);
        }
        cursor.group();
    }
    Some(term)
}

fn column_or_call<'a>(cursor: &mut Cursor<'a>) -> Option<Term<'a>> {
    if cursor.are(&["collation", "for"]) {
        cursor.skip(2);
        cursor.step();
        return Some(named("pg_collation_for", Value::Unknown));
    }
    let mut parts = cursor.dotted()?;
    let last = parts.last().cloned()?;
    if !cursor.at(TokenKind::OpenParen) {
        return Some(Term { called: Called::Name(last), value: Value::Column(parts) });
    }
    cursor.step();
    if cursor.eat_all(&["within", "group"]) {
        cursor.step();
    }
    if cursor.is("filter") && cursor.peek_at(1).is_some_and(|next| next.kind == TokenKind::OpenParen) {
        cursor.skip(1);
        cursor.step();
    }
    if cursor.eat("over") {
        cursor.step();
    }
    parts.pop();
    let called = QualifiedName { schema: parts.pop(), name: last.clone() };
    Some(Term { called: Called::Name(last), value: Value::Call(called) })
}

fn case<'a>(cursor: &mut Cursor<'a>, depth: u8) -> Option<Term<'a>> {
    let mut results: Vec<(Cursor<'a>, bool)> = Vec::new();
    let mut open: Option<(Cursor<'a>, bool)> = None;
    let mut nested = 0_usize;
    loop {
        if cursor.is_empty() {
            return None;
        }
        if cursor.is("case") {
            nested += 1;
        }
        if nested == 1 && cursor.is_any(&["when", "else", "end"]) {
            results.extend(open.take().map(|(start, last)| (start.until(cursor), last)));
        }
        if nested == 1 && cursor.is_any(&["then", "else"]) {
            let last = cursor.is("else");
            cursor.skip(1);
            open = Some((*cursor, last));
            continue;
        }
        if cursor.eat("end") {
            nested -= 1;
            if nested == 0 {
                break;
            }
            continue;
        }
        // A field may be called as a word of CASE is.
        let field = cursor.at(TokenKind::Dot);
        cursor.step();
        if field {
            cursor.skip(1);
        }
    }
    let mut called = Called::Weak(Ident::exact("case"));
    let mut values = Vec::new();
    let has_else = results.iter().any(|(_, last)| *last);
    for (result, last) in results {
        let term = whole(result, depth + 1);
        if last {
            match term.as_ref().map(|term| &term.called) {
                Some(Called::Name(name)) => called = Called::Name(name.clone()),
                Some(Called::Query(query)) => called = Called::Query(*query),
                Some(Called::Nothing | Called::Weak(_)) => {}
                Some(Called::Unknown) | None => called = Called::Unknown,
            }
        }
        values.push(term.map_or(Value::Unknown, |term| term.value));
    }
    if !has_else {
        values.push(Value::Open);
    }
    Some(Term { called, value: Value::Common(values) })
}
