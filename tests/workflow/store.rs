//! Rows written and read by their models: JSON goes to the database and comes back, so that the serde types alone
//! say what a row is. The statements hold for any table; no column is named here.

use serde::Serialize;
use serde_json::Value;
use tokio_postgres::{Error, GenericClient, error::DbError, types::Json};
use uuid::Uuid;

use crate::models::{Draft, Row};

/// Columns that no update writes.
const KEPT: [&str; 3] = ["id", "created_at", "updated_at"];

/// Inserts the columns that the draft has; the others get their defaults.
pub(crate) async fn create<D: Draft>(client: &impl GenericClient, draft: &D) -> Result<D::Row, Error> {
    let columns = columns(draft);
    let row = insert(client, D::Row::TABLE, &columns, &serde_json::to_value(draft).unwrap()).await?;
    Ok(must_fit(row))
}

/// Inserts the named columns of a JSON object, whatever they hold.
pub(crate) async fn insert(
    client: &impl GenericClient,
    table: &str,
    columns: &[String],
    row: &Value,
) -> Result<Value, Error> {
    let columns = columns.join(", ");
    let sql = format!(
        "insert into public.{table} as made ({columns})
         select {columns} from jsonb_populate_record(null::public.{table}, $1)
         returning to_jsonb(made)"
    );
    Ok(client.query_one(&sql, &[&Json(row)]).await?.get(0))
}

pub(crate) async fn read<R: Row>(client: &impl GenericClient, id: Uuid) -> Option<R> {
    let sql = format!("select to_jsonb(found) from public.{} as found where id = $1::text::uuid", R::TABLE);
    let row = client.query_opt(&sql, &[&id.to_string()]).await.unwrap();
    row.map(|row| must_fit(row.get(0)))
}

/// Writes every column that may change and returns the row as it is then.
pub(crate) async fn update<R: Row>(client: &impl GenericClient, row: &R) -> Result<R, Error> {
    let mut columns = columns(row);
    columns.retain(|column| !KEPT.contains(&column.as_str()));
    let columns = columns.join(", ");
    let table = R::TABLE;
    let sql = format!(
        "update public.{table} as kept set ({columns}) =
             (select {columns} from jsonb_populate_record(null::public.{table}, $1))
         where id = $2::text::uuid returning to_jsonb(kept)"
    );
    let written = client.query_one(&sql, &[&Json(row), &row.id().to_string()]).await?;
    Ok(must_fit(written.get(0)))
}

/// Whether there was such a row.
pub(crate) async fn delete<R: Row>(client: &impl GenericClient, id: Uuid) -> bool {
    let sql = format!("delete from public.{} where id = $1::text::uuid", R::TABLE);
    client.execute(&sql, &[&id.to_string()]).await.unwrap() == 1
}

/// Every row, oldest first.
pub(crate) async fn all<R: Row>(client: &impl GenericClient) -> Vec<R> {
    let sql = format!("select to_jsonb(found) from public.{} as found order by created_at, id", R::TABLE);
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| must_fit(row.get(0))).collect()
}

/// The row as its model, if every column has a field and every field a column. Serde alone takes a column that
/// is missing for one that is null.
pub(crate) fn fit<R: Row>(row: Value) -> Result<R, String> {
    let mut names = names(&row);
    let typed: R = serde_json::from_value(row).map_err(|error| format!("{}: {error}", R::TABLE))?;
    let mut fields = columns(&typed);
    names.sort();
    fields.sort();
    if names == fields { Ok(typed) } else { Err(format!("{}: {names:?} is not {fields:?}", R::TABLE)) }
}

pub(crate) fn must_fit<R: Row>(row: Value) -> R {
    fit(row).unwrap_or_else(|misfit| panic!("{misfit}"))
}

fn columns(row: &impl Serialize) -> Vec<String> {
    names(&serde_json::to_value(row).unwrap())
}

pub(crate) fn names(row: &Value) -> Vec<String> {
    row.as_object().unwrap().keys().cloned().collect()
}

/// What the database said when it refused.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> DbError {
    result.unwrap_err().as_db_error().unwrap().clone()
}
