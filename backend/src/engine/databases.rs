//! The engine's databases: created, copied, prepared and dropped by the superuser.
//! Nothing here touches a database that the studio was given.

use std::net::{IpAddr, Ipv4Addr};

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::{EngineError, SUPERUSER};

/// Roles, schemas and functions that migrations for Supabase name.
const PRELUDE: &str = include_str!("prelude.sql");

/// The database that exists in every cluster and that nobody works in.
const MAINTENANCE: &str = "postgres";

/// Access to one running server.
#[derive(Debug)]
pub(super) struct Databases {
    port: u16,
    password: SecretString,
}

impl Databases {
    pub(super) fn new(port: u16, password: SecretString) -> Self {
        Self { port, password }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn password(&self) -> &SecretString {
        &self.password
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

    pub(super) async fn create(&self, name: &str) -> Result<(), EngineError> {
        let action = format!("Creating the database \"{name}\"");
        self.run(MAINTENANCE, &action, &format!("create database {}", quote(name))).await
    }

    pub(super) async fn copy(&self, name: &str, template: &str) -> Result<(), EngineError> {
        let action = format!("Copying the database \"{template}\" to \"{name}\"");
        let sql = format!("create database {} template {}", quote(name), quote(template));
        self.run(MAINTENANCE, &action, &sql).await
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

    async fn connect(&self, database: &str) -> Result<Client, tokio_postgres::Error> {
        let mut config = Config::new();
        config
            .host("localhost")
            .hostaddr(IpAddr::V4(Ipv4Addr::LOCALHOST))
            .port(self.port)
            .user(SUPERUSER)
            .password(self.password.expose_secret())
            .dbname(database)
            .application_name("studio engine");
        let (client, connection) = config.connect(NoTls).await?;
        // It ends with the client; its own error reaches the caller through the client's call.
        tokio::spawn(connection);
        Ok(client)
    }
}

fn failed(action: &str) -> impl FnOnce(tokio_postgres::Error) -> EngineError {
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
