//! PostgreSQL: the only module that names the driver.

pub mod schema;
pub mod studio;
pub mod target;

pub use tokio_postgres::{
    Error as DriverError, GenericClient, IsolationLevel, Row, Transaction,
    types::{ToSql, Type},
};

/// Whether the server refused for want of a right.
pub fn is_forbidden(error: &DriverError) -> bool {
    error.code() == Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE)
}
