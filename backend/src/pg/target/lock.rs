//! One run at a time: a session-level advisory lock, taken by asking again and again outside any transaction.
//! A blocking lock call would hold a snapshot, and CREATE INDEX CONCURRENTLY would wait for it.

use tokio_postgres::types::Type;

use super::{Session, TargetError};

/// The two halves of the lock's key. Advisory locks belong to one database, so the key names only the studio.
const CLASS: i32 = 0x5374_7564;
const OBJECT: i32 = 1;

const WHO: &str = "select a.pid, coalesce(nullif(a.application_name, ''), 'without a name'), \
     to_char(a.backend_start at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS \"UTC\"') \
     from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid \
     where l.locktype = 'advisory' and l.granted and l.classid::bigint = $1 and l.objid::bigint = $2 \
     and l.objsubid = 2 \
     and l.database = (select oid from pg_catalog.pg_database where datname = current_database())";

/// Who holds a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Of the backend.
    pub pid: i32,
    /// A run's id for a run of the studio.
    pub application_name: String,
    /// When its session began.
    pub since: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pid, application_name: name, since } = self;
        match uuid::Uuid::try_parse(name) {
            Ok(_) => write!(out, "another run, {name} (process {pid}), connected since {since}"),
            Err(_) => write!(out, "process {pid} ({name}), connected since {since}"),
        }
    }
}

/// Takes the lock if it is free.
///
/// # Errors
/// [`TargetError`].
pub async fn take(session: &Session) -> Result<bool, TargetError> {
    ask(session, "select pg_catalog.pg_try_advisory_lock($1, $2)")
        .await
        .map_err(|error| TargetError::asking("Taking the target's lock", &error))
}

/// Gives it up, so that it is free even where something between keeps the backend.
///
/// # Errors
/// [`TargetError`].
pub async fn release(session: &Session) -> Result<(), TargetError> {
    let done = ask(session, "select pg_catalog.pg_advisory_unlock($1, $2)").await;
    done.map(drop).map_err(|error| TargetError::asking("Giving up the target's lock", &error))
}

/// Whether this session still holds it; a file can give it up with `pg_advisory_unlock_all` or `discard all`.
///
/// # Errors
/// [`TargetError`].
pub async fn held(session: &Session) -> Result<bool, TargetError> {
    let sql = "select exists (select from pg_catalog.pg_locks where locktype = 'advisory' and granted \
               and pid = pg_catalog.pg_backend_pid() and classid::bigint = $1 and objid::bigint = $2 \
               and objsubid = 2)";
    ask(session, sql).await.map_err(|error| TargetError::asking("Looking at the target's lock", &error))
}

/// A question about the lock, in one exchange.
async fn ask(session: &Session, sql: &str) -> Result<bool, tokio_postgres::Error> {
    let rows = session.client().query_typed(sql, &[(&CLASS, Type::INT4), (&OBJECT, Type::INT4)]).await?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}

/// Who holds it; `None` when it has just become free.
///
/// # Errors
/// [`TargetError`].
pub async fn holder(session: &Session) -> Result<Option<Holder>, TargetError> {
    let row = session
        .client()
        .query_opt(WHO, &[&i64::from(CLASS), &i64::from(OBJECT)])
        .await
        .map_err(|error| TargetError::asking("Looking for who holds the target's lock", &error))?;
    Ok(row.map(|row| Holder { pid: row.get(0), application_name: row.get(1), since: row.get(2) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_before_its_process() {
        for (name, words) in [
            (
                "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b",
                "another run, 019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b (process 7), connected since noon",
            ),
            ("psql", "process 7 (psql), connected since noon"),
        ] {
            let holder = Holder { pid: 7, application_name: name.to_owned(), since: "noon".to_owned() };
            assert_eq!(holder.to_string(), words);
        }
    }
}
