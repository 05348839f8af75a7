//! The fence: a number that grows with every run and is checked where a run commits, so that a runner that
//! was paused while another one took over cannot write any more.

use tokio_postgres::error::SqlState;

use super::{Failure, Session, TargetError, ledger};

pub(super) const CREATE: &str = "create table if not exists supabase_migrations.studio_fence \
    (one boolean primary key default true check (one), epoch bigint not null); \
    insert into supabase_migrations.studio_fence (epoch) values (0) on conflict do nothing";

/// Begins a new epoch; every earlier one is over.
///
/// # Errors
/// [`TargetError`], `target-rights` when the role may not create the table.
pub async fn advance(session: &Session) -> Result<i64, TargetError> {
    let sql = "update supabase_migrations.studio_fence set epoch = epoch + 1 returning epoch";
    let wrong = |error| TargetError::asking("Advancing supabase_migrations.studio_fence", &error);
    match session.client().query_opt(sql, &[]).await {
        Ok(Some(row)) => return Ok(row.get(0)),
        Ok(None) => {}
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {}
        Err(error) if error.code() == Some(&SqlState::INVALID_SCHEMA_NAME) => {}
        Err(error) => return Err(wrong(error)),
    }
    let schema = ledger::missing_schema(session).await.map_err(wrong)?;
    session.client().batch_execute(&format!("{schema}{CREATE}")).await.map_err(wrong)?;
    session.client().query_one(sql, &[]).await.map(|row| row.get(0)).map_err(wrong)
}

/// Whether this epoch is still the present one; holds it until the open transaction ends.
///
/// # Errors
/// [`Failure`].
pub async fn holds(session: &Session, epoch: i64) -> Result<bool, Failure> {
    let sql = "select 1 from supabase_migrations.studio_fence where epoch = $1 for share";
    let found = session.client().query_opt(sql, &[&epoch]).await;
    found.map(|row| row.is_some()).map_err(|error| Failure::new(&error))
}
