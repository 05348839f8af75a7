//! Assessments that are kept: what changes would run now, computed once for everybody who asks, in turn, and only
//! while somebody waits for it. `gate` says what an assessment is.

mod kept;

use std::{
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use studio_kernel::{migration::SourceFile, plan::Digest};
use tokio::sync::{Semaphore, watch};

use self::kept::{Entries, Entry, weight};
use super::{
    blocking::threads,
    budget::{Budgets, SAVED},
    folder::Snapshot,
    gate::{Assessment, Brief, assessed},
    policy::PolicyInForce,
    stored::StoredFile,
    target::Ledger,
};
use crate::{
    error::{Error, Result},
    pg::target::standing::Standing,
};

/// How long one assessment may take, waiting for its turn included.
const WITHIN: Duration = Duration::from_secs(40);

/// Everything that an assessment depends on.
#[derive(Clone)]
pub struct Inputs {
    /// What the files are laid over.
    pub folder: Arc<Snapshot>,
    /// What the target has, and what an approval binds of it.
    pub ledger: Ledger,
    /// The target, as approvals name it.
    pub target: String,
    /// What reviews need.
    pub policy: PolicyInForce,
    /// The files, in order.
    pub files: Vec<StoredFile>,
    /// Who wrote them, and is charged for the work: others only look. It makes no difference to what it comes to.
    pub author: String,
}

/// Names inputs: the same inputs have the same key, and no others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

impl Inputs {
    /// The name of these inputs.
    pub fn key(&self) -> Key {
        // Taken apart by name: whoever adds something decides here whether it makes a difference.
        let Self { folder, ledger, target, policy, files, author: _ } = self;
        let Ledger { rows, server, standing } = ledger;
        let Standing { database, schema, role, defaults, session } = standing;
        let mut parts = vec![folder.digest().to_owned(), target.clone(), format!("{policy:?} {server:?}")];
        parts.extend([database, schema, role, session].map(String::clone));
        for list in
            [defaults.clone(), rows.iter().flat_map(|row| [row.version.clone(), row.name.clone()]).collect()]
        {
            parts.push(list.len().to_string());
            parts.extend(list);
        }
        for file in files {
            parts.extend([file.path.clone(), file.sha256.clone()]);
        }
        let framed: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        Key(Digest::of(framed.concat().as_bytes()).to_string())
    }
}

/// The assessments of a server. Clones share them.
#[derive(Clone)]
pub struct Assessments(Arc<Shared>);

struct Shared {
    entries: Mutex<Entries>,
    /// Threads that compute; they are fair, and work on at most one thing of each author.
    workers: Arc<Semaphore>,
    budgets: Budgets,
}

/// `None` while it is computed.
type Outcome = Option<Result<Arc<Assessment>, Why>>;

/// Why there is no assessment; what went wrong is told to everybody who waits.
#[derive(Clone, Debug)]
enum Why {
    Abandoned,
    Failed(String),
    Exhausted(String),
}

/// Whoever waits for an assessment holds it; when nobody does, the work on it ends.
struct Interest(Arc<AtomicBool>);

impl Drop for Interest {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Default for Assessments {
    fn default() -> Self {
        Self(Arc::new(Shared {
            entries: Mutex::default(),
            workers: Arc::new(threads()),
            budgets: Budgets::default(),
        }))
    }
}

impl Assessments {
    /// The small part of the assessment of these inputs, if it is known.
    pub fn brief(&self, inputs: &Inputs) -> Option<Arc<Brief>> {
        let key = inputs.key();
        let mut entries = self.0.entries();
        entries.clock += 1;
        let clock = entries.clock;
        let (brief, used) = entries.briefs.get_mut(&key)?;
        *used = clock;
        Some(Arc::clone(brief))
    }

    /// The assessment of these inputs. `load` reads the files' texts, which happens only where it is not known.
    ///
    /// # Errors
    /// [`Error::Deadline`]; [`Error::Exhausted`] when the author has used up their share of this server's time;
    /// [`Error::Corrupt`] when the kernel fails; those of `load`.
    pub async fn of<Loading>(
        &self,
        inputs: &Inputs,
        load: impl FnOnce() -> Loading,
    ) -> Result<Arc<Assessment>>
    where
        Loading: Future<Output = Result<Vec<SourceFile>>>,
    {
        let key = inputs.key();
        if let Some(ready) = self.0.ready(&key) {
            return Ok(ready);
        }
        let files = load().await?;
        let waited = tokio::time::timeout(WITHIN, async {
            loop {
                let (outcome, interest) = match self.0.entry(&key) {
                    Known::Ready(assessment) => return Ok(assessment),
                    Known::Pending(outcome, interest) => (outcome, interest),
                    Known::Ours(sender, interest) => {
                        let outcome = sender.subscribe();
                        let work = Arc::clone(&self.0).compute(
                            Task { key: key.clone(), inputs: inputs.clone(), sender },
                            files.clone(),
                            Arc::clone(&interest.0),
                        );
                        tokio::spawn(work);
                        (outcome, interest)
                    }
                };
                let settled = settled(outcome).await;
                drop(interest);
                match settled {
                    Ok(assessment) => return Ok(assessment),
                    // Those before us went away in this very moment; we are still here.
                    Err(Why::Abandoned) => {}
                    Err(Why::Failed(why)) => return Err(Error::Corrupt(why)),
                    Err(Why::Exhausted(message)) => {
                        return Err(Error::Exhausted { code: "time-used-up", message });
                    }
                }
            }
        });
        waited.await.unwrap_or(Err(Error::Deadline))
    }
}

async fn settled(mut outcome: watch::Receiver<Outcome>) -> Result<Arc<Assessment>, Why> {
    match outcome.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone().unwrap_or(Err(Why::Abandoned)),
        Err(_) => Err(Why::Abandoned),
    }
}

enum Known {
    Ready(Arc<Assessment>),
    Pending(watch::Receiver<Outcome>, Arc<Interest>),
    /// Nobody computes it: the caller has to.
    Ours(watch::Sender<Outcome>, Arc<Interest>),
}

struct Task {
    key: Key,
    inputs: Inputs,
    sender: watch::Sender<Outcome>,
}

impl Shared {
    fn ready(&self, key: &Key) -> Option<Arc<Assessment>> {
        let mut entries = self.entries();
        entries.clock += 1;
        let clock = entries.clock;
        match entries.by_key.get_mut(key)? {
            Entry::Ready { assessment, used, .. } => {
                *used = clock;
                Some(Arc::clone(assessment))
            }
            Entry::Pending { .. } => None,
        }
    }

    fn entry(&self, key: &Key) -> Known {
        if let Some(ready) = self.ready(key) {
            return Known::Ready(ready);
        }
        let mut entries = self.entries();
        if let Some(Entry::Pending { outcome, interest }) = entries.by_key.get(key)
            && let Some(interest) = interest.upgrade()
        {
            return Known::Pending(outcome.clone(), interest);
        }
        let (sender, outcome) = watch::channel(None);
        let interest = Arc::new(Interest(Arc::default()));
        let pending = Entry::Pending { outcome, interest: Arc::downgrade(&interest) };
        entries.by_key.insert(key.clone(), pending);
        Known::Ours(sender, interest)
    }

    async fn compute(self: Arc<Self>, task: Task, files: Vec<SourceFile>, abandoned: Arc<AtomicBool>) {
        let Task { key, inputs, sender } = task;
        let weight = weight(&files);
        let outcome = self.computed(inputs, files, abandoned).await;
        self.settle(&key, outcome.as_ref().ok(), weight, &sender);
        sender.send_replace(Some(outcome));
    }

    async fn computed(
        &self,
        inputs: Inputs,
        files: Vec<SourceFile>,
        abandoned: Arc<AtomicBool>,
    ) -> Result<Arc<Assessment>, Why> {
        // The author's turn first, so that many files of one person wait outside the queue of all.
        let account = self.budgets.of(&inputs.author);
        let Ok(_turn) = account.turn().await else { return Err(Why::Abandoned) };
        let Ok(worker) = Arc::clone(&self.workers).acquire_owned().await else { return Err(Why::Abandoned) };
        if abandoned.load(Ordering::Relaxed) {
            return Err(Why::Abandoned);
        }
        account.check().map_err(|wait| {
            Why::Exhausted(format!(
                "What this author wrote lately took the server {SAVED} seconds to judge; it goes on in {wait:.0} seconds."
            ))
        })?;
        let work = tokio::task::spawn_blocking(move || {
            // Held by the thread: work that nobody waits for any more still counts until it has ended.
            let _worker = worker;
            account.charge(|| assessed(inputs, files, &abandoned))
        });
        match work.await {
            Ok(Some(assessment)) => Ok(Arc::new(assessment)),
            Ok(None) => Err(Why::Abandoned),
            Err(error) => Err(Why::Failed(format!("a task ended early: {error}"))),
        }
    }

    /// Keeps an assessment, and lets others go until all fit. What is not kept is forgotten, unless somebody else
    /// has begun it anew.
    fn settle(
        &self,
        key: &Key,
        assessment: Option<&Arc<Assessment>>,
        weight: usize,
        sender: &watch::Sender<Outcome>,
    ) {
        let mut entries = self.entries();
        entries.clock += 1;
        let used = entries.clock;
        match (assessment, entries.by_key.get(key)) {
            (Some(assessment), _) => {
                entries.keep_brief(key, assessment.brief(), used);
                let assessment = Arc::clone(assessment);
                entries.by_key.insert(key.clone(), Entry::Ready { assessment, weight, used });
            }
            (None, Some(Entry::Pending { outcome, .. })) if outcome.same_channel(&sender.subscribe()) => {
                entries.by_key.remove(key);
            }
            (None, _) => {}
        }
        entries.shrink(key);
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use studio_kernel::run::api::Policy;

    use super::*;
    use crate::{pg::target::ledger::LedgerRow, services::folder::Folder};

    fn row(version: &str, name: &str) -> LedgerRow {
        LedgerRow { version: version.to_owned(), name: name.to_owned(), statements: None }
    }

    fn file(path: &str) -> StoredFile {
        StoredFile { path: path.to_owned(), sha256: "1".to_owned(), base: None }
    }

    fn inputs(folder: Arc<Snapshot>) -> Inputs {
        let standing = Standing {
            database: "1/2".to_owned(),
            schema: "a".to_owned(),
            role: "r".to_owned(),
            defaults: vec!["d".to_owned()],
            session: "s".to_owned(),
        };
        Inputs {
            folder,
            ledger: Ledger { rows: vec![row("1", "one")], server: Some(17), standing },
            target: "app".to_owned(),
            policy: PolicyInForce { policy: Policy { four_eyes: true, required: 1 }, epoch: 1 },
            files: vec![file("a.sql")],
            author: "ada".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_large_assessment_keeps_no_small_one_out() {
        let root = tempfile::tempdir().unwrap();
        let inputs = inputs(Folder::new(root.path()).snapshot().await.unwrap());
        let assessment = Arc::new(assessed(inputs, Vec::new(), &Arc::default()).unwrap());
        let mut entries = Entries::default();
        for (used, weight) in (0..).zip([1, 1, usize::MAX / 4, 1, usize::MAX / 2]) {
            let key = Key(used.to_string());
            let entry = Entry::Ready { assessment: Arc::clone(&assessment), weight, used };
            entries.by_key.insert(key.clone(), entry);
            entries.shrink(&key);
        }
        let kept: Vec<&str> = entries.by_key.keys().map(|key| key.0.as_str()).collect();
        assert_eq!(kept, ["0", "1", "3", "4"], "and of the large ones the newest alone");
    }

    #[tokio::test]
    async fn whatever_an_assessment_depends_on_gives_it_another_key() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path());
        let inputs = inputs(folder.snapshot().await.unwrap());
        std::fs::write(root.path().join("1_one.sql"), "select 1;").unwrap();
        let written = folder.snapshot().await.unwrap();
        let changes: &[&dyn Fn(&mut Inputs)] = &[
            &|other| other.folder = Arc::clone(&written),
            &|other| other.target.push('s'),
            &|other| other.policy.epoch += 1,
            &|other| other.policy.policy.required += 1,
            &|other| other.policy.policy.four_eyes = false,
            &|other| other.ledger.server = Some(18),
            &|other| other.ledger.rows.push(row("2", "two")),
            &|other| other.ledger.rows[0].name.clear(),
            &|other| other.ledger.standing.database.push('3'),
            &|other| other.ledger.standing.schema.push('b'),
            &|other| other.ledger.standing.role.push('s'),
            &|other| other.ledger.standing.defaults.clear(),
            &|other| other.ledger.standing.session.push('t'),
            &|other| other.files.push(file("b.sql")),
            &|other| other.files[0].sha256.push('2'),
            // What stands in one list is not the same in the next.
            &|other| other.ledger.rows = vec![row("d", "1"), row("1", "one")],
        ];
        let mut keys = std::collections::BTreeSet::from([inputs.key()]);
        for (index, change) in changes.iter().enumerate() {
            let mut other = inputs.clone();
            change(&mut other);
            assert!(keys.insert(other.key()), "change {index} makes no difference");
        }
        let by_another = Inputs { author: "ben".to_owned(), ..inputs.clone() };
        assert_eq!(by_another.key(), inputs.key(), "who wrote it changes nothing");
    }
}
