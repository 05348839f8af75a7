//! A server's roles and databases: made, copied and dropped by the superuser, whose sessions run only what is
//! written here. Nothing here touches a database that the studio was given.

use std::path::{Path, PathBuf};

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::{EngineError, SUPERUSER};

/// The roles of the server that holds the studio's own database.
pub(super) const STATE_ROLES: &str = include_str!("state_roles.sql");

/// The roles of a server that holds targets.
pub(super) const TARGET_ROLES: &str = include_str!("roles.sql");

/// Schemas and functions that migrations for Supabase name.
const PRELUDE: &str = include_str!("prelude.sql");

/// The database that exists in every cluster and that nobody works in.
pub(super) const MAINTENANCE: &str = "postgres";

/// The port in the name of the socket; nothing listens on it.
const PORT: u16 = 5432;

/// Access to one running server.
#[derive(Clone, Debug)]
pub(super) struct Databases {
    socket: PathBuf,
    major: u32,
}

impl Databases {
    pub(super) fn new(socket: PathBuf, major: u32) -> Self {
        Self { socket, major }
    }

    /// The address of a database, as any PostgreSQL client reads it. It holds no secret: the server asks the
    /// system who connects.
    pub(super) fn url(&self, role: &str, database: &str) -> String {
        let socket = percent_encode(&self.socket);
        format!("postgresql://{role}@{socket}:{PORT}/{}", percent_encode(Path::new(database)))
    }

    /// The version that the server itself reports, such as `18.4`.
    pub(super) async fn version(&self) -> Result<String, EngineError> {
        let action = "Asking the server for its version";
        let client = self.connect(MAINTENANCE).await.map_err(failed(action))?;
        let rows = client.simple_query("show server_version").await.map_err(failed(action))?;
        let version = rows.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        // A distribution's build adds its own name after a space.
        Ok(version.unwrap_or_default().split(' ').next().unwrap_or_default().to_owned())
    }

    /// Makes what is missing of the roles.
    pub(super) async fn make_roles(&self, roles: &str) -> Result<(), EngineError> {
        self.run(MAINTENANCE, "Making the server's roles", roles).await
    }

    pub(super) async fn create(&self, name: &str, owner: &str) -> Result<(), EngineError> {
        let action = format!("Creating the database \"{name}\"");
        let create = format!("create database {} owner {}", quote(name), quote(owner));
        self.run(MAINTENANCE, &action, &create).await?;
        if self.major < 15 {
            // From PostgreSQL 15 on it belongs to whoever owns the database.
            let give = format!("alter schema public owner to {}", quote(owner));
            self.run(name, &action, &give).await?;
        }
        Ok(())
    }

    /// Nobody but its owner and this role can connect any more.
    pub(super) async fn close_to_others(&self, name: &str, role: &str) -> Result<(), EngineError> {
        let (database, role) = (quote(name), quote(role));
        let action = format!("Closing the database \"{name}\"");
        let sql = format!(
            "revoke all on database {database} from public; grant connect on database {database} to {role}"
        );
        self.run(MAINTENANCE, &action, &sql).await
    }

    pub(super) async fn copy(&self, name: &str, template: &str, owner: &str) -> Result<(), EngineError> {
        let action = format!("Copying the database \"{template}\" to \"{name}\"");
        let copy =
            format!("create database {} template {} owner {}", quote(name), quote(template), quote(owner));
        self.run(MAINTENANCE, &action, &copy).await
    }

    pub(super) async fn drop(&self, name: &str) -> Result<(), EngineError> {
        let action = format!("Dropping the database \"{name}\"");
        let sql = format!("drop database if exists {} with (force)", quote(name));
        self.run(MAINTENANCE, &action, &sql).await
    }

    pub(super) async fn prepare(&self, database: &str) -> Result<(), EngineError> {
        self.run(database, &format!("Preparing the database \"{database}\""), PRELUDE).await
    }

    async fn run(&self, database: &str, action: &str, sql: &str) -> Result<(), EngineError> {
        let client = self.connect(database).await.map_err(failed(action))?;
        client.batch_execute(sql).await.map_err(failed(action))
    }

    /// A session as the superuser.
    pub(super) async fn connect(&self, database: &str) -> Result<Client, tokio_postgres::Error> {
        let mut config = Config::new();
        config
            .host_path(&self.socket)
            .port(PORT)
            .user(SUPERUSER)
            .dbname(database)
            .application_name("studio engine");
        let (client, connection) = config.connect(NoTls).await?;
        // It ends with the client; its own error reaches the caller through the client's call.
        tokio::spawn(connection);
        Ok(client)
    }
}

pub(super) fn failed(action: &str) -> impl FnOnce(tokio_postgres::Error) -> EngineError {
    move |error| {
        let server = error.as_db_error();
        EngineError::Database {
            action: action.to_owned(),
            code: server.map(|server| server.code().code().to_owned()),
            reason: server.map_or_else(|| error.to_string(), |server| server.message().to_owned()),
        }
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn percent_encode(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => encoded.push((*byte).into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
