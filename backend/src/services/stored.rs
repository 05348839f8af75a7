//! A change as the database holds it. It decides nothing and computes nothing.

use studio_kernel::{
    migration::SourceFile,
    plan::Digest,
    review::{Approval, Bound, ChangeState, Person, Timestamp},
    run::api::RunSummary,
};

use crate::{
    error::{Error, Result},
    pg::{
        GenericClient, Row,
        studio::{time, word},
    },
};

/// A change with its revisions.
#[derive(Clone, Debug)]
pub struct StoredChange {
    /// For people: `#12`.
    pub id: i64,
    /// One line.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// Who opened it.
    pub author: Person,
    /// Where it stands.
    pub state: ChangeState,
    /// What became of its files in the folder.
    pub folder_note: Option<String>,
    /// When anything happened last.
    pub updated: Timestamp,
    /// Oldest first, never empty.
    pub revisions: Vec<StoredRevision>,
}

/// A revision of a change.
#[derive(Clone, Debug)]
pub struct StoredRevision {
    /// From 1.
    pub number: u32,
    /// Who made it.
    pub author: Person,
    /// When.
    pub at: Timestamp,
    /// Plain text.
    pub note: String,
    /// In the order they run.
    pub files: Vec<StoredFile>,
}

/// A file of a revision, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Below `migrations/`.
    pub path: String,
    /// Of its bytes.
    pub sha256: String,
    /// Of the folder's bytes the change started from.
    pub base: Option<String>,
}

impl StoredChange {
    /// The newest revision: what would run.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a change without any.
    pub fn newest(&self) -> Result<&StoredRevision> {
        self.revisions.last().ok_or_else(|| Error::Corrupt(format!("change {} has no revision", self.id)))
    }

    /// Everybody who made a revision.
    pub fn authors(&self) -> Vec<String> {
        let mut authors: Vec<String> =
            self.revisions.iter().map(|revision| revision.author.id.clone()).collect();
        authors.sort();
        authors.dedup();
        authors
    }
}

/// Whether a read keeps others from writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// A look.
    None,
    /// Nobody else decides about the change until the transaction ends.
    Row,
}

/// Reads a change.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn change(client: &impl GenericClient, id: i64, lock: Lock) -> Result<StoredChange> {
    if lock == Lock::Row {
        // By itself: a joined row that was waited for would be put together from two moments.
        client.execute("select from studio.changes where id = $1 for update", &[&id]).await?;
    }
    let find = format!(
        "select change.id, title, description, state, folder_note, updated_at, {}
         from studio.changes as change join studio.people as person on person.id = change.author
         where change.id = $1",
        person_at("change.created_at")
    );
    let row = client.query_opt(&find, &[&id]).await?.ok_or(Error::NotFound("change"))?;
    Ok(StoredChange {
        id: row.try_get("id")?,
        title: row.try_get("title")?,
        description: row.try_get("description")?,
        author: person(&row)?,
        state: word(&row, "state")?,
        folder_note: row.try_get("folder_note")?,
        updated: time(&row, "updated_at")?,
        revisions: revisions(client, id).await?,
    })
}

/// The ids of all changes, newest first.
///
/// # Errors
/// [`Error::Database`].
pub async fn ids(client: &impl GenericClient) -> Result<Vec<i64>> {
    let rows = client.query("select id from studio.changes order by id desc", &[]).await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}

async fn revisions(client: &impl GenericClient, change: i64) -> Result<Vec<StoredRevision>> {
    let find = format!(
        "select revision.number, revision.at, revision.note, {}
         from studio.revisions as revision join studio.people as person on person.id = revision.author
         where revision.change = $1 order by revision.number",
        person_at("revision.at")
    );
    let rows = client.query(&find, &[&change]).await?;
    let files = "select number, path, sha256, base from studio.revision_files
                 where change = $1 order by number, position";
    let files = client.query(files, &[&change]).await?;
    let of_revision = |number: i32| {
        files.iter().filter(move |row| row.get::<_, i32>("number") == number).map(|row| {
            Ok(StoredFile {
                path: row.try_get("path")?,
                sha256: row.try_get("sha256")?,
                base: row.try_get("base")?,
            })
        })
    };
    rows.iter()
        .map(|row| {
            Ok(StoredRevision {
                number: number(row, "number")?,
                author: person(row)?,
                at: time(row, "at")?,
                note: row.try_get("note")?,
                files: of_revision(row.try_get("number")?).collect::<Result<_>>()?,
            })
        })
        .collect()
}

/// The decisions about a change, oldest first, with everybody's present role.
///
/// # Errors
/// [`Error::Database`].
pub async fn approvals(client: &impl GenericClient, change: i64) -> Result<Vec<Approval>> {
    let find = format!(
        "select approval.*, {}
         from studio.approvals as approval join studio.people as person on person.id = approval.person
         where approval.change = $1 order by approval.at, approval.id",
        person_at("approval.at")
    );
    let rows = client.query(&find, &[&change]).await?;
    rows.iter()
        .map(|row| {
            Ok(Approval {
                id: row.try_get("id")?,
                person: person(row)?,
                at: time(row, "at")?,
                decision: word(row, "decision")?,
                note: row.try_get("note")?,
                revision: number(row, "revision")?,
                bound: Bound {
                    digest: word::<Digest>(row, "digest")?,
                    bytes: word::<Digest>(row, "bytes")?,
                    target: row.try_get("target")?,
                    database: row.try_get("database")?,
                    schema: row.try_get("schema")?,
                    session: row.try_get("session")?,
                    policy: row.try_get("policy")?,
                },
            })
        })
        .collect()
}

/// The texts of files, in their order.
///
/// # Errors
/// [`Error::Corrupt`] when the bytes are gone or are not what their name says.
pub async fn texts(client: &impl GenericClient, files: &[StoredFile]) -> Result<Vec<SourceFile>> {
    let mut sources = Vec::with_capacity(files.len());
    for file in files {
        let bytes = blob(client, &file.sha256).await?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::Corrupt(format!("blob {} is not UTF-8", file.sha256)))?;
        sources.push(SourceFile { path: file.path.clone(), text });
    }
    Ok(sources)
}

/// Bytes by their SHA-256.
///
/// # Errors
/// [`Error::Corrupt`] when they are gone or are not what their name says.
pub async fn blob(client: &impl GenericClient, sha256: &str) -> Result<Vec<u8>> {
    let row = client.query_opt("select bytes from studio.blobs where sha256 = $1", &[&sha256]).await?;
    let row = row.ok_or_else(|| Error::Corrupt(format!("blob {sha256} is missing")))?;
    let bytes: Vec<u8> = row.try_get("bytes")?;
    match Digest::of(&bytes).as_str() == sha256 {
        true => Ok(bytes),
        false => Err(Error::Corrupt(format!("blob {sha256} holds other bytes"))),
    }
}

/// Keeps bytes and answers with their name.
///
/// # Errors
/// [`Error::Database`].
pub async fn keep(client: &impl GenericClient, text: &str) -> Result<String> {
    let sha256 = Digest::of(text.as_bytes()).to_string();
    let insert = "insert into studio.blobs (sha256, bytes) values ($1, $2) on conflict do nothing";
    client.execute(insert, &[&sha256, &text.as_bytes()]).await?;
    Ok(sha256)
}

/// The columns that [`person`] reads, of the person as they were called at a moment; the table's alias is `person`.
pub fn person_at(moment: &str) -> String {
    format!(
        "person.id as person_id, studio.name_at(person.id, {moment}) as person_name, person.role as person_role,
         person.disabled_at as person_disabled"
    )
}

/// A person from a row with the columns of [`person_at`].
///
/// # Errors
/// [`Error::Database`], [`Error::Corrupt`].
pub fn person(row: &Row) -> Result<Person> {
    Ok(Person {
        id: row.try_get("person_id")?,
        name: row.try_get("person_name")?,
        role: word(row, "person_role")?,
        disabled: row.try_get::<_, Option<jiff::Timestamp>>("person_disabled")?.is_some(),
    })
}

/// A revision's number.
///
/// # Errors
/// [`Error::Database`], [`Error::Corrupt`].
pub fn number(row: &Row, column: &str) -> Result<u32> {
    let number: i32 = row.try_get(column)?;
    u32::try_from(number).map_err(|_| Error::Corrupt(format!("column {column}: {number}")))
}

/// The runs of a change, newest first.
///
/// # Errors
/// [`Error::Database`], [`Error::Corrupt`].
pub async fn runs(client: &impl GenericClient, change: i64) -> Result<Vec<RunSummary>> {
    let find = format!(
        "select run.*, {}
         from studio.runs as run join studio.people as person on person.id = run.person
         where run.change = $1 order by run.began desc, run.id desc",
        person_at("run.began")
    );
    let rows = client.query(&find, &[&change]).await?;
    rows.iter()
        .map(|row| {
            let ended: Option<jiff::Timestamp> = row.try_get("ended")?;
            Ok(RunSummary {
                id: row.try_get("id")?,
                kind: word(row, "kind")?,
                state: word(row, "state")?,
                change: row.try_get("change")?,
                title: row.try_get("title")?,
                target: row.try_get("target")?,
                person: person(row)?,
                began: time(row, "began")?,
                ended: ended.map(|at| at.to_string()),
                summary: row.try_get("summary")?,
            })
        })
        .collect()
}
