//! What the target was like before a throw-away copy was made of it, and what has changed since: that a dry run leaves
//! the target alone is measured. It reads catalogs and the ledger, not rows of tables.

use studio_kernel::words::count;

use crate::pg::target::{Target, TargetError, fingerprint::Fingerprint, ledger};

/// How many differences are named.
const NAMED: usize = 3;

/// The target at one moment: its schema, its ledger, and the server's databases, roles and settings.
pub(super) struct Witness(Result<Fingerprint, TargetError>);

/// What became of the target meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Everything that was compared is as it was.
    Untouched,
    /// Something differs, in a sentence. Who did it is not known; the copy has no way to the target.
    Changed(String),
    /// It could not be compared, in a sentence.
    Unseen(String),
}

impl Witness {
    /// Looks at the target.
    pub(super) async fn of(target: &Target) -> Self {
        Self(look(target).await)
    }

    /// Looks again and compares.
    pub(super) async fn again(&self, target: &Target) -> Seen {
        match (&self.0, look(target).await) {
            (Ok(before), Ok(after)) => compare(before, &after),
            (Err(error), _) => unseen(error),
            (_, Err(error)) => unseen(&error),
        }
    }
}

impl Seen {
    /// For people.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Untouched => {
                "Schema, ledger, roles and settings of the target are as they were before.".to_owned()
            }
            Self::Changed(why) | Self::Unseen(why) => why.clone(),
        }
    }
}

async fn look(target: &Target) -> Result<Fingerprint, TargetError> {
    let session = target.open("studio witness").await?;
    let mut seen = Fingerprint::with_server(&session).await?;
    for row in ledger::applied(&session).await? {
        seen.add("ledger row", &row.version, &format!("{} {:?}", row.name, row.statements));
    }
    session.close().await;
    Ok(seen)
}

fn compare(before: &Fingerprint, after: &Fingerprint) -> Seen {
    let differences = before.changes_to(after);
    if differences.is_empty() {
        return Seen::Untouched;
    }
    let named: Vec<String> = differences.iter().take(NAMED).map(ToString::to_string).collect();
    let more = differences.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(", and {}", count(more, "more difference")) } else { String::new() };
    Seen::Changed(format!(
        "The target changed meanwhile, so this says nothing about what is there now: {}{more}.",
        named.join(", ")
    ))
}

fn unseen(error: &TargetError) -> Seen {
    Seen::Unseen(format!("Whether the target changed meanwhile could not be seen: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_and_counted() {
        let empty = Fingerprint::empty();
        let mut later = Fingerprint::empty();
        assert_eq!(compare(&empty, &later), Seen::Untouched);
        for name in ["a", "b", "c", "d", "e"] {
            later.add("role", name, "");
        }
        let words = "The target changed meanwhile, so this says nothing about what is there now: role a was added, \
                     role b was added, role c was added, and 2 more differences.";
        assert_eq!(compare(&empty, &later), Seen::Changed(words.to_owned()));
    }
}
