//! How a statement meets transactions, as PostgreSQL 13 to 18 decide it.

use crate::sql::statement::{
    ActionKind, Detail, ObjectKind, ObjectRef, Statement,
    StatementKind::{Alter, Create, Drop, Other},
    Verb,
};

/// Where a statement may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Inside or outside a transaction block.
    Any,
    /// PostgreSQL refuses it inside a transaction block (25001, 2D000).
    OutsideOnly,
    /// PostgreSQL refuses it outside one (25P01), or does nothing there (SET LOCAL).
    InsideOnly,
    /// BEGIN, START TRANSACTION.
    Begin,
    /// COMMIT, END.
    Commit,
    /// COMMIT AND CHAIN: the next transaction begins with it.
    CommitAndChain,
    /// ROLLBACK, ABORT.
    Rollback,
    /// Two-phase commit: the transaction outlives the run.
    Prepared,
    /// COPY from or to the client, and a run is none that has rows.
    ClientCopy,
}

/// The class of a statement of `text`.
pub(super) fn class(statement: &Statement, text: &str) -> Class {
    use ObjectKind as O;
    let flags = statement.flags;
    let outside = match statement.kind {
        Create(O::Index) | Drop(O::Index) => flags.concurrently,
        Other(Verb::Reindex) => {
            let all = |object: &ObjectRef| matches!(object.kind, O::Schema | O::Database);
            // `reindex system` need not name the database.
            flags.concurrently || statement.objects.first().is_none_or(all)
        }
        Create(O::Database | O::Tablespace | O::Subscription)
        | Drop(O::Database | O::Tablespace | O::Subscription)
        | Alter(O::System)
        | Other(Verb::Vacuum) => true,
        // Without a table CLUSTER works on the whole database; of DISCARD only ALL ends the session's state.
        Other(Verb::Cluster) => statement.objects.is_empty(),
        Other(Verb::Discard) => {
            let last = statement.span.of(text).split_whitespace().next_back();
            last.is_some_and(|word| word.eq_ignore_ascii_case("all"))
        }
        Other(Verb::Do) => statement.body().is_some_and(|body| body.controls_transaction),
        _ => statement
            .actions()
            .iter()
            .any(|action| matches!(action.kind, ActionKind::DetachPartition { concurrently: true, .. })),
    };
    match statement.kind {
        _ if outside => Class::OutsideOnly,
        Other(Verb::Begin) => Class::Begin,
        Other(Verb::Copy) if flags.client => Class::ClientCopy,
        Other(Verb::Commit) if chains(statement, text) => Class::CommitAndChain,
        Other(Verb::Commit) => Class::Commit,
        Other(Verb::Rollback) => Class::Rollback,
        Other(Verb::PrepareTransaction | Verb::CommitPrepared | Verb::RollbackPrepared) => Class::Prepared,
        Other(Verb::Lock | Verb::Savepoint | Verb::Release | Verb::RollbackTo | Verb::Declare) => {
            Class::InsideOnly
        }
        Other(Verb::Set) if flags.local => Class::InsideOnly,
        _ => Class::Any,
    }
}

fn chains(statement: &Statement, text: &str) -> bool {
    let mut words = statement.span.of(text).split_whitespace().rev();
    let mut is = |keyword: &str| words.next().is_some_and(|word| word.eq_ignore_ascii_case(keyword));
    is("chain") && is("and")
}

/// The label that an ALTER TYPE … ADD VALUE adds: until it is committed, using it fails (55P04).
pub(super) fn new_label(statement: &Statement) -> Option<&str> {
    match (&statement.kind, &statement.detail) {
        (Alter(ObjectKind::Type), Detail::Enum(labels)) => labels.first().map(String::as_str),
        _ => None,
    }
}

/// Whether running this statement may evaluate the literal `label`. The body of a PL/pgSQL function is only
/// kept, a comment is only text.
pub(super) fn may_use_label(statement: &Statement, text: &str, label: &str) -> bool {
    let kept = matches!(&statement.detail, Detail::Routine(routine) if routine.language == "plpgsql");
    let inert = kept
        || new_label(statement).is_some()
        || matches!(statement.kind, Other(Verb::Comment) | Create(ObjectKind::Type));
    let literal = format!("'{}'", label.replace('\'', "''"));
    !inert && statement.span.of(text).contains(&literal)
}
