//! Walks the tokens of one statement: keywords without regard to case, names, groups in parentheses.
//! It decides nothing about the statement.

use super::{
    lex::{Token, TokenKind},
    plpgsql::unpadded,
};
use crate::{
    name::{Ident, QualifiedName},
    text::Span,
};

/// A place in a statement's tokens. Copies are cheap, so looking ahead is a copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    /// The text the tokens were cut from.
    text: &'a str,
    tokens: &'a [Token],
    /// Where `text` stands in the file.
    base: usize,
    /// Where in the file it began, which is the place of what holds no token.
    start: usize,
}

/// A name and where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: QualifiedName,
    pub(crate) span: Span,
}

impl<'a> Cursor<'a> {
    /// `text` starts at offset `base` of the file.
    pub(crate) fn new(text: &'a str, tokens: &'a [Token], base: usize) -> Self {
        let start = base + tokens.first().map_or(0, |first| first.start);
        Self { text, tokens, base, start }
    }

    pub(crate) fn peek(&self) -> Option<Token> {
        self.tokens.first().copied()
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(ahead).copied()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// How many tokens are left.
    pub(crate) const fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The text of a token.
    pub(crate) fn text_of(&self, token: Token) -> &'a str {
        token.span().of(self.text)
    }

    /// A token's place in the file.
    pub(crate) fn span_of(&self, token: Token) -> Span {
        token.span().shifted(self.base)
    }

    /// From the first to the last remaining token, in the file.
    pub(crate) fn span(&self) -> Span {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => Span::new(first.start, last.end).shifted(self.base),
            _ => Span::at(self.start),
        }
    }

    /// The text from the first to the last remaining token.
    pub(crate) fn text(&self) -> &'a str {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => Span::new(first.start, last.end).of(self.text),
            _ => "",
        }
    }

    /// The remaining tokens.
    pub(crate) const fn tokens(&self) -> &'a [Token] {
        self.tokens
    }

    /// Moves on; returns the token passed.
    pub(crate) fn bump(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }

    pub(crate) fn skip(&mut self, count: usize) {
        self.tokens = self.tokens.get(count..).unwrap_or_default();
    }

    /// The tokens from here to where `end` stands; `end` must be a later copy of this cursor.
    pub(crate) fn until(&self, end: &Self) -> Self {
        let count = self.tokens.len().saturating_sub(end.tokens.len());
        self.take(count)
    }

    /// The next `count` tokens alone.
    pub(crate) fn take(&self, count: usize) -> Self {
        Self { tokens: self.tokens.get(..count).unwrap_or(self.tokens), ..*self }
    }

    // Words -------------------------------------------------------------------------------------------

    /// The word `ahead` tokens from here; empty when it is none.
    pub(crate) fn word(&self, ahead: usize) -> &'a str {
        match self.tokens.get(ahead) {
            Some(token) if token.kind == TokenKind::Word => self.text_of(*token),
            _ => "",
        }
    }

    pub(crate) fn is_at(&self, ahead: usize, keyword: &str) -> bool {
        self.word(ahead).eq_ignore_ascii_case(keyword)
    }

    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.is_at(0, keyword)
    }

    /// Whether the next words are these.
    pub(crate) fn are(&self, keywords: &[&str]) -> bool {
        keywords.iter().enumerate().all(|(at, keyword)| self.is_at(at, keyword))
    }

    pub(crate) fn is_any(&self, keywords: &[&str]) -> bool {
        let word = self.word(0);
        !word.is_empty() && keywords.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
    }

    pub(crate) fn eat(&mut self, keyword: &str) -> bool {
        let found = self.is(keyword);
        if found {
            self.skip(1);
        }
        found
    }

    /// Passes these words, all or none.
    pub(crate) fn eat_all(&mut self, keywords: &[&str]) -> bool {
        let found = self.are(keywords);
        if found {
            self.skip(keywords.len());
        }
        found
    }

    pub(crate) fn eat_any(&mut self, keywords: &[&str]) -> bool {
        let found = self.is_any(keywords);
        if found {
            self.skip(1);
        }
        found
    }

    // Other tokens ------------------------------------------------------------------------------------

    pub(crate) fn at(&self, kind: TokenKind) -> bool {
        self.peek().is_some_and(|token| token.kind == kind)
    }

    pub(crate) fn at_text(&self, text: &str) -> bool {
        self.peek().is_some_and(|token| self.text_of(token) == text)
    }

    pub(crate) fn eat_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.at(kind);
        if found {
            self.skip(1);
        }
        found
    }

    pub(crate) fn eat_text(&mut self, text: &str) -> bool {
        let found = self.at_text(text);
        if found {
            self.skip(1);
        }
        found
    }

    /// Passes one token, or a whole group in parentheses or brackets.
    pub(crate) fn step(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.bump() {
            match token.kind {
                TokenKind::OpenParen | TokenKind::OpenBracket => depth += 1,
                TokenKind::CloseParen | TokenKind::CloseBracket => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// What stands between the parentheses that open here, passing them.
    pub(crate) fn group(&mut self) -> Option<Self> {
        if !self.at(TokenKind::OpenParen) {
            return None;
        }
        let start = *self;
        self.step();
        let mut inside = start.until(self);
        inside.skip(1);
        let closed = inside.tokens.last().is_some_and(|last| last.kind == TokenKind::CloseParen);
        Some(inside.take(inside.len() - usize::from(closed)))
    }

    /// Passes everything up to one of these words outside parentheses, or to the end.
    pub(crate) fn skip_to_any(&mut self, keywords: &[&str]) {
        while !self.is_empty() && !self.is_any(keywords) {
            self.step();
        }
    }

    /// The next stretch up to a comma outside parentheses, passing the comma.
    pub(crate) fn list_item(&mut self) -> Option<Self> {
        if self.is_empty() {
            return None;
        }
        let start = *self;
        while !self.is_empty() && !self.at(TokenKind::Comma) {
            self.step();
        }
        let item = start.until(self);
        self.eat_kind(TokenKind::Comma);
        Some(item)
    }

    // Names -------------------------------------------------------------------------------------------

    /// Whether a name can start here.
    pub(crate) fn at_name(&self) -> bool {
        let plain = [TokenKind::Word, TokenKind::QuotedName, TokenKind::Placeholder];
        plain.iter().any(|kind| self.at(*kind)) || self.variable().is_some()
    }

    /// One identifier without dots. A psql variable is one too, under its own name with the colon: what it
    /// stands for is not in the file.
    pub(crate) fn ident(&mut self) -> Option<(Ident, Span)> {
        if let Some((first, second)) = self.variable() {
            self.skip(2);
            let name = Ident::from_sql(self.text_of(second));
            return Some((
                Ident::exact(format!(":{}", name.as_str())),
                self.span_of(first).join(self.span_of(second)),
            ));
        }
        if !self.at_name() {
            return None;
        }
        let token = self.bump()?;
        let written = unpadded(self.text_of(token));
        let escaped = written.strip_prefix(['u', 'U']).and_then(|rest| rest.strip_prefix("&\""));
        let name = match escaped {
            Some(inner) => Ident::from_escaped(inner.strip_suffix('"').unwrap_or(inner), self.uescape()),
            None => Ident::from_sql(&written),
        };
        Some((name, self.span_of(token)))
    }

    /// The character that escapes in the `U&"…"` just passed, passing the UESCAPE that says so.
    fn uescape(&mut self) -> char {
        let literal = self.peek_at(1).filter(|token| self.is("uescape") && token.kind == TokenKind::Text);
        let Some(literal) = literal else { return '\\' };
        self.skip(2);
        self.text_of(literal).chars().nth(1).unwrap_or('\\')
    }

    /// The two tokens of `:name` or `:"name"`.
    fn variable(&self) -> Option<(Token, Token)> {
        let [first, second, ..] = self.tokens else { return None };
        let named = matches!(second.kind, TokenKind::Word | TokenKind::QuotedName);
        let touching = first.kind == TokenKind::Colon && second.start == first.start + 1;
        (named && touching).then_some((*first, *second))
    }

    /// All identifiers of a dotted name.
    pub(crate) fn dotted(&mut self) -> Option<Vec<Ident>> {
        let mut parts = vec![self.ident()?.0];
        while let Some((part, _)) = self.further_part() {
            parts.push(part);
        }
        Some(parts)
    }

    /// A name with or without a schema.
    pub(crate) fn name(&mut self) -> Option<Named> {
        let (last, mut span) = self.ident()?;
        let mut name = QualifiedName::bare(last);
        while let Some((part, at)) = self.further_part() {
            name = QualifiedName::new(name.name, part);
            span = span.join(at);
        }
        Some(Named { name, span })
    }

    /// A dotted name whose last part is a column; the parts before it are its table.
    pub(crate) fn column(&mut self) -> Option<(Named, Option<QualifiedName>)> {
        let (mut last, mut span) = self.ident()?;
        let mut table = None;
        while let Some((part, at)) = self.further_part() {
            let schema = table.map(|table: QualifiedName| table.name);
            table = Some(QualifiedName { schema, name: std::mem::replace(&mut last, part) });
            span = span.join(at);
        }
        Some((Named { name: QualifiedName::bare(last), span }, table))
    }

    /// A dot and the identifier behind it.
    fn further_part(&mut self) -> Option<(Ident, Span)> {
        if !self.at(TokenKind::Dot) {
            return None;
        }
        let mut next = *self;
        next.skip(1);
        let part = next.ident()?;
        *self = next;
        Some(part)
    }

    /// The remaining tokens in lower case outside quotes, single spaces where words meet.
    pub(crate) fn folded(&self) -> String {
        let mut out = String::with_capacity(self.text().len());
        let mut last = None;
        for token in self.tokens {
            let text = self.text_of(*token);
            let wordy = |kind| {
                matches!(
                    kind,
                    TokenKind::Word
                        | TokenKind::QuotedName
                        | TokenKind::Placeholder
                        | TokenKind::Number
                        | TokenKind::Text
                        | TokenKind::Operator
                )
            };
            let spaced = match last {
                Some(TokenKind::CloseParen | TokenKind::CloseBracket) => wordy(token.kind),
                Some(last) => wordy(last) && wordy(token.kind),
                None => false,
            };
            if spaced {
                out.push(' ');
            }
            match token.kind {
                TokenKind::Word => out.extend(text.chars().map(|letter| letter.to_ascii_lowercase())),
                _ => out.push_str(text),
            }
            last = Some(token.kind);
        }
        out
    }
}
