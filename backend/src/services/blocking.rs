//! Work that keeps a thread busy: files, and the kernel on long texts. Requests of others do not wait for it.

use std::num::NonZeroUsize;

use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// So many threads may work for long at once: one stays free for whoever only needs an answer.
pub(super) fn threads() -> Semaphore {
    let all = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    Semaphore::new(all.saturating_sub(1).max(1))
}

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
