//! Follows a run: folds the stream's events into the view, in batches, and resumes where it broke off.

use std::time::Duration;

use futures_util::StreamExt;
use leptos::{prelude::*, reactive::spawn_local_scoped_with_cancellation};
use studio_kernel::run::{RunView, api::Run};

use crate::{
    api::{Incoming, RunStream},
    browser::timer,
};

/// Events folded at once: one repaint for all of them.
const BATCH: usize = 512;

/// Between two repaints.
const REPAINT: Duration = Duration::from_millis(50);

/// Before another stream is opened, and between looks at the connection.
const PAUSE: Duration = Duration::from_millis(1_000);

/// A run that is followed until it ends or the page is left.
#[derive(Clone, Copy)]
pub(super) struct Live {
    view: RwSignal<RunView>,
    connected: RwSignal<bool>,
}

impl Live {
    /// Starts from what the server knew.
    pub(super) fn follow(run: RwSignal<Run>) -> Self {
        let (id, view) = run.with_untracked(|run| (run.run.id.clone(), run.view.clone()));
        let live = Self { view: RwSignal::new(view), connected: RwSignal::new(true) };
        if !live.is_over() {
            spawn_local_scoped_with_cancellation(live.read(id));
        }
        live
    }

    /// As it stands.
    pub(super) fn view(self) -> RwSignal<RunView> {
        self.view
    }

    /// Whether events may be late.
    pub(super) fn is_reconnecting(self) -> bool {
        !self.connected.get() && !self.view.with(|view| view.state.is_final())
    }

    fn is_over(self) -> bool {
        self.view.with_untracked(|view| view.state.is_final())
    }

    async fn read(self, id: String) {
        while !self.is_over() {
            let after = self.view.with_untracked(|view| view.seq);
            if let Some(stream) = RunStream::open(&id, after) {
                self.drain(stream).await;
            }
            if !self.is_over() {
                self.connected.set(false);
                timer::sleep(PAUSE).await;
            }
        }
    }

    /// Reads one stream to its end.
    async fn drain(self, stream: RunStream) {
        let mut batches = stream.ready_chunks(BATCH);
        loop {
            let next = batches.next();
            let look = std::pin::pin!(timer::sleep(PAUSE));
            let batch = match futures_util::future::select(next, look).await {
                futures_util::future::Either::Left((Some(batch), _)) => batch,
                futures_util::future::Either::Left((None, _)) => return,
                futures_util::future::Either::Right(_) => {
                    self.note_connection(batches.get_ref().is_open());
                    continue;
                }
            };
            self.note_connection(true);
            let closed = batch.iter().any(|incoming| matches!(incoming, Incoming::Closed));
            self.view.update(|view| {
                for incoming in &batch {
                    if let Incoming::Event(event) = incoming {
                        view.apply(event);
                    }
                }
            });
            if closed || self.is_over() {
                return;
            }
            timer::sleep(REPAINT).await;
        }
    }

    fn note_connection(self, open: bool) {
        if self.connected.get_untracked() != open {
            self.connected.set(open);
        }
    }
}
