//! The head of the audit log in the comment on the target's ledger: whoever rewrites the log and the file of its heads
//! has to reach the target as well. Each log has a line there, because studios may share a target.

use std::time::Duration;

use super::Anchor;
use crate::pg::target::{Target, TargetError, remark};

/// What a line of ours begins with.
const MARK: &str = "studio audit head: ";

/// How long the target may take to be asked, so that one that is away holds up no start.
const WITHIN: Duration = Duration::from_secs(3);

/// The heads that stand there, of whatever logs.
///
/// # Errors
/// [`TargetError`], also when the target does not answer in time.
pub async fn read(target: &Target) -> Result<Vec<Anchor>, TargetError> {
    let reading = async {
        let session = target.open("studio audit").await?;
        let comment = remark::read(&session).await?;
        session.close().await;
        Ok(heads(comment.as_deref().unwrap_or_default()))
    };
    match tokio::time::timeout(WITHIN, reading).await {
        Ok(read) => read,
        Err(_) => Err(TargetError::silent(target.name())),
    }
}

/// Puts a head there, in place of the one of the same log.
///
/// # Errors
/// [`TargetError`].
pub async fn keep(target: &Target, head: &Anchor) -> Result<(), TargetError> {
    let session = target.open("studio audit").await?;
    remark::change(&session, |comment| with(comment.unwrap_or_default(), head)).await?;
    session.close().await;
    Ok(())
}

fn head(line: &str) -> Option<Anchor> {
    serde_json::from_str(line.strip_prefix(MARK)?).ok()
}

fn heads(comment: &str) -> Vec<Anchor> {
    comment.lines().filter_map(head).collect()
}

/// The comment with one line of this log; everything else stays.
fn with(comment: &str, kept: &Anchor) -> String {
    let others = comment.lines().filter(|line| head(line).is_none_or(|head| head.log != kept.log));
    let line = serde_json::to_string(kept).unwrap_or_default();
    others.map(str::to_owned).chain([format!("{MARK}{line}")]).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(log: &str, seq: i64) -> Anchor {
        Anchor { log: log.to_owned(), seq, hash: "ab".to_owned(), at: "now".to_owned(), run: None }
    }

    #[test]
    fn each_log_has_its_last_head_and_other_words_stay() {
        let one = with("Migrations of the shop.", &anchor("one", 1));
        let two = with(&one, &anchor("two", 7));
        let again = with(&two, &anchor("one", 2));
        assert!(again.starts_with("Migrations of the shop.\n"), "{again}");
        assert_eq!(heads(&again), [anchor("two", 7), anchor("one", 2)]);
        assert_eq!(heads("studio audit head: {}\nwords"), []);
    }
}
