//! Which segments of a run are in the database: each writes a row in its own transaction, so the row is there exactly
//! if the segment is, whatever became of a connection or of a server. It knows no plan.

use tokio_postgres::{
    error::SqlState,
    types::{ToSql, Type},
};

use super::{Failure, Session, TargetError};

/// Behind the ledger's schema, in one batch with it.
pub(super) const CREATE: &str = "create table if not exists supabase_migrations.studio_segments \
    (run text not null, step integer not null, segment integer not null, sha256 text not null, \
    at timestamptz not null default pg_catalog.clock_timestamp(), primary key (run, step, segment))";

/// Nobody asks about a run for longer than this.
pub(super) const FORGET: &str = "delete from supabase_migrations.studio_segments \
    where at < pg_catalog.clock_timestamp() - interval '30 days'";

/// A segment, by its place in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The step.
    pub step: usize,
    /// The segment in it.
    pub segment: usize,
}

/// Writes a segment's row in the transaction that is open, if `epoch` is still the present one; holds the epoch until
/// that transaction ends. Says whether it was.
///
/// # Errors
/// [`Failure`].
pub async fn insert(
    session: &Session,
    epoch: i64,
    run: &str,
    place: Place,
    sha256: &str,
) -> Result<bool, Failure> {
    // No operator of the file's own answers for the fence.
    let sql = "insert into supabase_migrations.studio_segments (run, step, segment, sha256) \
               select $1, $2, $3, $4 from supabase_migrations.studio_fence \
               where epoch operator(pg_catalog.=) $5 for share";
    let (step, segment) = (number(place.step), number(place.segment));
    let values: [(&(dyn ToSql + Sync), Type); 5] = [
        (&run, Type::TEXT),
        (&step, Type::INT4),
        (&segment, Type::INT4),
        (&sha256, Type::TEXT),
        (&epoch, Type::INT8),
    ];
    let written = session.client().execute_typed(sql, &values).await;
    written.map(|rows| rows > 0).map_err(|error| Failure::new(&error))
}

/// The last segment of a run that is in the database; all before it are there as well.
///
/// # Errors
/// [`TargetError`].
pub async fn last(session: &Session, run: &str) -> Result<Option<Place>, TargetError> {
    let sql = "select step, segment from supabase_migrations.studio_segments where run = $1 \
               order by step desc, segment desc limit 1";
    let rows = match session.client().query_typed(sql, &[(&run, Type::TEXT)]).await {
        Ok(rows) => rows,
        // No run has begun to write.
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => return Ok(None),
        Err(error) => {
            return Err(TargetError::asking("Reading supabase_migrations.studio_segments", &error));
        }
    };
    let index = |number: i32| usize::try_from(number).unwrap_or_default();
    Ok(rows.first().map(|row| Place { step: index(row.get(0)), segment: index(row.get(1)) }))
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
