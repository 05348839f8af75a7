//! The comment that opens a file: a purpose and fixed keys.
//! It reads that comment only, and judges nothing.

use super::Role;

/// What a file's first comment declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The first sentence or sentences, before the keys.
    pub purpose: String,
    /// `role:`.
    pub role: Option<Role>,
    /// `requires:` stems of files that must be applied before; `None` when the key is missing, empty for `none`.
    pub requires: Option<Vec<String>>,
    /// `transaction:` as written: `single`, or `none because …`.
    pub transaction: Option<String>,
    /// `locks:` for people.
    pub locks: Option<String>,
    /// `rollback:` the stem of the file that undoes this one, or `none because …`.
    pub rollback: Option<String>,
    /// `validation:` the stem of the file that proves this one.
    pub validation: Option<String>,
    /// `forward:` the stem of the file this one undoes or proves.
    pub forward: Option<String>,
    /// `loses:` what a rollback loses.
    pub loses: Option<String>,
}

impl Header {
    /// Reads the comment a file opens with: lines of `--`, or one `/* … */`. A key's value goes on in the
    /// lines below it that are indented further; a paragraph behind the keys is for people alone.
    pub fn read(text: &str) -> Self {
        let lines = comment_lines(text);
        let first = lines.iter().position(|line| entry(line).is_some()).unwrap_or(lines.len());
        let (purpose, keys) = lines.split_at(first);
        let mut header = Self { purpose: paragraph(purpose), ..Self::default() };
        let mut open: Option<(&str, String)> = None;
        for line in keys {
            match (entry(line), &mut open) {
                (Some((key, value)), _) => {
                    header.close(open.replace((key, value.to_owned())));
                }
                (None, Some((_, value))) if line.starts_with("   ") => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                (None, _) => header.close(open.take()),
            }
        }
        header.close(open);
        header
    }

    /// Whether it wants no transaction around the file's statements.
    pub fn wants_no_transaction(&self) -> bool {
        self.transaction.as_deref().is_some_and(is_none)
    }

    /// The stem of the rollback; `None` for `none because …` too.
    pub fn rollback_stem(&self) -> Option<&str> {
        stem(self.rollback.as_deref())
    }

    /// The stem of the validation; `None` for `none because …` too.
    pub fn validation_stem(&self) -> Option<&str> {
        stem(self.validation.as_deref())
    }

    /// The stem of the forward file; `None` for `none` too.
    pub fn forward_stem(&self) -> Option<&str> {
        stem(self.forward.as_deref())
    }

    fn close(&mut self, entry: Option<(&str, String)>) {
        let Some((key, value)) = entry else { return };
        match key {
            "role" => self.role = Role::ALL.iter().copied().find(|role| role.as_str() == value),
            "requires" if is_none(&value) => self.requires = Some(Vec::new()),
            "requires" => {
                let stems = value.split(',').map(|stem| stem.trim().to_owned());
                self.requires = Some(stems.filter(|stem| !stem.is_empty()).collect());
            }
            "transaction" => self.transaction = Some(value),
            "locks" => self.locks = Some(value),
            "rollback" => self.rollback = Some(value),
            "validation" => self.validation = Some(value),
            "forward" => self.forward = Some(value),
            "loses" => self.loses = Some(value),
            _ => {}
        }
    }
}

const KEYS: [&str; 8] =
    ["role", "requires", "transaction", "locks", "rollback", "validation", "forward", "loses"];

/// `none`, or `none because …`.
fn is_none(value: &str) -> bool {
    value == "none" || value.starts_with("none ")
}

fn stem(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty() && !is_none(value))
}

/// A line's key and value, when it has one of the known keys.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim().split_once(':')?;
    KEYS.contains(&key).then(|| (key, value.trim()))
}

/// The lines of the first comment without their markers; the indentation behind a marker stays.
fn comment_lines(text: &str) -> Vec<&str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    if let Some(block) = text.strip_prefix("/*") {
        let inside = block.split("*/").next().unwrap_or(block);
        return inside.lines().map(|line| line.trim_start_matches([' ', '*'])).collect();
    }
    text.lines().map_while(|line| line.trim_end().strip_prefix("--")).collect()
}

/// The first lines up to an empty one, as one text.
fn paragraph(lines: &[&str]) -> String {
    let words = lines.iter().map(|line| line.trim());
    let lines: Vec<&str> =
        words.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purpose_and_keys_are_read() {
        let header = Header::read(
            "\u{feff}-- Adds the shop,\n-- because people pay.\n--\n-- role: feature\n\
             -- requires: 1_base, 2_people\n-- transaction: none because an index is built\n\
             --   beside the writers\n-- rollback: rollback/drop_shop\n-- validation: none because it is small\n\
             --\n-- Loses: nothing\n--   more words\n\nselect 1; -- forward: no\n",
        );
        assert_eq!(header.purpose, "Adds the shop, because people pay.");
        assert_eq!(header.role, Some(Role::Feature));
        assert_eq!(header.requires.as_deref(), Some(&["1_base".to_owned(), "2_people".to_owned()][..]));
        assert_eq!(header.transaction.as_deref(), Some("none because an index is built beside the writers"));
        assert!(header.wants_no_transaction());
        assert_eq!(header.rollback_stem(), Some("rollback/drop_shop"));
        assert_eq!(header.validation_stem(), None);
        assert_eq!((header.forward, header.loses), (None, None));
    }

    #[test]
    fn a_file_without_keys_or_comment_declares_nothing() {
        assert_eq!(Header::read("select 1; -- role: seed"), Header::default());
        assert_eq!(Header::read("-- Only words.\n").purpose, "Only words.");
        assert_eq!(Header::read("/* Words.\n * role: seed */").role, Some(Role::Seed));
        assert_eq!(Header::read("-- requires: none").requires, Some(Vec::new()));
        assert_eq!(Header::read("-- role: unknown").role, None);
    }
}
