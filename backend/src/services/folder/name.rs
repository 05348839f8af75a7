//! Names of files: which are allowed below the migrations folder, and which look like another. A name stands for
//! a file in every review, so none may look like another, and each means the same file on every system.

use unicode_normalization::is_nfc;
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _, confusable_detection::skeleton};

use crate::error::{Error, Result};

/// Folders on the way to a file, and the file.
pub(super) const DEPTH: usize = 4;

/// Bytes of a path.
const PATH_LIMIT: usize = 200;

/// What every migration's name ends in.
pub(super) const ENDING: &str = ".sql";

/// Names that Windows takes for devices, whatever ending they have.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// What is allowed, for whoever gave something else.
const ALLOWED: &str = "A path below the migrations folder is made of names of letters, digits, _, - and ., with / \
                       between them and .sql at the end; letters of one script in a name";

/// A path below the folder as a browser may name it.
///
/// # Errors
/// [`Error::Invalid`], which says what is wrong with it.
pub fn checked_path(path: &str) -> Result<&str> {
    match flaw(path) {
        None => Ok(path),
        Some(flaw) => {
            let shown: String = path.chars().take(PATH_LIMIT).collect();
            Err(Error::invalid(format!("{shown:?} cannot be used: {flaw}. {ALLOWED}.")))
        }
    }
}

/// What is wrong with a path, in a phrase.
pub(super) fn flaw(path: &str) -> Option<String> {
    if path.len() > PATH_LIMIT {
        return Some(format!("it is longer than {PATH_LIMIT} bytes"));
    }
    if !path.ends_with(ENDING) {
        return Some(format!("it does not end in {ENDING}"));
    }
    if path.split('/').count() > DEPTH {
        return Some(format!("it has more than {DEPTH} parts"));
    }
    path.split('/').find_map(flaw_of_name)
}

fn flaw_of_name(name: &str) -> Option<String> {
    let stem = name.strip_suffix(ENDING).unwrap_or(name);
    let device = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_port = |kind: &str| {
        device
            .strip_prefix(kind)
            .is_some_and(|port| port.len() == 1 && port.bytes().all(|b| b.is_ascii_digit()))
    };
    if stem.is_empty() {
        Some("a part of it has no name".to_owned())
    } else if !is_nfc(name) {
        Some("its letters are not composed (Unicode form NFC)".to_owned())
    } else if let Some(letter) = name.chars().find(|letter| !is_allowed(*letter)) {
        Some(format!("the character U+{:04X} is not allowed", u32::from(letter)))
    } else if name.starts_with(['-', '.']) {
        Some(format!("a name must not begin with {}", &name[..1]))
    } else if name.ends_with('.') {
        Some("a name must not end with a dot".to_owned())
    } else if DEVICES.contains(&device.as_str()) || is_port("com") || is_port("lpt") {
        Some(format!("{device} is the name of a device on Windows"))
    } else if !stem.is_single_script() {
        Some("it mixes letters of several scripts".to_owned())
    } else {
        None
    }
}

fn is_allowed(letter: char) -> bool {
    match letter.is_ascii() {
        true => letter.is_ascii_alphanumeric() || "_-.".contains(letter),
        false => letter.is_alphanumeric() && letter.identifier_allowed(),
    }
}

/// The one of these paths that a path looks like without being it. Two paths of plain ASCII are told apart by
/// reading them, unless they differ in case alone: on some systems those are one file.
pub fn look_alike<'a>(path: &str, others: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut looks = None;
    others.into_iter().filter(|other| *other != path).find(|other| {
        if path.is_ascii() && other.is_ascii() {
            return path.eq_ignore_ascii_case(other);
        }
        *looks.get_or_insert_with(|| folded(path)) == folded(other)
    })
}

/// What a text looks like (UTS 39), whatever the case of its letters.
fn folded(text: &str) -> String {
    let alike: String = skeleton(&text.to_lowercase()).collect();
    skeleton(&alike.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_are_taken() {
        for good in [
            "a.sql",
            "rollback/rollback_x.sql",
            "20250801000000_ä-b.c.sql",
            "20250801_миграция.sql",
            "表_テーブル.sql",
            "console.sql",
            "com10.sql",
        ] {
            assert!(checked_path(good).is_ok(), "{good}: {:?}", flaw(good));
        }
        for (bad, why) in [
            ("", "it does not end in .sql"),
            ("a.txt", "it does not end in .sql"),
            ("../a.sql", "a name must not begin with ."),
            ("/a.sql", "a part of it has no name"),
            ("a//b.sql", "a part of it has no name"),
            (".sql", "a part of it has no name"),
            (".a.sql", "a name must not begin with ."),
            ("a/.git/x.sql", "a name must not begin with ."),
            ("a\\b.sql", "the character U+005C is not allowed"),
            ("a b.sql", "the character U+0020 is not allowed"),
            ("a\0.sql", "the character U+0000 is not allowed"),
            ("a\n.sql", "the character U+000A is not allowed"),
            ("a\u{202e}.sql", "the character U+202E is not allowed"),
            ("a\u{200b}.sql", "the character U+200B is not allowed"),
            ("a\u{200d}b.sql", "the character U+200D is not allowed"),
            ("\u{ff41}.sql", "the character U+FF41 is not allowed"),
            ("-rf.sql", "a name must not begin with -"),
            ("x/--help.sql", "a name must not begin with -"),
            ("x./a.sql", "a name must not end with a dot"),
            ("CON.sql", "con is the name of a device on Windows"),
            ("Lpt1.a.sql", "lpt1 is the name of a device on Windows"),
            ("nul/a.sql", "nul is the name of a device on Windows"),
            ("e\u{301}.sql", "its letters are not composed (Unicode form NFC)"),
            ("p\u{430}y.sql", "it mixes letters of several scripts"),
            ("a/b/c/d/e.sql", "it has more than 4 parts"),
        ] {
            assert_eq!(flaw(bad).as_deref(), Some(why), "{bad:?}");
            assert!(checked_path(bad).is_err_and(|error| error.to_string().contains(why)), "{bad:?}");
        }
        assert!(checked_path(&format!("{}.sql", "a".repeat(200))).is_err());
    }

    #[test]
    fn names_that_look_alike_are_found_and_plain_ones_are_left_alone() {
        let others = ["ape.sql", "Straße.sql", "rn1.sql", "ж.sql"];
        assert_eq!(look_alike("\u{430}\u{440}\u{435}.sql", others), Some("ape.sql"));
        assert_eq!(look_alike("\u{410}\u{420}\u{415}.sql", others), Some("ape.sql"));
        assert_eq!(look_alike("straße.sql", others), Some("Straße.sql"));
        assert_eq!(look_alike("Ape.sql", others), Some("ape.sql"));
        for distinct in ["ape.sql", "m1.sql", "rnl.sql", "apx.sql", "з.sql"] {
            assert_eq!(look_alike(distinct, others), None, "{distinct}");
        }
    }
}
