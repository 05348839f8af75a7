//! Bodies of functions and DO blocks: which SQL they hold, and under what conditions it runs.
//! PL/pgSQL is cut into statements, not checked; expressions are not read.

use std::borrow::Cow;

use super::{
    classify::{Context, MAX_NESTING},
    cursor::Cursor,
    read_statement,
    split::Splitter,
    statement::{Body, Embedded},
};
use crate::text::Span;

/// The text between the quotes of a string at offset `start`, at the same offsets, and where it stands.
pub(crate) fn quoted(literal: &str, start: usize) -> Option<(Cow<'_, str>, Span)> {
    if let Some(rest) = literal.strip_prefix('$') {
        let tag = rest.find('$')? + 2;
        let inner = literal.get(tag..literal.len().checked_sub(tag)?)?;
        return Some((Cow::Borrowed(inner), Span::at(start + tag).join(Span::at(start + tag + inner.len()))));
    }
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let span = Span::new(start + 1, start + 1 + inner.len());
    Some((undoubled(inner), span))
}

/// `''` stands for one quote: a run of quotes becomes half as many and spaces, so that offsets stay.
fn undoubled(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\'') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\'') {
        let (before, from) = rest.split_at(at);
        let behind = from.trim_start_matches('\'');
        let half = (from.len() - behind.len()) / 2;
        out.push_str(before);
        out.extend(std::iter::repeat_n('\'', half));
        out.extend(std::iter::repeat_n(' ', half));
        rest = behind;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Reads a body whose text stands at `span`.
pub(crate) fn read(text: &str, span: Span, plpgsql: bool, context: Context) -> Body {
    let mut body = Body { span, ..Body::default() };
    if context.nesting >= MAX_NESTING || plpgsql {
        return body;
    }
    sql(text, span.start, context, &mut body);
    body
}

/// A body of plain SQL: its statements run one after another.
fn sql(text: &str, base: usize, context: Context, body: &mut Body) {
    let context = Context { plpgsql: false, nesting: context.nesting + 1, ..context };
    let mut splitter = Splitter::body(text);
    let mut tokens = Vec::new();
    while splitter.next(&mut tokens).is_some() {
        if !tokens.is_empty() {
            body.statements.push(Embedded {
                statement: read_statement(Cursor::new(text, &tokens, base), context),
                conditional: false,
                guarded: false,
                dynamic: false,
            });
        }
    }
}

/// BEGIN ATOMIC … END of a routine.
pub(crate) fn atomic(mut cursor: Cursor<'_>, context: Context) -> Body {
    cursor.skip(2);
    let inside = cursor.take(cursor.len().saturating_sub(1));
    let mut body = Body { span: inside.span(), ..Body::default() };
    if context.nesting < MAX_NESTING {
        sql(inside.text(), inside.span().start, context, &mut body);
    }
    body
}
