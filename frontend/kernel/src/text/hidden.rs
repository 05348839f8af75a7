//! Characters that nobody sees, or that make others stand where they are not: a reader takes such a text for another
//! than the one a server reads. See <https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>.

use std::borrow::Cow;

/// Whether a character behind `before` is not seen or moves what is seen. What joins letters or chooses among pictures
/// is fine behind one of those; a tab and an end of line are seen.
pub fn is_hidden(letter: char, before: Option<char>) -> bool {
    let behind_a_letter = before.is_some_and(|before| !before.is_ascii() && !is_hidden(before, Some('a')));
    match letter {
        '\t' | '\n' | '\r' | '\u{c}' => false,
        // Control characters.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        // Joiners, and variants of ideographs.
        '\u{200c}' | '\u{200d}' | '\u{e0100}'..='\u{e01ef}' => !behind_a_letter,
        // Variants of pictures: also of a digit in a key.
        '\u{fe00}'..='\u{fe0f}' => {
            !behind_a_letter && !before.is_some_and(|before| matches!(before, '0'..='9' | '#' | '*'))
        }
        // Direction.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        // No width at all, fillers, separators, tags.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => true,
        '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// The hidden characters of a text, with their offsets in bytes. A mark of byte order at the beginning is none: psql
/// and the studio leave it out.
pub fn hidden(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut before = None;
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n'));
    let letters = if plain { "" } else { text }.char_indices();
    letters.filter(move |(at, letter)| {
        let hidden = match letter {
            // PostgreSQL ends a line there, and with it a comment; most readers do not.
            '\r' => !text.get(at + 1..).unwrap_or_default().starts_with('\n'),
            '\u{feff}' => *at > 0,
            letter => is_hidden(*letter, before),
        };
        before = Some(*letter);
        hidden
    })
}

/// A text in which hidden characters are seen: `‹U+202E›`.
pub fn shown(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut end = 0;
    for (at, letter) in hidden(text) {
        out.push_str(text.get(end..at).unwrap_or_default());
        out.push_str(&format!("‹U+{:04X}›", u32::from(letter)));
        end = at + letter.len_utf8();
    }
    if end == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(end..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_shown() {
        for (text, seen) in [
            ("select 1;\n\tselect 2;\r\n", "select 1;\n\tselect 2;\r\n"),
            ("a\u{202e}b\u{2066}", "a‹U+202E›b‹U+2066›"),
            ("us\u{200b}ers", "us‹U+200B›ers"),
            ("\u{feff}select '\u{feff}'", "\u{feff}select '‹U+FEFF›'"),
            ("a\u{200d}b \u{7}", "a‹U+200D›b ‹U+0007›"),
            ("tag \u{e0041}", "tag ‹U+E0041›"),
            ("-- a\rb\r\n", "-- a‹U+000D›b\r\n"),
            // Letters and pictures that need them.
            (
                "می\u{200c}خواهم 👩\u{200d}🚀 ⚠\u{fe0f} 1\u{fe0f}\u{20e3}",
                "می\u{200c}خواهم 👩\u{200d}🚀 ⚠\u{fe0f} 1\u{fe0f}\u{20e3}",
            ),
            ("é 李 Ж", "é 李 Ж"),
            // Two of them in a row hide as well.
            ("👩\u{200d}\u{200d}", "👩\u{200d}‹U+200D›"),
        ] {
            assert_eq!(shown(text), seen);
        }
    }
}
