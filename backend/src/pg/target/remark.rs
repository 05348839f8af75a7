//! The comment on the ledger's table: a text that anybody may read, in which the studio keeps lines of its own.
//! What the lines mean is its callers' business.

use super::{Session, TargetError};

const LEDGER: &str = "supabase_migrations.schema_migrations";

/// How long another session may keep the table from being commented on. Readers and writers of rows do not.
const WITHIN: &str = "2s";

/// The comment; `None` when there is none, or no ledger.
///
/// # Errors
/// [`TargetError`].
pub async fn read(session: &Session) -> Result<Option<String>, TargetError> {
    let sql = "select pg_catalog.obj_description(pg_catalog.to_regclass($1), 'pg_class')";
    let row = session.client().query_one(sql, &[&LEDGER]).await;
    row.map(|row| row.get(0)).map_err(|error| TargetError::asking("Reading the ledger's comment", &error))
}

/// Puts another text in its place, in a transaction of its own, while nobody else does.
///
/// # Errors
/// [`TargetError`], when the role does not own the table for instance; the comment is as it was then.
pub async fn change(
    session: &Session,
    to: impl FnOnce(Option<&str>) -> String + Send,
) -> Result<(), TargetError> {
    let wrong = |error| TargetError::asking("Commenting on the ledger", &error);
    let client = session.client();
    // The mode that COMMENT itself takes.
    let begin = format!(
        "begin; set local lock_timeout = '{WITHIN}'; lock table {LEDGER} in share update exclusive mode"
    );
    client.batch_execute(&begin).await.map_err(wrong)?;
    let text = to(read(session).await?.as_deref());
    // COMMENT takes no parameters; format() quotes the text as the server reads it.
    let comment = "select pg_catalog.format('comment on table %s is %L', $1::text, $2::text)";
    let comment: String = client.query_one(comment, &[&LEDGER, &text]).await.map_err(wrong)?.get(0);
    client.batch_execute(&format!("{comment}; commit")).await.map_err(wrong)
}
