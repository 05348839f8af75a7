//! How many streams of events each person has open.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::error::{Error, Result};

/// Streams of one person; a browser keeps six connections to a server.
const OF_A_PERSON: usize = 24;

/// Everybody's open streams. Clones share them.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<BTreeMap<String, usize>>>);

/// A stream that is open until this is dropped.
pub struct Open {
    streams: Streams,
    person: String,
}

impl Streams {
    /// Opens one.
    ///
    /// # Errors
    /// [`Error::Exhausted`] when the person has as many as there are for them.
    pub fn open(&self, person: &str) -> Result<Open> {
        let mut open = self.all();
        let own = open.entry(person.to_owned()).or_default();
        if *own >= OF_A_PERSON {
            let message = format!("You follow {OF_A_PERSON} runs already.");
            return Err(Error::Exhausted { code: "too-many-streams", message });
        }
        *own += 1;
        Ok(Open { streams: self.clone(), person: person.to_owned() })
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.streams.all();
        if let Some(own) = open.get_mut(&self.person) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_so_many_streams_and_gets_them_back() {
        let streams = Streams::default();
        let open: Vec<Open> = (0..OF_A_PERSON).map(|_| streams.open("ada").unwrap()).collect();
        assert!(matches!(streams.open("ada"), Err(Error::Exhausted { code: "too-many-streams", .. })));
        assert!(streams.open("bea").is_ok());
        drop(open);
        assert!(streams.open("ada").is_ok() && streams.all().is_empty());
    }
}
