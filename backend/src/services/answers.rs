//! Long answers: what is folded from many events or tells of long texts is made on threads of its own, one answer of
//! a person at a time, and they are charged for it. So a long answer keeps nobody waiting for a short one.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    blocking::{blocking, threads},
    budget::{Account, Budgets},
};
use crate::error::{Error, Result};

/// Bytes of texts and events that an answer may tell of and still be made at once: some ten milliseconds of work.
const SHORT: usize = 1 << 20;

/// Bytes that an answer has for each statement it tells of, whatever its text.
pub const OF_A_STATEMENT: usize = 256;

/// Who makes the answers of a server.
pub struct Answers {
    threads: Arc<Semaphore>,
    budgets: Budgets,
}

/// A person's turn: their other answers wait until this is dropped.
pub struct Turn {
    account: Arc<Account>,
    threads: Arc<Semaphore>,
    held: Held,
}

/// What keeps a person's other answers waiting.
#[derive(Clone, Debug)]
pub struct Held(#[expect(dead_code, reason = "it is held")] Arc<OwnedSemaphorePermit>);

/// An answer as JSON.
#[derive(Debug)]
pub struct Written {
    json: Vec<u8>,
    held: Option<Held>,
}

impl Default for Answers {
    fn default() -> Self {
        Self { threads: Arc::new(threads()), budgets: Budgets::default() }
    }
}

impl Answers {
    /// Waits for the person's turn. What the answer tells of is read within it, so that nobody makes the server hold
    /// more than one long answer.
    ///
    /// # Errors
    /// [`Error::Exhausted`] when they have used up their share of this server's time.
    pub async fn turn(&self, person: &str) -> Result<Turn> {
        let account = self.budgets.of(person);
        let turn = account.turn().await.map_err(|_| Error::Busy)?;
        account.check().map_err(|wait| Error::Exhausted {
            code: "time-used-up",
            message: format!(
                "Long answers to you have taken much of the server's time; it goes on in {wait:.0} seconds."
            ),
        })?;
        Ok(Turn { account, threads: Arc::clone(&self.threads), held: Held(Arc::new(turn)) })
    }
}

impl Turn {
    /// Makes an answer that tells of so many bytes of texts and events.
    ///
    /// # Errors
    /// Those of `make`; [`Error::Corrupt`] for a value that cannot be written.
    pub async fn write<T: Serialize>(
        self,
        bytes: usize,
        make: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<Written> {
        let held = self.held.clone();
        let json = self.work(bytes, || make().and_then(|value| json(&value))).await?;
        // A long one is held until it is sent: who takes it slowly waits for it, and has no second one.
        Ok(Written { held: (json.len() > SHORT).then_some(held), json })
    }

    /// Does what an answer or a request needs that tells of so many bytes.
    ///
    /// # Errors
    /// Its own; [`Error::Corrupt`] when it panics.
    pub async fn work<T: Send + 'static>(
        self,
        bytes: usize,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Self { account, threads, held } = self;
        if bytes <= SHORT {
            return work();
        }
        let thread = threads.acquire_owned().await.map_err(|_| Error::Busy)?;
        blocking(move || {
            // Held by the thread: what nobody waits for any more still counts until it has ended.
            let _held = (thread, held);
            account.charge(work)
        })
        .await
    }
}

impl Written {
    /// The text, and what is held until it is sent.
    pub fn into_parts(self) -> (Vec<u8>, Option<Held>) {
        (self.json, self.held)
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::Corrupt(format!("an answer: {error}")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_person_has_one_long_answer_at_a_time_and_others_do_not_wait() {
        let answers = Arc::new(Answers::default());
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (go, may_go) = std::sync::mpsc::channel::<()>();
        let long = {
            let turn = answers.turn("ada").await.unwrap();
            tokio::spawn(turn.write(SHORT + 1, move || {
                begun.send(()).unwrap();
                may_go.recv().unwrap();
                Ok("long")
            }))
        };
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        let mut second = Box::pin(answers.turn("ada"));
        let waits = tokio::time::timeout(Duration::from_millis(5), &mut second).await;
        assert!(waits.is_err(), "one of a person at a time");
        let short = answers.turn("bea").await.unwrap().write(SHORT, || Ok("short")).await.unwrap();
        assert_eq!(short.json, b"\"short\"");
        go.send(()).unwrap();
        assert_eq!(long.await.unwrap().unwrap().json, b"\"long\"");
        assert!(second.await.is_ok());
    }

    #[tokio::test]
    async fn a_long_answer_is_the_only_one_until_it_is_sent() {
        let answers = Answers::default();
        let long =
            answers.turn("ada").await.unwrap().write(SHORT + 1, || Ok("x".repeat(SHORT))).await.unwrap();
        let waits = tokio::time::timeout(Duration::from_millis(5), answers.turn("ada")).await;
        assert!(waits.is_err() && answers.turn("bea").await.is_ok());
        drop(long);
        assert!(answers.turn("ada").await.is_ok());
    }
}
