//! Text to statements. Reading never fails: what is not understood is kept and said.

mod ast;
mod blank;
mod classify;
pub(crate) mod cursor;
pub(crate) mod lex;
pub mod lock;
pub mod marker;
mod plpgsql;
mod reading;
mod split;
pub mod statement;
mod structure;
pub mod text_settings;
pub(crate) mod type_name;
mod unchanged;

use crate::text::Span;
pub(crate) use classify::object_kind;

use classify::{Ask, Context};
use cursor::Cursor;
use lex::{Lexer, Token, TokenKind};
use marker::{Mark, Marker};
pub(crate) use plpgsql::string_content;
use reading::reading;
use split::{Ending, Splitter};
use statement::Statement;
use unchanged::Unchanged;

/// A text, read.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// In order of the text.
    pub statements: Vec<Statement>,
    /// What is certainly wrong with the text; never a guess.
    pub problems: Vec<Problem>,
    /// Comments by which a migration runner cuts the text.
    pub markers: Vec<Marker>,
    /// Of those, where a runner turns: the offset, and whether the way back begins there.
    turns: Vec<(usize, bool)>,
}

impl Parsed {
    /// The statements by number, without those that a runner takes for the way back.
    pub fn forward(&self) -> impl Iterator<Item = (usize, &Statement)> {
        self.statements.iter().enumerate().filter(|(_, statement)| !self.is_down(statement.span.start))
    }

    /// Whether a runner takes what stands at this offset for the way back, not for the way forward.
    pub fn is_down(&self, offset: usize) -> bool {
        let before = self.turns.partition_point(|(turn, _)| *turn <= offset);
        before.checked_sub(1).and_then(|last| self.turns.get(last)).is_some_and(|(_, down)| *down)
    }
}

/// Something PostgreSQL will refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What, in a sentence.
    pub message: String,
}

/// Reads a text, byte for byte; the spans of what it returns are offsets into `text`. sqlparser is not asked.
pub fn parse(text: &str) -> Parsed {
    read_file(text, Unchanged::default(), None)
}

/// Reads a text as [`parse`] does, which read an `earlier` one as `parsed`: what did not change is not read again.
pub fn parse_again(text: &str, earlier: &str, parsed: Parsed) -> Parsed {
    read_file(text, Unchanged::between(earlier, parsed, text), None)
}

/// Reads a text as [`parse`] does, and lets sqlparser read each statement, too: many times slower. A module that does not
/// call this holds no parser.
pub fn parse_in_full(text: &str) -> Parsed {
    read_file(text, Unchanged::default(), Some(reading))
}

/// How many statements [`parse`] finds in a text; they are not classified.
pub fn count(text: &str) -> usize {
    let mut splitter = Splitter::file(text);
    let mut tokens = Vec::new();
    let mut statements = 0;
    while splitter.next(&mut tokens).is_some() {
        statements += usize::from(!tokens.is_empty());
    }
    statements
}

fn read_file(text: &str, mut unchanged: Unchanged, ask: Option<Ask>) -> Parsed {
    let context = Context { plpgsql: false, nesting: 0, ask };
    let mut parsed = Parsed::default();
    let mut checks = structure::Checks::default();
    let mut splitter = Splitter::file(text);
    let mut tokens = Vec::new();
    while let Some(piece) = splitter.next(&mut tokens) {
        if tokens.is_empty() {
            continue;
        }
        let cursor = Cursor::new(text, &tokens, 0);
        let broken = matches!(piece.ending, Ending::Broken(_));
        let known = if broken { None } else { unchanged.take(cursor.span()) };
        let mut statement = known.unwrap_or_else(|| read_statement(cursor, context));
        statement.flags.templated = piece.templated;
        checks.check(cursor, &statement, piece, &mut parsed.problems);
        parsed.statements.push(statement);
    }
    parsed.markers = std::mem::take(&mut splitter.markers);
    let turns = parsed.markers.iter().filter(|marker| matches!(marker.mark, Mark::Up | Mark::Down));
    parsed.turns = turns.map(|marker| (marker.span.start, marker.mark == Mark::Down)).collect();
    parsed.problems.extend(text.find('\0').map(structure::zero_byte));
    parsed
}

/// Classifies one statement and, where that is wanted, lets sqlparser read it.
fn read_statement(cursor: Cursor<'_>, context: Context) -> Statement {
    let outline = classify::classify(cursor, context);
    Statement {
        span: cursor.span(),
        kind: outline.kind,
        objects: outline.objects,
        flags: outline.flags,
        detail: outline.detail,
        reading: context.ask.map(|ask| ask(cursor, outline.kind)),
    }
}

/// The tokens of a text that carry meaning.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    meaning(text).collect()
}

/// The same, one by one.
pub(crate) fn meaning(text: &str) -> impl Iterator<Item = Token> {
    Lexer::new(text).filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment))
}

/// The tokens that carry meaning, and those of what stands in dollar quotes as deep as bodies are read, with their
/// places in the whole text.
pub(crate) fn meaning_within(text: &str, each: &mut impl FnMut(TokenKind, Span)) {
    fn look(whole: &str, within: Span, nesting: u8, each: &mut impl FnMut(TokenKind, Span)) {
        for token in meaning(within.of(whole)) {
            let span = Span::new(within.start + token.start, within.start + token.end);
            each(token.kind, span);
            if token.kind == TokenKind::DollarText && nesting < classify::MAX_NESTING {
                let tag = span.of(whole).split_inclusive('$').take(2).map(str::len).sum::<usize>();
                look(whole, Span::new(span.start + tag, span.end - tag), nesting + 1, each);
            }
        }
    }
    look(text, Span::new(0, text.len()), 0, each);
}

/// Whether a server gets the statement as it is written: psql would put nothing in the place of a variable, and every
/// quote in it is closed.
pub fn has_no_variable(statement: &str) -> bool {
    let is_broken = |token: Token| matches!(token.kind, TokenKind::Broken(_));
    psql_variable(statement).is_none() && !Lexer::new(statement).any(is_broken)
}

/// The first `$1`, in whose place a server expects a value that comes beside the statement.
pub fn first_parameter(statement: &str) -> Option<Span> {
    Lexer::new(statement).find(|token| token.kind == TokenKind::Parameter).map(Token::span)
}

/// The first `:name`, `:'name'` or `:"name"`, where psql writes a variable's value before it sends the statement.
/// Between brackets the colon is SQL's own: `a[1:'2']`.
pub(crate) fn psql_variable(text: &str) -> Option<Span> {
    let bytes = text.as_bytes();
    let opens = |byte: &u8| matches!(byte, b'\'' | b'"' | b'_' | 128..) || byte.is_ascii_alphabetic();
    let is_lone = |at: usize| at == 0 || bytes.get(at - 1) != Some(&b':');
    if !text.match_indices(':').any(|(at, _)| is_lone(at) && bytes.get(at + 1).is_some_and(opens)) {
        return None;
    }
    let mut brackets = 0_usize;
    let mut colon = None;
    for token in Lexer::new(text) {
        let names = match token.kind {
            TokenKind::Word => true,
            TokenKind::Text | TokenKind::QuotedName => token.span().of(text).starts_with(['\'', '"']),
            _ => false,
        };
        if let Some(start) = colon.filter(|_| names) {
            return Some(Span::new(start, token.end));
        }
        match token.kind {
            TokenKind::OpenBracket => brackets += 1,
            TokenKind::CloseBracket => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        let is_lone = token.kind == TokenKind::Colon && token.span().len() == 1 && brackets == 0;
        colon = is_lone.then_some(token.start);
    }
    None
}

/// The tokens that carry meaning, without comments, white space and final `;`: two texts with equal tokens
/// mean the same. Words outside quotes are folded to lower case.
pub fn significant_tokens(text: &str) -> Vec<String> {
    let mut splitter = Splitter::file(text);
    let mut tokens: Vec<Token> = Vec::new();
    let mut out = Vec::new();
    while splitter.next(&mut tokens).is_some() {
        if !out.is_empty() && !tokens.is_empty() {
            out.push(";".to_owned());
        }
        for token in &tokens {
            let written = token.span().of(text);
            out.push(match token.kind {
                TokenKind::Word => written.to_ascii_lowercase(),
                _ => written.to_owned(),
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_dollar_quotes_is_read_and_nesting_has_an_end() {
        let words = |text: &str| {
            let mut words = Vec::new();
            meaning_within(text, &mut |kind, span| {
                if kind == TokenKind::Word {
                    words.push(span.of(text).to_owned());
                }
            });
            words
        };
        assert_eq!(
            words("do $$ begin execute $x$ select 1 $x$; end $$"),
            ["do", "begin", "execute", "select", "end"]
        );
        assert_eq!(words("a $$$$ b $x$"), ["a", "b"]);
        // As deep as a file of some megabytes can be.
        let tags: Vec<String> = (0..200_000).map(|tag| format!("$t{tag}$ ")).collect();
        let deep = tags.concat() + &tags.iter().rev().map(String::as_str).collect::<String>();
        assert!(words(&deep).is_empty());
    }
}
