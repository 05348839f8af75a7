//! Which statement locks what, one row per fact; the actions of tables stand in `definition`.
//! Facts: PostgreSQL 15, `pg_locks` while the statement's transaction is open, and
//! <https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES>.

use super::{
    LockMode::{self, *},
    Work::{self, *},
};
use crate::sql::statement::{
    ObjectKind::{self, *},
    ObjectRef,
    ObjectRole::{self, *},
    Statement,
    StatementKind::{self, Alter, Create, Drop, Other},
    Verb,
};

/// An object in a role, in statements of a kind.
pub(super) struct Row {
    kind: StatementKind,
    role: ObjectRole,
    object: ObjectKind,
    when: When,
    /// The lock is on what the object belongs to.
    pub(super) owner: bool,
    pub(super) mode: LockMode,
    pub(super) work: Work,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// Not CONCURRENTLY, not FULL, not FOR UPDATE.
    Plain,
    Concurrently,
    Full,
    RowLock,
    OrReplace,
}

impl Row {
    pub(super) fn fits(&self, statement: &Statement, object: &ObjectRef) -> bool {
        let flags = statement.flags;
        self.kind == statement.kind
            && self.role == object.role
            && self.object == object.kind
            && match self.when {
                When::Always => true,
                When::Plain => !flags.concurrently && !flags.full && !flags.row_lock,
                When::Concurrently => flags.concurrently,
                When::Full => flags.full,
                When::RowLock => flags.row_lock,
                When::OrReplace => flags.or_replace,
            }
    }
}

const fn on(
    kind: StatementKind,
    role: ObjectRole,
    object: ObjectKind,
    when: When,
    mode: LockMode,
    work: Work,
) -> Row {
    Row { kind, role, object, when, owner: false, mode, work }
}

/// The lock on the table that a trigger, policy, rule or column belongs to.
const fn owner(kind: StatementKind, role: ObjectRole, object: ObjectKind, mode: LockMode) -> Row {
    Row { kind, role, object, when: When::Always, owner: true, mode, work: Catalogue }
}

/// A statement that reads tables and changes rows.
const fn reads(verb: Verb) -> Row {
    on(Other(verb), Uses, Table, When::Plain, AccessShare, Catalogue)
}

const fn writes(verb: Verb) -> Row {
    on(Other(verb), Changes, Table, When::Always, RowExclusive, Catalogue)
}

pub(super) const ROWS: &[Row] = &[
    // Indexes. DROP INDEX locks its table too, which the statement does not name.
    on(Create(Index), Uses, Table, When::Plain, Share, Scan),
    on(Create(Index), Uses, Table, When::Concurrently, ShareUpdateExclusive, Scan),
    on(Drop(Index), Drops, Index, When::Plain, AccessExclusive, Catalogue),
    on(Drop(Index), Drops, Index, When::Concurrently, ShareUpdateExclusive, Catalogue),
    on(Alter(Index), Changes, Index, When::Always, ShareUpdateExclusive, Catalogue),
    on(Alter(Index), Renames, Index, When::Always, ShareUpdateExclusive, Catalogue),
    on(Other(Verb::Reindex), Changes, Index, When::Plain, AccessExclusive, Rewrite),
    on(Other(Verb::Reindex), Changes, Index, When::Concurrently, ShareUpdateExclusive, Scan),
    on(Other(Verb::Reindex), Changes, Table, When::Plain, Share, Scan),
    on(Other(Verb::Reindex), Changes, Table, When::Concurrently, ShareUpdateExclusive, Scan),
    // What hangs on a table.
    owner(Create(Trigger), Makes, Trigger, ShareRowExclusive),
    owner(Alter(Trigger), Renames, Trigger, AccessExclusive),
    owner(Drop(Trigger), Drops, Trigger, AccessExclusive),
    owner(Create(Policy), Makes, Policy, AccessExclusive),
    owner(Alter(Policy), Changes, Policy, AccessExclusive),
    owner(Alter(Policy), Renames, Policy, AccessExclusive),
    owner(Drop(Policy), Drops, Policy, AccessExclusive),
    on(Create(Policy), Uses, Table, When::Always, AccessShare, Catalogue),
    on(Alter(Policy), Uses, Table, When::Always, AccessShare, Catalogue),
    owner(Create(Rule), Makes, Rule, AccessExclusive),
    owner(Alter(Rule), Renames, Rule, AccessExclusive),
    owner(Drop(Rule), Drops, Rule, AccessExclusive),
    on(Create(Statistics), Uses, Table, When::Always, ShareUpdateExclusive, Catalogue),
    on(Create(Publication), Uses, Table, When::Always, ShareUpdateExclusive, Catalogue),
    on(Alter(Publication), Uses, Table, When::Always, ShareUpdateExclusive, Catalogue),
    on(Other(Verb::Comment), Comments, Table, When::Always, ShareUpdateExclusive, Catalogue),
    on(Other(Verb::Comment), Comments, View, When::Always, ShareUpdateExclusive, Catalogue),
    on(Other(Verb::Comment), Comments, MaterializedView, When::Always, ShareUpdateExclusive, Catalogue),
    owner(Other(Verb::Comment), Comments, Column, ShareUpdateExclusive),
    // Whole relations.
    on(Drop(Table), Drops, Table, When::Always, AccessExclusive, Catalogue),
    on(Drop(ForeignTable), Drops, ForeignTable, When::Always, AccessExclusive, Catalogue),
    on(Drop(View), Drops, View, When::Always, AccessExclusive, Catalogue),
    on(Drop(MaterializedView), Drops, MaterializedView, When::Always, AccessExclusive, Catalogue),
    on(Drop(Sequence), Drops, Sequence, When::Always, AccessExclusive, Catalogue),
    on(Alter(Sequence), Changes, Sequence, When::Always, ShareRowExclusive, Catalogue),
    on(Alter(Sequence), Renames, Sequence, When::Always, AccessExclusive, Catalogue),
    on(Alter(View), Changes, View, When::Always, AccessExclusive, Catalogue),
    on(Alter(View), Renames, View, When::Always, AccessExclusive, Catalogue),
    on(Alter(MaterializedView), Changes, MaterializedView, When::Always, AccessExclusive, Catalogue),
    on(Alter(MaterializedView), Renames, MaterializedView, When::Always, AccessExclusive, Catalogue),
    on(Create(View), Makes, View, When::OrReplace, AccessExclusive, Catalogue),
    on(Create(View), Uses, Table, When::Always, AccessShare, Catalogue),
    on(Create(MaterializedView), Uses, Table, When::Always, AccessShare, Catalogue),
    on(Other(Verb::Truncate), Changes, Table, When::Always, AccessExclusive, Rewrite),
    on(Other(Verb::Cluster), Changes, Table, When::Always, AccessExclusive, Rewrite),
    on(Other(Verb::Vacuum), Changes, Table, When::Plain, ShareUpdateExclusive, Scan),
    on(Other(Verb::Vacuum), Changes, Table, When::Full, AccessExclusive, Rewrite),
    on(Other(Verb::Analyze), Changes, Table, When::Always, ShareUpdateExclusive, Scan),
    on(REFRESH, Changes, MaterializedView, When::Plain, AccessExclusive, Rewrite),
    on(REFRESH, Changes, MaterializedView, When::Concurrently, Exclusive, Scan),
    // Rows.
    writes(Verb::Insert),
    writes(Verb::Update),
    writes(Verb::Delete),
    writes(Verb::Merge),
    writes(Verb::Copy),
    writes(Verb::Select),
    writes(Verb::Explain),
    reads(Verb::Insert),
    reads(Verb::Update),
    reads(Verb::Delete),
    reads(Verb::Merge),
    reads(Verb::Copy),
    reads(Verb::Select),
    reads(Verb::SelectInto),
    reads(Verb::CreateTableAs),
    reads(Verb::Explain),
    reads(Verb::Declare),
    reads(Verb::Table),
    on(Other(Verb::Select), Uses, Table, When::RowLock, RowShare, Catalogue),
    on(Other(Verb::Declare), Uses, Table, When::RowLock, RowShare, Catalogue),
];

const REFRESH: StatementKind = Other(Verb::RefreshMaterializedView);
