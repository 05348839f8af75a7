//! The migration set as the page shows it: files, what they are for, and their state on the target.

use std::collections::BTreeMap;

use studio_kernel::{
    lint::finding::Finding,
    migration::{Migration, SourceFile, steps},
    plan::{Digest, plan_for},
    review::{Person, Timestamp},
    run::api::{FileState, FileText, FindingCounts, MadeObject, MigrationSummary, Migrations, Sources},
    sql::{
        self,
        statement::{ObjectRole, Statement},
    },
};

use super::{
    answers::Written,
    changes,
    folder::{Snapshot, Unreadable},
    target,
};
use crate::{
    error::{Error, Result},
    pg::target::ledger::LedgerRow,
    state::AppState,
};

/// Every file, with what is known of it.
///
/// # Errors
/// [`Error::Folder`], [`Error::Database`]. A target that cannot be reached is no error: states are unknown.
pub async fn list(state: &AppState, person: &Person) -> Result<Written> {
    let (snapshot, ledger) = tokio::join!(state.folder.snapshot(), target::ledger(&state.target));
    let snapshot = snapshot?;
    let ledger = ledger.ok();
    let touched = changes::open_by_path(&state.studio).await?;
    let applied_at = changes::applied_at(&state.studio, &target::name(state)).await?;
    let report = snapshot.report(ledger.clone().unwrap_or_default().lint_settings()).await?;
    let turn = state.answers().turn(&person.id).await?;
    turn.write(snapshot.bytes(), move || {
        let rows = ledger.as_ref().map(|ledger| &*ledger.rows);
        let mut files: Vec<MigrationSummary> = snapshot
            .set
            .files()
            .iter()
            .map(|file| summary(&snapshot, file, &report.findings, rows, &applied_at))
            .chain(snapshot.unreadable.iter().map(unreadable))
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        for file in &mut files {
            file.changes = touched.get(&file.path).cloned().unwrap_or_default();
        }
        let without_file = rows
            .unwrap_or_default()
            .iter()
            .filter(|row| !files.iter().any(|file| is_forward(file, &row.version)))
            .map(|row| (row.version.clone(), row.name.clone()))
            .collect();
        Ok(Migrations { files, without_file, coverage: report.coverage })
    })
    .await
}

fn is_forward(file: &MigrationSummary, version: &str) -> bool {
    file.role.is_forward() && file.version.as_deref() == Some(version)
}

fn summary(
    snapshot: &Snapshot,
    file: &Migration,
    findings: &[Finding],
    ledger: Option<&[LedgerRow]>,
    applied_at: &BTreeMap<String, Timestamp>,
) -> MigrationSummary {
    let triple = snapshot.set.triple(&file.path);
    let path_of = |file: Option<&Migration>| file.map(|file| file.path.clone());
    let state = file_state(file, ledger);
    let at = matches!(state, FileState::Applied | FileState::Edited).then(|| applied_at.get(&file.path));
    MigrationSummary {
        path: file.path.clone(),
        version: file.file_name.version.clone(),
        name: file.file_name.name.clone(),
        role: file.role,
        purpose: file.header.purpose.clone(),
        sha256: file.sha256().to_owned(),
        makes: makes(file),
        findings: FindingCounts::of(findings.iter().filter(|finding| finding.file == file.path)),
        state,
        applied_at: at.flatten().cloned(),
        changes: Vec::new(),
        rollback: path_of(triple.and_then(|triple| triple.rollback)),
        validation: path_of(triple.and_then(|triple| triple.validation)),
    }
}

/// A file that cannot be read stays in the list, with the reason in the place of its purpose.
fn unreadable(file: &Unreadable) -> MigrationSummary {
    // Its path still says what it is for, so that it stays in its place.
    let Migration { path, file_name, role, .. } =
        Migration::read(SourceFile { path: file.path.clone(), text: String::new() });
    MigrationSummary {
        path,
        version: file_name.version,
        name: file_name.name,
        role,
        purpose: format!("This file cannot be read: {}.", file.reason),
        sha256: String::new(),
        makes: Vec::new(),
        findings: FindingCounts { errors: 1, ..FindingCounts::default() },
        state: FileState::Unknown,
        applied_at: None,
        changes: Vec::new(),
        rollback: None,
        validation: None,
    }
}

/// What a file makes, DO blocks and the elements of schemas included; each object once.
fn makes(file: &Migration) -> Vec<MadeObject> {
    let mut made: Vec<MadeObject> = Vec::new();
    for step in steps(file).iter().filter(|step| !step.deferred) {
        for object in step.statement.in_role(ObjectRole::Makes) {
            let object = MadeObject { kind: object.kind, name: object.name.to_string() };
            if !made.contains(&object) {
                made.push(object);
            }
        }
    }
    made
}

/// A file's state by the ledger; `None` for a target that cannot be asked.
pub(crate) fn file_state(file: &Migration, ledger: Option<&[LedgerRow]>) -> FileState {
    if !file.role.is_forward() {
        return FileState::Standing;
    }
    let Some(ledger) = ledger else {
        return FileState::Unknown;
    };
    let version = file.file_name.version.as_ref();
    match ledger.iter().find(|row| Some(&row.version) == version) {
        None => FileState::Pending,
        Some(LedgerRow { statements: Some(recorded), .. }) if !same(recorded, file) => FileState::Edited,
        Some(_) => FileState::Applied,
    }
}

/// Compares statement by statement: tools differ in the comments and separators that they record.
fn same(recorded: &[String], file: &Migration) -> bool {
    let recorded = recorded.iter().flat_map(|text| texts(text, &sql::parse(text).statements));
    let present = texts(&file.text, &file.parsed.statements);
    recorded.eq(present)
}

fn texts(text: &str, statements: &[Statement]) -> Vec<String> {
    statements.iter().map(|statement| statement.span.of(text).to_owned()).collect()
}

/// One file with its plan on the target.
///
/// # Errors
/// [`Error::NotFound`], [`Error::UnreadableFile`], [`Error::Folder`].
pub async fn file(state: &AppState, person: &Person, path: String) -> Result<Written> {
    let (snapshot, ledger) = tokio::join!(state.folder.snapshot(), target::ledger(&state.target));
    let snapshot = snapshot?;
    if let Some(file) = snapshot.unreadable.iter().find(|file| file.path == path) {
        return Err(Error::UnreadableFile { path: file.path.clone(), reason: file.reason.clone() });
    }
    let known = ledger.is_ok();
    let ledger = ledger.unwrap_or_default();
    let report = snapshot.report(ledger.lint_settings()).await?;
    let turn = state.answers().turn(&person.id).await?;
    turn.write(snapshot.bytes(), move || {
        let file = snapshot.set.get(&path).ok_or(Error::NotFound("file"))?;
        let mut plan = plan_for(&snapshot.set, &[path.as_str()], &ledger.versions(), ledger.server);
        plan.refuse_other_names(&snapshot.set, &ledger.names());
        let findings = report.findings.iter().filter(|finding| finding.file == path);
        Ok(FileText {
            file: SourceFile { path: file.path.clone(), text: file.text.clone() },
            sha256: Digest::of(file.text.as_bytes()).to_string(),
            state: file_state(file, known.then_some(&*ledger.rows)),
            plan,
            findings: findings.cloned().collect(),
        })
    })
    .await
}

/// Every file's text, and what the target has of them.
///
/// # Errors
/// [`Error::Folder`].
pub async fn sources(state: &AppState, person: &Person) -> Result<Written> {
    let (snapshot, ledger) = tokio::join!(state.folder.snapshot(), target::ledger(&state.target));
    let snapshot = snapshot?;
    let ledger = ledger.unwrap_or_default();
    let turn = state.answers().turn(&person.id).await?;
    turn.write(snapshot.bytes(), move || {
        let source = |file: &Migration| SourceFile { path: file.path.clone(), text: file.text.clone() };
        Ok(Sources {
            files: snapshot.set.files().iter().map(source).collect(),
            applied: ledger.versions(),
            server: ledger.server,
        })
    })
    .await
}
