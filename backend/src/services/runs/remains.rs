//! What a validation could leave on the target, looked at before and after: the schema, the ledger, the defaults of
//! role and database, and the sequences. That nothing is left is the server's doing; this says that it is so.

use studio_kernel::{run::RunEventKind, words::count};

use super::runner::{Runner, Stop};
use crate::pg::target::{
    Session, TargetError,
    fingerprint::Fingerprint,
    ledger::{self, LedgerRow},
    standing::{self, Given},
};

/// The target before a validation.
pub(super) struct Before {
    schema: Fingerprint,
    ledger: Vec<LedgerRow>,
    defaults: Vec<Given>,
    sequences: Vec<(String, Option<i64>)>,
}

impl Before {
    pub(super) async fn look(session: &Session) -> Result<Self, TargetError> {
        Ok(Self {
            schema: Fingerprint::take(session).await?,
            ledger: ledger::applied(session).await?,
            defaults: standing::defaults(session).await?,
            sequences: standing::sequences(session).await?,
        })
    }

    /// Compares, and says what was compared; what differs is an error. What another session does meanwhile looks the
    /// same from here.
    pub(super) async fn compare(&self, runner: &Runner<'_>) -> Result<(), Stop> {
        let now = Self::look(runner.session()).await?;
        let mut differs: Vec<String> =
            self.schema.changes_to(&now.schema).iter().take(3).map(ToString::to_string).collect();
        if self.ledger != now.ledger {
            differs.push("the ledger has other rows".to_owned());
        }
        if self.defaults != now.defaults {
            differs.push("role or database have other defaults".to_owned());
        }
        if !differs.is_empty() {
            return Err(Stop::Failed(format!(
                "The target is not as it was before, by the validation or by another session meanwhile: {}. Look at it.",
                differs.join(", ")
            )));
        }
        let moved = self.sequences.iter().zip(&now.sequences).filter(|(then, now)| then != now);
        let moved: Vec<&str> = moved.map(|(then, _)| then.0.as_str()).collect();
        let moved = match moved.as_slice() {
            [] => "no sequence has moved".to_owned(),
            names => format!("sequences have moved, which nothing undoes: {}", names.join(", ")),
        };
        let text = format!(
            "Compared with before: {} of the schema, {} of the ledger and the sessions' defaults are the same; {moved}.",
            count(self.schema.len(), "object"),
            count(self.ledger.len(), "row"),
        );
        runner.run.emit(RunEventKind::Progress { step: 0, text });
        Ok(())
    }
}
