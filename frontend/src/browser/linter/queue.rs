//! Which text the linter reads next. Plain values: no worker and no signals.
//! One text is read at a time, and of those that come meanwhile only the newest is kept.

use std::sync::Arc;

/// A text to analyse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// Path below `migrations/`.
    pub(super) path: String,
    /// The whole text.
    pub(super) text: Arc<str>,
}

/// What the worker is doing and what it does afterwards.
#[derive(Debug, Default)]
pub(super) struct Queue {
    last_id: u32,
    /// The set is loaded: jobs may be sent.
    ready: bool,
    running: Option<(u32, Job)>,
    waiting: Option<Job>,
    /// The last answer: it may be given once more, with the verdict of PostgreSQL's grammar.
    answered: Option<(u32, Job)>,
}

/// An answer that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered {
    /// What was analysed.
    pub(super) job: Job,
    /// A newer text waits: the findings are of a text nobody sees any more.
    pub(super) stale: bool,
}

impl Queue {
    /// A number no message had before.
    pub(super) fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    /// The newest text; one that still waits is dropped.
    pub(super) fn push(&mut self, job: Job) {
        self.waiting = Some(job);
    }

    /// What to send now, if anything.
    pub(super) fn take(&mut self) -> Option<(u32, Job)> {
        if !self.ready || self.running.is_some() {
            return None;
        }
        let job = self.waiting.take()?;
        let id = self.next_id();
        self.running = Some((id, job.clone()));
        Some((id, job))
    }

    /// The answer to this message came; `None` when it was not waited for.
    pub(super) fn answered(&mut self, id: u32) -> Option<Answered> {
        if let Some((_, job)) = self.answered.take_if(|(answered, _)| *answered == id) {
            return Some(Answered { job, stale: !self.is_idle() });
        }
        let (_, job) = self.running.take_if(|(running, _)| *running == id)?;
        self.answered = Some((id, job.clone()));
        Some(Answered { job, stale: self.waiting.is_some() })
    }

    /// Whether the answer to this message is still to come.
    pub(super) fn is_running(&self, id: u32) -> bool {
        self.running.as_ref().is_some_and(|(running, _)| *running == id)
    }

    /// The set is there.
    pub(super) fn set_ready(&mut self, ready: bool) {
        self.ready = ready;
    }

    /// The worker is gone: what it was reading is given up, what waits stays.
    pub(super) fn worker_ended(&mut self) -> Option<Job> {
        self.ready = false;
        self.answered = None;
        self.running.take().map(|(_, job)| job)
    }

    /// Nothing is read and nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(text: &str) -> Job {
        Job { path: "a.sql".to_owned(), text: text.into() }
    }

    fn ready() -> Queue {
        let mut queue = Queue::default();
        queue.set_ready(true);
        queue
    }

    #[test]
    fn only_the_newest_text_is_kept_while_one_is_read() {
        let mut queue = ready();
        queue.push(job("1"));
        let (first, _) = queue.take().unwrap();
        queue.push(job("2"));
        queue.push(job("3"));
        assert_eq!(queue.take(), None, "one at a time");
        assert_eq!(queue.answered(first), Some(Answered { job: job("1"), stale: true }));
        let (second, next) = queue.take().unwrap();
        assert_eq!(next, job("3"));
        assert_eq!(queue.answered(second), Some(Answered { job: job("3"), stale: false }));
        assert!(queue.is_idle());
    }

    #[test]
    fn the_last_answer_may_come_twice() {
        let mut queue = ready();
        queue.push(job("1"));
        let (first, _) = queue.take().unwrap();
        assert_eq!(queue.answered(first), Some(Answered { job: job("1"), stale: false }));
        assert_eq!(queue.answered(first), Some(Answered { job: job("1"), stale: false }));
        assert_eq!(queue.answered(first), None, "and no third time");
        queue.push(job("2"));
        let (second, _) = queue.take().unwrap();
        queue.answered(second);
        queue.push(job("3"));
        assert_eq!(queue.answered(second), Some(Answered { job: job("2"), stale: true }));
    }

    #[test]
    fn nothing_is_sent_before_the_set_is_loaded() {
        let mut queue = Queue::default();
        queue.push(job("1"));
        assert_eq!(queue.take(), None);
        queue.set_ready(true);
        assert!(queue.take().is_some());
    }

    #[test]
    fn a_worker_that_ended_takes_only_its_own_job_with_it() {
        let mut queue = ready();
        queue.push(job("deep"));
        let (id, _) = queue.take().unwrap();
        queue.push(job("shallow"));
        assert_eq!(queue.worker_ended(), Some(job("deep")));
        assert_eq!(queue.answered(id), None, "a late answer of the old worker is nobody's");
        assert_eq!(queue.take(), None);
        queue.set_ready(true);
        assert_eq!(queue.take().map(|(_, next)| next), Some(job("shallow")));
    }
}
