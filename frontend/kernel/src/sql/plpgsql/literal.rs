//! The content of string literals at unchanged offsets, so that what is read in it has its place in the
//! file.

use std::borrow::Cow;

use crate::{
    sql::lex::{Lexer, TokenKind},
    text::Span,
};

/// The text between the quotes of a string at offset `start`, and where it stands. `None` for strings with
/// a prefix, whose escapes move offsets.
pub(crate) fn quoted(literal: &str, start: usize) -> Option<(Cow<'_, str>, Span)> {
    let (inner, before) = if let Some(rest) = literal.strip_prefix('$') {
        let tag = rest.find('$')? + 2;
        (Cow::Borrowed(literal.get(tag..literal.len().checked_sub(tag)?)?), tag)
    } else {
        let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
        (undoubled(inner), 1)
    };
    let span = Span::new(start + before, start + before + inner.len());
    Some((inner, span))
}

/// Stands behind a quote in a quoted name that was two quotes, so that offsets stay: no part of the name.
const PAD: &str = "'\u{1a}";

/// What a quoted name says, without what keeps the offsets in it.
pub(crate) fn unpadded(name: &str) -> Cow<'_, str> {
    if name.contains('\'') { Cow::Owned(name.replace(PAD, "'")) } else { Cow::Borrowed(name) }
}

/// `''` stands for one quote, and one more character is put beside it, so that offsets stay.
fn undoubled(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\'') {
        return Cow::Borrowed(inner);
    }
    let mut said = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\'') {
        let (before, from) = rest.split_at(at);
        // A lone one ends the literal, or begins it again in a further line.
        let (stands_for, length) = if from.starts_with("''") { ('\'', 2) } else { (' ', 1) };
        said.push_str(before);
        said.push(stands_for);
        rest = from.get(length..).unwrap_or_default();
    }
    said.push_str(rest);
    let mut out = String::with_capacity(inner.len());
    for token in Lexer::new(&said) {
        let written = token.span().of(&said);
        match token.kind {
            TokenKind::QuotedName => out.push_str(&written.replace('\'', PAD)),
            TokenKind::Text | TokenKind::Broken(_) => pad(written, &mut out),
            _ => out.push_str(&written.replace('\'', "' ")),
        }
    }
    Cow::Owned(out)
}

/// A string, with a space for each of its quotes. The spaces stand outside what the quotes enclose.
fn pad(text: &str, out: &mut String) {
    let mut rest = text;
    let mut inside = false;
    while let Some(at) = rest.find('\'') {
        let (before, from) = rest.split_at(at);
        let behind = from.trim_start_matches('\'');
        let quotes = from.len() - behind.len();
        out.push_str(before);
        let (spaces, marks) = (std::iter::repeat_n(' ', quotes), std::iter::repeat_n('\'', quotes));
        if inside {
            out.extend(marks.chain(spaces));
        } else {
            out.extend(spaces.chain(marks));
        }
        inside ^= quotes % 2 == 1;
        rest = behind;
    }
    out.push_str(rest);
}

/// What a literal says, its quotes and escapes undone; those of `U&` stay as they are written.
pub(crate) fn string_content(literal: &str) -> String {
    if literal.starts_with('$') {
        return quoted(literal, 0).map(|(text, _)| text.into_owned()).unwrap_or_default();
    }
    let escapes = literal.starts_with(['e', 'E']);
    let inner = literal.trim_start_matches(|first: char| first.is_ascii_alphabetic() || first == '&');
    let inner = inner.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(inner);
    if escapes { unescaped(inner) } else { inner.replace("''", "'") }
}

/// What stands between the outer quotes of `E'…'`, which may go on in a further line.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '\'']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let behind = from.get(1..).unwrap_or_default();
        if from.starts_with('\'') {
            let gap = behind.find('\'').unwrap_or(behind.len());
            out.push_str(if gap == 0 { "'" } else { "" });
            rest = behind.get(gap + 1..).unwrap_or_default();
            continue;
        }
        let first = behind.chars().next().unwrap_or('\\');
        let (radix, skip, most) = match first {
            'x' => (16, 1, 2),
            'u' => (16, 1, 4),
            'U' => (16, 1, 8),
            '0'..='7' => (8, 0, 3),
            _ => (10, 0, 0),
        };
        let digits = behind.get(skip..).unwrap_or_default();
        let count = digits.chars().take(most).take_while(|digit| digit.is_digit(radix)).count();
        let code = u32::from_str_radix(digits.get(..count).unwrap_or_default(), radix).ok();
        rest = match code.and_then(char::from_u32) {
            Some(decoded) => {
                out.push(decoded);
                behind.get(skip + count..).unwrap_or_default()
            }
            None => {
                out.push(match first {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                });
                behind.get(first.len_utf8()..).unwrap_or_default()
            }
        };
    }
    out.push_str(rest);
    out
}

/// The template of `format()` with each placeholder as a word or a string of the same length: `%I` and
/// `%s` stand for a name, `%L` for a value.
pub(super) fn filled(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let digits = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'$' | b'-' | b'*');
        let width = from.bytes().skip(1).take_while(digits).count();
        let length = width + 2;
        match from.as_bytes().get(length - 1) {
            Some(b'I' | b's') => out.extend(std::iter::repeat_n('_', length)),
            Some(b'L') => {
                out.push('\'');
                out.extend(std::iter::repeat_n('_', width));
                out.push('\'');
            }
            Some(b'%') => out.extend(std::iter::repeat_n(' ', length)),
            _ => {
                out.push('%');
                rest = from.get(1..).unwrap_or_default();
                continue;
            }
        }
        rest = from.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_stay() {
        for (literal, content, start) in [
            ("$$a$$", "a", 2),
            ("$do$ b $do$", " b ", 4),
            ("'select ''x'' '", "select  'x'  ", 1),
            ("''", "", 1),
            ("'\"it''s\" ''a'' -- d\"on''t'", "\"it'\u{1a}s\"  'a'  -- d\"on' t", 1),
        ] {
            let (text, span) = quoted(literal, 0).unwrap();
            assert_eq!((text.as_ref(), span.start, span.len()), (content, start, content.len()));
        }
        assert_eq!(quoted("E'a\\n'", 0), None);
    }

    #[test]
    fn literals_say_what_they_hold() {
        for (literal, said) in [
            ("'it''s'", "it's"),
            ("$a$it's$a$", "it's"),
            (r"E'a\n\'b\041\x41\u00e4\\'", "a\n'b!Aä\\"),
            ("E'a'\n 'b''c'", "ab'c"),
            ("U&'a'", "a"),
        ] {
            assert_eq!(string_content(literal), said);
        }
    }

    #[test]
    fn placeholders_keep_their_length() {
        assert_eq!(filled("drop table %I.%2$I, 10%% %L %x"), "drop table __.____, 10   '' %x");
    }
}
