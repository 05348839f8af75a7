//! The gate: what a change would run now, and the only yes to a run. Approve, edit and start are each decided
//! in one lock of the change's row, with everything computed anew; nothing a browser sent counts but its wish.

use studio_kernel::{
    lint::{self, finding::Report, finding::Severity},
    migration::{MigrationSet, SourceFile},
    plan::{Binding, Digest, Plan, plan_for},
    review::{self, Approval, Bound, Gate, GateFacts, Person},
    run::{RunKind, api::StartRun},
};

use super::{
    audit::{self, Entry},
    blocking::blocking,
    people,
    policy::{self, PolicyInForce},
    runs::{self, Accepted, NewRun, order},
    sessions::SessionId,
    sign_in,
    stored::{self, Lock, StoredChange},
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

/// Assesses files laid over a folder, for a target with this ledger.
///
/// # Errors
/// [`Error::Corrupt`] when the kernel fails on them.
pub async fn assess(
    set: MigrationSet,
    files: Vec<SourceFile>,
    ledger: Ledger,
    name: &str,
    policy: PolicyInForce,
) -> Result<Assessment> {
    let name = name.to_owned();
    blocking(move || Ok(assessed(set, files, &ledger, &name, policy))).await
}

fn assessed(
    mut set: MigrationSet,
    files: Vec<SourceFile>,
    ledger: &Ledger,
    name: &str,
    policy: PolicyInForce,
) -> Assessment {
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    for file in files {
        set.put(file);
    }
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let settings = ledger.lint_settings();
    let mut plan = plan_for(&set, &paths, &settings.applied, ledger.server);
    plan.refuse_other_names(&set, &ledger.names());
    let report = lint::lint_in_full(&set, &paths, &settings);
    let binding = binding(name, &ledger.standing, policy);
    let bound = Bound {
        digest: plan.digest(&binding),
        bytes: plan.bytes_digest(),
        target: binding.target,
        database: binding.database,
        schema: binding.schema,
        session: binding.session,
        policy: binding.policy,
    };
    Assessment { set, plan, bound, report }
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
    assessment: &Assessment,
    policy: PolicyInForce,
    running: bool,
) -> Gate {
    let errors = assessment.report.findings.iter();
    let errors = errors.filter(|finding| finding.severity == Severity::Error && finding.allowed.is_none());
    let segments = assessment.plan.files.iter().flat_map(|file| &file.segments);
    review::gate(&GateFacts {
        person,
        authors: &change.authors(),
        state: change.state,
        now: &assessment.bound,
        approvals,
        four_eyes: policy.policy.four_eyes,
        required: policy.policy.required,
        errors: errors.count(),
        plan_refusals: assessment.plan.refusals.len(),
        statements: segments.map(|segment| segment.statements.len()).sum(),
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
    // Read before the lock, because it takes as long as the network does; the executor looks again.
    let (folder, ledger) = tokio::join!(state.folder.snapshot(), target::to_approve(&state.target));
    let (folder, ledger) = (folder?, ledger?);
    let mut client = state.studio.client().await?;
    let transaction = client.transaction().await?;
    let change = stored::change(&transaction, id, Lock::Row).await?;
    let person = people::locked_with_deciders(&transaction, &person.id, id).await?;
    if let Some(run) = known(&transaction, id, &wish.idempotency_key).await? {
        return Ok(Accepted::Known(run));
    }
    if state.is_production() {
        sign_in::need_proof(&transaction, session).await?;
    }
    let policy = policy::locked_policy(&transaction).await?;
    let revision = change.newest()?;
    let files = stored::texts(&transaction, &revision.files).await?;
    let assessment = assess(folder.set.clone(), files, ledger, state.target.name(), policy).await?;
    if assessment.bound.digest != wish.expected_digest {
        return Err(Error::StaleDigest);
    }
    let approvals = stored::approvals(&transaction, id).await?;
    let running = is_running(&transaction, id).await?;
    let gate = decide(&person, &change, &approvals, &assessment, policy, running);
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
    Ok(accepted)
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
