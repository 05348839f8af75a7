//! What a throw-away copy may use, and the watch that ends it when it uses more.
//! Memory is bounded by the kernel; disk and time are looked at, because nobody else counts them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Between two looks: what is written meanwhile is how far a copy can go beyond its limit.
const LOOK: Duration = Duration::from_millis(200);

/// What a throw-away copy may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes on disk, its rows from the target included.
    pub disk: u64,
    /// Bytes of address space of each process.
    pub memory: u64,
    /// From its first statement to its last.
    pub time: Duration,
}

impl Default for Limits {
    /// Room for a target of a gigabyte and a half; a proof that takes longer than ten minutes holds others up.
    fn default() -> Self {
        Self { disk: 2 << 30, memory: 2 << 30, time: Duration::from_secs(10 * 60) }
    }
}

impl Limits {
    /// For people.
    #[must_use]
    pub fn phrases(&self) -> Vec<String> {
        vec![
            format!("{} MB of disk", self.disk >> 20),
            format!("{} MB of memory in each process", self.memory >> 20),
            format!("{} s", self.time.as_secs()),
        ]
    }
}

/// Looks at a copy until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    exceeded: watch::Receiver<Option<String>>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Watches a folder from now on, and the process that works in it.
    pub(super) fn over(
        folder: PathBuf,
        limits: Limits,
        gone: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let (sender, exceeded) = watch::channel(None);
        let began = Instant::now();
        let task = tokio::spawn(async move {
            let mut gone = std::pin::pin!(gone);
            let reason = loop {
                let ended = tokio::time::timeout(LOOK, &mut gone).await.is_ok();
                if ended {
                    break "The copy's server ended by itself.".to_owned();
                }
                let folder = folder.clone();
                let used = tokio::task::spawn_blocking(move || bytes_in(&folder)).await.unwrap_or_default();
                if used > limits.disk {
                    break format!("The copy grew beyond {} MB of disk, so it was ended.", limits.disk >> 20);
                }
                if began.elapsed() > limits.time {
                    break format!(
                        "The copy was in use for longer than {} s, so it was ended.",
                        limits.time.as_secs()
                    );
                }
            };
            sender.send_replace(Some(reason));
        });
        Self { exceeded, task }
    }

    /// Returns when a limit is exceeded, with the reason.
    pub(super) async fn exceeded(&self) -> String {
        let mut exceeded = self.exceeded.clone();
        let reason = exceeded.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        match reason {
            Some(reason) => reason,
            // The task ends only with a reason, or when it is aborted with the copy.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the files take, links not followed; what vanishes while it is counted takes nothing.
pub(super) fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) if metadata.is_file() => metadata.len(),
        _ => 0,
    });
    sizes.sum()
}
