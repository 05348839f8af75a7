//! Recomputes the chain of the audit log without the database's functions, and holds it against the heads that are
//! kept elsewhere: a chain that somebody computed anew is whole and does not fit them.

use std::{collections::BTreeMap, path::PathBuf};

use sha2::{Digest as _, Sha256};
use studio_kernel::words::count;

use super::{
    anchor::Anchor,
    record::{Record, hex},
};
use crate::{
    error::Result,
    pg::{IsolationLevel, studio::Studio},
};

/// Entries that are read at once.
const PAGE: i64 = 1_000;

/// Heads that were kept outside of the log's database.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// In a file of this log alone.
    pub in_file: Vec<Anchor>,
    /// That file.
    pub file: Option<PathBuf>,
    /// On a target that other logs may share.
    pub on_target: Vec<Anchor>,
}

/// What checking the whole log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row follows from the one before, the last is the head, and every anchor fits.
    Intact {
        /// How many there are.
        rows: i64,
        /// The last row's hash in hex: kept elsewhere, it proves the whole log.
        head: String,
        /// How many heads that were kept elsewhere it was held against.
        kept: usize,
    },
    /// This row is not what was written, or rows before it are missing.
    Broken {
        /// Its number; one more than the last row's when the end was cut off.
        seq: i64,
    },
    /// The rows follow from each other and are not those that were there when an anchor was written.
    Rewritten {
        /// The first row that may be another: the one after the last that an anchor vouches for.
        seq: i64,
        /// The row whose anchor does not fit, or that is missing.
        anchored: i64,
        /// When that anchor was written.
        at: String,
    },
    /// The anchors are of another log.
    Replaced {
        /// When the first of them was written.
        at: String,
        /// The file that keeps them.
        file: Option<PathBuf>,
    },
}

/// Reads the whole log and recomputes the chain. `each` is told of every row that follows.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn verify(studio: &Studio, kept: Kept, mut each: impl FnMut(&Record)) -> Result<Verdict> {
    let mut client = studio.client().await?;
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let head = "select seq, encode(hash, 'hex') as hash, log::text as log from studio.audit_head";
    let head = transaction.query_one(head, &[]).await?;
    let log: String = head.try_get("log")?;
    let Kept { in_file: mut anchors, file, on_target } = kept;
    if let Some(other) = anchors.iter().find(|anchor| anchor.log != log) {
        return Ok(Verdict::Replaced { at: other.at.clone(), file });
    }
    anchors.extend(on_target.into_iter().filter(|anchor| anchor.log == log));
    let mut chain = Chain::new(&anchors);
    let page = format!("select {} from studio.audit where seq > $1 order by seq limit $2", Record::COLUMNS);
    loop {
        let rows = transaction.query(&page, &[&chain.seq, &PAGE]).await?;
        for row in &rows {
            let record = Record::read(row)?;
            if let Err(verdict) = chain.take(&record) {
                return Ok(verdict);
            }
            each(&record);
        }
        if rows.is_empty() {
            break;
        }
    }
    if head.try_get::<_, i64>("seq")? != chain.seq || head.try_get::<_, &str>("hash")? != hex(&chain.hash) {
        return Ok(Verdict::Broken { seq: chain.seq + 1 });
    }
    Ok(chain.end())
}

/// The chain as far as it was followed.
pub struct Chain<'a> {
    seq: i64,
    hash: Vec<u8>,
    /// The last row that an anchor vouches for.
    vouched: i64,
    /// How many anchors there are.
    kept: usize,
    /// Those that were not met yet.
    anchors: BTreeMap<i64, Vec<&'a Anchor>>,
}

impl<'a> Chain<'a> {
    /// The beginning of a log.
    pub fn new(anchors: &'a [Anchor]) -> Self {
        let mut by_row: BTreeMap<i64, Vec<&Anchor>> = BTreeMap::new();
        for anchor in anchors {
            by_row.entry(anchor.seq).or_default().push(anchor);
        }
        // Before the first entry there is nothing to vouch for.
        by_row.remove(&0);
        let kept = by_row.values().map(Vec::len).sum();
        Self { seq: 0, hash: Sha256::digest(b"").to_vec(), vouched: 0, kept, anchors: by_row }
    }

    /// Takes the next row.
    ///
    /// # Errors
    /// [`Verdict::Broken`] when it does not follow, [`Verdict::Rewritten`] when an anchor does not fit.
    pub fn take(&mut self, record: &Record) -> Result<(), Verdict> {
        let next = record.hash_after(&self.hash);
        let follows = record.seq == self.seq + 1 && record.prev == hex(&self.hash);
        let Some(next) = next.filter(|next| follows && record.hash == hex(next)) else {
            return Err(Verdict::Broken { seq: self.seq + 1 });
        };
        (self.seq, self.hash) = (record.seq, next);
        let Some(anchors) = self.anchors.remove(&self.seq) else { return Ok(()) };
        match anchors.iter().find(|anchor| anchor.hash != record.hash) {
            Some(anchor) => Err(self.rewritten(anchor)),
            None => {
                self.vouched = self.seq;
                Ok(())
            }
        }
    }

    /// What was found when there are no more rows.
    pub fn end(&self) -> Verdict {
        match self.anchors.values().flatten().next() {
            Some(missing) => self.rewritten(missing),
            None => Verdict::Intact { rows: self.seq, head: hex(&self.hash), kept: self.kept },
        }
    }

    fn rewritten(&self, anchor: &Anchor) -> Verdict {
        let seq = if anchor.seq > self.seq { self.seq + 1 } else { self.vouched + 1 };
        Verdict::Rewritten { seq, anchored: anchor.seq, at: anchor.at.clone() }
    }
}

fn entries(rows: i64) -> String {
    match rows {
        1 => "1 entry".to_owned(),
        rows => format!("{rows} entries"),
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Intact { rows, head, kept } => {
                write!(to, "The audit log is intact: {}, head {head}; ", entries(*rows))?;
                match kept {
                    0 => to.write_str("there was no head kept elsewhere to hold it against"),
                    kept => write!(to, "it fits {} kept elsewhere", count(*kept, "head")),
                }
            }
            Self::Broken { seq } => {
                write!(
                    to,
                    "THE AUDIT LOG WAS TAMPERED WITH: entry {seq} does not follow from the ones before"
                )
            }
            Self::Rewritten { seq, anchored, at } => write!(
                to,
                "THE AUDIT LOG WAS TAMPERED WITH: entry {anchored} is not the one of {at}; entries from {seq} on are \
                 not vouched for"
            ),
            Self::Replaced { at, file } => {
                let file =
                    file.as_ref().map_or("the file of kept heads".into(), |file| file.to_string_lossy());
                write!(
                    to,
                    "THE AUDIT LOG WAS REPLACED: it is not the one whose head was kept at {at}. If the database was \
                     replaced on purpose, move {file} away"
                )
            }
        }
    }
}
