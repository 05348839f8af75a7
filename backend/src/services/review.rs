//! Changes as the pages show them: everything stored, with everything computed from it. It changes nothing.

use studio_kernel::{
    migration::{FileName, SourceFile},
    plan::{Purpose, plan},
    review::{Approval, ChangeState, Decision, FileChange, Gate, Obstacle, Person, Revision, RevisionFile},
    run::api::{Change, ChangeSummary, Changes, FindingCounts, RevisionText},
};

use super::{
    audit, comments,
    folder::Snapshot,
    gate::{self, Assessment},
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
struct Moment {
    folder: std::sync::Arc<Snapshot>,
    ledger: Result<Ledger, TargetError>,
    policy: PolicyInForce,
    target: String,
}

impl Moment {
    async fn now(state: &AppState, client: &impl GenericClient) -> Result<Self> {
        let (folder, ledger) = tokio::join!(state.folder.snapshot(), target::to_approve(&state.target));
        let (folder, policy) = (folder?, policy::policy(client).await?);
        Ok(Self { folder, ledger, policy, target: target::name(state) })
    }

    /// The target's name, and what its role and database give to every session.
    fn target_with_defaults(&self) -> String {
        let defaults = self.ledger.as_ref().map(|ledger| ledger.standing.defaults.join(", "));
        match defaults {
            Ok(defaults) if !defaults.is_empty() => format!("{}, every session with {defaults}", self.target),
            _ => self.target.clone(),
        }
    }

    /// What a change would run now; what an applied one ran.
    async fn assess(&self, state: ChangeState, files: Vec<SourceFile>) -> Result<Assessment> {
        let mut ledger = self.ledger.as_ref().cloned().unwrap_or_default();
        if state == ChangeState::Applied {
            for version in files.iter().filter_map(|file| FileName::of(&file.path).version) {
                ledger.rows.retain(|row| row.version != version);
            }
        }
        gate::assess(self.folder.set.clone(), files, ledger, &self.target, self.policy).await
    }

    /// The gate's answer; without a ledger nobody knows what would run, so nothing may.
    fn decide(
        &self,
        person: &Person,
        change: &StoredChange,
        approvals: &[Approval],
        assessment: &Assessment,
        running: bool,
    ) -> Gate {
        let mut gate = gate::decide(person, change, approvals, assessment, self.policy, running);
        if let Err(error) = &self.ledger {
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
pub async fn change(state: &AppState, person: &Person, id: i64) -> Result<Change> {
    let lease = state.studio.client().await?;
    let client = &*lease;
    let stored = stored::change(client, id, Lock::None).await?;
    let moment = Moment::now(state, client).await?;
    let files = stored::texts(client, &stored.newest()?.files).await?;
    let assessment = moment.assess(stored.state, files).await?;
    let approvals = stored::approvals(client, id).await?;
    let running = gate::is_running(client, id).await?;
    let gate = moment.decide(person, &stored, &approvals, &assessment, running);
    let comments = comments::list(client, &stored, &assessment.set).await?;
    let revisions = revisions(&stored, &assessment);
    let Assessment { plan, bound, report, .. } = assessment;
    Ok(Change {
        id,
        title: stored.title,
        description: stored.description,
        author: stored.author,
        state: stored.state,
        revisions,
        plan,
        digest: bound.digest,
        target: moment.target_with_defaults(),
        findings: report.findings,
        coverage: report.coverage,
        gate,
        comments,
        timeline: audit::timeline(client, id).await?,
        runs: stored::runs(client, id).await?,
        folder_note: stored.folder_note,
    })
}

fn revisions(stored: &StoredChange, assessment: &Assessment) -> Vec<Revision> {
    // An older revision is planned as it would be in today's set: by the role its path has there.
    let purpose = |path: &str| {
        let planned = assessment.plan.files.iter().find(|planned| planned.path == path);
        let alone = || plan(&assessment.set, &[path], &Default::default());
        match planned {
            Some(planned) => planned.purpose,
            None => alone().files.first().map_or(Purpose::Keep, |planned| planned.purpose),
        }
    };
    let file = |file: &StoredFile| RevisionFile {
        path: file.path.clone(),
        sha256: file.sha256.clone(),
        base_sha256: file.base.clone(),
        change: match &file.base {
            None => FileChange::Added,
            Some(base) if *base == file.sha256 => FileChange::Unchanged,
            Some(_) => FileChange::Modified,
        },
        purpose: purpose(&file.path),
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
    let moment = Moment::now(state, client).await?;
    let mut changes = Vec::new();
    for id in stored::ids(client).await? {
        let stored = stored::change(client, id, Lock::None).await?;
        changes.push(summary(client, &moment, person, stored).await?);
    }
    Ok(Changes { changes })
}

async fn summary(
    client: &impl GenericClient,
    moment: &Moment,
    person: &Person,
    stored: StoredChange,
) -> Result<ChangeSummary> {
    let approvals = stored::approvals(client, stored.id).await?;
    let newest = stored.newest()?;
    let mut summary = ChangeSummary {
        id: stored.id,
        title: stored.title.clone(),
        author: stored.author.clone(),
        state: stored.state,
        revision: newest.number,
        paths: newest.files.iter().map(|file| file.path.clone()).collect(),
        findings: FindingCounts::default(),
        approvals: (0, moment.policy.policy.required),
        waits_for_me: false,
        open_threads: comments::open_threads(client, stored.id).await?,
        run: stored::runs(client, stored.id).await?.into_iter().next(),
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
    let files = stored::texts(client, &newest.files).await?;
    let assessment = moment.assess(stored.state, files).await?;
    let gate = moment.decide(person, &stored, &approvals, &assessment, false);
    let current = || gate.approvals.iter().filter(|status| status.stale.is_none());
    // What was asked for blocks until its reviewer decides again, so after an edit it is their turn.
    let decided = current().map(|status| &status.approval).any(|approval| {
        let of_this = || approval.bound.digest == assessment.bound.digest;
        approval.person.id == person.id && (approval.decision == Decision::Approve || of_this())
    });
    let approved = current().filter(|status| status.approval.decision == Decision::Approve).count();
    summary.findings = FindingCounts::of(&assessment.report.findings);
    summary.approvals.0 = approved;
    summary.waits_for_me = gate.approve.is_empty() && !decided && approved < moment.policy.policy.required;
    Ok(summary)
}

/// A file of a revision, with what the change started from.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn file(state: &AppState, id: i64, revision: u32, path: &str) -> Result<RevisionText> {
    let lease = state.studio.client().await?;
    let client = &*lease;
    let stored = stored::change(client, id, Lock::None).await?;
    let revision = stored.revisions.iter().find(|known| known.number == revision);
    let revision = revision.ok_or(Error::NotFound("revision"))?;
    let file = revision.files.iter().find(|file| file.path == path).ok_or(Error::NotFound("file"))?;
    let base = StoredFile { sha256: file.base.clone().unwrap_or_default(), ..file.clone() };
    let base = if file.base.is_some() { vec![base] } else { Vec::new() };
    let base = stored::texts(client, &base).await?.pop();
    let mut texts = stored::texts(client, std::slice::from_ref(file)).await?;
    Ok(RevisionText { file: texts.pop().ok_or(Error::NotFound("file"))?, base: base.map(|base| base.text) })
}
