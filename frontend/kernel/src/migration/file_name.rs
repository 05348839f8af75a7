//! File names: `<version>_<name>.sql`, as the Supabase CLI and sqlx read them.

use serde::{Deserialize, Serialize};

/// The digits of a version: with a fixed length, the order of texts is the order of numbers.
pub const VERSION_DIGITS: usize = 14;

/// A file name taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileName {
    /// The leading digits; files of sub-folders have none.
    pub version: Option<String>,
    /// The rest, without `.sql`.
    pub name: String,
}

impl FileName {
    /// Takes the last part of a path apart. Digits are a version only when `_` follows them.
    pub fn of(path: &str) -> Self {
        let last = path.rsplit('/').next().unwrap_or(path);
        let stem = last.strip_suffix(".sql").unwrap_or(last);
        let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
        match stem.split_at_checked(digits) {
            Some((version, rest)) if digits > 0 && rest.starts_with('_') => {
                Self { version: Some(version.to_owned()), name: rest[1..].to_owned() }
            }
            _ => Self { version: None, name: stem.to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (path, version, name) in [
            ("20250801000000_complete_setup.sql", Some("20250801000000"), "complete_setup"),
            ("rollback/rollback_x.sql", None, "rollback_x"),
            ("1_2_3.sql", Some("1"), "2_3"),
            ("2025.sql", None, "2025"),
            ("20250801000000x.sql", None, "20250801000000x"),
            ("7_.sql", Some("7"), ""),
            ("äöü", None, "äöü"),
        ] {
            let read = FileName::of(path);
            assert_eq!((read.version.as_deref(), read.name.as_str()), (version, name), "{path}");
        }
    }
}
