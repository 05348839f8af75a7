//! A schema as comparable lines: one per object, hashed, so that a difference names the object.
//! It reads catalogs, not rows of tables. Two fingerprints compare only when their format is the same.

use std::collections::BTreeMap;

use studio_kernel::plan::Digest;

use super::{Session, TargetError};

/// Grows when the text of any line changes, because then old fingerprints say nothing about new ones.
pub const FORMAT: u32 = 1;

const SCHEMA: &str = include_str!("fingerprint.sql");

const SERVER: &str = include_str!("server.sql");

/// What a schema is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// [`FORMAT`] when it was taken.
    pub format: u32,
    /// Kind and name to the digest of the definition, as 64 digits.
    objects: BTreeMap<(String, String), String>,
}

/// An object that differs between two fingerprints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// `table`, `column`, `policy` …
    pub kind: String,
    /// With its schema.
    pub name: String,
    /// What became of it.
    pub change: Change,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// Its definition is another.
    Altered,
}

impl Fingerprint {
    /// Reads the catalogs of the database in one snapshot.
    ///
    /// # Errors
    /// [`TargetError`].
    pub async fn take(session: &Session) -> Result<Self, TargetError> {
        Self::read(session, &[SCHEMA]).await
    }

    /// Reads the catalogs of the database and those of its whole server: databases, roles, settings.
    ///
    /// # Errors
    /// [`TargetError`].
    pub async fn with_server(session: &Session) -> Result<Self, TargetError> {
        Self::read(session, &[SCHEMA, SERVER]).await
    }

    async fn read(session: &Session, queries: &[&str]) -> Result<Self, TargetError> {
        let wrong = |error| TargetError::asking("Reading the schema's catalogs", &error);
        let client = session.client();
        let begin = "begin isolation level repeatable read, read only; set local search_path = ''";
        client.batch_execute(begin).await.map_err(wrong)?;
        let mut objects = BTreeMap::new();
        let mut read = Ok(());
        for query in queries {
            match client.query(&digests(query), &[]).await {
                Ok(rows) => objects.extend(rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2)))),
                Err(error) => {
                    read = Err(error);
                    break;
                }
            }
        }
        // Also after a failure, so that the session stays usable.
        let ended = client.batch_execute("rollback").await;
        read.map_err(wrong)?;
        ended.map_err(wrong)?;
        Ok(Self { format: FORMAT, objects })
    }

    /// Of nothing.
    pub fn empty() -> Self {
        Self { format: FORMAT, objects: BTreeMap::new() }
    }

    /// Adds something that is compared with the rest.
    pub fn add(&mut self, kind: &str, name: &str, definition: &str) {
        let digest = Digest::of(definition.as_bytes()).to_string();
        self.objects.insert((kind.to_owned(), name.to_owned()), digest);
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether the schema is empty.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// One digest for all of it.
    pub fn digest(&self) -> Digest {
        let lines = self.objects.iter().map(|((kind, name), digest)| format!("{kind}\0{name}\0{digest}\n"));
        Digest::of(format!("{}\n{}", self.format, lines.collect::<String>()).as_bytes())
    }

    /// What changed from `self` to `later`, by kind and name.
    pub fn changes_to(&self, later: &Self) -> Vec<Difference> {
        let difference = |(kind, name): &(String, String), change| Difference {
            kind: kind.clone(),
            name: name.clone(),
            change,
        };
        let mut differences: Vec<Difference> = Vec::new();
        for (key, digest) in &self.objects {
            match later.objects.get(key) {
                None => differences.push(difference(key, Change::Removed)),
                Some(other) if other != digest => differences.push(difference(key, Change::Altered)),
                Some(_) => {}
            }
        }
        let added = later.objects.keys().filter(|key| !self.objects.contains_key(*key));
        differences.extend(added.map(|key| difference(key, Change::Added)));
        differences.sort();
        differences
    }
}

/// The server hashes: a definition may be as long as its author likes.
fn digests(query: &str) -> String {
    format!(
        "select kind, name, encode(sha256(convert_to(coalesce(definition, ''), 'UTF8')), 'hex') \
         from ({query}) as objects (kind, name, definition)"
    )
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let change = match self.change {
            Change::Added => "was added",
            Change::Removed => "is missing",
            Change::Altered => "differs",
        };
        write!(out, "{} {} {change}", self.kind, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(objects: &[(&str, &str, &str)]) -> Fingerprint {
        let objects = objects.iter().map(|(kind, name, text)| {
            (((*kind).to_owned(), (*name).to_owned()), Digest::of(text.as_bytes()).to_string())
        });
        Fingerprint { format: FORMAT, objects: objects.collect() }
    }

    #[test]
    fn a_difference_names_the_object() {
        let before = of(&[("table", "public.a", "x"), ("table", "public.b", "y")]);
        let after = of(&[("column", "public.a.c", "z"), ("table", "public.a", "x2")]);
        let texts: Vec<String> = before.changes_to(&after).iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["column public.a.c was added", "table public.a differs", "table public.b is missing"]
        );
        assert_eq!(before.changes_to(&before), []);
    }
}
