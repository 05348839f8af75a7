//! The settings that decide how a server reads the text of a statement. The studio pins them, because it reads
//! texts as these values say; here is also found where a text gives one of them another value.
//!
//! Four settings do so, by PostgreSQL's documentation: `standard_conforming_strings` (whether a backslash in `'…'`
//! escapes the quote behind it), `client_encoding` (which bytes are a character; in some encodings a backslash or a
//! quote is the second half of one), `backslash_quote` (whether `\'` in `E'…'` is a quote or an error) and
//! `transform_null_equals` (whether `= null` means `is null`). `escape_string_warning` is none of them: it only
//! warns, and of nothing while strings conform. What decides how *values* are read (`DateStyle`, `array_nulls`,
//! `xmloption`) moves no statement's end, and a file that sets it says so where a reviewer reads it.

use super::{
    cursor::Cursor,
    lex::{Token, TokenKind},
    plpgsql::string_content,
    tokens,
};
use crate::text::Span;

/// Name and pinned value.
pub const PINNED: [(&str, &str); 4] = [
    ("standard_conforming_strings", "on"),
    ("client_encoding", "UTF8"),
    ("backslash_quote", "safe_encoding"),
    ("transform_null_equals", "off"),
];

const ENCODING: &str = "client_encoding";

/// The catalog view that sets what is written to it.
const VIEW: &str = "pg_settings";

/// Texts within texts are read this deep; what is built at run time is seen when it has run.
const DEEPEST: usize = 4;

/// Whether a SET statement may be about one of them, whatever value it gives.
pub fn is_mentioned(set: &str) -> bool {
    let set = set.to_ascii_lowercase();
    PINNED.iter().map(|(name, _)| *name).chain(["names"]).any(|name| set.contains(name))
}

/// The first place in a statement that gives one of these settings another value, and what it names: in SET, in
/// ALTER ROLE, DATABASE, SYSTEM and FUNCTION, in `set_config`, in a routine's SET, and in the texts within bodies.
pub fn first_other(statement: &str) -> Option<(&'static str, Span)> {
    search(statement, 0)
}

fn search(text: &str, depth: usize) -> Option<(&'static str, Span)> {
    let tokens = tokens(text);
    let whole = Cursor::new(text, &tokens, 0);
    let mut said = Said::default();
    for (at, token) in tokens.iter().enumerate() {
        let mut rest = whole;
        rest.skip(at);
        match token.kind {
            TokenKind::Semicolon => said = Said::default(),
            TokenKind::Text | TokenKind::DollarText if depth > 0 || said.holds_code() => {
                let within = string_content(rest.text_of(*token));
                if depth < DEEPEST
                    && let Some((name, _)) = search(&within, depth + 1)
                {
                    return Some((name, rest.span_of(*token)));
                }
            }
            TokenKind::Word | TokenKind::QuotedName => {
                let found = if rest.is("set") && !said.updates {
                    by_set(rest)
                } else if rest.is("update") {
                    by_view(rest)
                } else {
                    by_function(rest)
                };
                if let Some(name) = found {
                    return Some((name, rest.span_of(*token)));
                }
                said.hear(rest);
            }
            _ => {}
        }
    }
    None
}

/// What the statement has said so far.
#[derive(Clone, Copy, Default)]
struct Said {
    begun: bool,
    changes: bool,
    routine: bool,
    runs: bool,
    updates: bool,
}

impl Said {
    fn hear(&mut self, at: Cursor<'_>) {
        self.changes |= at.is_any(&["create", "alter"]);
        self.routine |= at.is_any(&["function", "procedure"]);
        self.runs |= at.is("do") && !self.begun;
        self.begun = true;
        // `update … set column = …` names a column.
        self.updates |= at.is("update") && !self.changes;
    }

    /// Whether its texts are bodies.
    fn holds_code(self) -> bool {
        self.runs || self.changes && self.routine
    }
}

fn by_set(mut at: Cursor<'_>) -> Option<&'static str> {
    at.step();
    at.eat_any(&["session", "local"]);
    if at.eat("names") {
        return (!at.is("default") && at.peek().is_some() && !holds(ENCODING, at)).then_some(ENCODING);
    }
    let name = pinned(at.ident()?.0.as_str())?;
    if at.eat_any(&["from"]) || !(at.eat("to") || at.eat_text("=")) || at.is("default") {
        return None;
    }
    (!holds(name, at)).then_some(name)
}

fn by_view(mut at: Cursor<'_>) -> Option<&'static str> {
    at.step();
    at.eat("only");
    let name = at.name()?;
    name.name.name.as_str().eq_ignore_ascii_case(VIEW).then_some(VIEW)
}

fn by_function(mut at: Cursor<'_>) -> Option<&'static str> {
    if !at.ident()?.0.as_str().eq_ignore_ascii_case("set_config") || !at.at(TokenKind::OpenParen) {
        return None;
    }
    at.skip(1);
    skip_argument_name(&mut at);
    let first = at.peek().filter(|token| is_text(*token))?;
    let name = pinned(&string_content(at.text_of(first)))?;
    at.skip(1);
    if !at.eat_kind(TokenKind::Comma) {
        return Some(name);
    }
    skip_argument_name(&mut at);
    let alone = at.peek_at(1).is_some_and(|next| next.kind == TokenKind::Comma);
    (!alone || !holds(name, at)).then_some(name)
}

/// `setting_name =>`
fn skip_argument_name(at: &mut Cursor<'_>) {
    let arrow = at.peek_at(1).map(|token| at.text_of(token));
    if at.at_name() && matches!(arrow, Some("=>" | ":=")) {
        at.skip(2);
    }
}

fn is_text(token: Token) -> bool {
    matches!(token.kind, TokenKind::Text | TokenKind::DollarText)
}

fn pinned(name: &str) -> Option<&'static str> {
    PINNED.iter().map(|(pinned, _)| *pinned).find(|pinned| pinned.eq_ignore_ascii_case(name))
}

/// Whether the value that stands here is the pinned one.
fn holds(name: &str, at: Cursor<'_>) -> bool {
    let Some(token) = at.peek() else { return false };
    let written = at.text_of(token);
    let value = match token.kind {
        TokenKind::Text | TokenKind::DollarText => string_content(written),
        TokenKind::QuotedName => written.trim_matches('"').to_owned(),
        _ => written.to_owned(),
    }
    .to_ascii_lowercase();
    match name {
        "standard_conforming_strings" => ["on", "true", "yes", "1"].contains(&value.as_str()),
        "transform_null_equals" => ["off", "false", "no", "0"].contains(&value.as_str()),
        ENCODING => {
            let letters: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
            ["utf8", "unicode"].contains(&letters.as_str())
        }
        _ => value == "safe_encoding",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(statement: &str) -> Option<(&'static str, &str)> {
        first_other(statement).map(|(name, span)| (name, span.of(statement)))
    }

    #[test]
    fn another_value_is_found_wherever_it_is_written() {
        const STRINGS: &str = "standard_conforming_strings";
        for (statement, name) in [
            ("set standard_conforming_strings = off", STRINGS),
            ("SET LOCAL Standard_Conforming_Strings TO 'off'", STRINGS),
            ("set/**/session \"standard_conforming_strings\" = 0", STRINGS),
            ("set U&\"standard\\005fconforming_strings\" = off", STRINGS),
            ("set backslash_quote = on", "backslash_quote"),
            ("set transform_null_equals to on", "transform_null_equals"),
            ("set client_encoding = 'SJIS'", "client_encoding"),
            ("set client_encoding to latin1", "client_encoding"),
            ("set names 'BIG5'", "client_encoding"),
            ("alter role r set standard_conforming_strings = off", STRINGS),
            ("alter role all in database d set client_encoding = 'gbk'", "client_encoding"),
            ("alter database d set standard_conforming_strings to off", STRINGS),
            ("alter system set backslash_quote = 'on'", "backslash_quote"),
            ("alter function f() set standard_conforming_strings = off", STRINGS),
            (
                "create function f() returns int language sql set client_encoding = 'sjis' return 1",
                "client_encoding",
            ),
            ("select set_config('standard_conforming_strings', 'off', true)", STRINGS),
            ("select pg_catalog.\"set_config\"(E'client\\x5fencoding', 'SJIS', false)", "client_encoding"),
            (
                "select set_config(setting_name => 'backslash_quote', new_value => 'on', is_local => true)",
                "backslash_quote",
            ),
            ("select set_config('standard_conforming_strings', 'o' || 'ff', true)", STRINGS),
            ("select set_config('standard_conforming_strings', v, true) from t", STRINGS),
            ("update pg_catalog.pg_settings set setting = 'off' where name like 'standard%'", "pg_settings"),
            ("do $$ begin set local standard_conforming_strings = off; end $$", STRINGS),
            ("do $$ begin update t set a = 1; set standard_conforming_strings = off; end $$", STRINGS),
            ("do $$ begin execute 'set standard_conforming_strings = off'; end $$", STRINGS),
            ("do 'begin execute ''set client_encoding = ''''sjis''''''; end'", "client_encoding"),
            ("do $$ begin perform set_config('client_encoding', 'SJIS', false); end $$", "client_encoding"),
            (
                "create or replace function f() returns void language plpgsql as $f$ begin execute $x$set names 'sjis'$x$; end $f$",
                "client_encoding",
            ),
            ("create procedure p() language sql as 'set backslash_quote = on'", "backslash_quote"),
        ] {
            assert_eq!(found(statement).map(|(name, _)| name), Some(name), "{statement}");
        }
    }

    #[test]
    fn the_pinned_value_and_other_settings_are_nothing_to_find() {
        for statement in [
            "SET client_encoding = 'UTF8'",
            "set client_encoding to \"utf-8\"",
            "set names 'unicode'",
            "SET standard_conforming_strings = on",
            "set session standard_conforming_strings to true",
            "set backslash_quote = safe_encoding",
            "set transform_null_equals = off",
            "SET escape_string_warning = off",
            "select pg_catalog.set_config('search_path', '', false)",
            "select set_config('standard_conforming_strings', 'on', false)",
            "reset standard_conforming_strings",
            "set client_encoding to default",
            "show client_encoding",
            "select current_setting('client_encoding')",
            "update clients set client_encoding = 'latin1'",
            "insert into clients values (1) on conflict (id) do update set client_encoding = 'latin1'",
            "do $$ begin update clients set client_encoding = 'latin1'; end $$",
            "comment on column clients.client_encoding is 'set client_encoding = latin1 in old ones'",
            "insert into notes values ('set standard_conforming_strings = off')",
            "set search_path = standard_conforming_strings",
            "select set_config($1, $2, false)",
            "set",
            "set names",
            "set client_encoding",
            "select set_config(",
        ] {
            assert_eq!(found(statement), None, "{statement}");
        }
    }

    #[test]
    fn the_place_is_where_it_is_set() {
        let statement = "alter role r set client_encoding = 'gbk'";
        assert_eq!(first_other(statement), Some(("client_encoding", Span::new(13, 16))));
    }
}
