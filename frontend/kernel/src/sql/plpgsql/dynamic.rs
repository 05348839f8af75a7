//! EXECUTE of text: what can be known of it without running it.

use super::{
    Embedded, each,
    literal::{filled, quoted},
};
use crate::sql::{
    classify::{Context, MAX_NESTING},
    cursor::Cursor,
    lex::{Token, TokenKind},
    statement::{Body, Statement},
};

/// Reads the expression behind EXECUTE: a literal, or a literal given to `format()`. Anything else is not
/// known.
pub(super) fn execute(expression: Cursor<'_>, context: Context, conditional: bool, body: &mut Body) {
    let known = literal(expression).and_then(|(token, template)| {
        let (text, span) = quoted(expression.text_of(token), expression.span_of(token).start)?;
        let text = if template { filled(&text).into() } else { text };
        (context.nesting < MAX_NESTING).then_some((text, span, template.then_some(token)))
    });
    let Some((text, span, template)) = known else {
        return body.unknown_dynamic.push(expression.span());
    };
    let context = Context { plpgsql: false, nesting: context.nesting + 1, ..context };
    let written = template.map(|token| expression.text_of(token));
    let offset = template.map_or(0, |token| expression.span_of(token).start);
    each(&text, span.start, context, |mut statement| {
        if let Some(written) = written {
            forget_placeholders(&mut statement, written, offset);
        }
        body.statements.push(Embedded { statement, conditional, guarded: false, dynamic: true });
    });
}

/// A name with a placeholder in it is no name; a filled placeholder is underscores alone.
fn forget_placeholders(statement: &mut Statement, written: &str, offset: usize) {
    statement.objects.retain(|object| {
        let local = object.span.start.saturating_sub(offset)..object.span.end.saturating_sub(offset);
        !written.get(local).unwrap_or_default().contains('%')
    });
    for object in &mut statement.objects {
        object.of = object.of.take().filter(|of| of.name.as_str().contains(|letter| letter != '_'));
    }
}

/// The literal that is executed, and whether it is a template of `format()`.
fn literal(mut cursor: Cursor<'_>) -> Option<(Token, bool)> {
    let is_text = |token: &Token| matches!(token.kind, TokenKind::Text | TokenKind::DollarText);
    let ends = |cursor: &Cursor<'_>| cursor.is_empty() || cursor.is_any(&["into", "using"]);
    if cursor.is("format") || cursor.is("pg_catalog") {
        cursor.eat("pg_catalog");
        cursor.eat_kind(TokenKind::Dot);
        if !cursor.eat("format") {
            return None;
        }
        let mut group = cursor.group()?;
        let template = group.bump().filter(is_text)?;
        let alone = group.is_empty() || group.at(TokenKind::Comma);
        return (alone && ends(&cursor)).then_some((template, true));
    }
    let token = cursor.bump().filter(is_text)?;
    ends(&cursor).then_some((token, false))
}
