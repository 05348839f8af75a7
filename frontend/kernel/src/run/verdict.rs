//! What a line of output says: pass, fail, warn or nothing.
//! A verdict never overrides an SQL error, and no assertion at all is never a pass.

use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// What a line, or a script, says. Worst last.
    Verdict {
        /// No assertion.
        Info = "info",
        /// Holds.
        Pass = "pass",
        /// Holds with a reservation.
        Warn = "warn",
        /// Does not hold.
        Fail = "fail",
    }
}

/// A line of output and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it says.
    pub verdict: Verdict,
    /// As the server sent it.
    pub text: String,
}

/// Reads one line: ❌ ✗, or the words FAIL, FAILED, MISSING in capitals, fail; ⚠ or WARN warns;
/// ✅ ✓, or the words PASS, PASSED, OK in capitals, pass; anything else is information.
/// A line with several marks takes the worst.
pub fn line(text: &str) -> Verdict {
    let has_mark = |marks: &[char]| text.contains(marks);
    let has_word = |words: &[&str]| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| words.contains(&word))
    };
    if has_mark(&['❌', '✗']) || has_word(&["FAIL", "FAILED", "MISSING"]) {
        Verdict::Fail
    } else if has_mark(&['⚠']) || has_word(&["WARN"]) {
        Verdict::Warn
    } else if has_mark(&['✅', '✓']) || has_word(&["PASS", "PASSED", "OK"]) {
        Verdict::Pass
    } else {
        Verdict::Info
    }
}

/// The verdict of a whole script: its worst line. `None` means inconclusive: it asserted nothing.
pub fn script<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Option<Verdict> {
    lines.into_iter().map(|line| line.verdict).max().filter(|verdict| *verdict != Verdict::Info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_their_worst_mark_says() {
        for (text, verdict) in [
            ("✅ archon_tasks table exists", Verdict::Pass),
            ("❌ archon_tasks table missing", Verdict::Fail),
            ("✅ found, ❌ but empty", Verdict::Fail),
            ("⚠️ slow ✅", Verdict::Warn),
            ("3 OK", Verdict::Pass),
            ("BOOK a token, it is ok; nothing is missing", Verdict::Info),
            ("FAIL: x", Verdict::Fail),
            ("📋 Checking Tables...", Verdict::Info),
        ] {
            assert_eq!(line(text), verdict, "{text}");
        }
    }

    #[test]
    fn a_script_without_assertions_is_inconclusive() {
        let lines = |texts: &[&str]| -> Vec<Line> {
            texts.iter().map(|text| Line { verdict: line(text), text: (*text).to_owned() }).collect()
        };
        assert_eq!(script(&lines(&["hello"])), None);
        assert_eq!(script(&lines(&["hello", "✅ a", "✅ b"])), Some(Verdict::Pass));
        assert_eq!(script(&lines(&["✅ a", "❌ b", "⚠ c"])), Some(Verdict::Fail));
    }
}
