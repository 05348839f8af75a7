//! What the target holds, as the kernel models it: the start for files that are yet to be applied.
//! It reads catalogs, not rows of tables.

use studio_kernel::schema::Snapshot;

use super::{Session, TargetError};

const SQL: &str = include_str!("snapshot.sql");

const DEFAULT_GRANTS: &str = include_str!("default_grants.sql");

/// The schemas of the path that exist, and the server's major version. It is asked for before the path is emptied.
const SESSION: &str = "select to_jsonb(pg_catalog.current_schemas(false)), \
    pg_catalog.current_setting('server_version_num')::integer / 10000";

/// Reads the catalogs in one snapshot of the database.
///
/// # Errors
/// [`TargetError`].
pub async fn take(session: &Session) -> Result<Snapshot, TargetError> {
    let wrong = |error| TargetError::asking("Reading the schema's catalogs", &error);
    let client = session.client();
    client.batch_execute("begin isolation level repeatable read, read only").await.map_err(wrong)?;
    let read = async {
        let about = client.query_one(SESSION, &[]).await?;
        client.batch_execute("set local search_path = ''").await?;
        Ok((about, client.query(DEFAULT_GRANTS, &[]).await?, client.query(SQL, &[]).await?))
    };
    let read = read.await;
    // Also after a failure, so that the session stays usable.
    let ended = client.batch_execute("rollback").await;
    let (about, defaults, rows) = read.map_err(wrong)?;
    ended.map_err(wrong)?;
    let unread = |error: serde_json::Error| TargetError::unread("the schema's catalogs", &error);
    let value = |row: &tokio_postgres::Row| row.get::<_, serde_json::Value>(0);
    let entries = rows.iter().map(|row| serde_json::from_value(value(row)));
    let defaults = defaults.iter().map(|row| serde_json::from_value(value(row)));
    let version: i32 = about.get(1);
    Ok(Snapshot {
        version: u32::try_from(version).ok(),
        search_path: serde_json::from_value(value(&about)).map_err(unread)?,
        default_grants: defaults.collect::<Result<_, _>>().map_err(unread)?,
        entries: entries.collect::<Result<_, _>>().map_err(unread)?,
    })
}
