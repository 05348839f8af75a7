//! The linter in its Web Worker: started at the first use, restarted when it traps or hangs.
//! It judges nothing and shows nothing; pages read its signals.

mod queue;
#[path = "../../../linter/src/wire.rs"]
mod wire;
mod worker;

use std::{sync::Arc, time::Duration};

use leptos::{leptos_dom::helpers::set_timeout, prelude::*};
use studio_kernel::run::api::Sources;

use super::meta::meta;
use queue::{Job, Queue};
use wire::{Analysis, Names};
pub(crate) use wire::{GRAMMAR, OutlineRow};
use worker::{Said, Worker};

/// A text that takes longer is given up; the slowest file of any known set takes a hundredth of it.
const HANG: Duration = Duration::from_secs(5);

/// What the linter is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing was asked yet.
    #[default]
    Idle,
    /// The worker starts and reads the set.
    Starting,
    /// A text is being read.
    Working,
    /// The analysis is of the newest text.
    Ready,
    /// The newest text of this path is too deep or too long to analyse: the worker overflowed or hung on it and
    /// was restarted. "No finding" must not be said.
    TooDeep(String),
    /// There is no worker, and why. [`Linter::retry`] starts one.
    Failed(String),
}

/// An analysis and the text it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Analysed {
    /// Path below `migrations/`.
    pub(crate) path: String,
    /// The text whose bytes all spans count.
    pub(crate) text: Arc<str>,
    /// What was found.
    pub(crate) analysis: Analysis,
}

/// The one linter of the app. Copies are the same linter; it ends with the owner that made it.
#[derive(Clone, Copy)]
pub(crate) struct Linter {
    inner: StoredValue<Inner, LocalStorage>,
    status: RwSignal<Status>,
    analysed: RwSignal<Option<Arc<Analysed>>>,
    names: RwSignal<Arc<Names>>,
}

#[derive(Default)]
struct Inner {
    worker: Option<Worker>,
    /// The `load` whose answer makes the queue ready.
    loading: u32,
    sources: Sources,
    queue: Queue,
}

impl Linter {
    /// A linter without a worker; [`Linter::load`] starts one.
    pub(crate) fn new() -> Self {
        Self {
            inner: StoredValue::new_local(Inner::default()),
            status: RwSignal::default(),
            analysed: RwSignal::default(),
            names: RwSignal::default(),
        }
    }

    /// What it is doing.
    pub(crate) fn status(self) -> Signal<Status> {
        self.status.into()
    }

    /// The newest analysis of the text last given. It may lag behind the editor: compare its text.
    pub(crate) fn analysed(self) -> Signal<Option<Arc<Analysed>>> {
        self.analysed.into()
    }

    /// Names of the set for completion.
    pub(crate) fn names(self) -> Signal<Arc<Names>> {
        self.names.into()
    }

    /// Gives it the whole set and what the target has of it, in place of those before; the text last analysed is
    /// judged again.
    pub(crate) fn load(self, sources: Sources) {
        let again = self
            .analysed
            .get_untracked()
            .map(|last| Job { path: last.path.clone(), text: last.text.clone() });
        self.update(|inner| {
            inner.sources = sources;
            if let Some(job) = again.filter(|_| inner.queue.is_idle()) {
                inner.queue.push(job);
            }
        });
        self.start_or_reload();
    }

    /// Analyses a text. While one is being read only the newest is kept.
    pub(crate) fn analyse(self, path: &str, text: Arc<str>) {
        self.update(|inner| inner.queue.push(Job { path: path.to_owned(), text }));
        self.send_next();
    }

    /// Starts a worker after [`Status::Failed`].
    pub(crate) fn retry(self) {
        self.update(|inner| inner.worker = None);
        self.start_or_reload();
    }

    /// Does nothing once the owner is gone: an answer may come later than the page.
    fn update<T>(self, change: impl FnOnce(&mut Inner) -> T) -> Option<T> {
        self.inner.try_update_value(change)
    }

    fn start_or_reload(self) {
        let _ = self.status.try_set(Status::Starting);
        let started = self.update(|inner| {
            inner.queue.set_ready(false);
            if inner.worker.is_none() {
                let (Some(script), Some(wasm)) = (meta("studio:linter-js"), meta("studio:linter-wasm"))
                else {
                    return Err("the page does not say where it is".to_owned());
                };
                let worker = Worker::start(&script, move |said| self.hear(said))?;
                let parsers = ["studio:parsers-js", "studio:grammar-wasm", "studio:parser-wasm"].map(meta);
                worker.send_start(inner.queue.next_id(), &wasm, parsers);
                inner.worker = Some(worker);
            }
            inner.loading = inner.queue.next_id();
            if let Some(worker) = &inner.worker {
                worker.send_load(inner.loading, &inner.sources);
            }
            Ok(())
        });
        if let Some(Err(why)) = started {
            self.fail(why);
        }
    }

    fn hear(self, said: Said) {
        match said {
            Said::Ok { id, answer } => self.hear_answer(id, &answer),
            Said::Failed { id, trapped: true, path, .. } => self.restart(id, &path),
            Said::Failed { message, .. } => self.fail(message),
            Said::Broken(message) => self.fail(message),
        }
    }

    fn hear_answer(self, id: u32, answer: &str) {
        let loaded = self.update(|inner| {
            let loaded = inner.loading == id;
            if loaded {
                inner.queue.set_ready(true);
            }
            loaded
        });
        if loaded == Some(true) {
            // After a restart the status tells which text is too deep, and stays.
            if self.status.try_get_untracked() == Some(Status::Starting) {
                let _ = self.status.try_set(Status::Ready);
            }
        } else if let Some(answered) = self.update(|inner| inner.queue.answered(id)).flatten() {
            match serde_json::from_str::<Analysis>(answer) {
                Ok(analysis) => self.show(answered.job, answered.stale, analysis),
                Err(error) => return self.fail(format!("its answer cannot be read: {error}")),
            }
        }
        self.send_next();
    }

    fn show(self, job: Job, stale: bool, mut analysis: Analysis) {
        // Names come once, whether or not the rest is still wanted.
        if let Some(names) = analysis.names.take() {
            let _ = self.names.try_set(Arc::new(names));
        }
        if !stale {
            let analysed = Analysed { path: job.path, text: job.text, analysis };
            let _ = self.analysed.try_set(Some(Arc::new(analysed)));
            let _ = self.status.try_set(Status::Ready);
        }
    }

    fn send_next(self) {
        let sent = self.update(|inner| {
            let worker = inner.worker.as_ref()?;
            let (id, job) = inner.queue.take()?;
            worker.send_analyse(id, &job.path, &job.text);
            Some((id, job.path))
        });
        if let Some((id, path)) = sent.flatten() {
            if self.status.with_untracked(|status| *status != Status::Working) {
                let _ = self.status.try_set(Status::Working);
            }
            let give_up = move || {
                if self.update(|inner| inner.queue.is_running(id)) == Some(true) {
                    self.restart(id, &path);
                }
            };
            set_timeout(give_up, HANG);
        }
    }

    /// The worker trapped or hangs on a file. A file of the set is left out from now on; a text being edited is
    /// marked, and the next keystroke tries anew.
    fn restart(self, id: u32, path: &str) {
        let trapped = self.update(|inner| {
            if inner.loading == id {
                inner.sources.files.retain(|file| file.path != path);
            }
            inner.worker = None;
            inner.queue.worker_ended()
        });
        self.start_or_reload();
        if let Some(Some(job)) = trapped {
            let _ = self.status.try_set(Status::TooDeep(job.path));
        }
    }

    fn fail(self, why: String) {
        self.update(|inner| {
            inner.worker = None;
            inner.queue.worker_ended()
        });
        let _ = self.status.try_set(Status::Failed(why));
    }
}
