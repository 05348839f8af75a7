//! What can be seen of work whose connection broke, besides how far the fence says it was: backends, indexes, databases.

use tokio_postgres::types::{ToSql, Type};

use super::{Session, TargetError};

/// A process of the server, by its number and the moment of its start.
const PROCESS: &str = "pid || '.' || (extract(epoch from backend_start) * 1000000)::bigint";

/// This session's process, for [`backends`].
///
/// # Errors
/// [`TargetError`].
pub async fn process(session: &Session) -> Result<String, TargetError> {
    let sql =
        format!("select {PROCESS} from pg_catalog.pg_stat_activity where pid = pg_catalog.pg_backend_pid()");
    let rows = session.client().query_typed(&sql, &[]).await;
    let rows = rows.map_err(|error| TargetError::asking("Asking for the session's process", &error))?;
    Ok(rows.first().and_then(|row| row.get(0)).unwrap_or_default())
}

/// The backends that carry this application name in this database, and this process, besides the asking one. A pooler
/// and a file may give a session another name.
///
/// # Errors
/// [`TargetError`].
pub async fn backends(
    session: &Session,
    application_name: &str,
    process: &str,
) -> Result<Vec<i32>, TargetError> {
    let sql = format!(
        "select pid from pg_catalog.pg_stat_activity where datname = current_database() \
         and pid <> pg_catalog.pg_backend_pid() and (application_name = $1 or {PROCESS} = $2)"
    );
    let values = [(&application_name as &(dyn ToSql + Sync), Type::TEXT), (&process, Type::TEXT)];
    let rows = session.client().query_typed(&sql, &values).await;
    let rows = rows.map_err(|error| TargetError::asking("Looking for the run's backend", &error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Ends a backend of our own.
///
/// # Errors
/// [`TargetError`].
pub async fn terminate(session: &Session, pid: i32) -> Result<(), TargetError> {
    let sql = "select pg_catalog.pg_terminate_backend($1)";
    let done = session.client().query_one(sql, &[&pid]).await;
    done.map(drop).map_err(|error| TargetError::asking("Ending the run's backend", &error))
}

/// Indexes that a broken or cancelled concurrent build left behind, with schema, in order.
///
/// # Errors
/// [`TargetError`].
pub async fn invalid_indexes(session: &Session) -> Result<Vec<String>, TargetError> {
    let sql = "select format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_index i \
               join pg_catalog.pg_class c on c.oid = i.indexrelid \
               join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
               where not i.indisvalid and c.relkind = 'i' and n.nspname !~ '^pg_toast' order by 1";
    let rows = session.client().query_typed(sql, &[]).await;
    let rows = rows.map_err(|error| TargetError::asking("Looking for invalid indexes", &error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Whether an index exists, and if so whether it is valid and ready. `name` is as written in the statement,
/// with a schema if it had one.
///
/// # Errors
/// [`TargetError`].
pub async fn index_state(session: &Session, name: &str) -> Result<Option<bool>, TargetError> {
    let sql = "select i.indisvalid and i.indisready from pg_catalog.pg_index i \
               where i.indexrelid = to_regclass($1)";
    let row = session.client().query_opt(sql, &[&name]).await;
    let row = row.map_err(|error| TargetError::asking("Looking at the index", &error))?;
    Ok(row.map(|row| row.get(0)))
}

/// The server's databases whose names begin like this.
///
/// # Errors
/// [`TargetError`].
pub async fn databases(session: &Session, prefix: &str) -> Result<Vec<String>, TargetError> {
    let sql =
        "select datname::text from pg_catalog.pg_database where starts_with(datname, $1) order by datname";
    let rows = session.client().query(sql, &[&prefix]).await;
    let rows = rows.map_err(|error| TargetError::asking("Listing databases", &error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
