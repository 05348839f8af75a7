//! How a file's statement is sent: by a Parse message, so that it is one command or none.
//! It knows neither runs nor notices.

use studio_kernel::sql;
use tokio_postgres::{Client, SimpleQueryMessage, types::Type};

use super::{Failure, Place, Refusal};

/// What the server says of a Bind message without the values that the statement wants, and of a parameter whose type
/// only a value would tell.
const WITHOUT_VALUES: [&str; 2] = ["08P01", "42P18"];

/// What it says of the same statement when nobody could give it values.
const UNDEFINED_PARAMETER: &str = "42P02";

/// Statements whose rows may be of any type. EXPLAIN and SHOW answer in text; of CALL the driver's own form is
/// taken, because only the outermost command may commit.
const WITH_ROWS: [&str; 7] = ["select", "values", "table", "with", "execute", "fetch", "("];

/// Types of the server's own that have no binary form, or whose parts may have none.
const TEXT_ONLY: [Type; 8] = [
    Type::ACLITEM,
    Type::ACLITEM_ARRAY,
    Type::RECORD,
    Type::RECORD_ARRAY,
    Type::ANYARRAY,
    Type::GTS_VECTOR,
    Type::GTS_VECTOR_ARRAY,
    Type::CSTRING,
];

/// Sends a statement and waits for its end: the rows it affected or returned.
pub(super) async fn send(client: &Client, sql: &str) -> Result<u64, Failure> {
    let ended = match may_return_rows(sql) {
        false => client.execute_typed(sql, &[]).await,
        true => {
            let statement = client.prepare(sql).await.map_err(|error| refused(&error, sql))?;
            if !statement.params().is_empty() {
                return Err(Failure::Refused(without_values(sql)));
            }
            if statement.columns().iter().any(|column| !has_binary_form(column.type_())) {
                return send_for_text(client, sql).await;
            }
            client.execute(&statement, &[]).await
        }
    };
    ended.map_err(|error| refused(&error, sql))
}

fn refused(error: &tokio_postgres::Error, sql: &str) -> Failure {
    match Failure::new(error) {
        Failure::Refused(refusal)
            if WITHOUT_VALUES.contains(&refusal.sqlstate.as_str()) && sql::first_parameter(sql).is_some() =>
        {
            Failure::Refused(without_values(sql))
        }
        failure => failure,
    }
}

/// The driver asks for rows in binary form, which not every type has. EXECUTE, a text of the studio's own, runs
/// what the server has parsed already and answers in text.
async fn send_for_text(client: &Client, sql: &str) -> Result<u64, Failure> {
    let failed = |error: tokio_postgres::Error| Failure::new(&error);
    let named = "select pg_catalog.format('execute %I', name) from pg_catalog.pg_prepared_statements \
                 where not from_sql and statement = $1 order by prepare_time desc limit 1";
    let execute = client.query_typed(named, &[(&sql, Type::TEXT)]).await.map_err(failed)?;
    let execute = execute.first().map(|row| row.try_get::<_, String>(0)).transpose().map_err(failed)?;
    let answer = client.simple_query(&execute.unwrap_or_default()).await.map_err(failed)?;
    let rows = answer.iter().map(|message| match message {
        SimpleQueryMessage::CommandComplete(rows) => *rows,
        _ => 0,
    });
    Ok(rows.sum())
}

/// A guess that may be wrong only in saying yes, which costs a round trip.
fn may_return_rows(sql: &str) -> bool {
    let starts = |word: &&str| sql.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    WITH_ROWS.iter().any(starts)
        || sql.as_bytes().windows("returning".len()).any(|at| at.eq_ignore_ascii_case(b"returning"))
}

fn has_binary_form(of: &Type) -> bool {
    Type::from_oid(of.oid()).is_some_and(|own| !TEXT_ONLY.contains(&own))
}

fn without_values(sql: &str) -> Refusal {
    let place = sql::first_parameter(sql).map_or(Place::Nowhere, |span| {
        Place::Sent(sql.get(..span.start).unwrap_or_default().chars().count() + 1)
    });
    Refusal {
        sqlstate: UNDEFINED_PARAMETER.to_owned(),
        message: "the statement has a parameter, and a run gives it no value".to_owned(),
        hint: Some("Write the value itself; a dollar sign in a text belongs in quotes.".to_owned()),
        place,
        ..Refusal::default()
    }
}
