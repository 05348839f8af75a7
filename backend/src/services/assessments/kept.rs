//! What is kept of assessments, and what goes when there is too much.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use studio_kernel::migration::SourceFile;
use tokio::sync::watch;

use super::{Interest, Key, Outcome};
use crate::services::gate::{Assessment, Brief};

/// Bytes of assessments that are kept, as [`weight`] estimates them. One that is larger than half of that is kept beside
/// the others, until the next such one.
const KEPT: usize = 192 << 20;

/// How many assessments are kept in brief.
const BRIEFS: usize = 4_096;

#[derive(Default)]
pub(super) struct Entries {
    pub(super) by_key: BTreeMap<Key, Entry>,
    /// With when each was used last.
    pub(super) briefs: BTreeMap<Key, (Arc<Brief>, u64)>,
    /// Counts uses, so that the one unused for longest goes first.
    pub(super) clock: u64,
}

pub(super) enum Entry {
    Ready { assessment: Arc<Assessment>, weight: usize, used: u64 },
    Pending { outcome: watch::Receiver<Outcome>, interest: Weak<Interest> },
}

impl Entries {
    pub(super) fn keep_brief(&mut self, key: &Key, brief: Brief, used: u64) {
        self.briefs.insert(key.clone(), (Arc::new(brief), used));
        if self.briefs.len() > BRIEFS {
            let oldest = self.briefs.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| self.briefs.remove(&oldest));
        }
    }

    pub(super) fn shrink(&mut self, newest: &Key) {
        let is_large = |entry: &Entry| matches!(entry, Entry::Ready { weight, .. } if *weight > KEPT / 2);
        if self.by_key.get(newest).is_some_and(is_large) {
            self.by_key.retain(|key, entry| key == newest || !is_large(entry));
        }
        loop {
            let ready = self.by_key.iter().filter(|(_, entry)| !is_large(entry));
            let ready = ready.filter_map(|(key, entry)| match entry {
                Entry::Ready { weight, used, .. } => Some((*used, *weight, key)),
                Entry::Pending { .. } => None,
            });
            let held: usize = ready.clone().map(|(_, weight, _)| weight).sum();
            let oldest = ready.filter(|(_, _, key)| *key != newest).min();
            match oldest.map(|(_, _, key)| key.clone()) {
                Some(oldest) if held > KEPT => drop(self.by_key.remove(&oldest)),
                _ => return,
            }
        }
    }
}

/// Bytes that an assessment takes in memory, by experience: its statements, findings and locks are some forty times
/// as large as the text they come from, and the set that they are laid over takes its part.
pub(super) fn weight(files: &[SourceFile]) -> usize {
    (768 << 10) + files.iter().map(|file| file.text.len()).sum::<usize>().saturating_mul(40)
}
