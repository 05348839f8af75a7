//! Names of people: which are allowed, and which look like another. A name stands for a person on every page,
//! so no two may look alike, and none may hold what a reader cannot see.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_security::confusable_detection::skeleton;

use crate::error::{Error, Result};

/// Names that stand for no person where acts are shown.
const OURS: [&str; 5] = ["server", "the server", "studio", "the studio", "system"];

/// A name that is allowed, in normal form, with what it looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// As it is shown.
    pub(super) shown: String,
    /// Two names with the same look alike.
    pub(super) folded: String,
}

impl Name {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is empty, too long, or holds what cannot be seen.
    pub(super) fn new(typed: &str) -> Result<Self> {
        if typed.chars().take(400).any(is_unseen) {
            return Err(Error::invalid(
                "A name holds only what can be seen: no control, format or direction characters.",
            ));
        }
        let shown = typed.nfc().collect::<String>();
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        let folded = folded(&shown);
        if !(1..=80).contains(&shown.chars().count()) || folded.is_empty() {
            return Err(Error::invalid("A name has 1 to 80 characters on one line."));
        }
        if OURS.iter().any(|ours| folded == self::folded(ours)) {
            return Err(Error::invalid("The studio itself goes by this name; take another one."));
        }
        Ok(Self { shown, folded })
    }
}

/// What a text looks like: compatibility forms and look-alikes (UTS 39) are one, and so is case.
/// Case is folded before and after, because look-alikes of capitals are not those of small letters.
pub(super) fn folded(text: &str) -> String {
    let plain = text.nfkc().collect::<String>().to_lowercase();
    let alike = skeleton(&plain).collect::<String>().to_lowercase();
    let mut folded = String::with_capacity(alike.len());
    for letter in skeleton(&alike).filter(|letter| !letter.is_whitespace()) {
        if !folded.chars().next_back().is_some_and(|before| lies_on(letter, before)) {
            folded.push(letter);
        }
    }
    folded
}

/// Whether a mark is drawn where one is already: a dot above a letter that has one (Soft_Dotted of Unicode's
/// PropList.txt, as far as look-alikes leave any), or the same mark again.
fn lies_on(mark: char, before: char) -> bool {
    const DOT_ABOVE: char = '\u{307}';
    (mark == DOT_ABOVE && matches!(before, 'i' | 'j'))
        || (mark == before && mark.general_category_group() == GeneralCategoryGroup::Mark)
}

/// Control, format, private and unassigned characters, and separators other than the space.
fn is_unseen(letter: char) -> bool {
    use GeneralCategory as Category;
    match letter.general_category() {
        Category::Control
        | Category::Format
        | Category::Surrogate
        | Category::PrivateUse
        | Category::Unassigned
        | Category::LineSeparator
        | Category::ParagraphSeparator => true,
        // Fillers and the like are letters to Unicode and nothing to the eye.
        _ => skeleton(letter.encode_utf8(&mut [0; 4])).next().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        for (one, other) in [
            ("Owner", "owner"),
            ("Owner", "Оwnеr"),
            ("Owner", "Ｏｗｎｅｒ"),
            ("Owner", "0wner"),
            ("Owner", "Ow ner"),
            ("Zoë", "Zoe\u{308}"),
            ("admin", "adrnin"),
            ("Ill", "I11"),
            ("rita", "r\u{131}\u{307}ta"),
            ("rita", "ri\u{307}ta"),
            ("Rita", "R\u{130}ta"),
            ("jan", "\u{237}\u{307}an"),
            ("Zo\u{eb}", "Zoe\u{308}\u{308}"),
        ] {
            assert_eq!(Name::new(one).unwrap().folded, Name::new(other).unwrap().folded, "{one} {other}");
        }
        assert_ne!(folded("Ann"), folded("Anna"));
        assert_ne!(folded("Zoë"), folded("Zoe"));
    }

    #[test]
    fn nothing_unseen_is_in_a_name() {
        for typed in [
            "",
            " ",
            "\n",
            "a\tb",
            "a\u{0}",
            "Owner\u{200b}",
            "\u{202e}admin",
            "a\u{2066}b",
            "\u{feff}a",
            "\u{3164}",
            "a\u{ad}b",
            "a\u{2028}b",
            "\u{e000}",
            "\u{115f}",
        ] {
            assert!(Name::new(typed).is_err(), "{typed:?}");
        }
        assert!(Name::new(&"x".repeat(81)).is_err());
        for ours in ["Server", "the  server", "Stud\u{456}o", "SYSTEM"] {
            assert!(Name::new(ours).is_err(), "{ours}");
        }
        assert_eq!(Name::new("  Ann   Lee ").unwrap().shown, "Ann Lee");
        for typed in ["Zoë <b>", "李雷", "محمد", "O'Neill-Smith", "नमस्ते"] {
            assert_eq!(Name::new(typed).unwrap().shown, typed);
        }
    }
}
