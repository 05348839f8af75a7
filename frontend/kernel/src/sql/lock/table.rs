//! Which statement locks what, one row per fact; tables and their actions stand in `action`.
//! `backend/tests/locks` checks every row on a server.

use super::{
    LockMode::{self, *},
    Reach::{
        self, Beneath, Children, DefaultPartition, Dependents, Parent, Referenced, Referencing, Sequences,
    },
    claim::{Claim, Claims, takes},
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
struct Row {
    kind: StatementKind,
    role: ObjectRole,
    object: ObjectKind,
    when: When,
    /// The lock is on what the object belongs to.
    owner: bool,
    /// The majors that take it: the first and the last.
    majors: (u16, u16),
    claim: Claim,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// Not CONCURRENTLY, not FULL, not FOR UPDATE, not CASCADE.
    Plain,
    Concurrently,
    Full,
    RowLock,
    OrReplace,
    Cascade,
    /// Not WITH NO DATA.
    WithData,
}

impl Row {
    fn fits(&self, statement: &Statement, object: &ObjectRef) -> bool {
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
                When::Cascade => flags.cascade,
                When::WithData => !flags.no_data,
            }
    }

    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    const fn since(self, since: u16) -> Self {
        Self { majors: (since, u16::MAX), ..self }
    }

    const fn until(self, last: u16) -> Self {
        Self { majors: (0, last), ..self }
    }
}

/// Adds what the rows say of a statement.
pub(super) fn add(claims: &mut Claims<'_, '_>, statement: &Statement) {
    for object in &statement.objects {
        for row in ROWS.iter().filter(|row| row.fits(statement, object)) {
            // A constraint may belong to a domain, and nobody locks one.
            let of_domain = row.owner && statement.first(Uses).is_some_and(|of| of.kind == Domain);
            let on = if row.owner { object.of.as_ref() } else { Some(&object.name) };
            if let Some(on) = on.filter(|_| !of_domain && claims.may_be(row.majors.0, row.majors.1)) {
                let claim = if statement.flags.only { row.claim.without_children() } else { row.claim };
                if !statement.flags.only || claim.reach != Children {
                    claims.take(on, claim);
                }
            }
        }
    }
    for (kind, claim) in UNKNOWN {
        if *kind == statement.kind {
            claims.unknown(*claim);
        }
    }
    if matches!(statement.kind, Alter(_))
        && statement.first(Uses).is_some_and(|object| object.kind == Tablespace)
    {
        claims.unknown(takes(AccessExclusive).because("everything in the tablespace moves"));
    }
    if statement.objects.is_empty() {
        let all = "it goes through the whole database";
        let flags = statement.flags;
        match statement.kind {
            Other(Verb::Vacuum) if flags.full => claims.unknown(takes(AccessExclusive).rewrites(all)),
            Other(Verb::Cluster) => claims.unknown(takes(AccessExclusive).rewrites(all)),
            Other(Verb::Reindex) if !flags.concurrently => claims.unknown(takes(AccessExclusive).scans(all)),
            Other(Verb::Reindex | Verb::Vacuum) => claims.unknown(takes(ShareUpdateExclusive).scans(all)),
            Other(Verb::Analyze) => claims.unknown(takes(ShareUpdateExclusive).because(all)),
            _ => {}
        }
    }
}

/// Statements that lock what their text does not name.
const UNKNOWN: &[(StatementKind, Claim)] = &[
    (Other(Verb::Call), takes(AccessExclusive).rewrites("what the procedure does is not in the text")),
    (Other(Verb::Execute), takes(RowExclusive).because("what was prepared is not in the text")),
    (Other(Verb::ReassignOwned), takes(AccessExclusive).because("whatever the role owns")),
    (Drop(Owned), takes(AccessExclusive).because("whatever the role owns, and where it has rights")),
    (Other(Verb::Unknown), takes(AccessExclusive).rewrites("the statement is not known")),
];

const fn on(kind: StatementKind, role: ObjectRole, object: ObjectKind, claim: Claim) -> Row {
    Row { kind, role, object, when: When::Always, owner: false, majors: (0, u16::MAX), claim }
}

/// The lock on the table that a trigger, policy, rule or column belongs to.
const fn owner(kind: StatementKind, role: ObjectRole, object: ObjectKind, mode: LockMode) -> Row {
    Row { owner: true, ..on(kind, role, object, takes(mode)) }
}

/// A trigger for each row of a partitioned table is one of its partitions too.
const fn cloned(kind: StatementKind, role: ObjectRole, mode: LockMode) -> Row {
    let claim = takes(mode).on(Children).because("if they have the trigger too").perhaps();
    Row { owner: true, ..on(kind, role, Trigger, claim) }
}

/// What only changes the catalogue.
const fn changes(kind: StatementKind, role: ObjectRole, object: ObjectKind, mode: LockMode) -> Row {
    on(kind, role, object, takes(mode))
}

/// What CASCADE drops besides.
const fn cascades(object: ObjectKind) -> Row {
    on(Drop(object), Drops, object, takes(AccessExclusive).on(Dependents).because("CASCADE").perhaps())
        .when(When::Cascade)
}

/// A statement that reads tables and changes rows.
const fn reads(verb: Verb) -> Row {
    on(Other(verb), Uses, Table, takes(AccessShare).descends()).when(When::Plain)
}

const fn locks_rows(verb: Verb) -> Row {
    let of = "with OF only the tables it names";
    on(Other(verb), Uses, Table, takes(RowShare).descends().because(of).perhaps()).when(When::RowLock)
}

const fn writes(verb: Verb) -> Row {
    on(Other(verb), Changes, Table, takes(RowExclusive).descends())
}

/// Rows of other tables that foreign keys look at or change.
const fn keys(verb: Verb, reach: Reach, mode: LockMode) -> Row {
    on(Other(verb), Changes, Table, takes(mode).on(reach).because("as its foreign keys demand").perhaps())
}

/// Since PostgreSQL 18 VACUUM and ANALYZE go down to inheriting tables as well.
const fn inherits(verb: Verb, claim: Claim) -> Row {
    on(Other(verb), Changes, Table, claim.on(Children)).since(18)
}

/// Before, only to partitions.
const fn partitions(verb: Verb, claim: Claim) -> Row {
    on(Other(verb), Changes, Table, claim.on(Children).perhaps()).until(17)
}

const PARTITIONS: &str = "if they are partitions";
const CHANGED: &str = "every page that changed since the last time";

const REFRESH: StatementKind = Other(Verb::RefreshMaterializedView);
const REINDEX: StatementKind = Other(Verb::Reindex);
const COMMENT: StatementKind = Other(Verb::Comment);

const BUILT: &str = "an index is built from every row";
const EMPTIED: &str = "it is emptied into a new file";
const PACKED: &str = "every row is packed into a new file";
const FILLED: &str = "its query fills a new file";

const ROWS: &[Row] = &[
    // Indexes.
    on(Create(Index), Uses, Table, takes(Share).descends().scans(BUILT)).when(When::Plain),
    on(Create(Index), Uses, Table, takes(ShareUpdateExclusive).scans(BUILT)).when(When::Concurrently),
    on(Drop(Index), Drops, Index, takes(AccessExclusive).descends()).when(When::Plain),
    on(Drop(Index), Drops, Index, takes(AccessExclusive).on(Reach::Table).descends()).when(When::Plain),
    on(Drop(Index), Drops, Index, takes(ShareUpdateExclusive)).when(When::Concurrently),
    on(Drop(Index), Drops, Index, takes(ShareUpdateExclusive).on(Reach::Table)).when(When::Concurrently),
    cascades(Index),
    on(REINDEX, Changes, Index, takes(AccessExclusive).rewrites(BUILT)).when(When::Plain),
    on(REINDEX, Changes, Index, takes(Share).on(Reach::Table).scans(BUILT)).when(When::Plain),
    on(REINDEX, Changes, Index, takes(ShareUpdateExclusive)).when(When::Concurrently),
    on(REINDEX, Changes, Index, takes(ShareUpdateExclusive).on(Reach::Table).scans(BUILT))
        .when(When::Concurrently),
    on(REINDEX, Changes, Table, takes(Share).scans(BUILT)).when(When::Plain),
    on(REINDEX, Changes, Table, takes(AccessExclusive).on(Reach::Indexes).rewrites(BUILT)).when(When::Plain),
    on(REINDEX, Changes, Table, takes(ShareUpdateExclusive).scans(BUILT)).when(When::Concurrently),
    on(
        REINDEX,
        Changes,
        Schema,
        takes(AccessExclusive).on(Dependents).scans("all its indexes are built anew").perhaps(),
    ),
    // What hangs on a table.
    owner(Create(Trigger), Makes, Trigger, ShareRowExclusive),
    cloned(Create(Trigger), Makes, ShareRowExclusive),
    on(Create(Trigger), Uses, Table, takes(AccessShare)),
    owner(Alter(Trigger), Renames, Trigger, AccessExclusive),
    cloned(Alter(Trigger), Renames, AccessExclusive),
    owner(Alter(Trigger), Changes, Trigger, AccessShare),
    owner(Drop(Trigger), Drops, Trigger, AccessExclusive),
    cloned(Drop(Trigger), Drops, AccessExclusive),
    owner(Create(Policy), Makes, Policy, AccessExclusive),
    owner(Alter(Policy), Changes, Policy, AccessExclusive),
    owner(Alter(Policy), Renames, Policy, AccessExclusive),
    owner(Drop(Policy), Drops, Policy, AccessExclusive),
    changes(Create(Policy), Uses, Table, AccessShare),
    changes(Alter(Policy), Uses, Table, AccessShare),
    owner(Create(Rule), Makes, Rule, AccessExclusive),
    on(
        Create(Rule),
        Makes,
        Rule,
        takes(RowExclusive).on(Reach::Unknown).because("what its action names").perhaps(),
    ),
    owner(Alter(Rule), Renames, Rule, AccessExclusive),
    owner(Drop(Rule), Drops, Rule, AccessExclusive),
    changes(Create(Statistics), Uses, Table, ShareUpdateExclusive),
    on(Drop(Statistics), Drops, Statistics, takes(ShareUpdateExclusive).on(Reach::Table)),
    changes(Create(Publication), Uses, Table, ShareUpdateExclusive),
    changes(Alter(Publication), Uses, Table, ShareUpdateExclusive),
    on(
        Alter(Publication),
        Changes,
        Publication,
        takes(ShareUpdateExclusive).on(Dependents).because("with SET TABLE the tables it had").perhaps(),
    ),
    changes(COMMENT, Comments, Table, ShareUpdateExclusive),
    changes(COMMENT, Comments, ForeignTable, ShareUpdateExclusive),
    changes(COMMENT, Comments, View, ShareUpdateExclusive),
    changes(COMMENT, Comments, MaterializedView, ShareUpdateExclusive),
    changes(COMMENT, Comments, Index, ShareUpdateExclusive),
    changes(COMMENT, Comments, Sequence, ShareUpdateExclusive),
    owner(COMMENT, Comments, Column, ShareUpdateExclusive),
    owner(COMMENT, Comments, Trigger, AccessShare),
    owner(COMMENT, Comments, Policy, AccessShare),
    owner(COMMENT, Comments, Rule, AccessShare),
    owner(COMMENT, Comments, Constraint, AccessShare),
    changes(Other(Verb::Grant), Grants, Table, AccessShare).since(18),
    changes(Other(Verb::Grant), Grants, Sequence, AccessShare).since(18),
    changes(Other(Verb::Revoke), Grants, Table, AccessShare).since(18),
    changes(Other(Verb::Revoke), Grants, Sequence, AccessShare).since(18),
    // Whole relations.
    on(Drop(Table), Drops, Table, takes(AccessExclusive).descends()),
    on(
        Drop(Table),
        Drops,
        Table,
        takes(AccessExclusive).on(Referenced).because("its foreign keys end there"),
    ),
    on(Drop(Table), Drops, Table, takes(AccessExclusive).on(Sequences).because("they are dropped with it")),
    on(Drop(Table), Drops, Table, takes(AccessExclusive).on(Parent)),
    on(Drop(Table), Drops, Table, takes(AccessExclusive).on(DefaultPartition)),
    cascades(Table),
    changes(Drop(ForeignTable), Drops, ForeignTable, AccessExclusive),
    cascades(ForeignTable),
    changes(Drop(View), Drops, View, AccessExclusive),
    cascades(View),
    changes(Drop(MaterializedView), Drops, MaterializedView, AccessExclusive),
    cascades(MaterializedView),
    changes(Drop(Sequence), Drops, Sequence, AccessExclusive),
    cascades(Sequence),
    cascades(Schema),
    cascades(Type),
    cascades(Domain),
    cascades(Function),
    cascades(Procedure),
    cascades(Routine),
    cascades(Extension),
    cascades(Aggregate),
    cascades(Operator),
    cascades(Collation),
    cascades(Server),
    cascades(ForeignDataWrapper),
    cascades(Language),
    cascades(AccessMethod),
    cascades(TextSearchConfiguration),
    owner(Create(Sequence), Uses, Column, AccessShare),
    changes(Create(View), Makes, View, AccessExclusive).when(When::OrReplace),
    changes(Create(View), Uses, Table, AccessShare),
    changes(Create(MaterializedView), Uses, Table, AccessShare),
    on(Other(Verb::Truncate), Changes, Table, takes(AccessExclusive).descends().rewrites(EMPTIED)),
    on(
        Other(Verb::Truncate),
        Changes,
        Table,
        takes(AccessExclusive).on(Sequences).because("with RESTART IDENTITY").perhaps(),
    ),
    on(
        Other(Verb::Truncate),
        Changes,
        Table,
        takes(AccessExclusive).on(Referencing).rewrites(EMPTIED).perhaps(),
    )
    .when(When::Cascade),
    on(Other(Verb::Cluster), Changes, Table, takes(AccessExclusive).rewrites(PACKED)),
    on(Other(Verb::Vacuum), Changes, Table, takes(ShareUpdateExclusive).scans(CHANGED).perhaps())
        .when(When::Plain),
    inherits(Verb::Vacuum, takes(ShareUpdateExclusive).scans(CHANGED).perhaps()).when(When::Plain),
    on(Other(Verb::Vacuum), Changes, Table, takes(AccessExclusive).rewrites(PACKED)).when(When::Full),
    inherits(Verb::Vacuum, takes(AccessExclusive).rewrites(PACKED)).when(When::Full),
    partitions(Verb::Vacuum, takes(ShareUpdateExclusive).scans(CHANGED)).when(When::Plain),
    partitions(Verb::Vacuum, takes(AccessExclusive).rewrites(PARTITIONS)).when(When::Full),
    on(
        Other(Verb::Analyze),
        Changes,
        Table,
        takes(ShareUpdateExclusive).because("it reads a sample of the rows"),
    ),
    inherits(Verb::Analyze, takes(ShareUpdateExclusive)),
    partitions(Verb::Analyze, takes(ShareUpdateExclusive).because(PARTITIONS)),
    on(REFRESH, Changes, MaterializedView, takes(AccessExclusive).rewrites(FILLED)).when(When::Plain),
    on(REFRESH, Changes, MaterializedView, takes(Exclusive).scans("its rows are compared with the query's"))
        .when(When::Concurrently),
    on(REFRESH, Changes, MaterializedView, takes(AccessShare).on(Beneath)).when(When::WithData),
    // Rows.
    writes(Verb::Insert),
    writes(Verb::Update),
    writes(Verb::Delete),
    writes(Verb::Merge),
    writes(Verb::Copy),
    writes(Verb::Select),
    writes(Verb::Explain),
    keys(Verb::Insert, Referenced, RowShare),
    keys(Verb::Update, Referenced, RowShare),
    keys(Verb::Update, Referencing, RowExclusive),
    keys(Verb::Delete, Referencing, RowExclusive),
    keys(Verb::Merge, Referenced, RowShare),
    keys(Verb::Merge, Referencing, RowExclusive),
    keys(Verb::Copy, Referenced, RowShare),
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
    reads(Verb::Prepare),
    reads(Verb::Table),
    reads(Verb::Values),
    locks_rows(Verb::Select),
    locks_rows(Verb::Declare),
    locks_rows(Verb::Prepare),
    locks_rows(Verb::Explain),
];
