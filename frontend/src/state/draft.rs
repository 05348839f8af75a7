//! Text that was typed and not yet proposed, kept in this browser per file. It survives reload, crash and a session
//! that ends by itself, and ends with signing out; the newest text of the folder never overwrites it.

use serde::{Deserialize, Serialize};

/// A draft of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// SHA-256 of the text the edit began with.
    pub base: String,
    /// What was typed.
    pub text: String,
}

/// What to show when a file is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// The file as it stands.
    Plain,
    /// A draft of exactly this file.
    Restored(String),
    /// A draft of an older text of this file: both exist now.
    Diverged(String),
}

impl Draft {
    /// Where the draft of a file is kept: one for the folder, one for each change it is edited in.
    pub(crate) fn key(path: &str, change: Option<i64>) -> String {
        match change {
            Some(change) => format!("studio.draft.{change}.{path}"),
            None => format!("studio.draft.{path}"),
        }
    }

    /// What a stored draft means for a file with this text and hash.
    pub(crate) fn opening(stored: Option<&str>, text: &str, sha256: &str) -> Opening {
        let Some(draft) = stored.and_then(|stored| serde_json::from_str::<Self>(stored).ok()) else {
            return Opening::Plain;
        };
        if draft.text == text {
            Opening::Plain
        } else if draft.base == sha256 {
            Opening::Restored(draft.text)
        } else {
            Opening::Diverged(draft.text)
        }
    }

    /// As it is kept.
    pub(crate) fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_restored_unless_it_says_nothing_new() {
        let stored = Draft { base: "a".to_owned(), text: "new".to_owned() }.encode();
        let opening = |text, sha256| Draft::opening(Some(&stored), text, sha256);
        assert_eq!(opening("old", "a"), Opening::Restored("new".to_owned()));
        assert_eq!(opening("other", "b"), Opening::Diverged("new".to_owned()));
        assert_eq!(opening("new", "b"), Opening::Plain);
        assert_eq!(Draft::opening(Some("{broken"), "x", "y"), Opening::Plain);
        assert_eq!(Draft::opening(None, "x", "y"), Opening::Plain);
    }

    #[test]
    fn each_change_keeps_its_own_draft() {
        assert_ne!(Draft::key("a.sql", None), Draft::key("a.sql", Some(1)));
    }
}
