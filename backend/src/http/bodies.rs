//! Room for long bodies: so many are held at once, of each person and in all. It knows no request.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    error::{Error, Result},
    shares::Shares,
};

/// Bytes of a body that is held without asking for room.
const SHORT: u64 = 256 << 10;

/// Long bodies in all, with what is read from them.
const IN_ALL: usize = 8;

/// Long bodies of one person.
const OF_A_PERSON: usize = 2;

/// Who finds no room waits; less than a body may pause.
const WAIT: Duration = Duration::from_secs(5);

/// The long bodies of a server.
#[derive(Debug)]
pub struct Bodies {
    all: Arc<Semaphore>,
    of: Shares,
}

/// A body's room, given back when dropped; a short body needs none.
#[derive(Debug)]
pub struct Room {
    _permits: Option<[OwnedSemaphorePermit; 2]>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(IN_ALL)), of: Shares::of_each(OF_A_PERSON) }
    }
}

impl Bodies {
    /// Room for a body of this length, if its sender says how long it is.
    ///
    /// # Errors
    /// [`Error::Exhausted`] when none comes free in time.
    pub async fn room(&self, person: &str, length: Option<u64>) -> Result<Room> {
        if length.is_some_and(|length| length <= SHORT) {
            return Ok(Room { _permits: None });
        }
        let own = self.of.of(person);
        let permits = async {
            let own = own.acquire_owned().await.ok()?;
            Some([own, Arc::clone(&self.all).acquire_owned().await.ok()?])
        };
        match tokio::time::timeout(WAIT, permits).await {
            Ok(Some(permits)) => Ok(Room { _permits: Some(permits) }),
            Ok(None) | Err(_) => Err(Error::Exhausted {
                code: "too-many-uploads",
                message: "The server takes in as many long texts as it can at once.".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_bodies_have_a_share_of_a_person_and_of_all() {
        let bodies = Bodies::default();
        let finds_room = async |person: &str| {
            let room = tokio::time::timeout(Duration::from_millis(5), bodies.room(person, Some(SHORT + 1)));
            room.await.ok().map(Result::unwrap)
        };
        let mut held = Vec::new();
        for person in ["ada", "bea", "cleo", "dora"] {
            for _ in 0..OF_A_PERSON {
                held.push(bodies.room(person, None).await.unwrap());
            }
            assert!(bodies.room(person, Some(SHORT)).await.is_ok(), "a short one needs no room");
            assert!(finds_room(person).await.is_none(), "{person} has two");
        }
        assert!(finds_room("eve").await.is_none(), "all are taken");
        held.pop();
        assert!(finds_room("eve").await.is_some());
    }
}
