//! What the target holds, as the kernel models it: the start for files that are yet to be applied.
//! It reads catalogs, not rows of tables.

use studio_kernel::schema::Snapshot;

use super::{Session, TargetError};

const SQL: &str = include_str!("snapshot.sql");

const DEFAULT_GRANTS: &str = include_str!("default_grants.sql");

/// The schemas of the path that exist. It is asked for before the path is emptied.
const SEARCH_PATH: &str = "select to_jsonb(pg_catalog.current_schemas(false))";

/// Reads the catalogs in one snapshot of the database.
///
/// # Errors
/// [`TargetError`].
pub async fn take(session: &Session) -> Result<Snapshot, TargetError> {
    let wrong = |error| TargetError::asking("Reading the schema's catalogs", &error);
    let client = session.client();
    client.batch_execute("begin isolation level repeatable read, read only").await.map_err(wrong)?;
    let read = async {
        let path = client.query_one(SEARCH_PATH, &[]).await?;
        client.batch_execute("set local search_path = ''").await?;
        Ok((path, client.query(DEFAULT_GRANTS, &[]).await?, client.query(SQL, &[]).await?))
    };
    let read = read.await;
    // Also after a failure, so that the session stays usable.
    let ended = client.batch_execute("rollback").await;
    let (path, defaults, rows) = read.map_err(wrong)?;
    ended.map_err(wrong)?;
    let unread = |error: serde_json::Error| TargetError::unread("the schema's catalogs", &error);
    let value = |row: &tokio_postgres::Row| row.get::<_, serde_json::Value>(0);
    let entries = rows.iter().map(|row| serde_json::from_value(value(row)));
    let defaults = defaults.iter().map(|row| serde_json::from_value(value(row)));
    Ok(Snapshot {
        search_path: serde_json::from_value(value(&path)).map_err(unread)?,
        default_grants: defaults.collect::<Result<_, _>>().map_err(unread)?,
        entries: entries.collect::<Result<_, _>>().map_err(unread)?,
    })
}
