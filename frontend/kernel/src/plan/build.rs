//! From a change's files to a plan: what runs, as what, and what must not.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Plan, PlannedFile, Purpose, Refusal,
    class::Beyond,
    procedures::Procedures,
    relations::Relations,
    segment::{Mode, segments},
};
use crate::migration::{FileName, Migration, MigrationSet, Role};

/// Plans a run of `paths`, in this order. Forward files whose version is in `applied` are kept, not run. If
/// any forward file is left to apply, or one was, rollback, validation and maintenance files travel along
/// ([`Purpose::Keep`]); in a change without forward files they are what runs. Whatever must not run is a
/// refusal, never an omission.
pub fn plan(set: &MigrationSet, paths: &[&str], applied: &BTreeSet<String>) -> Plan {
    plan_for(set, paths, applied, None)
}

/// As [`plan`], with the locks that a server of this major version takes, 13 to 18; without one, the strongest of any.
pub fn plan_for(set: &MigrationSet, paths: &[&str], applied: &BTreeSet<String>, server: Option<u16>) -> Plan {
    let mut plan = unsealed(set, paths, applied, server);
    for planned in &mut plan.files {
        planned.sha256 = set.get(&planned.path).map(|file| file.sha256().to_owned()).unwrap_or_default();
    }
    plan
}

/// As [`plan_for`] of one file on a target that has none, to be shown while somebody writes it: without the SHA-256,
/// which takes as long as reading an edit does, so it must not be approved or run.
pub fn preview(set: &MigrationSet, path: &str, server: Option<u16>) -> Plan {
    unsealed(set, &[path], &BTreeSet::new(), server)
}

/// A plan that does not say which bytes it means.
fn unsealed(set: &MigrationSet, paths: &[&str], applied: &BTreeSet<String>, server: Option<u16>) -> Plan {
    let mut plan = Plan::default();
    let beyond = Beyond { relations: Relations::of(set), procedures: Procedures::of(set) };
    let with_forward = paths.iter().filter_map(|path| set.get(path)).any(|file| file.role.is_forward());
    for path in paths {
        match set.get(path) {
            Some(file) => {
                add(&mut plan, set, file, purpose(file, with_forward, applied), &beyond);
            }
            None => plan.refusals.push(refusal("missing-file", path, "The set has no file of this path.")),
        }
    }
    if plan.files.iter().any(|file| file.purpose == Purpose::Apply) {
        refuse_duplicates(&mut plan, set);
    }
    plan.lock_in(set, &beyond.relations, server);
    plan
}

fn purpose(file: &Migration, with_forward: bool, applied: &BTreeSet<String>) -> Purpose {
    let is_applied = || file.file_name.version.as_ref().is_some_and(|version| applied.contains(version));
    match file.role {
        role if role.is_forward() && is_applied() => Purpose::Keep,
        role if role.is_forward() => Purpose::Apply,
        _ if with_forward => Purpose::Keep,
        Role::Rollback => Purpose::Rollback,
        Role::Validation | Role::Test => Purpose::Validate,
        _ => Purpose::Maintain,
    }
}

fn add(plan: &mut Plan, set: &MigrationSet, file: &Migration, purpose: Purpose, beyond: &Beyond<'_>) {
    let mut version = file.file_name.version.clone();
    match purpose {
        Purpose::Apply if version.is_none() => {
            let message = "A forward file is recorded by its version: put 14 digits and `_` before its name.";
            plan.refusals.push(refusal("no-version", &file.path, message));
        }
        Purpose::Rollback => {
            version = set.forward_of(file).and_then(|forward| forward.file_name.version.clone());
            if version.is_none() {
                let message = "It does not say which file it undoes, so the ledger would keep that file's \
                               row: add `forward:` with that file's name to its header.";
                plan.refusals.push(refusal("no-forward-file", &file.path, message));
            }
        }
        _ => {}
    }
    let mode = match purpose {
        Purpose::Validate => Mode::RolledBack,
        _ if file.wants_no_transaction() => Mode::Single,
        _ => Mode::Shared,
    };
    let (segments, refusals) =
        if purpose == Purpose::Keep { (Vec::new(), Vec::new()) } else { segments(file, mode, beyond) };
    plan.refusals.extend(refusals);
    plan.files.push(PlannedFile {
        path: file.path.clone(),
        sha256: String::new(),
        version,
        name: file.file_name.name.clone(),
        purpose,
        segments,
    });
}

impl Plan {
    /// Refuses what bears a version that the ledger has `recorded` under another name: another file was applied,
    /// and this one would be taken for it. Old tools record no name; that says nothing.
    pub fn refuse_other_names(&mut self, set: &MigrationSet, recorded: &BTreeMap<String, String>) {
        for planned in &self.files {
            let file = set.get(&planned.path);
            let forward = match planned.purpose {
                Purpose::Keep => file.filter(|file| file.role.is_forward()),
                Purpose::Rollback => file.and_then(|file| set.forward_of(file)),
                Purpose::Apply | Purpose::Validate | Purpose::Maintain => None,
            };
            let Some(FileName { version: Some(version), name, .. }) = forward.map(|file| &file.file_name)
            else {
                continue;
            };
            if let Some(other) = recorded.get(version).filter(|other| !other.is_empty() && *other != name) {
                let message = format!(
                    "The ledger has the version {version} as {other}, not as {name}: another file was applied. \
                     Give this one a new version, or that one's name if it is the same."
                );
                self.refusals.push(refusal("other-name", &planned.path, &message));
            }
        }
    }
}

/// A second file of a version would be skipped for ever on every database that has the first.
fn refuse_duplicates(plan: &mut Plan, set: &MigrationSet) {
    for (version, files) in set.duplicate_versions() {
        let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let message = format!(
            "{} bear the version {version}: a database that has one of them would never get the other. \
             Give one a new version.",
            names.join(" and ")
        );
        for file in files.iter().skip(1) {
            plan.refusals.push(refusal("duplicate-version", &file.path, &message));
        }
    }
}

fn refusal(code: &str, path: &str, message: &str) -> Refusal {
    Refusal { code: code.to_owned(), path: path.to_owned(), span: None, message: message.to_owned() }
}
