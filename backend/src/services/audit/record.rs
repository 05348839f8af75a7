//! An entry as it is kept, in the database and in an export, and what its hash covers.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    error::Result,
    pg::{Row, studio::time},
};

/// An entry with its place in the chain. The names are those of the table's columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// From 1, without gaps.
    pub seq: i64,
    /// Which fields the hash covers.
    pub form: i16,
    /// When, in whole milliseconds.
    pub at: String,
    /// Who, by id.
    pub person: Option<String>,
    /// What they were called then.
    pub name: Option<String>,
    /// A stable word.
    pub action: String,
    /// The change it is about.
    pub change: Option<i64>,
    /// The run it is about.
    pub run: Option<String>,
    /// A sentence for people, without name and time.
    pub text: String,
    /// Where the request came from.
    pub address: Option<String>,
    /// The first digits of the SHA-256 of the session's token.
    pub session: Option<String>,
    /// The hash of the entry before, in hex.
    pub prev: String,
    /// Its own.
    pub hash: String,
}

impl Record {
    /// The columns that [`Record::read`] wants.
    pub(super) const COLUMNS: &str =
        "seq, form, at, person, name, action, change, run, text, address, session,
                                      encode(prev, 'hex') as prev, encode(hash, 'hex') as hash";

    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            seq: row.try_get("seq")?,
            form: row.try_get("form")?,
            at: time(row, "at")?,
            person: row.try_get("person")?,
            name: row.try_get("name")?,
            action: row.try_get("action")?,
            change: row.try_get("change")?,
            run: row.try_get("run")?,
            text: row.try_get("text")?,
            address: row.try_get("address")?,
            session: row.try_get("session")?,
            prev: row.try_get("prev")?,
            hash: row.try_get("hash")?,
        })
    }

    /// The hash it must have after an entry with the hash `prev`. `None` when no server writes such an entry.
    pub(super) fn hash_after(&self, prev: &[u8]) -> Option<Vec<u8>> {
        Some(Sha256::new().chain_update(prev).chain_update(self.canonical()?).finalize().to_vec())
    }

    fn canonical(&self) -> Option<String> {
        let at: jiff::Timestamp = self.at.parse().ok()?;
        let millis = at.as_millisecond();
        // The hash covers milliseconds, and one spelling of them.
        if jiff::Timestamp::from_millisecond(millis).ok()?.to_string() != self.at {
            return None;
        }
        let (form, seq, millis) = (self.form.to_string(), self.seq.to_string(), millis.to_string());
        let change = self.change.map(|change| change.to_string());
        let (person, run, change) = (self.person.as_deref(), self.run.as_deref(), change.as_deref());
        let (name, address, session) =
            (self.name.as_deref(), self.address.as_deref(), self.session.as_deref());
        let (action, text) = (Some(self.action.as_str()), Some(self.text.as_str()));
        match self.form {
            1 if (name, address, session) == (None, None, None) => {
                Some(listed(&[Some(&seq), Some(&millis), person, action, change, run, text]))
            }
            2 => {
                let begin = [Some(form.as_str()), Some(&seq), Some(&millis), person, name];
                let end = [action, change, run, text, address, session];
                Some(listed(&[&begin[..], &end].concat()))
            }
            _ => None,
        }
    }
}

/// As `studio.canonical`: each field with its length in bytes before it.
fn listed(fields: &[Option<&str>]) -> String {
    let field = |field: &Option<&str>| match field {
        Some(text) => format!("{}:{text}", text.len()),
        None => "-".to_owned(),
    };
    fields.iter().map(field).collect::<Vec<_>>().join(",")
}

/// Bytes as the database's `encode(…, 'hex')` writes them.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
