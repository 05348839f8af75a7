//! The content of string literals at unchanged offsets, so that what is read in it has its place in the
//! file.

use std::borrow::Cow;

use crate::text::Span;

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

/// `''` stands for one quote: a run of quotes becomes half as many and spaces, so that offsets stay.
fn undoubled(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\'') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\'') {
        let (before, from) = rest.split_at(at);
        let behind = from.trim_start_matches('\'');
        let run = from.len() - behind.len();
        out.push_str(before);
        out.extend(std::iter::repeat_n('\'', run / 2));
        out.extend(std::iter::repeat_n(' ', run - run / 2));
        rest = behind;
    }
    out.push_str(rest);
    Cow::Owned(out)
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
            ("'select ''x'' '", "select ' x'  ", 1),
            ("''", "", 1),
        ] {
            let (text, span) = quoted(literal, 0).unwrap();
            assert_eq!((text.as_ref(), span.start, span.len()), (content, start, content.len()));
        }
        assert_eq!(quoted("E'a\\n'", 0), None);
    }

    #[test]
    fn placeholders_keep_their_length() {
        assert_eq!(filled("drop table %I.%2$I, 10%% %L %x"), "drop table __.____, 10   '' %x");
    }
}
