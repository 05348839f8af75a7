//! Brings the schema `studio` up to date: numbered files, each applied once, all in one transaction.
//! It is not the executor of migrations: these files are part of the program.

use studio_kernel::plan::Digest;
use tokio_postgres::Client;

use crate::error::{Error, Result};

/// In the order they are applied. A file that was released never changes; what is new gets a file of its own.
const FILES: &[(&str, &str)] = &[
    ("10_people", include_str!("../schema/10_people.sql")),
    ("20_changes", include_str!("../schema/20_changes.sql")),
    ("30_runs", include_str!("../schema/30_runs.sql")),
    ("40_audit", include_str!("../schema/40_audit.sql")),
    ("50_accounts", include_str!("../schema/50_accounts.sql")),
    ("60_audit_context", include_str!("../schema/60_audit_context.sql")),
    ("80_bindings", include_str!("../schema/80_bindings.sql")),
    ("85_admins", include_str!("../schema/85_admins.sql")),
    ("86_intents", include_str!("../schema/86_intents.sql")),
];

/// Who may do what with the tables that are there; harmless when repeated, so it may change.
const RIGHTS: (&str, &str) = ("90_rights", include_str!("../schema/90_rights.sql"));

/// Keeps two servers that start at once from each making the tables; any fixed number would do.
const LOCK: i64 = 0x0073_7475_6469_6f00;

/// Applies what is missing.
///
/// # Errors
/// [`Error::OtherSchema`] when a file was applied with other contents, [`Error::Database`].
pub(super) async fn apply(client: &mut Client) -> Result<()> {
    let transaction = client.transaction().await?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    transaction
        .batch_execute(
            "set local client_min_messages = warning;
             create schema if not exists studio;
             create table if not exists studio.schema_files (
                 name text primary key, sha256 text not null, applied_at timestamptz not null default now()
             );",
        )
        .await?;
    let mut any = false;
    for (name, sql) in FILES {
        let sha256 = Digest::of(sql.as_bytes()).to_string();
        let known = "select sha256 from studio.schema_files where name = $1";
        match transaction.query_opt(known, &[name]).await? {
            Some(row) if row.try_get::<_, String>(0)? == sha256 => {}
            Some(_) => return Err(Error::OtherSchema(name)),
            None => {
                any = true;
                transaction.batch_execute(sql).await?;
                let record = "insert into studio.schema_files (name, sha256) values ($1, $2)";
                transaction.execute(record, &[name, &sha256]).await?;
            }
        }
    }
    let (name, sql) = RIGHTS;
    let sha256 = Digest::of(sql.as_bytes()).to_string();
    let record = "insert into studio.schema_files (name, sha256) values ($1, $2)
                  on conflict (name) do update set sha256 = excluded.sha256, applied_at = now()
                  where schema_files.sha256 <> excluded.sha256";
    if transaction.execute(record, &[&name, &sha256]).await? > 0 || any {
        transaction.batch_execute(sql).await?;
    }
    transaction.commit().await?;
    Ok(())
}
