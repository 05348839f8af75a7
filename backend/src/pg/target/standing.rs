//! What an approval binds of a target besides its name: the database itself, its schema, and what a session there
//! begins with. It says what is so, and judges nothing.

use studio_kernel::plan::Digest;
use tokio_postgres::error::SqlState;

use super::{Session, TargetError, fingerprint::Fingerprint};

/// How a database stands at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The server's system identifier and the database's oid.
    pub database: String,
    /// The digest of its schema's fingerprint.
    pub schema: String,
    /// As `session_user` and `current_user`.
    pub role: String,
    /// What role and database give to every session, for people: `search_path = app (database)`.
    pub defaults: Vec<String>,
    /// The digest of role, defaults and the settings that decide what a name or a statement means.
    pub session: String,
}

/// A value that role or database give to every session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    name: String,
    value: String,
    by: String,
}

/// A setting with a dot in its name is an application's own and may hold a secret: people get no value.
const DEFAULTS: &str = "
    select pg_catalog.split_part(entry, '=', 1), pg_catalog.substr(entry, pg_catalog.strpos(entry, '=') + 1),
           case when setrole = 0 then 'database' when setdatabase = 0 then 'role' else 'role in this database' end
    from pg_catalog.pg_db_role_setting
    cross join lateral pg_catalog.unnest(setconfig) as entry
    where setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
      and setrole in (0, (select oid from pg_catalog.pg_roles where rolname = session_user))
    order by 1, 3, 2";

/// What decides what a file's names and statements mean, wherever its value comes from.
const EFFECTIVE: &str = "
    select pg_catalog.string_agg(name || '=' || setting, chr(10) order by name) from pg_catalog.pg_settings
    where name in ('search_path', 'session_replication_role', 'default_transaction_isolation', 'row_security',
      'default_transaction_read_only', 'default_table_access_method', 'default_tablespace', 'check_function_bodies',
      'DateStyle', 'IntervalStyle', 'TimeZone', 'xmloption', 'array_nulls', 'plpgsql.variable_conflict')";

impl Standing {
    /// Asks a session that nobody has set anything in.
    ///
    /// # Errors
    /// [`TargetError`].
    pub async fn of(session: &Session) -> Result<Self, TargetError> {
        let wrong = |error| TargetError::asking("Asking what the database is", &error);
        let client = session.client();
        let who = "select oid::text, session_user::text, current_user::text from pg_catalog.pg_database \
                   where datname = current_database()";
        // Sent together, answered in order.
        let (who, effective, given, system) = tokio::join!(
            client.query_typed(who, &[]),
            client.query_typed(EFFECTIVE, &[]),
            defaults(session),
            system(session)
        );
        let (who, effective, given) = (who.map_err(wrong)?, effective.map_err(wrong)?, given?);
        let word = |at| who.first().map(|row| row.get::<_, String>(at)).unwrap_or_default();
        let (oid, by, role) = (word(0), word(1), word(2));
        let role = if by == role { role } else { format!("{by} as {role}") };
        let mut lines = vec![role.clone()];
        lines.extend(given.iter().map(|Given { name, value, by }| format!("{name} = {value} ({by})")));
        lines.extend(effective.iter().filter_map(|row| row.get::<_, Option<String>>(0)));
        let fingerprint = Fingerprint::take(session).await?;
        Ok(Self {
            database: format!("{}/{oid}", system?),
            schema: fingerprint.digest().to_string(),
            role,
            defaults: given.iter().map(Given::shown).collect(),
            session: Digest::of(lines.join("\n").as_bytes()).to_string(),
        })
    }
}

impl Given {
    fn shown(&self) -> String {
        let value = if self.name.contains('.') { "…" } else { &self.value };
        format!("{} = {value} ({})", self.name, self.by)
    }
}

/// What role and database give to every session, in order.
///
/// # Errors
/// [`TargetError`].
pub async fn defaults(session: &Session) -> Result<Vec<Given>, TargetError> {
    let rows = session.client().query_typed(DEFAULTS, &[]).await;
    let rows = rows.map_err(|error| TargetError::asking("Asking for the defaults of sessions", &error))?;
    Ok(rows.iter().map(|row| Given { name: row.get(0), value: row.get(1), by: row.get(2) }).collect())
}

/// Where the sequences stand that the role may see, in order.
///
/// # Errors
/// [`TargetError`].
pub async fn sequences(session: &Session) -> Result<Vec<(String, Option<i64>)>, TargetError> {
    let all = "select pg_catalog.format('%I.%I', schemaname, sequencename), last_value from pg_catalog.pg_sequences \
               order by 1";
    let rows = session.client().query_typed(all, &[]).await;
    let rows = rows.map_err(|error| TargetError::asking("Asking where the sequences stand", &error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The number that initdb gave the server; a role that may not ask for it binds the oid alone.
async fn system(session: &Session) -> Result<String, TargetError> {
    let asked = "select system_identifier::text from pg_catalog.pg_control_system()";
    match session.client().query_typed(asked, &[]).await {
        Ok(rows) => Ok(rows.first().map(|row| row.get(0)).unwrap_or_default()),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Ok("not told".to_owned()),
        Err(error) => Err(TargetError::asking("Asking for the server's system identifier", &error)),
    }
}
