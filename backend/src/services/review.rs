//! Changes as the pages show them: everything stored, with everything computed from it. It changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::future::try_join_all;
use studio_kernel::{
    migration::FileName,
    plan::{Purpose, plan},
    review::{Approval, ChangeState, Decision, FileChange, Gate, Obstacle, Person, Revision, RevisionFile},
    run::api::{Change, ChangeSummary, Changes, FindingCounts, RevisionText, RunSummary},
};

use super::{
    answers::Written,
    assessments::Inputs,
    audit, comments,
    gate::{self, Assessment, Brief, Moment},
    policy::{self, PolicyInForce},
    stored::{self, Lock, StoredChange, StoredFile},
    target::{self, Ledger},
};
use crate::{
    error::{Error, Result},
    pg::{GenericClient, target::TargetError},
    state::AppState,
};

/// What is the same for all changes at one moment.
struct Now {
    moment: Moment,
    unreachable: Option<TargetError>,
    policy: PolicyInForce,
}

impl Now {
    async fn look(state: &AppState, policy: PolicyInForce) -> Result<Self> {
        let (folder, ledger) = tokio::join!(state.folder.snapshot(), target::to_approve(&state.target));
        let (ledger, unreachable) = match ledger {
            Ok(ledger) => (ledger, None),
            Err(error) => (Ledger::default(), Some(error)),
        };
        let moment = Moment { folder: folder?, ledger, target: target::name(state) };
        Ok(Self { moment, unreachable, policy })
    }

    /// The target's name, and what its role and database give to every session.
    fn target_with_defaults(&self) -> String {
        let Moment { ledger, target, .. } = &self.moment;
        match ledger.standing.defaults.join(", ") {
            defaults if defaults.is_empty() => target.clone(),
            defaults => format!("{target}, every session with {defaults}"),
        }
    }

    /// What a change would run now; what an applied one ran.
    async fn assess(&self, state: &AppState, change: &StoredChange) -> Result<Arc<Assessment>> {
        gate::assessment(state, &self.inputs(change)?).await
    }

    fn inputs(&self, change: &StoredChange) -> Result<Inputs> {
        let newest = change.newest()?;
        let mut moment = self.moment.clone();
        if change.state == ChangeState::Applied {
            for version in newest.files.iter().filter_map(|file| FileName::of(&file.path).version) {
                moment.ledger.rows.retain(|row| row.version != version);
            }
        }
        Ok(moment.inputs(self.policy, newest))
    }

    /// The gate's answer; without a ledger nobody knows what would run, so nothing may.
    fn decide(
        &self,
        person: &Person,
        change: &StoredChange,
        approvals: &[Approval],
        brief: &Brief,
        running: bool,
    ) -> Gate {
        let mut gate = gate::decide(person, change, approvals, brief, self.policy, running);
        if let Some(error) = &self.unreachable {
            let obstacle =
                Obstacle { code: error.code.to_owned(), message: format!("{error} {}", error.help) };
            gate.run.insert(0, obstacle.clone());
            gate.approve.insert(0, obstacle);
        }
        gate
    }
}

/// A change, whole, as `person` sees it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Folder`]. A target that cannot be reached is an obstacle, no error.
pub async fn change(state: &AppState, person: &Person, id: i64) -> Result<Written> {
    let client = state.studio.client().await?;
    let stored = stored::change(&*client, id, Lock::None).await?;
    let policy = policy::policy(&*client).await?;
    // No connection is held while others are asked and the kernel works.
    drop(client);
    let now = Now::look(state, policy).await?;
    let assessment = now.assess(state, &stored).await?;
    let turn = state.answers().turn(&person.id).await?;
    let lease = state.studio.client().await?;
    let client = &*lease;
    let approvals = stored::approvals(client, id).await?;
    let running = gate::is_running(client, id).await?;
    let comments = comments::of_change(client, id).await?;
    let timeline = audit::timeline(client, id).await?;
    let runs = stored::runs(client, id).await?;
    drop(lease);
    let person = person.clone();
    let bytes = assessment.bytes() + comments.iter().map(comments::Stored::bytes).sum::<usize>();
    turn.write(bytes, move || {
        let gate = now.decide(&person, &stored, &approvals, &assessment.brief(), running);
        let newest = stored.newest()?;
        let comments = comments::placed(comments, newest, &assessment.set);
        let revisions = revisions(&stored, &purposes(&stored, &assessment));
        let Assessment { plan, bound, report, .. } = (*assessment).clone();
        Ok(Change {
            id,
            title: stored.title,
            description: stored.description,
            author: stored.author,
            state: stored.state,
            revisions,
            plan,
            digest: bound.digest,
            target: now.target_with_defaults(),
            findings: report.findings,
            coverage: report.coverage,
            gate,
            comments,
            timeline,
            runs,
            folder_note: stored.folder_note,
        })
    })
    .await
}

/// What each file that the change ever had would be run as: one of an older revision by the role its path has in
/// today's set.
fn purposes(stored: &StoredChange, assessment: &Assessment) -> BTreeMap<String, Purpose> {
    let files = stored.revisions.iter().flat_map(|revision| &revision.files);
    let paths: BTreeSet<&str> = files.map(|file| file.path.as_str()).collect();
    let purpose = |path: &str| {
        let planned = assessment.plan.files.iter().find(|planned| planned.path == path);
        let alone = || plan(&assessment.set, &[path], &Default::default());
        match planned {
            Some(planned) => planned.purpose,
            None => alone().files.first().map_or(Purpose::Keep, |planned| planned.purpose),
        }
    };
    paths.into_iter().map(|path| (path.to_owned(), purpose(path))).collect()
}

fn revisions(stored: &StoredChange, purposes: &BTreeMap<String, Purpose>) -> Vec<Revision> {
    let file = |file: &StoredFile| RevisionFile {
        path: file.path.clone(),
        sha256: file.sha256.clone(),
        base_sha256: file.base.clone(),
        change: match &file.base {
            None => FileChange::Added,
            Some(base) if *base == file.sha256 => FileChange::Unchanged,
            Some(_) => FileChange::Modified,
        },
        purpose: purposes.get(&file.path).copied().unwrap_or(Purpose::Keep),
    };
    let revision = |revision: &stored::StoredRevision| Revision {
        number: revision.number,
        author: revision.author.clone(),
        at: revision.at.clone(),
        note: revision.note.clone(),
        files: revision.files.iter().map(file).collect(),
    };
    stored.revisions.iter().map(revision).collect()
}

/// All changes, newest first, as `person` sees them.
///
/// # Errors
/// [`Error::Folder`], [`Error::Database`].
pub async fn list(state: &AppState, person: &Person) -> Result<Changes> {
    let lease = state.studio.client().await?;
    let client = &*lease;
    let policy = policy::policy(client).await?;
    let ids = stored::ids(client).await?;
    // One connection answers many questions behind one another sooner than one at a time.
    let rows: Vec<Row> = try_join_all(ids.into_iter().map(|id| Row::read(client, id))).await?;
    drop(lease);
    let now = Now::look(state, policy).await?;
    let mut changes = Vec::new();
    // One after the other: a list takes no more of the server at once than a single change does.
    for row in rows {
        changes.push(summary(state, &now, person, row).await?);
    }
    Ok(Changes { changes })
}

/// What is stored of a change in a list.
struct Row {
    stored: StoredChange,
    approvals: Vec<Approval>,
    open_threads: usize,
    run: Option<RunSummary>,
}

impl Row {
    async fn read(client: &impl GenericClient, id: i64) -> Result<Self> {
        Ok(Self {
            stored: stored::change(client, id, Lock::None).await?,
            approvals: stored::approvals(client, id).await?,
            open_threads: comments::open_threads(client, id).await?,
            run: stored::runs(client, id).await?.into_iter().next(),
        })
    }
}

async fn summary(state: &AppState, now: &Now, person: &Person, row: Row) -> Result<ChangeSummary> {
    let Row { stored, approvals, open_threads, run } = row;
    let newest = stored.newest()?;
    let mut summary = ChangeSummary {
        id: stored.id,
        title: stored.title.clone(),
        author: stored.author.clone(),
        state: stored.state,
        revision: newest.number,
        paths: newest.files.iter().map(|file| file.path.clone()).collect(),
        findings: FindingCounts::default(),
        approvals: (0, now.policy.policy.required),
        waits_for_me: false,
        open_threads,
        run,
        updated: stored.updated.clone(),
    };
    // What is closed or applied is not judged again: it would take as long as all changes that ever were.
    if stored.state != ChangeState::Open {
        let on_newest = |approval: &&Approval| {
            approval.revision == newest.number && approval.decision == Decision::Approve
        };
        summary.approvals.0 = approvals.iter().filter(on_newest).count();
        return Ok(summary);
    }
    let brief = match gate::brief(state, &now.inputs(&stored)?).await {
        Ok(brief) => brief,
        // What takes too long to judge keeps nobody from the list; its own page says why.
        Err(Error::Exhausted { .. } | Error::Deadline) => {
            summary.findings = FindingCounts { errors: 1, ..FindingCounts::default() };
            return Ok(summary);
        }
        Err(error) => return Err(error),
    };
    let gate = now.decide(person, &stored, &approvals, &brief, false);
    let current = || gate.approvals.iter().filter(|status| status.stale.is_none());
    // What was asked for blocks until its reviewer decides again, so after an edit it is their turn.
    let decided = current().map(|status| &status.approval).any(|approval| {
        let of_this = || approval.bound.digest == brief.bound.digest;
        approval.person.id == person.id && (approval.decision == Decision::Approve || of_this())
    });
    let approved = current().filter(|status| status.approval.decision == Decision::Approve).count();
    summary.findings = brief.findings;
    summary.approvals.0 = approved;
    summary.waits_for_me = gate.approve.is_empty() && !decided && approved < now.policy.policy.required;
    Ok(summary)
}

/// A file of a revision, with what the change started from.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn file(state: &AppState, person: &Person, id: i64, revision: u32, path: &str) -> Result<Written> {
    let turn = state.answers().turn(&person.id).await?;
    let lease = state.studio.client().await?;
    let client = &*lease;
    let stored = stored::change(client, id, Lock::None).await?;
    let revision = stored.revisions.iter().find(|known| known.number == revision);
    let revision = revision.ok_or(Error::NotFound("revision"))?;
    let file = revision.files.iter().find(|file| file.path == path).ok_or(Error::NotFound("file"))?;
    let base = StoredFile { sha256: file.base.clone().unwrap_or_default(), ..file.clone() };
    let base = if file.base.is_some() { vec![base] } else { Vec::new() };
    let base = stored::texts(client, &base).await?.pop().map(|base| base.text);
    let mut texts = stored::texts(client, std::slice::from_ref(file)).await?;
    let file = texts.pop().ok_or(Error::NotFound("file"))?;
    drop(lease);
    let bytes = file.text.len() + base.as_ref().map_or(0, String::len);
    turn.write(bytes, move || Ok(RevisionText { file, base })).await
}
