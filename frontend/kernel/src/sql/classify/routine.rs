//! CREATE FUNCTION and PROCEDURE, and DO: their options, and where their bodies stand.

use super::{Context, Outline};
use crate::{
    sql::{
        cursor::Cursor,
        lex::{Token, TokenKind},
        plpgsql,
        statement::{Body, Detail, ObjectKind, ObjectRole::Makes, Routine, Verb},
    },
    text::Span,
};

/// CREATE [OR REPLACE] FUNCTION or PROCEDURE, behind those words.
pub(super) fn create(
    mut cursor: Cursor<'_>,
    mut outline: Outline,
    kind: ObjectKind,
    context: Context,
) -> Outline {
    outline.name(&mut cursor, Makes, kind);
    let mut routine =
        Routine { arguments: cursor.group().map(arguments).unwrap_or_default(), ..Routine::default() };
    let mut text = None;
    let mut standard = None;
    while !cursor.is_empty() {
        if cursor.eat("language") {
            routine.language = language(&mut cursor);
        } else if cursor.eat_all(&["security", "definer"]) {
            routine.security_definer = true;
        } else if cursor.eat("set") {
            routine.sets_search_path |= cursor.is("search_path");
            cursor.step();
        } else if cursor.eat("as") {
            text = literal(&mut cursor);
        } else if cursor.are(&["begin", "atomic"]) || cursor.is("return") {
            standard = Some(cursor);
            break;
        } else {
            cursor.step();
        }
    }
    routine.body = match (standard, text) {
        (Some(body), _) => Some(plpgsql::standard(body, context)),
        (None, Some(token)) => body(cursor, token, &routine.language, context),
        (None, None) => None,
    };
    outline.detail = Detail::Routine(routine);
    outline
}

/// DO: the language may stand before or behind the body.
pub(super) fn anonymous(mut cursor: Cursor<'_>, context: Context) -> Outline {
    let end = cursor.span().end;
    cursor.skip(1);
    let mut outline = Outline::verb(Verb::Do);
    let mut name = "plpgsql".to_owned();
    let mut text = None;
    while !cursor.is_empty() {
        if cursor.eat("language") {
            name = language(&mut cursor);
        } else {
            text = text.or(literal(&mut cursor));
        }
    }
    let read = text.and_then(|token| body(cursor, token, &name, context));
    let span = text.map_or(Span::at(end), |token| cursor.span_of(token));
    outline.detail = Detail::Do(read.unwrap_or(Body { span, ..Body::default() }));
    outline
}

fn language(cursor: &mut Cursor<'_>) -> String {
    let Some(token) = cursor.bump() else {
        return String::new();
    };
    cursor.text_of(token).trim_matches(['\'', '"']).to_ascii_lowercase()
}

/// Passes a token, or the whole of a literal that goes on in further ones, with psql's variables between.
fn literal(cursor: &mut Cursor<'_>) -> Option<Token> {
    let mut token = cursor.bump()?;
    while token.kind == TokenKind::Text {
        let colon = usize::from(cursor.at(TokenKind::Colon));
        let Some(next) = cursor.peek_at(colon).filter(|next| next.kind == TokenKind::Text) else { break };
        token.end = next.end;
        cursor.skip(colon + 1);
    }
    Some(token)
}

/// The body in a string, when its language is PL/pgSQL or SQL.
fn body(cursor: Cursor<'_>, token: Token, language: &str, context: Context) -> Option<Body> {
    let plpgsql = match language {
        "plpgsql" => true,
        "sql" => false,
        _ => return None,
    };
    let (text, span) = plpgsql::quoted(cursor.text_of(token), cursor.span_of(token).start)?;
    Some(plpgsql::read(&text, span, plpgsql, context))
}

/// Words that can stand before an argument's name or type.
const MODES: [&str; 4] = ["in", "out", "inout", "variadic"];

/// Types of two words and more whose first word is no argument's name.
const LONG_TYPES: [&str; 11] = [
    "double",
    "character",
    "char",
    "bit",
    "time",
    "timestamp",
    "interval",
    "national",
    "nchar",
    "dec",
    "setof",
];

/// The types of the arguments that identify a routine: all but OUT ones.
fn arguments(mut group: Cursor<'_>) -> String {
    let mut types = Vec::new();
    while let Some(mut item) = group.list_item() {
        if item.is("out") && item.len() > 1 {
            continue;
        }
        item.eat_any(&MODES);
        let second = item.peek_at(1).map(|token| token.kind);
        let named = matches!(second, Some(TokenKind::Word | TokenKind::QuotedName))
            && !item.is_any(&LONG_TYPES)
            && !item.is_at(1, "default");
        if named {
            item.skip(1);
            item.eat_any(&MODES);
        }
        let start = item;
        while !item.is_empty() && !item.is("default") && !item.at_text("=") {
            item.step();
        }
        types.push(start.until(&item).folded());
    }
    types.join(", ")
}
