//! What the text of an expression or a query names: columns, functions, types, sequences.
//! It evaluates nothing, and where a word may mean two things it names both.

use crate::{
    name::{Ident, QualifiedName},
    sql::{cursor::Cursor, lex::TokenKind, string_content},
};

/// Names in an expression, as written.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// Words that may be columns.
    pub(super) columns: Vec<Ident>,
    /// Functions that are called.
    pub(super) calls: Vec<QualifiedName>,
    /// Types that are cast to.
    pub(super) types: Vec<QualifiedName>,
    /// What `'…'::regclass` and `nextval('…')` name.
    pub(super) relations: Vec<QualifiedName>,
    /// `select *` or `t.*`: every column of what is read.
    pub(super) star: bool,
}

/// Reads the names of an expression or a query.
pub(super) fn mentions(mut cursor: Cursor<'_>) -> Mentions {
    let mut found = Mentions::default();
    let mut before = "";
    while let Some(token) = cursor.peek() {
        match token.kind {
            TokenKind::Word | TokenKind::QuotedName => {
                let cast = before == "::";
                let Some(named) = cursor.name() else { break };
                name(&mut found, named.name, cast, cursor);
                // `t.*`, `select *`
                let star = cursor.eat_kind(TokenKind::Dot) || is_word(cursor, token, "select");
                before = if star { "." } else { "" };
                continue;
            }
            TokenKind::Text => {
                let literal = cursor.text_of(token);
                if before == "nextval(" || is_regclass(cursor) {
                    found.relations.push(QualifiedName::from_sql(&string_content(literal)));
                }
                before = "";
            }
            _ => {
                let text = cursor.text_of(token);
                found.star |= text == "*" && matches!(before, "." | ",");
                let called =
                    text == "(" && found.calls.last().is_some_and(|call| call.name.as_str() == "nextval");
                before = if called { "nextval(" } else { text };
            }
        }
        cursor.skip(1);
    }
    found
}

/// Whether the literal here is cast to a relation.
fn is_regclass(cursor: Cursor<'_>) -> bool {
    cursor.peek_at(1).is_some_and(|token| cursor.text_of(token) == "::") && cursor.is_at(2, "regclass")
}

fn is_word(cursor: Cursor<'_>, token: crate::sql::lex::Token, word: &str) -> bool {
    token.kind == TokenKind::Word && cursor.text_of(token).eq_ignore_ascii_case(word)
}

fn name(found: &mut Mentions, written: QualifiedName, cast: bool, behind: Cursor<'_>) {
    if cast {
        found.types.push(written);
    } else if behind.at(TokenKind::OpenParen) {
        found.calls.push(written);
    } else {
        found.columns.push(written.name.clone());
        if behind.at(TokenKind::Text) {
            found.types.push(written);
        }
    }
}
