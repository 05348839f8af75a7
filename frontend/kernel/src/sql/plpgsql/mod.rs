//! Bodies of functions and DO blocks: which SQL they hold, and under what conditions it runs.
//! PL/pgSQL is cut into statements, not checked; expressions are not read.

mod dynamic;
mod literal;
mod walk;

pub(crate) use literal::{quoted, string_content, unpadded};

use super::{
    classify::{Context, MAX_NESTING},
    cursor::Cursor,
    lex::{Lexer, Token},
    read_statement,
    split::Splitter,
    statement::{Body, Embedded, Statement},
};
use crate::text::Span;

/// Reads a body whose text stands at `span`: PL/pgSQL, or else plain SQL.
pub(crate) fn read(text: &str, span: Span, plpgsql: bool, context: Context) -> Body {
    let mut body = Body { span, ..Body::default() };
    if context.nesting >= MAX_NESTING {
        return body;
    }
    let context = Context { plpgsql, nesting: context.nesting + 1, ..context };
    if plpgsql {
        let tokens: Vec<Token> = Lexer::new(text).filter(|token| !token.is_trivia()).collect();
        walk::walk(Cursor::new(text, &tokens, span.start), context, &mut body);
    } else {
        each(text, span.start, context, |statement| body.statements.push(always(statement)));
    }
    body
}

/// The body of a routine in standard SQL: BEGIN ATOMIC … END, or RETURN with an expression.
pub(crate) fn standard(mut cursor: Cursor<'_>, context: Context) -> Body {
    if cursor.eat_all(&["begin", "atomic"]) {
        cursor = cursor.take(cursor.len().saturating_sub(1));
    }
    read(cursor.text(), cursor.span(), false, context)
}

fn always(statement: Statement) -> Embedded {
    Embedded { statement, conditional: false, guarded: false, dynamic: false }
}

/// The statements of a text of plain SQL at offset `base`.
fn each(text: &str, base: usize, context: Context, mut found: impl FnMut(Statement)) {
    let mut splitter = Splitter::body(text);
    let mut tokens = Vec::new();
    while splitter.next(&mut tokens).is_some() {
        if !tokens.is_empty() {
            found(read_statement(Cursor::new(text, &tokens, base), context));
        }
    }
}

#[cfg(test)]
mod tests;
