//! The fence: which run may write to the target, and how far it is. Each segment moves the row on in its own transaction,
//! so the row is there exactly if the segment is, whatever became of a connection or of a server; and a runner that was
//! paused while another one took over cannot move it any more. It knows no plan.

use tokio_postgres::{
    error::SqlState,
    types::{ToSql, Type},
};

use super::{Failure, Session, TargetError, ledger, settings};

/// Behind the ledger's schema, in one batch with it. Before its first segment a run is at step -1.
pub(super) const CREATE: &str = "create table if not exists supabase_migrations.studio_fence \
    (one boolean primary key default true check (one), epoch bigint not null); \
    alter table supabase_migrations.studio_fence add column if not exists run text not null default '', \
    add column if not exists step integer not null default -1, \
    add column if not exists segment integer not null default -1; \
    insert into supabase_migrations.studio_fence (epoch) values (0) on conflict do nothing; \
    create table if not exists supabase_migrations.studio_runs \
    (run text primary key, step integer not null, segment integer not null, \
    at timestamptz not null default pg_catalog.clock_timestamp())";

/// A segment, by its place in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The step.
    pub step: usize,
    /// The segment in it.
    pub segment: usize,
}

/// What became of the wish to move on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The fence says that this segment is there, once the transaction is committed.
    On,
    /// Another run has begun. This and what follows: the transaction is aborted.
    TakenOver,
    /// Another transaction is open than the one that was begun.
    Escaped,
    /// A setting that decides how texts are read is not as it was pinned.
    ReadsOtherwise,
}

/// Begins a new epoch for a run; every earlier one is over.
///
/// # Errors
/// [`TargetError`], `target-rights` when the role may not create the tables.
pub async fn advance(session: &Session, run: &str) -> Result<i64, TargetError> {
    let wrong = |error| TargetError::asking("Advancing supabase_migrations.studio_fence", &error);
    let missing = [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_COLUMN, SqlState::INVALID_SCHEMA_NAME];
    match next(session, run).await {
        Ok(Some(epoch)) => return Ok(epoch),
        Ok(None) => {}
        Err(error) if error.code().is_some_and(|code| missing.contains(code)) => {}
        Err(error) => return Err(wrong(error)),
    }
    let schema = ledger::missing_schema(session).await.map_err(wrong)?;
    session.client().batch_execute(&format!("{schema}{CREATE}")).await.map_err(wrong)?;
    Ok(next(session, run).await.map_err(wrong)?.unwrap_or_default())
}

/// `None` when the table has no row. How far the run before was is kept for thirty days. Nobody waits for the disk: a
/// server that forgets an epoch has forgotten the sessions of earlier runs as well.
async fn next(session: &Session, run: &str) -> Result<Option<i64>, tokio_postgres::Error> {
    let sql = "with at_ease as materialized \
                   (select pg_catalog.set_config('synchronous_commit', 'off', true)), \
               past as (insert into supabase_migrations.studio_runs (run, step, segment) \
                   select run, step, segment from supabase_migrations.studio_fence where step operator(pg_catalog.>=) 0 \
                   on conflict do nothing), \
               forgotten as (delete from supabase_migrations.studio_runs \
                   where at operator(pg_catalog.<) \
                   (pg_catalog.clock_timestamp() operator(pg_catalog.-) pg_catalog.interval '30 days')) \
               update supabase_migrations.studio_fence set epoch = epoch operator(pg_catalog.+) 1, run = $1, step = -1, segment = -1 \
               from at_ease returning epoch";
    let rows = session.client().query_typed(sql, &[(&run, Type::TEXT)]).await?;
    Ok(rows.first().map(|row| row.get(0)))
}

/// Moves on to a segment, in the transaction that is open; `xid` where that may be another one than was begun. The epoch
/// is held until the transaction ends.
///
/// # Errors
/// [`Failure`].
pub async fn move_on(
    session: &Session,
    epoch: i64,
    run: &str,
    place: Place,
    xid: Option<&str>,
) -> Result<Moved, Failure> {
    // What is missing is refused (23502) by the name of its column. No operator of the file's own answers here.
    let sql = format!(
        "insert into supabase_migrations.studio_fence as fence (epoch, run, step, segment) values ($1, $2, $3, $4) \
         on conflict (one) do update set \
         epoch = case when fence.epoch operator(pg_catalog.=) $1 then $1 end, \
         step = case when $5 is null \
             or pg_catalog.pg_current_xact_id()::pg_catalog.text operator(pg_catalog.=) $5 then $3 end, \
         segment = case when {} then $4 end",
        settings::pinned()
    );
    let (step, segment) = (number(place.step), number(place.segment));
    let values: [(&(dyn ToSql + Sync), Type); 5] = [
        (&epoch, Type::INT8),
        (&run, Type::TEXT),
        (&step, Type::INT4),
        (&segment, Type::INT4),
        (&xid, Type::TEXT),
    ];
    let error = match session.client().execute_typed(&sql, &values).await {
        Ok(_) => return Ok(Moved::On),
        Err(error) => error,
    };
    let missing = error.as_db_error().filter(|refusal| *refusal.code() == SqlState::NOT_NULL_VIOLATION);
    match missing.and_then(|refusal| refusal.column()) {
        Some("epoch") => Ok(Moved::TakenOver),
        Some("step") => Ok(Moved::Escaped),
        Some("segment") => Ok(Moved::ReadsOtherwise),
        _ => Err(Failure::new(&error)),
    }
}

/// The last segment of a run that is in the database; all before it are there as well.
///
/// # Errors
/// [`TargetError`].
pub async fn reached(session: &Session, run: &str) -> Result<Option<Place>, TargetError> {
    let sql = "select step, segment from supabase_migrations.studio_fence \
               where run operator(pg_catalog.=) $1 and step operator(pg_catalog.>=) 0 \
               union all select step, segment from supabase_migrations.studio_runs \
               where run operator(pg_catalog.=) $1";
    let rows = match session.client().query_typed(sql, &[(&run, Type::TEXT)]).await {
        Ok(rows) => rows,
        // No run has begun to write.
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => return Ok(None),
        Err(error) => {
            return Err(TargetError::asking("Reading supabase_migrations.studio_fence", &error));
        }
    };
    let index = |number: i32| usize::try_from(number).unwrap_or_default();
    Ok(rows.first().map(|row| Place { step: index(row.get(0)), segment: index(row.get(1)) }))
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
