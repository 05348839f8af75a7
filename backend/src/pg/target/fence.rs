//! The fence: a number that grows with every run and is checked where a segment writes its row, so that a runner that
//! was paused while another one took over cannot write any more.

use tokio_postgres::{SimpleQueryMessage, error::SqlState};

use super::{Session, TargetError, ledger, segments};

pub(super) const CREATE: &str = "create table if not exists supabase_migrations.studio_fence \
    (one boolean primary key default true check (one), epoch bigint not null); \
    insert into supabase_migrations.studio_fence (epoch) values (0) on conflict do nothing";

/// Begins a new epoch; every earlier one is over.
///
/// # Errors
/// [`TargetError`], `target-rights` when the role may not create the table.
pub async fn advance(session: &Session) -> Result<i64, TargetError> {
    let wrong = |error| TargetError::asking("Advancing supabase_migrations.studio_fence", &error);
    match next(session).await {
        Ok(Some(epoch)) => return Ok(epoch),
        Ok(None) => {}
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {}
        Err(error) if error.code() == Some(&SqlState::INVALID_SCHEMA_NAME) => {}
        Err(error) => return Err(wrong(error)),
    }
    let schema = ledger::missing_schema(session).await.map_err(wrong)?;
    let create = format!("{schema}{CREATE}; {}", segments::CREATE);
    session.client().batch_execute(&create).await.map_err(wrong)?;
    Ok(next(session).await.map_err(wrong)?.unwrap_or_default())
}

/// `None` when the table has no row. What is known of old runs is forgotten with it. Nobody waits for the disk: a server that forgets an epoch has forgotten the
/// sessions of earlier runs as well.
async fn next(session: &Session) -> Result<Option<i64>, tokio_postgres::Error> {
    let sql = format!(
        "set local synchronous_commit = off; {}; \
         update supabase_migrations.studio_fence set epoch = epoch + 1 returning epoch",
        segments::FORGET
    );
    let answer = session.client().simple_query(&sql).await?;
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(row.and_then(|epoch| epoch.parse().ok()))
}
