//! Bytes to tokens as PostgreSQL's scanner cuts them: lossless, without recursion, never failing.
//! It knows no statement; what it cannot close it marks as broken and carries on behind it.

use crate::text::Span;

/// A piece of the text that no statement boundary can cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    pub(crate) const fn span(self) -> Span {
        Span::new(self.start, self.end)
    }

    /// Whether PostgreSQL sees nothing of it.
    pub(crate) const fn is_trivia(self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment | TokenKind::Directive)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Space,
    Comment,
    /// A keyword or an unquoted identifier.
    Word,
    /// `"…"`, `U&"…"`.
    QuotedName,
    /// `'…'` with any prefix.
    Text,
    /// `$tag$…$tag$`.
    DollarText,
    Number,
    /// `$1`.
    Parameter,
    Operator,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    Comma,
    Semicolon,
    Dot,
    /// `:`, `::`, `:=`.
    Colon,
    /// A name with a template's placeholder in it, or a placeholder alone: `{{ … }}`, `${…}`, `app_${x}`.
    Placeholder,
    /// What a template engine takes out: `{% … %}`, `{# … #}`.
    Directive,
    /// Starts a psql meta-command; no SQL contains it outside quotes.
    Backslash,
    /// A psql meta-command, whole; made by the splitter.
    Meta,
    /// A token that is opened and never closed.
    Broken(Quote),
    /// A byte that starts no token.
    Other,
}

/// What was opened and never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    Text,
    Name,
    Dollar,
    Comment,
}

/// Every broken token costs a scan to the end of the text. Behind this many the rest of the text is one
/// token, which keeps reading linear.
const MAX_BROKEN: u8 = 32;

/// A placeholder is no longer than this: an opening brace must not cost a scan to the end of the text.
const MAX_PLACEHOLDER: usize = 512;

/// Reading resumes behind a broken token at a line that starts with one of these.
const STATEMENT_STARTS: [&str; 22] = [
    "alter", "analyze", "begin", "call", "comment", "commit", "copy", "create", "delete", "do", "drop",
    "grant", "insert", "lock", "merge", "refresh", "revoke", "select", "set", "truncate", "update", "with",
];

const SPACE: u8 = 1;
const WORD_START: u8 = 2;
const WORD: u8 = 4;
const DIGIT: u8 = 8;
const OPERATOR: u8 = 16;

/// What each byte can be part of.
const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => SPACE,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => WORD_START | WORD,
            b'0'..=b'9' => DIGIT | WORD,
            b'$' => WORD,
            b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'+' | b'-' | b'*' | b'/'
            | b'%' | b'<' | b'>' | b'=' => OPERATOR,
            _ => 0,
        };
        byte += 1;
    }
    class
};

fn is(byte: u8, class: u8) -> bool {
    CLASS[usize::from(byte)] & class != 0
}

/// The tokens of a text, trivia included; joined they are the text.
pub(crate) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    broken: u8,
}

impl<'a> Lexer<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, broken: 0 }
    }

    /// Offset of the next token.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// Goes on reading at `offset`, which must not lie before the present position.
    pub(crate) fn skip_to(&mut self, offset: usize) {
        self.at = offset.clamp(self.at, self.bytes.len());
    }

    /// Reads the token that starts at `offset` once more.
    pub(crate) fn rewind_to(&mut self, offset: usize) {
        self.at = self.at.min(offset);
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The first offset from `at` on whose byte is not of `class`.
    fn run(&self, at: usize, class: u8) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| !is(*byte, class)).unwrap_or(rest.len())
    }

    /// The first offset from `at` on that holds `needle`.
    fn find(&self, at: usize, needle: u8) -> Option<usize> {
        let rest = self.bytes.get(at..)?;
        rest.iter().position(|byte| *byte == needle).map(|by| at + by)
    }

    fn cut(&self, start: usize, first: u8) -> (TokenKind, Option<usize>) {
        let next = self.byte(start + 1);
        let one = |kind| (kind, Some(start + 1));
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => (TokenKind::Space, Some(self.run(start, SPACE))),
            0xef if start == 0 && self.bytes.starts_with(b"\xef\xbb\xbf") => (TokenKind::Space, Some(3)),
            b'e' | b'E' if next == b'\'' => self.escaped(start + 1),
            b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if next == b'\'' => {
                self.quoted(start + 1, TokenKind::Text)
            }
            b'u' | b'U' if next == b'&' && self.byte(start + 2) == b'\'' => {
                self.quoted(start + 2, TokenKind::Text)
            }
            b'u' | b'U' if next == b'&' && self.byte(start + 2) == b'"' => {
                self.quoted(start + 2, TokenKind::QuotedName)
            }
            _ if is(first, WORD_START) => self.word(start),
            _ if is(first, DIGIT) => (TokenKind::Number, Some(self.number(start))),
            b'\'' => self.quoted(start, TokenKind::Text),
            b'"' => self.quoted(start, TokenKind::QuotedName),
            b'$' if next == b'{' => self.word(start),
            b'$' => self.dollar(start),
            b'{' if matches!(next, b'%' | b'#') => {
                (TokenKind::Directive, Some(self.closing(start, &[next, b'}']).unwrap_or(start + 1)))
            }
            b'{' => self.word(start),
            b'-' if next == b'-' => (TokenKind::Comment, Some(self.line_end(start))),
            b'/' if next == b'*' => (TokenKind::Comment, self.block_comment(start)),
            b'(' => one(TokenKind::OpenParen),
            b')' => one(TokenKind::CloseParen),
            b'[' => one(TokenKind::OpenBracket),
            b']' => one(TokenKind::CloseBracket),
            b',' => one(TokenKind::Comma),
            b';' => one(TokenKind::Semicolon),
            b'.' if is(next, DIGIT) => (TokenKind::Number, Some(self.number(start))),
            b'.' if next == b'.' => (TokenKind::Operator, Some(start + 2)),
            b'.' => one(TokenKind::Dot),
            b':' if next == b':' || next == b'=' => (TokenKind::Colon, Some(start + 2)),
            b':' => one(TokenKind::Colon),
            b'\\' => one(TokenKind::Backslash),
            _ if is(first, OPERATOR) => (TokenKind::Operator, Some(self.operator(start))),
            _ => one(TokenKind::Other),
        }
    }

    /// A word, with the placeholders of a template in it.
    fn word(&self, start: usize) -> (TokenKind, Option<usize>) {
        let mut end = self.run(start, WORD);
        let mut kind = TokenKind::Word;
        while self.byte(end) == b'{' {
            let closing: &[u8] = match (self.byte(end + 1), end.checked_sub(1).map(|at| self.byte(at))) {
                (b'{', _) => b"}}",
                (_, Some(b'$')) if end > start => b"}",
                _ => break,
            };
            let Some(closed) = self.closing(end, closing) else { break };
            kind = TokenKind::Placeholder;
            end = self.run(closed, WORD);
        }
        if end == start { (TokenKind::Other, Some(start + 1)) } else { (kind, Some(end)) }
    }

    /// Behind the `closing` of what is opened at `start`.
    fn closing(&self, start: usize, closing: &[u8]) -> Option<usize> {
        let rest = self.bytes.get(start..self.bytes.len().min(start + MAX_PLACEHOLDER))?;
        let found = rest.windows(closing.len()).position(|window| window == closing)?;
        Some(start + found + closing.len())
    }

    /// `'…'` or `"…"` from its opening quote on; a doubled quote belongs to the content.
    fn quoted(&self, open: usize, kind: TokenKind) -> (TokenKind, Option<usize>) {
        let quote = self.byte(open);
        let mut at = open + 1;
        while let Some(found) = self.find(at, quote) {
            if self.byte(found + 1) != quote {
                return (kind, Some(found + 1));
            }
            at = found + 2;
        }
        (kind, None)
    }

    /// `E'…'` from its opening quote on. A string that goes on behind a line break keeps its escapes.
    fn escaped(&self, open: usize) -> (TokenKind, Option<usize>) {
        let mut at = open + 1;
        loop {
            match self.bytes.get(at) {
                None => return (TokenKind::Text, None),
                Some(b'\\') => at += 2,
                Some(b'\'') if self.byte(at + 1) == b'\'' => at += 2,
                Some(b'\'') => {
                    let space = self.run(at + 1, SPACE);
                    let gap = self.bytes.get(at + 1..space).unwrap_or_default();
                    if self.byte(space) != b'\'' || !gap.contains(&b'\n') {
                        return (TokenKind::Text, Some(at + 1));
                    }
                    at = space + 1;
                }
                Some(_) => at += 1,
            }
        }
    }

    /// `$1`, `$tag$…$tag$` or a lone `$`.
    fn dollar(&self, start: usize) -> (TokenKind, Option<usize>) {
        let first = self.byte(start + 1);
        if is(first, DIGIT) {
            return (TokenKind::Parameter, Some(self.run(start + 1, DIGIT)));
        }
        let mut end = start + 1;
        while is(self.byte(end), WORD) && self.byte(end) != b'$' {
            end += 1;
        }
        if self.byte(end) != b'$' || !(is(first, WORD_START) || first == b'$') {
            return (TokenKind::Other, Some(start + 1));
        }
        let tag = self.text.get(start..=end).unwrap_or_default();
        let found = self.text.get(end + 1..).and_then(|rest| rest.find(tag));
        (TokenKind::DollarText, found.map(|by| end + 1 + by + tag.len()))
    }

    fn number(&self, start: usize) -> usize {
        let digits = |at: usize| {
            let mut at = at;
            while is(self.byte(at), DIGIT) || self.byte(at) == b'_' && is(self.byte(at + 1), DIGIT) {
                at += 1;
            }
            at
        };
        if self.byte(start) == b'0' && matches!(self.byte(start + 1) | 32, b'x' | b'o' | b'b') {
            let mut at = start + 2;
            while self.byte(at).is_ascii_hexdigit() || self.byte(at) == b'_' {
                at += 1;
            }
            if at > start + 2 {
                return at;
            }
        }
        let mut at = digits(start);
        // `1..10` is a range, not two fractions.
        if self.byte(at) == b'.' && self.byte(at + 1) != b'.' {
            at = digits(at + 1);
        }
        if self.byte(at) | 32 == b'e' {
            let sign = usize::from(matches!(self.byte(at + 1), b'+' | b'-'));
            if is(self.byte(at + 1 + sign), DIGIT) {
                at = digits(at + 1 + sign);
            }
        }
        at
    }

    /// The longest operator, cut where a comment starts; it ends in `+` or `-` only if it holds one of
    /// the characters that let it.
    fn operator(&self, start: usize) -> usize {
        let mut end = start + 1;
        while is(self.byte(end), OPERATOR) {
            let pair = (self.byte(end), self.byte(end + 1));
            if pair == (b'-', b'-') || pair == (b'/', b'*') {
                break;
            }
            end += 1;
        }
        let body = self.bytes.get(start..end).unwrap_or_default();
        let free = body
            .iter()
            .any(|byte| matches!(byte, b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'%'));
        while !free && end > start + 1 && matches!(self.byte(end - 1), b'+' | b'-') {
            end -= 1;
        }
        end
    }

    /// Where the line of `start` ends, before its line break.
    fn line_end(&self, start: usize) -> usize {
        let rest = self.bytes.get(start..).unwrap_or_default();
        start + rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len())
    }

    fn block_comment(&self, start: usize) -> Option<usize> {
        let (mut at, mut depth) = (start + 2, 1_usize);
        while at < self.bytes.len() {
            match (self.byte(at), self.byte(at + 1)) {
                (b'*', b'/') => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                (b'/', b'*') => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        None
    }

    /// The next line behind `start` that starts with a statement's keyword, else the end.
    fn resume(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(line) = self.find(at, b'\n') {
            at = line + 1;
            let word = self.text.get(at..self.run(at, WORD)).unwrap_or_default();
            if STATEMENT_STARTS.iter().any(|start| start.eq_ignore_ascii_case(word)) {
                return at;
            }
        }
        self.bytes.len()
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let first = *self.bytes.get(start)?;
        let (kind, end) = self.cut(start, first);
        let (kind, end) = match end {
            Some(end) => (kind, end),
            None => {
                let quote = match kind {
                    TokenKind::QuotedName => Quote::Name,
                    TokenKind::DollarText => Quote::Dollar,
                    TokenKind::Comment => Quote::Comment,
                    _ => Quote::Text,
                };
                self.broken += 1;
                let end = if self.broken < MAX_BROKEN { self.resume(start) } else { self.bytes.len() };
                (TokenKind::Broken(quote), end)
            }
        };
        self.at = end;
        Some(Token { kind, start, end })
    }
}
