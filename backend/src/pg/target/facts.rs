//! What people should know about the target before they run anything there.

use studio_kernel::{review::Obstacle, run::api};

use super::{Session, Target, TargetError};

/// The oldest server that has `pg_current_xact_id`, by which a statement that ends its transaction is seen.
const OLDEST: u32 = 130_000;

const RIGHTS: &str = "select pg_catalog.pg_is_in_recovery() or \
    pg_catalog.current_setting('default_transaction_read_only')::boolean, \
    pg_catalog.has_database_privilege(current_database(), 'create'), \
    exists (select from pg_catalog.pg_available_extensions where name = 'vector'), \
    (select pg_catalog.has_schema_privilege(oid, 'usage, create') from pg_catalog.pg_namespace \
     where nspname = 'supabase_migrations'), \
    (select pg_catalog.has_schema_privilege(oid, 'create') from pg_catalog.pg_namespace \
     where nspname = 'public'), current_user::text";

/// The answer to `GET /api/target`; a target that cannot be reached is described too.
pub async fn describe(target: &Target) -> api::Target {
    let mut facts = api::Target {
        name: target.name().to_owned(),
        embedded: target.embedded(),
        server_version: String::new(),
        has_vector: false,
        problems: Vec::new(),
    };
    match target.connect("studio facts").await {
        Ok(session) => {
            session.server_version().clone_into(&mut facts.server_version);
            if let Err(error) = look(&session, &mut facts).await {
                facts.problems.push(problem(&error));
            }
        }
        Err(error) => facts.problems.push(problem(&error)),
    }
    facts
}

async fn look(session: &Session, facts: &mut api::Target) -> Result<(), TargetError> {
    let row = session.client().query_one(RIGHTS, &[]).await;
    let row = row.map_err(|error| TargetError::asking("Asking for the role's rights", &error))?;
    facts.has_vector = row.get(2);
    let role: String = row.get(5);
    let mut say = |code: &str, message: String| {
        facts.problems.push(Obstacle { code: code.to_owned(), message });
    };
    if session.version_number() < OLDEST {
        say("target-version", "Runs need PostgreSQL 13 or later; use a newer server.".to_owned());
    }
    if row.get(0) {
        say(
            "target-read-only",
            "The database is read-only: a standby, or a Supabase project whose disk is full. Use the primary, \
             or free some space."
                .to_owned(),
        );
    }
    match row.get::<_, Option<bool>>(3) {
        Some(false) => say(
            "target-rights",
            format!(
                "The role {role} may not write to the schema supabase_migrations, where applied versions are \
                 recorded. Grant it usage and create there, or use the role that owns it."
            ),
        ),
        None if !row.get::<_, bool>(1) => say(
            "target-rights",
            format!(
                "The role {role} may not create schemas in this database, so the ledger cannot be created. \
                 Grant it create on the database."
            ),
        ),
        _ => {}
    }
    if row.get::<_, Option<bool>>(4) == Some(false) {
        say(
            "target-rights",
            format!("The role {role} may not create objects in the schema public. Grant it create there."),
        );
    }
    Ok(())
}

fn problem(error: &TargetError) -> Obstacle {
    Obstacle { code: error.code.to_owned(), message: format!("{} {}", error.message, error.help) }
}
