//! `supabase_migrations.schema_migrations`, the record that the Supabase CLI and the studio share.
//! It writes the same rows as the CLI, into the columns that are there, inside the caller's transaction.

use std::collections::BTreeMap;

use tokio_postgres::{
    error::SqlState,
    types::{ToSql, Type},
};

use super::{Failure, Session, TargetError, fence};

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// The leading digits of the file's name.
    pub version: String,
    /// The rest of the file's name; empty in rows of old tools.
    pub name: String,
    /// As they were sent; `None` when the tool that wrote the row kept none.
    pub statements: Option<Vec<String>>,
}

/// A row to write.
#[derive(Clone, Copy, Debug)]
pub struct NewRow<'a> {
    /// The leading digits.
    pub version: &'a str,
    /// The rest of the name.
    pub name: &'a str,
    /// In order, as sent.
    pub statements: &'a [&'a str],
    /// Who ran it, if the ledger has a column for it.
    pub created_by: Option<&'a str>,
}

/// The steps by which the Supabase CLI creates it, in its order, so that either may come first.
const CREATE: &str = "create table if not exists supabase_migrations.schema_migrations (version text not null primary key); \
    alter table supabase_migrations.schema_migrations add column if not exists statements text[]; \
    alter table supabase_migrations.schema_migrations add column if not exists name text";

/// What it needs of its columns: names and types, where `text` stands for every type of text.
const COLUMNS: [(&str, &str); 3] = [("version", "text"), ("name", "text"), ("statements", "text[]")];

/// The ledger's columns that are there, with their types; none where there is no ledger.
#[derive(Clone, Debug)]
pub struct Shape(BTreeMap<String, String>);

impl Shape {
    /// Asks for it.
    ///
    /// # Errors
    /// [`TargetError`], `target-ledger` when another tool has made the table for itself.
    pub async fn read(session: &Session) -> Result<Self, TargetError> {
        let sql = "select attname::text, pg_catalog.format_type(atttypid, null) from pg_catalog.pg_attribute \
                   where attrelid = to_regclass('supabase_migrations.schema_migrations') \
                   and attnum > 0 and not attisdropped";
        let rows = session.client().query_typed(sql, &[]).await;
        let rows = rows.map_err(|error| TargetError::asking("Reading the ledger's columns", &error))?;
        let shape = Self(rows.iter().map(|row| (row.get(0), row.get(1))).collect());
        shape.check()?;
        Ok(shape)
    }

    /// Whether it has a column for who applied a version.
    pub fn names_who_applied(&self) -> bool {
        self.0.contains_key("created_by")
    }

    /// Refuses a table that no version could be recorded in.
    fn check(&self) -> Result<(), TargetError> {
        for (column, wanted) in COLUMNS {
            let Some(found) = self.0.get(column) else { continue };
            if found.replace("character varying", "text") != wanted {
                return Err(TargetError::new(
                    "target-ledger",
                    format!(
                        "The ledger supabase_migrations.schema_migrations has another shape: its column {column} \
                         is of type {found} and not {wanted}."
                    ),
                    format!(
                        "Change the column's type to {wanted}, as the Supabase CLI creates it, or move the table \
                         out of the way."
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// All rows, in the order of versions as text. A missing table means that nothing was applied.
///
/// # Errors
/// [`TargetError`].
pub async fn applied(session: &Session) -> Result<Vec<LedgerRow>, TargetError> {
    rows(session, &Shape::read(session).await?).await
}

/// The versions in a ledger of this shape, with their names.
///
/// # Errors
/// [`TargetError`].
pub async fn names(
    session: &Session,
    Shape(columns): &Shape,
) -> Result<BTreeMap<String, String>, TargetError> {
    if !columns.contains_key("version") {
        return Ok(BTreeMap::new());
    }
    let name = if columns.contains_key("name") { "coalesce(name::text, '')" } else { "''" };
    let sql = format!("select version::text, {name} from supabase_migrations.schema_migrations");
    let rows = session.client().query_typed(&sql, &[]).await;
    let rows = rows.map_err(|error| TargetError::asking("Reading the ledger", &error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The rows of a ledger of this shape.
///
/// # Errors
/// [`TargetError`].
pub async fn rows(session: &Session, Shape(columns): &Shape) -> Result<Vec<LedgerRow>, TargetError> {
    if !columns.contains_key("version") {
        return Ok(Vec::new());
    }
    let or_null = |column: &'static str, kind: &str| match columns.contains_key(column) {
        true => format!("{column}::{kind}"),
        false => format!("null::{kind}"),
    };
    let sql = format!(
        "select version::text, coalesce({}, ''), {} from supabase_migrations.schema_migrations order by version",
        or_null("name", "text"),
        or_null("statements", "text[]"),
    );
    let rows = session.client().query_typed(&sql, &[]).await;
    let rows = rows.map_err(|error| TargetError::asking("Reading the ledger", &error))?;
    Ok(rows
        .iter()
        .map(|row| LedgerRow { version: row.get(0), name: row.get(1), statements: row.get(2) })
        .collect())
}

/// Whether a version is recorded.
///
/// # Errors
/// [`TargetError`].
pub async fn has(session: &Session, version: &str) -> Result<bool, TargetError> {
    let sql = "select 1 from supabase_migrations.schema_migrations where version = $1::text";
    match session.client().query_typed(sql, &[(&version, Type::TEXT)]).await {
        Ok(rows) => Ok(!rows.is_empty()),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(false),
        Err(error) => Err(TargetError::asking("Reading the ledger", &error)),
    }
}

/// Creates what is missing of a ledger of this shape, and of the studio's tables beside it.
///
/// # Errors
/// [`TargetError`], `target-rights` when the role may not.
pub async fn create(session: &Session, Shape(columns): &Shape) -> Result<(), TargetError> {
    if !COLUMNS.iter().all(|(column, _)| columns.contains_key(*column)) {
        let wrong = |error| TargetError::asking("Creating supabase_migrations.schema_migrations", &error);
        // One batch is one transaction: a first run waits for the disk once.
        let schema = missing_schema(session).await.map_err(wrong)?;
        let sql = format!("{schema}{CREATE}; {}", fence::CREATE);
        session.client().batch_execute(&sql).await.map_err(wrong)?;
    }
    Ok(())
}

/// The statement that creates the schema, and nothing where it is there: IF NOT EXISTS alone asks for the right
/// to create one all the same.
pub(super) async fn missing_schema(session: &Session) -> Result<&'static str, tokio_postgres::Error> {
    let exists = "select pg_catalog.to_regnamespace('supabase_migrations') is not null";
    let rows = session.client().query_typed(exists, &[]).await?;
    Ok(match rows.first().is_some_and(|row| row.get(0)) {
        true => "",
        false => "create schema if not exists supabase_migrations; ",
    })
}

/// Records a version in the transaction that is open.
///
/// # Errors
/// [`Failure`]; 23505 when the version is recorded already.
pub async fn insert(session: &Session, row: NewRow<'_>) -> Result<(), Failure> {
    let client = session.client();
    let NewRow { version, name, statements, created_by } = row;
    let mut values: Vec<(&(dyn ToSql + Sync), Type)> =
        vec![(&version, Type::TEXT), (&name, Type::TEXT), (&statements, Type::TEXT_ARRAY)];
    // With their types written out, a column of another type is the server's to refuse, in its words.
    let mut sql = "insert into supabase_migrations.schema_migrations (version, name, statements) \
                   values ($1::text, $2::text, $3::text[])";
    if created_by.is_some() {
        sql = "insert into supabase_migrations.schema_migrations (version, name, statements, created_by) \
               values ($1::text, $2::text, $3::text[], $4::text)";
        values.push((&created_by, Type::TEXT));
    }
    let done = client.execute_typed(sql, &values).await;
    done.map(drop).map_err(|error| Failure::new(&error))
}

/// Removes a version in the transaction that is open; says whether it was there.
///
/// # Errors
/// [`Failure`].
pub async fn delete(session: &Session, version: &str) -> Result<bool, Failure> {
    let sql =
        "delete from supabase_migrations.schema_migrations where version operator(pg_catalog.=) $1::text";
    let removed = session.client().execute_typed(sql, &[(&version, Type::TEXT)]).await;
    removed.map(|rows| rows > 0).map_err(|error| Failure::new(&error))
}
