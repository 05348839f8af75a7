//! The audit log: what was done, by whom, in a chain that shows tampering. A change's timeline is read from it.
//! The database computes the chain; this file checks it independently.

use sha2::{Digest as _, Sha256};
use studio_kernel::review::{Person, TimelineEntry};

use super::stored;
use crate::{
    error::Result,
    pg::{
        GenericClient, IsolationLevel,
        studio::{Studio, time},
    },
};

/// Something worth keeping for ever.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Who did it; `None` for the server itself.
    pub person: Option<&'a Person>,
    /// A stable word, as in the protocol's timeline where it is about a change.
    pub action: &'a str,
    /// The change it is about.
    pub change: Option<i64>,
    /// The run it is about.
    pub run: Option<&'a str>,
    /// A sentence for people, without name and time.
    pub text: &'a str,
}

/// Appends an entry. Writers queue up until the one before commits, so it comes last in a transaction.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn append(client: &impl GenericClient, entry: Entry<'_>) -> Result<()> {
    let Entry { person, action, change, run, text } = entry;
    let person = person.map(|person| person.id.as_str());
    let insert = "insert into studio.audit (person, action, change, run, text) values ($1, $2, $3, $4, $5)";
    client.execute(insert, &[&person, &action, &change, &run, &text]).await?;
    Ok(())
}

/// What happened to a change, oldest first.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn timeline(client: &impl GenericClient, change: i64) -> Result<Vec<TimelineEntry>> {
    let find = format!(
        "select audit.at, audit.action, audit.text, audit.run, {}
         from studio.audit as audit left join studio.people as person on person.id = audit.person
         where audit.change = $1 order by audit.seq",
        stored::person_at("audit.at")
    );
    let rows = client.query(&find, &[&change]).await?;
    rows.iter()
        .map(|row| {
            let someone = row.try_get::<_, Option<&str>>("person_id")?.is_some();
            Ok(TimelineEntry {
                at: time(row, "at")?,
                person: someone.then(|| stored::person(row)).transpose()?,
                action: row.try_get("action")?,
                text: row.try_get("text")?,
                run: row.try_get("run")?,
            })
        })
        .collect()
}

/// What checking the whole log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row follows from the one before, and the last is the head.
    Intact {
        /// How many there are.
        rows: i64,
        /// The last row's hash in hex: kept elsewhere, it proves the whole log.
        head: String,
    },
    /// This row is not what was written, or rows before it are missing.
    Broken {
        /// Its number; one more than the last row's when the end was cut off.
        seq: i64,
    },
}

/// Reads the whole log and recomputes the chain.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn verify(studio: &Studio) -> Result<Verdict> {
    let mut client = studio.client().await?;
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let rows =
        "select seq, (extract(epoch from at) * 1000)::bigint as millis, person, action, change, run, text,
                       prev, hash from studio.audit order by seq";
    let rows = transaction.query(rows, &[]).await?;
    let head = transaction.query_one("select seq, hash from studio.audit_head", &[]).await?;
    let mut seq: i64 = 0;
    let mut hash = Sha256::digest(b"").to_vec();
    for row in rows {
        seq += 1;
        let number = |column| Some(row.get::<_, i64>(column).to_string());
        let fields: [Option<String>; 7] = [
            number("seq"),
            number("millis"),
            row.get("person"),
            row.get("action"),
            row.get::<_, Option<i64>>("change").map(|change| change.to_string()),
            row.get("run"),
            row.get("text"),
        ];
        let next = Sha256::new().chain_update(&hash).chain_update(canonical(&fields)).finalize().to_vec();
        let follows = row.get::<_, i64>("seq") == seq && row.get::<_, Vec<u8>>("prev") == hash;
        if !follows || row.get::<_, Vec<u8>>("hash") != next {
            return Ok(Verdict::Broken { seq });
        }
        hash = next;
    }
    if head.get::<_, i64>("seq") != seq || head.get::<_, Vec<u8>>("hash") != hash {
        return Ok(Verdict::Broken { seq: seq + 1 });
    }
    let head = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Verdict::Intact { rows: seq, head })
}

/// As `studio.canonical`: each field with its length in bytes before it.
fn canonical(fields: &[Option<String>]) -> String {
    let field = |field: &Option<String>| match field {
        Some(text) => format!("{}:{text}", text.len()),
        None => "-".to_owned(),
    };
    fields.iter().map(field).collect::<Vec<_>>().join(",")
}
