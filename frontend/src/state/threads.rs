//! Comments as threads, sorted by where they hang: at a line of a file, outdated, or at the change as a whole.

use studio_kernel::review::Comment;

/// A comment and its answers, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thread {
    /// What opened it.
    pub first: Comment,
    /// In order.
    pub answers: Vec<Comment>,
}

impl Thread {
    /// Path and line in the newest revision; `None` when the statement is gone or it never had one.
    pub(crate) fn place(&self) -> Option<(&str, usize)> {
        let anchor = self.first.anchor.as_ref()?;
        Some((anchor.path.as_str(), anchor.line?))
    }

    /// It hung at a statement that no longer exists.
    pub(crate) fn is_outdated(&self) -> bool {
        self.first.anchor.as_ref().is_some_and(|anchor| anchor.line.is_none())
    }
}

/// All threads, by their first comment. An answer to an answer joins the same thread; one to a comment that is
/// not there opens its own.
pub(crate) fn threads(comments: &[Comment]) -> Vec<Thread> {
    let mut threads: Vec<Thread> = Vec::new();
    for comment in comments {
        let found = comment.reply_to.as_deref().and_then(|answered| {
            threads.iter_mut().find(|thread| {
                thread.first.id == answered || thread.answers.iter().any(|answer| answer.id == answered)
            })
        });
        match found {
            Some(thread) => thread.answers.push(comment.clone()),
            None => threads.push(Thread { first: comment.clone(), answers: Vec::new() }),
        }
    }
    threads
}

#[cfg(test)]
mod tests {
    use studio_kernel::review::{Anchor, Person, PersonRole};

    use super::*;

    fn comment(id: &str, reply_to: Option<&str>, line: Option<Option<usize>>) -> Comment {
        Comment {
            id: id.to_owned(),
            reply_to: reply_to.map(str::to_owned),
            author: Person {
                id: "ann".to_owned(),
                name: "Ann".to_owned(),
                role: PersonRole::Author,
                disabled: false,
            },
            at: String::new(),
            body: String::new(),
            anchor: line.map(|line| Anchor {
                revision: 1,
                path: "a.sql".to_owned(),
                quote: "select 1".to_owned(),
                span: None,
                line,
            }),
            resolved: false,
        }
    }

    #[test]
    fn answers_join_their_thread() {
        let threads = threads(&[
            comment("1", None, Some(Some(4))),
            comment("2", None, None),
            comment("3", Some("1"), None),
            comment("4", Some("3"), None),
            comment("5", Some("gone"), None),
        ]);
        let shape: Vec<(&str, usize)> =
            threads.iter().map(|thread| (thread.first.id.as_str(), thread.answers.len())).collect();
        assert_eq!(shape, [("1", 2), ("2", 0), ("5", 0)]);
        assert_eq!(threads[0].place(), Some(("a.sql", 4)));
    }

    #[test]
    fn a_thread_whose_statement_is_gone_is_outdated() {
        assert!(threads(&[comment("1", None, Some(None))])[0].is_outdated());
        assert!(!threads(&[comment("1", None, None)])[0].is_outdated());
    }
}
