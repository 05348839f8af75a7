//! Whether a role can act outside a transaction from within it: then a rollback, even a read-only transaction, does not
//! keep what it does from lasting. It looks at rights, not at what a text says.

use super::{Session, TargetError};

/// Extensions whose functions open connections or start work of their own.
const ACTING: &str =
    "'dblink', 'http', 'pg_net', 'pg_cron', 'pg_background', 'adminpack', 'plproxy', 'aws_lambda', 'aws_s3'";

/// The first reason why, in words; none when there is none.
///
/// # Errors
/// [`TargetError`].
pub async fn outside(session: &Session) -> Result<Option<String>, TargetError> {
    let sql = format!(
        "select case
           when rolsuper then 'is a superuser'
           when rolreplication then 'may replicate'
           else coalesce(
             (select 'has the rights of ' || granted.rolname from pg_catalog.pg_roles as granted
              where granted.rolname in ('pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files',
                'pg_signal_backend', 'pg_checkpoint', 'pg_create_subscription', 'pg_use_reserved_connections')
                and pg_catalog.pg_has_role(own.oid, granted.oid, 'member') order by 1 limit 1),
             (select 'may call ' || routine.oid::pg_catalog.regprocedure from pg_catalog.pg_proc as routine
              join pg_catalog.pg_language as language on language.oid = routine.prolang
              join pg_catalog.pg_namespace as schema on schema.oid = routine.pronamespace
              left join pg_catalog.pg_depend as of on of.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                and of.objid = routine.oid and of.deptype = 'e'
              left join pg_catalog.pg_extension as extension on extension.oid = of.refobjid
              where (extension.extname in ({ACTING})
                  or not language.lanpltrusted and language.lanname not in ('internal', 'c'))
                and pg_catalog.has_function_privilege(own.oid, routine.oid, 'execute')
                and pg_catalog.has_schema_privilege(own.oid, schema.oid, 'usage')
              order by 1 limit 1))
         end
         from pg_catalog.pg_roles as own where own.rolname = session_user"
    );
    let rows = session.client().query_typed(&sql, &[]).await;
    let rows = rows.map_err(|error| TargetError::asking("Asking what the role may reach", &error))?;
    Ok(rows.first().and_then(|row| row.get(0)))
}
