//! Tokens to statements, where psql would cut: parentheses of rules, BEGIN ATOMIC bodies, COPY data and
//! meta-commands included. It knows where a statement ends and nothing of what it means.

use super::{
    lex::{Lexer, Quote, Token, TokenKind},
    marker::{Mark, Marker},
};
use crate::text::Span;

/// A stretch of the text that holds one statement or none. The pieces joined are the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// All of its bytes: trivia before it, its terminator, COPY data behind it.
    pub(crate) span: Span,
    /// What ended it.
    pub(crate) ending: Ending,
    /// A template's placeholder or directive stands in it.
    pub(crate) templated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// `;` or `\;`.
    Semicolon,
    /// It is a meta-command.
    Meta,
    /// A meta-command follows in the middle of a statement.
    BeforeMeta,
    /// COPY data follows in the middle of a statement.
    BeforeData,
    /// A runner's marker, where the runner cuts.
    Marker,
    /// A token that is never closed.
    Broken(Quote),
    EndOfText,
}

/// Cuts a text into pieces, one at a time.
pub(crate) struct Splitter<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    /// Whether psql reads the text: files yes, bodies of functions no.
    psql: bool,
    /// COPY statements of this line whose data begins behind it.
    copies: usize,
    /// The runners' markers passed so far.
    pub(crate) markers: Vec<Marker>,
}

impl<'a> Splitter<'a> {
    /// Splits a file, as psql does.
    pub(crate) const fn file(text: &'a str) -> Self {
        Self { text, lexer: Lexer::new(text), psql: true, copies: 0, markers: Vec::new() }
    }

    /// Splits a body, as the server does: no meta-commands, no COPY data.
    pub(crate) const fn body(text: &'a str) -> Self {
        Self { text, lexer: Lexer::new(text), psql: false, copies: 0, markers: Vec::new() }
    }

    /// The next piece; `tokens` then holds its tokens without trivia and terminator.
    pub(crate) fn next(&mut self, tokens: &mut Vec<Token>) -> Option<Piece> {
        tokens.clear();
        let start = self.lexer.position();
        let mut templated = false;
        let ending = self.read(tokens, &mut templated);
        let span = Span::new(start, self.lexer.position());
        (!span.is_empty()).then_some(Piece { span, ending, templated })
    }

    fn read(&mut self, tokens: &mut Vec<Token>, templated: &mut bool) -> Ending {
        let mut state = State::default();
        while let Some(token) = self.lexer.next() {
            match token.kind {
                TokenKind::Space => {
                    let line = token.span().of(self.text).find('\n').filter(|_| self.copies > 0);
                    if let Some(end) = line {
                        self.lexer.rewind_to(token.start + end);
                        self.skip_data();
                        if !tokens.is_empty() {
                            return Ending::BeforeData;
                        }
                    }
                    continue;
                }
                TokenKind::Comment => {
                    if self.marker(token) && !tokens.is_empty() {
                        return Ending::Marker;
                    }
                    continue;
                }
                TokenKind::Directive => {
                    *templated = true;
                    continue;
                }
                TokenKind::Placeholder => *templated = true,
                TokenKind::Word => state.word(self.text, token, tokens.len()),
                TokenKind::OpenParen => state.parens += 1,
                TokenKind::CloseParen => state.parens = state.parens.saturating_sub(1),
                TokenKind::Semicolon if state.ends_here() => {
                    if state.copy == Copy::FromStdin && self.psql {
                        self.copies += 1;
                        self.skip_data_here();
                    }
                    return Ending::Semicolon;
                }
                TokenKind::Backslash if self.psql => {
                    if self.text.as_bytes().get(token.end) == Some(&b';') {
                        self.lexer.skip_to(token.end + 1);
                        return Ending::Semicolon;
                    }
                    if tokens.is_empty() {
                        tokens.push(self.meta(token.start));
                        return Ending::Meta;
                    }
                    self.lexer.rewind_to(token.start);
                    return Ending::BeforeMeta;
                }
                TokenKind::Broken(quote) => {
                    tokens.push(token);
                    return Ending::Broken(quote);
                }
                _ => {}
            }
            tokens.push(token);
        }
        Ending::EndOfText
    }

    /// Notes a runner's marker; says whether the runner cuts there.
    fn marker(&mut self, comment: Token) -> bool {
        if !self.psql {
            return false;
        }
        let before = self.markers.len();
        Marker::read(comment.span(), self.text, &mut self.markers);
        let found = self.markers.get(before..).unwrap_or_default();
        found.iter().any(|marker| !matches!(marker.mark, Mark::NoTransaction | Mark::StatementBegin))
    }

    /// The meta-command at `start`: to the end of its line, or to the `\\` that ends it.
    fn meta(&mut self, start: usize) -> Token {
        // One look at each byte: a line of backslashes holds thousands of commands.
        let rest = self.text.as_bytes().get(start + 1..).unwrap_or_default();
        let ends = |at: usize| matches!(rest.get(at), None | Some(b'\n' | b'\r'));
        let separates = |at: usize| rest.get(at..at + 2) == Some(b"\\\\".as_slice());
        let length = (0..).find(|at| ends(*at) || separates(*at)).unwrap_or(rest.len());
        let end = start + 1 + length + if ends(length) { 0 } else { 2 };
        let line = Span::new(start, end).of(self.text);
        self.lexer.skip_to(end);
        let mut words = line.split_ascii_whitespace();
        if words.next() == Some("\\copy") {
            let folded: Vec<String> = words.map(str::to_ascii_lowercase).collect();
            let reads_file = |pair: &[String]| pair[0] == "from" && pair[1].contains("stdin");
            if folded.windows(2).any(reads_file) {
                self.copies += 1;
                self.skip_data_here();
            }
        }
        Token { kind: TokenKind::Meta, start, end: start + line.trim_end().len() }
    }

    /// COPY data, when nothing more stands in this line: psql runs what does before it reads on.
    fn skip_data_here(&mut self) {
        let rest = self.text.get(self.lexer.position()..).unwrap_or_default();
        if rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n') {
            self.skip_data();
        }
    }

    /// The data of each COPY in this line: whole lines up to the one that is `\.`, else to the end.
    fn skip_data(&mut self) {
        let text = self.text;
        let line_end = |at: usize| {
            let rest = text.get(at..).unwrap_or_default();
            at + rest.find('\n').map_or(rest.len(), |by| by + 1)
        };
        let mut at = line_end(self.lexer.position());
        for _ in 0..std::mem::take(&mut self.copies) {
            while at < text.len() {
                let start = at;
                at = line_end(start);
                if Span::new(start, at).of(text).trim_end() == "\\." {
                    break;
                }
            }
        }
        self.lexer.skip_to(at);
    }
}

#[derive(Default, PartialEq, Eq)]
enum Copy {
    #[default]
    No,
    Verb,
    From,
    FromStdin,
}

#[derive(Default, PartialEq, Eq, PartialOrd)]
enum Create {
    #[default]
    No,
    Verb,
    /// `create rule`: its actions in parentheses hold `;`.
    Rule,
    /// `create function` or `procedure`: BEGIN ATOMIC may follow.
    Routine,
    /// Behind `begin`, so that `atomic` counts.
    RoutineBegin,
}

/// What the words so far say about where the statement ends.
#[derive(Default)]
struct State {
    parens: usize,
    /// Open BEGIN ATOMIC and CASE.
    bodies: usize,
    copy: Copy,
    create: Create,
}

impl State {
    /// A `;` in parentheses ends the statement too: only a rule may hold one, and an open parenthesis must
    /// not swallow the rest of the file.
    fn ends_here(&self) -> bool {
        self.bodies == 0 && (self.parens == 0 || self.create != Create::Rule)
    }

    fn word(&mut self, text: &str, token: Token, before: usize) {
        if before < 4 && !(before > 0 && self.create == Create::No) {
            self.head(token.span().of(text), before);
        } else if self.create >= Create::Routine && self.parens == 0 {
            self.routine(token.span().of(text));
        }
        if self.copy != Copy::No && self.parens == 0 && before > 0 {
            let word = token.span().of(text);
            if word.eq_ignore_ascii_case("from") {
                self.copy = Copy::From;
            } else if self.copy == Copy::From {
                let stdin = word.eq_ignore_ascii_case("stdin");
                self.copy = if stdin { Copy::FromStdin } else { Copy::Verb };
            }
        }
    }

    fn head(&mut self, word: &str, before: usize) {
        let is = |keyword| word.eq_ignore_ascii_case(keyword);
        if before == 0 {
            if is("create") {
                self.create = Create::Verb;
            } else if is("copy") {
                self.copy = Copy::Verb;
            }
        } else if self.create == Create::Verb {
            if is("function") || is("procedure") {
                self.create = Create::Routine;
            } else if is("rule") {
                self.create = Create::Rule;
            }
        }
    }

    fn routine(&mut self, word: &str) {
        let is = |keyword| word.eq_ignore_ascii_case(keyword);
        if self.bodies > 0 {
            if is("case") {
                self.bodies += 1;
            } else if is("end") {
                self.bodies -= 1;
            }
        } else if self.create == Create::RoutineBegin && is("atomic") {
            self.bodies = 1;
        } else {
            self.create = if is("begin") { Create::RoutineBegin } else { Create::Routine };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The statements of a text; joined, its pieces must be the text.
    fn split(text: &str) -> Vec<String> {
        let mut splitter = Splitter::file(text);
        let (mut tokens, mut joined, mut statements) = (Vec::new(), String::new(), Vec::new());
        while let Some(piece) = splitter.next(&mut tokens) {
            joined += piece.span.of(text);
            if let (Some(first), Some(last)) = (tokens.first(), tokens.last()) {
                statements.push(Span::new(first.start, last.end).of(text).to_owned());
            }
        }
        assert_eq!(joined, text);
        statements
    }

    #[test]
    fn statements_end_where_psql_ends_them() {
        for (text, expected) in [
            ("select 1; select 2", vec!["select 1", "select 2"]),
            ("\u{feff}select 1;\r\n-- ;\r\n;", vec!["select 1"]),
            (
                "select ';', E'\\';', $a$;$b$;$a$, \"a;\" /* ; /* ; */ ; */",
                vec!["select ';', E'\\';', $a$;$b$;$a$, \"a;\""],
            ),
            ("select a$b$c; select $1;$2", vec!["select a$b$c", "select $1", "$2"]),
            (
                "create rule r as on insert to t do (a; b); c",
                vec!["create rule r as on insert to t do (a; b)", "c"],
            ),
            ("select (1; select 2", vec!["select (1", "select 2"]),
            (
                "create function f() begin atomic select case when a then 1 end; b; end; c",
                vec!["create function f() begin atomic select case when a then 1 end; b; end", "c"],
            ),
            ("begin; atomic; end; c", vec!["begin", "atomic", "end", "c"]),
            ("copy t from stdin;\n;'\n\\.\nselect 1", vec!["copy t from stdin", "select 1"]),
            ("copy t from stdin; -- '\n'\n\\.\nselect 1", vec!["copy t from stdin", "select 1"]),
            (
                "copy t from stdin; copy u from stdin;select 1; \\echo a\n'\n\\.\n'\n\\.\nselect 2",
                vec!["copy t from stdin", "copy u from stdin", "select 1", "\\echo a", "select 2"],
            ),
            (
                "copy t from stdin; select\n;\n\\.\n1; select 2",
                vec!["copy t from stdin", "select", "1", "select 2"],
            ),
            ("copy t from stdin", vec!["copy t from stdin"]),
            ("copy t to stdout; select 1", vec!["copy t to stdout", "select 1"]),
            (
                "\\set a ';'\nselect 1 \\gset\nselect 2 \\; select 3",
                vec!["\\set a ';'", "select 1", "\\gset", "select 2", "select 3"],
            ),
            ("\\copy t from stdin\n;\n\\.\nselect 1", vec!["\\copy t from stdin", "select 1"]),
            ("\\echo a \\\\ select 1", vec!["\\echo a \\\\", "select 1"]),
            ("select 'a\ncreate table t ()", vec!["select 'a\n", "create table t ()"]),
            ("select $x$ ;\nselect 2;", vec!["select $x$ ;\n", "select 2"]),
            ("select 1 --a", vec!["select 1"]),
            ("select a<--b\n1", vec!["select a<--b\n1"]),
            ("-- +goose Up\nselect 1\n-- +goose Down\nselect 2", vec!["select 1", "select 2"]),
            (
                "select 1--> statement-breakpoint\nselect 2 -- +1\n, 3",
                vec!["select 1", "select 2 -- +1\n, 3"],
            ),
            (
                "{% if a; %} select {{ b; }}.{{c}}_d{# ; #}, ${e};f",
                vec!["select {{ b; }}.{{c}}_d{# ; #}, ${e}", "f"],
            ),
            ("select { a; b}; {{ c", vec!["select { a", "b}", "{{ c"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_joined_are_the_text(text in "([a-e]|create |function |copy |from stdin|begin atomic|end|case|['\"$;()/*\\\\\n -]|\\$a\\$|é){0,40}") {
            split(&text);
        }
    }
}
