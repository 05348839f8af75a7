//! The gate: what a change would run now, and the only yes to a run. Approve, edit and start are each decided
//! in one lock of the change's row, by what the kernel said of exactly the bytes, folder, ledger and policy that are
//! found under it; nothing a browser sent counts but its wish.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use studio_kernel::{
    lint::{
        self,
        finding::{Finding, Report, Severity},
    },
    migration::{MigrationSet, SourceFile},
    plan::{Binding, Digest, Plan, PlannedFile, plan_for},
    review::{self, Approval, Bound, Gate, GateFacts, Person},
    run::{
        RunKind,
        api::{FindingCounts, StartRun},
    },
};

use super::{
    answers::OF_A_STATEMENT,
    assessments::{Inputs, Key},
    audit::{self, Entry},
    folder::Snapshot,
    people,
    policy::{self, PolicyInForce},
    runs::{self, Accepted, NewRun, order},
    sessions::SessionId,
    sign_in,
    stored::{self, Lock, StoredChange, StoredRevision},
    target::{self, Ledger},
};
use crate::{
    error::{Error, Result},
    pg::{
        GenericClient,
        target::{Settings as Timeouts, standing::Standing},
    },
    state::AppState,
};

/// What a change would run on a target now, and what an approval of it would bind.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The folder with the change's files laid over it.
    pub set: MigrationSet,
    /// What would run.
    pub plan: Plan,
    /// What an approval binds.
    pub bound: Bound,
    /// Findings in the change's files.
    pub report: Report,
}

/// What lists and decisions need of an assessment: as small for a large change as for a small one.
#[derive(Clone, Debug)]
pub struct Brief {
    /// What an approval binds.
    pub bound: Bound,
    /// Findings by severity.
    pub findings: FindingCounts,
    /// Errors that nobody has allowed.
    pub errors: usize,
    /// Reasons against the plan.
    pub refusals: usize,
    /// Statements that would run.
    pub statements: usize,
}

impl Assessment {
    /// The small part of it.
    pub fn brief(&self) -> Brief {
        let findings = &self.report.findings;
        let is_error = |finding: &&Finding| finding.severity == Severity::Error && finding.allowed.is_none();
        Brief {
            bound: self.bound.clone(),
            findings: FindingCounts::of(findings),
            errors: findings.iter().filter(is_error).count(),
            refusals: self.plan.refusals.len(),
            statements: self.statements(),
        }
    }

    /// Bytes of what there is to tell of it.
    pub fn bytes(&self) -> usize {
        (self.statements() + self.report.findings.len()) * OF_A_STATEMENT
    }

    fn statements(&self) -> usize {
        self.plan.files.iter().flat_map(PlannedFile::statements).count()
    }
}

/// What an assessment depends on besides a change. It is read before any lock, because that takes as long as the
/// network does; the executor looks again.
#[derive(Clone)]
pub struct Moment {
    /// What a change's files are laid over.
    pub folder: Arc<Snapshot>,
    /// What the target has, and what an approval binds of it.
    pub ledger: Ledger,
    /// The target, as approvals name it.
    pub target: String,
}

impl Moment {
    /// As it is now.
    ///
    /// # Errors
    /// [`Error::Folder`]; [`Error::Target`] when the ledger cannot be read.
    pub async fn now(state: &AppState) -> Result<Self> {
        let (folder, ledger) = tokio::join!(state.folder.snapshot(), target::to_approve(&state.target));
        Ok(Self { folder: folder?, ledger: ledger?, target: target::name(state) })
    }

    /// What an assessment of this revision depends on.
    pub fn inputs(self, policy: PolicyInForce, revision: &StoredRevision) -> Inputs {
        let Self { folder, ledger, target } = self;
        let (files, author) = (revision.files.clone(), revision.author.id.clone());
        Inputs { folder, ledger, target, policy, files, author }
    }
}

/// An assessment that was made before the lock, to be used under it if what it depends on is still the same.
pub struct Judged {
    key: Key,
    /// What it says.
    pub assessment: Arc<Assessment>,
}

/// How often a decision looks again when what it depends on changes under its hands.
pub const LOOKS: usize = 4;

impl Judged {
    /// Assesses what a change's newest revision would run now. No connection is held meanwhile.
    ///
    /// # Errors
    /// Those of [`Moment::now`] and [`assessment`]; [`Error::NotFound`].
    pub async fn now(state: &AppState, id: i64) -> Result<Self> {
        let moment = Moment::now(state).await?;
        let client = state.studio.client().await?;
        let change = stored::change(&*client, id, Lock::None).await?;
        let policy = policy::policy(&*client).await?;
        drop(client);
        Self::of(state, moment.inputs(policy, change.newest()?)).await
    }

    /// Assesses these inputs.
    ///
    /// # Errors
    /// Those of [`assessment`].
    pub async fn of(state: &AppState, inputs: Inputs) -> Result<Self> {
        Ok(Self { key: inputs.key(), assessment: assessment(state, &inputs).await? })
    }

    /// Whether it says what these inputs come to.
    pub fn holds_for(&self, inputs: &Inputs) -> bool {
        self.key == inputs.key()
    }
}

/// The assessment of inputs, from memory or made now. No connection is held meanwhile.
///
/// # Errors
/// Those of [`super::assessments::Assessments::of`]; [`Error::Corrupt`] when the bytes of a file are gone.
pub async fn assessment(state: &AppState, inputs: &Inputs) -> Result<Arc<Assessment>> {
    let load = async || {
        let client = state.studio.client().await?;
        stored::texts(&*client, &inputs.files).await
    };
    state.assessments().of(inputs, load).await
}

/// The small part of the assessment of inputs, as [`assessment`].
///
/// # Errors
/// Those of [`assessment`].
pub async fn brief(state: &AppState, inputs: &Inputs) -> Result<Arc<Brief>> {
    match state.assessments().brief(inputs) {
        Some(brief) => Ok(brief),
        None => Ok(Arc::new(assessment(state, inputs).await?.brief())),
    }
}

/// Assesses files laid over a folder, for a target with this ledger; `None` once it is `abandoned`.
pub(super) fn assessed(
    inputs: Inputs,
    files: Vec<SourceFile>,
    abandoned: &Arc<AtomicBool>,
) -> Option<Assessment> {
    let Inputs { folder, ledger, target, policy, .. } = inputs;
    let goes_on = || (!abandoned.load(Ordering::Relaxed)).then_some(());
    let mut set = folder.set.clone();
    set.stop_when(Some(Arc::clone(abandoned)));
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    for file in files {
        goes_on()?;
        set.put(file);
    }
    goes_on()?;
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let settings = ledger.lint_settings();
    let mut plan = plan_for(&set, &paths, &settings.applied, ledger.server);
    plan.refuse_other_names(&set, &ledger.names());
    goes_on()?;
    let report = lint::lint_in_full(&set, &paths, &settings);
    goes_on()?;
    // What is asked of the set later has nothing to do with who waited for this.
    set.stop_when(None);
    let binding = binding(&target, &ledger.standing, policy);
    let bound = Bound {
        digest: plan.digest(&binding),
        bytes: plan.bytes_digest(),
        target: binding.target,
        database: binding.database,
        schema: binding.schema,
        session: binding.session,
        policy: binding.policy,
    };
    Some(Assessment { set, plan, bound, report })
}

fn binding(target: &str, standing: &Standing, policy: PolicyInForce) -> Binding {
    let timeouts = Timeouts::default();
    let millis = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Binding {
        target: target.to_owned(),
        database: standing.database.clone(),
        schema: standing.schema.clone(),
        run_as: standing.role.clone(),
        session: standing.session.clone(),
        lock_timeout_ms: millis(timeouts.lock_timeout),
        statement_timeout_ms: millis(timeouts.statement_timeout),
        policy: policy_word(policy),
    }
}

/// Rules and review policy as one word: another rule set, version or policy is another word, also one that comes
/// back.
fn policy_word(policy: PolicyInForce) -> String {
    let rules: Vec<String> =
        lint::rules().iter().map(|rule| format!("{} {}", rule.id, rule.severity)).collect();
    let rules = Digest::of(rules.join("\n").as_bytes());
    let PolicyInForce { policy, epoch } = policy;
    let eyes = if policy.four_eyes { "four-eyes" } else { "one-person" };
    format!("{}-{}-{eyes}-{}-{epoch}", env!("CARGO_PKG_VERSION"), rules.short(), policy.required)
}

/// What the gate says to a person about an assessed change.
pub fn decide(
    person: &Person,
    change: &StoredChange,
    approvals: &[Approval],
    brief: &Brief,
    policy: PolicyInForce,
    running: bool,
) -> Gate {
    review::gate(&GateFacts {
        person,
        authors: &change.authors(),
        state: change.state,
        now: &brief.bound,
        approvals,
        four_eyes: policy.policy.four_eyes,
        required: policy.policy.required,
        errors: brief.errors,
        plan_refusals: brief.refusals,
        statements: brief.statements,
        running,
    })
}

/// Whether a run that executes the change has not ended.
///
/// # Errors
/// [`Error::Database`].
pub async fn is_running(client: &impl GenericClient, change: i64) -> Result<bool> {
    let active =
        "select exists (select from studio.runs where change = $1 and kind = 'apply' and ended is null)";
    Ok(client.query_one(active, &[&change]).await?.try_get(0)?)
}

/// Accepts a run of a change, or says what stands in the way. The caller executes what is accepted.
///
/// # Errors
/// [`Error::Refused`] with every obstacle; [`Error::StaleDigest`] when the change is not what the person saw;
/// [`Error::Target`] when the ledger cannot be read; [`Error::ProofNeeded`] on a production target.
pub async fn start(
    state: &AppState,
    person: &Person,
    session: &SessionId,
    id: i64,
    wish: &StartRun,
) -> Result<Accepted> {
    let key = &wish.idempotency_key;
    if !(8..=100).contains(&key.len()) || key.contains('\0') {
        return Err(Error::invalid("An idempotency key has 8 to 100 characters, and no zero byte."));
    }
    let mut judged = Judged::now(state, id).await?;
    for _ in 0..LOOKS {
        let moment = Moment::now(state).await?;
        match start_as_judged(state, person, session, id, wish, moment, &judged).await? {
            Looked::Decided(accepted) => return Ok(accepted),
            Looked::Changed(inputs) => judged = Judged::of(state, *inputs).await?,
        }
    }
    Err(Error::Busy)
}

/// What became of a decision under the lock.
pub enum Looked<T> {
    /// It is made.
    Decided(T),
    /// What it depends on is not what was assessed.
    Changed(Box<Inputs>),
}

async fn start_as_judged(
    state: &AppState,
    person: &Person,
    session: &SessionId,
    id: i64,
    wish: &StartRun,
    moment: Moment,
    judged: &Judged,
) -> Result<Looked<Accepted>> {
    let mut client = state.studio.reserved().client().await?;
    let transaction = client.transaction().await?;
    let change = stored::change(&transaction, id, Lock::Row).await?;
    let person = people::locked_with_deciders(&transaction, &person.id, id).await?;
    if let Some(run) = known(&transaction, id, &wish.idempotency_key).await? {
        return Ok(Looked::Decided(Accepted::Known(run)));
    }
    if state.is_production() {
        sign_in::need_proof(&transaction, session).await?;
    }
    let policy = policy::locked_policy(&transaction).await?;
    let revision = change.newest()?;
    let inputs = moment.inputs(policy, revision);
    if !judged.holds_for(&inputs) {
        return Ok(Looked::Changed(Box::new(inputs)));
    }
    let assessment = &*judged.assessment;
    if assessment.bound.digest != wish.expected_digest {
        return Err(Error::StaleDigest);
    }
    let approvals = stored::approvals(&transaction, id).await?;
    let running = is_running(&transaction, id).await?;
    let gate = decide(&person, &change, &approvals, &assessment.brief(), policy, running);
    if !gate.run.is_empty() {
        return Err(Error::Refused(gate.run));
    }
    let digest = &assessment.bound.digest;
    let run = NewRun {
        kind: RunKind::Apply,
        change: Some((id, revision.number)),
        title: &change.title,
        target: state.target.name(),
        person: &person,
        digest: Some(digest),
        idempotency_key: Some(&wish.idempotency_key),
        read_only: false,
        steps: order::steps(&assessment.plan),
    };
    let accepted = runs::journal::insert(&transaction, run).await?;
    if let Accepted::New(start) = &accepted {
        let text = format!("started a run of revision {} ({})", revision.number, digest.short());
        let entry = Entry {
            person: Some(&person),
            action: "run_started",
            change: Some(id),
            run: Some(&start.id),
            text: &text,
        };
        audit::append(&transaction, entry).await?;
    }
    transaction.commit().await?;
    Ok(Looked::Decided(accepted))
}

/// The run that this key started already.
async fn known(client: &impl GenericClient, change: i64, key: &str) -> Result<Option<String>> {
    let find = "select id, change from studio.runs where idempotency_key = $1";
    match client.query_opt(find, &[&key]).await? {
        None => Ok(None),
        Some(row) if row.try_get::<_, Option<i64>>("change")? == Some(change) => Ok(Some(row.try_get("id")?)),
        Some(_) => Err(Error::invalid("This idempotency key started another run.")),
    }
}
