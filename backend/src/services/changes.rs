//! Changes: opened, revised, closed, and what became of them.

use std::collections::BTreeMap;

use studio_kernel::review::Timestamp;

use crate::{
    error::Result,
    pg::studio::{Studio, time},
};

/// The open changes whose newest revision holds a path, by path.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn open_by_path(studio: &Studio) -> Result<BTreeMap<String, Vec<i64>>> {
    let client = studio.client().await?;
    let newest = "select file.path, array_agg(file.change order by file.change) as changes
                  from studio.revision_files as file join studio.changes as change on change.id = file.change
                  where change.state = 'open'
                    and file.number = (select max(number) from studio.revisions where change = file.change)
                  group by file.path";
    let rows = client.query(newest, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get("path")?, row.try_get("changes")?))).collect()
}

/// When files were applied last by changes of the studio, by path.
///
/// # Errors
/// [`crate::error::Error::Database`].
pub async fn applied_at(studio: &Studio, target: &str) -> Result<BTreeMap<String, Timestamp>> {
    let client = studio.client().await?;
    let newest = "select file.path, max(change.applied_at) as at
                  from studio.revision_files as file join studio.changes as change on change.id = file.change
                  where change.applied_on = $1
                    and file.number = (select max(number) from studio.revisions where change = file.change)
                  group by file.path";
    let rows = client.query(newest, &[&target]).await?;
    rows.iter().map(|row| Ok((row.try_get("path")?, time(row, "at")?))).collect()
}
