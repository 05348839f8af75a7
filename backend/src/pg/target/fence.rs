//! The fence: which run may write to the target, and how far it is. A segment that is a transaction writes its place into
//! the fence's row in that transaction, so the row says so exactly if the segment is there, whatever became of a connection or of a server; and a runner
//! that was paused while another one took over cannot move it any more. It knows no plan.

use tokio_postgres::{
    Row,
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

/// No run has begun to write, or only one of an older studio.
const MISSING: [SqlState; 3] =
    [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_COLUMN, SqlState::INVALID_SCHEMA_NAME];

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
    match next(session, run).await {
        Ok(Some(epoch)) => return Ok(epoch),
        Ok(None) => {}
        Err(error) if error.code().is_some_and(|code| MISSING.contains(code)) => {}
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
               before as materialized \
                   (select run, step, segment from supabase_migrations.studio_fence for update), \
               past as (insert into supabase_migrations.studio_runs (run, step, segment) \
                   select run, step, segment from before \
                   where run operator(pg_catalog.<>) '' and run operator(pg_catalog.<>) $1 \
                   on conflict (run) do update set step = excluded.step, segment = excluded.segment), \
               forgotten as (delete from supabase_migrations.studio_runs \
                   where at operator(pg_catalog.<) \
                   (pg_catalog.clock_timestamp() operator(pg_catalog.-) pg_catalog.interval '30 days')) \
               update supabase_migrations.studio_fence as fence \
               set epoch = fence.epoch operator(pg_catalog.+) 1, run = $1, \
               step = case when before.run operator(pg_catalog.=) $1 then before.step else -1 end, \
               segment = case when before.run operator(pg_catalog.=) $1 then before.segment else -1 end \
               from at_ease, before returning fence.epoch";
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
        "insert into supabase_migrations.studio_fence as fence (epoch, run, step, segment) values ($1, $2, \
         case when $5 is null \
             or pg_catalog.pg_current_xact_id()::pg_catalog.text operator(pg_catalog.=) $5 then $3 end, \
         case when {} then $4 end) \
         on conflict (one) do update set \
         epoch = case when fence.epoch operator(pg_catalog.=) $1 and fence.run operator(pg_catalog.=) $2 then $1 end, \
         step = excluded.step, segment = excluded.segment",
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

/// How far a run is that has lost its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Whether the target knows the run at all, as it does from the run's beginning on.
    pub known: bool,
    /// The last of its segments that moved the fence; all before it are in the database as well.
    pub place: Option<Place>,
    /// The epoch under which the run may go on writing, unless another one has begun since.
    pub epoch: Option<i64>,
}

/// Takes the fence from a run's lost session and says how far that came. It waits for a transaction that has moved the
/// fence and not ended, and what the lost session sends later is refused, whatever stands between it and the server.
///
/// # Errors
/// [`TargetError`], also when such a transaction does not end within a minute.
pub async fn take_from(session: &Session, run: &str) -> Result<Reached, TargetError> {
    let wrong = |error| TargetError::asking("Reading supabase_migrations.studio_fence", &error);
    let patience = "set lock_timeout = '60s'; set statement_timeout = '90s'";
    session.client().batch_execute(patience).await.map_err(wrong)?;
    let take = "update supabase_migrations.studio_fence set epoch = epoch operator(pg_catalog.+) 1 \
                where run operator(pg_catalog.=) $1 returning step, segment, epoch";
    let reached = |row: &Row, epoch| {
        let index = |column: usize| usize::try_from(row.get::<_, i32>(column)).ok();
        let place = index(0).zip(index(1)).map(|(step, segment)| Place { step, segment });
        Reached { known: true, place, epoch }
    };
    let unknown = Reached { known: false, place: None, epoch: None };
    match session.client().query_typed(take, &[(&run, Type::TEXT)]).await {
        Ok(rows) => {
            if let Some(row) = rows.first() {
                return Ok(reached(row, Some(row.get(2))));
            }
        }
        Err(error) if error.code().is_some_and(|code| MISSING.contains(code)) => return Ok(unknown),
        Err(error) => return Err(wrong(error)),
    }
    let past =
        "select step, segment from supabase_migrations.studio_runs where run operator(pg_catalog.=) $1";
    let rows = session.client().query_typed(past, &[(&run, Type::TEXT)]).await.map_err(wrong)?;
    Ok(rows.first().map_or(unknown, |row| reached(row, None)))
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
