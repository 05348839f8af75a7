//! PostgreSQL: the only module that names the driver.

pub mod schema;
pub mod studio;
pub mod target;

pub use tokio_postgres::{
    Error as DriverError, GenericClient, IsolationLevel, Row, Transaction, types::Type,
};
