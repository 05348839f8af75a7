//! The mistakes that can be told without a grammar and without a false alarm. Nothing else is ever called
//! a syntax error.

use super::{
    Problem,
    cursor::Cursor,
    lex::{Quote, Token, TokenKind},
    split::{Ending, Piece},
    statement::{Statement, StatementKind::Other, Verb},
};
use crate::text::Span;

/// What earlier pieces of the text mean for later ones.
#[derive(Default)]
pub(crate) struct Checks {
    /// Behind a token that was never closed nothing can be said for certain.
    blind: bool,
    /// The piece before ended in the middle of a statement.
    continued: bool,
}

impl Checks {
    /// Adds what is wrong with one piece.
    pub(crate) fn check(
        &mut self,
        cursor: Cursor<'_>,
        statement: &Statement,
        piece: Piece,
        problems: &mut Vec<Problem>,
    ) {
        let cut = matches!(piece.ending, Ending::BeforeMeta | Ending::BeforeData);
        let continued = std::mem::replace(&mut self.continued, cut);
        if self.blind || continued || matches!(piece.ending, Ending::Meta | Ending::BeforeData) {
            self.continued |= continued && piece.ending == Ending::Meta;
            return;
        }
        if let Ending::Broken(quote) = piece.ending {
            self.blind = true;
            problems.extend(cursor.tokens().last().map(|token| never_closed(&cursor, *token, quote)));
            return;
        }
        // What a template makes of the text is not known.
        if piece.templated {
            return;
        }
        if statement.kind == Other(Verb::Unknown) {
            problems.extend(unknown_start(&cursor));
        }
        problems.extend(brackets(&cursor));
        problems.extend(stray_comma(&cursor));
    }
}

/// A zero byte anywhere.
pub(crate) fn zero_byte(at: usize) -> Problem {
    Problem { span: Span::new(at, at + 1), message: "PostgreSQL takes no zero byte in any text.".to_owned() }
}

fn problem(cursor: &Cursor<'_>, token: Token, message: impl Into<String>) -> Problem {
    Problem { span: cursor.span_of(token), message: message.into() }
}

fn never_closed(cursor: &Cursor<'_>, token: Token, quote: Quote) -> Problem {
    let text = cursor.text_of(token);
    let (what, length) = match quote {
        Quote::Text => ("This string is never closed.".to_owned(), text.find('\'').map_or(1, |at| at + 1)),
        Quote::Name => {
            ("This quoted name is never closed.".to_owned(), text.find('"').map_or(1, |at| at + 1))
        }
        Quote::Comment => ("This comment is never closed.".to_owned(), 2),
        Quote::Dollar => {
            let length = text.get(1..).and_then(|rest| rest.find('$')).map_or(1, |at| at + 2);
            let tag = text.get(..length).unwrap_or_default();
            (format!("The text opened by {tag} is never closed by another {tag}."), length)
        }
    };
    let mut found = problem(cursor, token, what);
    found.span.end = found.span.start + length;
    found
}

/// PL/pgSQL's statements that are no SQL.
const PLPGSQL_ONLY: [&str; 13] = [
    "raise", "perform", "if", "elsif", "else", "loop", "while", "for", "foreach", "exit", "continue",
    "return", "assert",
];

/// The first word belongs to no statement. psql variables and templates may stand for anything.
fn unknown_start(cursor: &Cursor<'_>) -> Option<Problem> {
    let first = cursor.peek()?;
    if !matches!(first.kind, TokenKind::Word) {
        return None;
    }
    let word = cursor.text_of(first).to_ascii_lowercase();
    // CREATE begins a statement; the word behind it is the one that nobody knows.
    let second = cursor.peek_at(1).filter(|token| token.kind == TokenKind::Word);
    if let (Some(second), "create" | "alter" | "drop") = (second, word.as_str()) {
        let upper = word.to_ascii_uppercase();
        return Some(problem(cursor, second, format!("There is no {upper} “{}”.", cursor.text_of(second))));
    }
    Some(if PLPGSQL_ONLY.contains(&word.as_str()) {
        let upper = word.to_ascii_uppercase();
        let message = format!("{upper} is PL/pgSQL: it works only inside a function or a DO block.");
        problem(cursor, first, message)
    } else {
        problem(cursor, first, format!("No statement starts with “{word}”."))
    })
}

/// The first parenthesis or bracket without its partner.
fn brackets(cursor: &Cursor<'_>) -> Option<Problem> {
    use TokenKind::{CloseBracket, CloseParen, OpenBracket, OpenParen};
    let mut open: Vec<Token> = Vec::new();
    for token in cursor.tokens() {
        let partner = match token.kind {
            OpenParen | OpenBracket => {
                open.push(*token);
                continue;
            }
            CloseParen => OpenParen,
            CloseBracket => OpenBracket,
            _ => continue,
        };
        if open.pop().map(|token| token.kind) != Some(partner) {
            return Some(problem(cursor, *token, "Nothing is open that this could close."));
        }
    }
    open.pop().map(|token| problem(cursor, token, "This is never closed in its statement."))
}

/// A comma with nothing behind it.
fn stray_comma(cursor: &Cursor<'_>) -> Option<Problem> {
    let tokens = cursor.tokens();
    let closes = |token: Option<&Token>| token.is_none_or(|token| token.kind == TokenKind::CloseParen);
    let at =
        (0..tokens.len()).find(|at| tokens[*at].kind == TokenKind::Comma && closes(tokens.get(at + 1)))?;
    let comma = tokens.get(at)?;
    Some(problem(cursor, *comma, "Nothing follows this comma."))
}
