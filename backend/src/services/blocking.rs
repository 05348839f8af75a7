//! Work that keeps a thread busy: files, and the kernel on long texts. Requests of others do not wait for it.

use crate::error::{Error, Result};

/// Does it on a thread of its own.
///
/// # Errors
/// Its own; [`Error::Corrupt`] when it panics.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::Corrupt(format!("a task ended early: {error}"))),
    }
}
