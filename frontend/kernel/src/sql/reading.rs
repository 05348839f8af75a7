//! How much of a statement sqlparser reads: at once, after blanking, action by action, or not at all.

use super::{
    ast, blank,
    cursor::Cursor,
    lex::{Token, TokenKind},
    statement::{
        ObjectKind as O, Reading,
        StatementKind::{self, Alter, Create, Drop, Other},
        Verb,
    },
};

/// Deeper nesting than this is not parsed. The parser's own limit is the same order; this one holds before
/// it allocates anything.
const MAX_DEPTH: usize = 40;

/// A chain of more operators than this is not parsed: its tree is as deep as the chain is long, and
/// dropping it recurses.
const MAX_CHAIN: usize = 200;

/// A statement of more bytes is not parsed: its tree takes some hundred times as much memory as its text.
const MAX_BYTES: usize = 256 << 10;

/// How much of the statement sqlparser reads.
pub(super) fn reading(cursor: Cursor<'_>, kind: StatementKind) -> Reading {
    if !is_known(kind) {
        return Reading::OutlineOnly;
    }
    if cursor.span().len() > MAX_BYTES || is_too_complex(cursor) {
        return Reading::TooComplex;
    }
    let misread = kind == Create(O::Table) && blank::has_like(cursor);
    if !misread && ast::accepts(cursor.text()) {
        return Reading::Parsed;
    }
    let second = blank::blanked(cursor, kind).is_some_and(|text| ast::accepts(&text));
    if second || kind == Alter(O::Table) && any_action(cursor) {
        Reading::ParsedInPart
    } else {
        Reading::OutlineOnly
    }
}

/// Kinds that sqlparser has a grammar for, at least for some of their forms.
const fn is_known(kind: StatementKind) -> bool {
    match kind {
        Create(object) => matches!(
            object,
            O::Table
                | O::Index
                | O::View
                | O::MaterializedView
                | O::Function
                | O::Trigger
                | O::Policy
                | O::Type
                | O::Extension
                | O::Schema
                | O::Sequence
                | O::Role
                | O::Domain
                | O::Database
                | O::Operator
                | O::OperatorClass
                | O::OperatorFamily
                | O::Server
        ),
        Alter(object) => matches!(
            object,
            O::Table
                | O::Index
                | O::View
                | O::Type
                | O::Role
                | O::Policy
                | O::Schema
                | O::Function
                | O::Operator
                | O::OperatorClass
                | O::OperatorFamily
        ),
        Drop(object) => matches!(
            object,
            O::Table
                | O::Index
                | O::View
                | O::MaterializedView
                | O::Function
                | O::Procedure
                | O::Trigger
                | O::Policy
                | O::Type
                | O::Extension
                | O::Schema
                | O::Sequence
                | O::Role
                | O::Domain
                | O::Database
                | O::Operator
                | O::OperatorClass
                | O::OperatorFamily
        ),
        Other(verb) => !matches!(
            verb,
            Verb::Do
                | Verb::Checkpoint
                | Verb::Cluster
                | Verb::ImportForeignSchema
                | Verb::Move
                | Verb::ReassignOwned
                | Verb::RefreshMaterializedView
                | Verb::Reindex
                | Verb::SecurityLabel
                | Verb::SetConstraints
                | Verb::PrepareTransaction
                | Verb::Psql
                | Verb::Unknown
        ),
    }
}

fn is_too_complex(cursor: Cursor<'_>) -> bool {
    const CHAINING: [&str; 8] = ["and", "or", "not", "union", "except", "intersect", "case", "join"];
    // A statement in a statement costs the parser its largest frame; PostgreSQL allows one at most.
    let inner = |token: &&Token| {
        let text = cursor.text_of(**token);
        text.eq_ignore_ascii_case("explain") || text.eq_ignore_ascii_case("prepare")
    };
    if cursor.tokens().iter().filter(inner).count() > 4 {
        return true;
    }
    // The operators so far, one count for each level of parentheses.
    let mut chains = vec![0_usize];
    for token in cursor.tokens() {
        match token.kind {
            TokenKind::OpenParen | TokenKind::OpenBracket => chains.push(0),
            TokenKind::CloseParen | TokenKind::CloseBracket if chains.len() > 1 => {
                chains.pop();
            }
            TokenKind::Operator | TokenKind::Colon | TokenKind::Comma | TokenKind::Word => {
                let text = cursor.text_of(*token);
                let word = || CHAINING.iter().any(|word| word.eq_ignore_ascii_case(text));
                if let Some(chain) = chains.last_mut() {
                    match token.kind {
                        // A list starts a chain of its own.
                        TokenKind::Comma => *chain = 0,
                        TokenKind::Word => *chain += usize::from(word()),
                        _ => *chain += 1,
                    }
                }
            }
            _ => {}
        }
        if chains.len() > MAX_DEPTH + 1 || chains.last().is_some_and(|chain| *chain > MAX_CHAIN) {
            return true;
        }
    }
    false
}

/// Whether sqlparser reads one of several actions of an ALTER TABLE, so that one it does not know does not
/// hide the others.
fn any_action(cursor: Cursor<'_>) -> bool {
    let mut rest = cursor;
    rest.skip(2);
    rest.eat_all(&["if", "exists"]);
    rest.eat("only");
    rest.name();
    let head = cursor.until(&rest).text();
    let mut actions = 0;
    let mut read = false;
    while let Some(action) = rest.list_item() {
        actions += 1;
        read = read || ast::accepts(&format!("{head} {}", action.text()));
    }
    read && actions > 1
}
