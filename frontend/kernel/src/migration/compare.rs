//! Whether a file still says what was applied.
//! It compares statements, not bytes: comments, white space and the case of keywords may differ.

use crate::sql::significant_tokens;

/// Whether `file_text` holds the statements that a ledger row recorded. BEGIN and COMMIT at the top level do
/// not count: some tools record them and some do not.
pub fn same_statements<S: AsRef<str>>(ledger_statements: &[S], file_text: &str) -> bool {
    let mut recorded = String::new();
    for statement in ledger_statements {
        recorded.push_str(statement.as_ref());
        // A recorded statement may end in a line comment.
        recorded.push_str("\n;\n");
    }
    let (recorded, present) = (significant_tokens(&recorded), significant_tokens(file_text));
    statements(&recorded).eq(statements(&present))
}

fn statements(tokens: &[String]) -> impl Iterator<Item = &[String]> {
    let cut = tokens.split(|token| token == ";");
    cut.filter(|statement| !statement.is_empty() && !is_boundary(statement))
}

/// BEGIN, COMMIT and their other spellings.
fn is_boundary(statement: &[String]) -> bool {
    let words: Vec<&str> = statement.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["begin" | "commit" | "end"]
            | ["begin" | "commit" | "end", "work" | "transaction"]
            | ["start", "transaction"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ledger: &[&str], file: &str, same: bool) {
        assert_eq!(same_statements(ledger, file), same, "{ledger:?} against {file:?}");
    }

    #[test]
    fn comments_space_and_boundaries_do_not_count() {
        check(
            &["create table t (a int)", "select 1"],
            "-- x\nCREATE table t\n(a int); /* y */ select 1;",
            true,
        );
        check(&["BEGIN", "select 1 -- one", "COMMIT"], "select 1;", true);
        check(&["select 1"], "begin; select 1; commit;", true);
        check(&[], "-- nothing\n", true);
    }

    #[test]
    fn every_other_difference_counts() {
        check(&["select 1"], "select 2", false);
        check(&["select 1", "select 2"], "select 2; select 1", false);
        check(&["select 'A'"], "select 'a'", false);
        check(&["do $$ begin null; end $$"], "do $$ begin /* x */ null; end $$", false);
        check(&["select 1", "select 2"], "select 1", false);
        check(&["select 12"], "select 1 2", false);
    }
}
