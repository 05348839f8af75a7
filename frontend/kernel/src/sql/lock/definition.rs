//! The locks of CREATE TABLE and of the actions of ALTER TABLE, on the table and on those it refers to.

use super::{
    LockMode::{self, *},
    Locks,
    Work::{self, *},
};
use crate::{
    name::QualifiedName,
    sql::statement::{
        ActionKind as A, Column, Constraint, ConstraintKind, ObjectKind, ObjectRole, Statement, Table,
        TableAction,
    },
};

/// CREATE TABLE: the new table is nobody's to wait for, those it refers to are.
pub(super) fn create(locks: &mut Locks, statement: &Statement, table: &Table) {
    let constraints = table.columns.iter().flat_map(|column| &column.constraints);
    for constraint in constraints.chain(&table.constraints) {
        if let ConstraintKind::ForeignKey(parent) = &constraint.kind {
            locks.take(ShareRowExclusive, parent, Catalogue);
        }
    }
    if let Some(parent) = &table.partition_of {
        locks.take(AccessExclusive, parent, Catalogue);
    }
    for object in statement.in_role(ObjectRole::Uses).filter(|object| object.kind == ObjectKind::Table) {
        locks.take(AccessShare, &object.name, Catalogue);
    }
}

/// ALTER TABLE: every action locks on its own; the strongest counts.
pub(super) fn alter(locks: &mut Locks, statement: &Statement, actions: &[TableAction]) {
    let changed = statement.first(ObjectRole::Changes);
    let Some(table) = changed.or_else(|| statement.first(ObjectRole::Renames)) else {
        return;
    };
    for action in actions {
        let (mode, work) = strength(&action.kind);
        locks.take(mode, &table.name, work);
        others(locks, &action.kind, work);
    }
}

/// What an action locks besides its table.
fn others(locks: &mut Locks, action: &A, work: Work) {
    match action {
        A::AddColumn { column, .. } => {
            for parent in column.constraints.iter().filter_map(parent) {
                locks.take(ShareRowExclusive, parent, Catalogue);
            }
        }
        A::AddConstraint(constraint) => {
            if let Some(parent) = parent(constraint) {
                locks.take(ShareRowExclusive, parent, work);
            }
        }
        A::AttachPartition(partition) => locks.take(AccessExclusive, partition, Scan),
        A::DetachPartition { name, concurrently } => {
            locks.take(if *concurrently { ShareUpdateExclusive } else { AccessExclusive }, name, Catalogue);
        }
        _ => {}
    }
}

fn parent(constraint: &Constraint) -> Option<&QualifiedName> {
    match &constraint.kind {
        ConstraintKind::ForeignKey(parent) => Some(parent),
        _ => None,
    }
}

/// The lock an action takes on its table, and what it does under it.
fn strength(action: &A) -> (LockMode, Work) {
    match action {
        A::AddColumn { column, .. } => (AccessExclusive, add_column(column)),
        A::SetType { type_name, using, .. } => (AccessExclusive, set_type(type_name, *using)),
        A::SetNotNull(_) => (AccessExclusive, Scan),
        A::AddConstraint(constraint) => add_constraint(constraint),
        A::ValidateConstraint(_) => (ShareUpdateExclusive, Scan),
        A::Trigger => (ShareRowExclusive, Catalogue),
        A::AttachPartition(_) | A::DetachPartition { concurrently: true, .. } => {
            (ShareUpdateExclusive, Catalogue)
        }
        A::Other(words) => match words.as_str() {
            "set" | "reset" | "set without" | "cluster on" => (ShareUpdateExclusive, Catalogue),
            "alter column set" | "alter column reset" | "alter column set statistics" => {
                (ShareUpdateExclusive, Catalogue)
            }
            "set logged"
            | "set unlogged"
            | "set tablespace"
            | "set access"
            | "alter column add generated" => (AccessExclusive, Rewrite),
            _ => (AccessExclusive, Catalogue),
        },
        _ => (AccessExclusive, Catalogue),
    }
}

fn add_constraint(constraint: &Constraint) -> (LockMode, Work) {
    let checked = !constraint.not_valid && !constraint.using_index;
    let mode = match constraint.kind {
        ConstraintKind::ForeignKey(_) => ShareRowExclusive,
        _ => AccessExclusive,
    };
    (mode, if checked { Scan } else { Catalogue })
}

fn add_column(column: &Column) -> Work {
    let checked = |constraint: &Constraint| {
        matches!(constraint.kind, ConstraintKind::Check | ConstraintKind::Unique | ConstraintKind::PrimaryKey)
    };
    if column.generated || column.default.as_deref().is_some_and(is_volatile) {
        Rewrite
    } else if column.constraints.iter().any(checked) {
        Scan
    } else {
        Catalogue
    }
}

/// Functions of PostgreSQL and its usual extensions that give another value for each row.
const VOLATILE: [&str; 12] = [
    "clock_timestamp",
    "gen_random_uuid",
    "gen_random_bytes",
    "nextval",
    "random",
    "random_normal",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

/// Whether a default calls a function that is known to be volatile. Of other functions nothing is known.
fn is_volatile(default: &str) -> bool {
    let calls = default.split('(').map(str::trim_end);
    calls.rev().skip(1).any(|before| {
        let wordy = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let name = before.rsplit(|character| !wordy(character)).next().unwrap_or_default();
        VOLATILE.iter().any(|volatile| volatile.eq_ignore_ascii_case(name))
    })
}

/// A new type is taken to rewrite the table, for the old one is not known here. To `text` and `varchar`
/// without a length the usual way leads from `varchar`, which does not.
fn set_type(type_name: &str, using: bool) -> Work {
    match type_name {
        "text" | "varchar" | "character varying" if !using => Catalogue,
        _ => Rewrite,
    }
}
