//! CREATE TABLE, ALTER TABLE, and ALTER of whatever borrows its grammar: a row per action.

use std::collections::BTreeSet;

use super::{
    LockMode::{AccessExclusive, AccessShare, Share, ShareRowExclusive, ShareUpdateExclusive},
    Reach::{Children, DefaultPartition, Dependents, Indexes, Referenced, Referencing, Sequences, Table},
    claim::{Claim, Claims, takes},
    default::{Volatility, is_builtin_type, volatility},
    known::{Retyped, TypeChange, Work},
};
use crate::{
    name::QualifiedName,
    sql::statement::{
        ActionKind as A, Column, Constraint, ConstraintKind as C, ObjectKind as O, ObjectRef, ObjectRole,
        Statement, StatementKind, Table as Definition, TableAction,
    },
    text::Span,
};

/// CREATE TABLE: the new table is nobody's to wait for, those it refers to are.
pub(super) fn create(claims: &mut Claims<'_, '_>, statement: &Statement, table: &Definition) {
    let parents = table.columns.iter().flat_map(|column| &column.constraints).chain(&table.constraints);
    let parents: BTreeSet<&QualifiedName> = parents.filter_map(referenced).collect();
    for parent in &parents {
        let why = "a foreign key puts its triggers there";
        claims.take(parent, takes(ShareRowExclusive).because(why));
    }
    if let Some(parent) = &table.partition_of {
        claims.take(parent, takes(AccessExclusive).because("it gets another partition"));
        claims.take(parent, DEFAULT_PARTITION);
        claims.take(parent, takes(ShareUpdateExclusive).on(Indexes));
    }
    let inherits: BTreeSet<&QualifiedName> = table.inherits.iter().collect();
    let used = statement.in_role(ObjectRole::Uses);
    for object in used.filter(|object| object.kind == O::Table || object.kind == O::Type) {
        if parents.contains(&object.name) || table.partition_of.as_ref() == Some(&object.name) {
            continue;
        }
        // INHERITS wants more than LIKE, and the text of the names does not tell them apart.
        let claim = match object.kind {
            O::Type => takes(AccessShare),
            _ if object.role == ObjectRole::Uses && inherits.contains(&object.name) => {
                takes(ShareUpdateExclusive).because("it gets another child")
            }
            _ => takes(AccessShare),
        };
        claims.take(&object.name, claim);
    }
}

/// What the default partition holds must not belong into a new one.
const DEFAULT_PARTITION: Claim =
    takes(AccessExclusive).on(DefaultPartition).scans("no row there may belong into the new one").perhaps();

/// ALTER TABLE and its kin: every action locks on its own; the strongest counts.
pub(super) fn alter(claims: &mut Claims<'_, '_>, statement: &Statement, actions: &[TableAction]) {
    let changed = statement.first(ObjectRole::Changes);
    let Some(object) = changed.or_else(|| statement.first(ObjectRole::Renames)) else {
        return;
    };
    let mut on = On { object, statement, rewrites: Work::None };
    for TableAction { kind, .. } in actions {
        let written = on.type_change(kind).and_then(|change| claims.known().retyped(&change));
        on.rewrites = on.rewrites.max(written.map_or(Work::None, |written| written.rewrites));
    }
    for TableAction { kind, span } in actions {
        match statement.kind {
            StatementKind::Alter(O::Index) => on.index(claims, kind),
            StatementKind::Alter(O::Sequence) => on.sequence(claims, kind),
            StatementKind::Alter(O::Domain) => on.domain(claims, kind),
            StatementKind::Alter(O::Type) => on.composite(claims, kind),
            StatementKind::Alter(O::View) => on.take(claims, takes(AccessExclusive)),
            _ => on.table(claims, kind, *span),
        }
    }
}

/// What is altered, and by which statement.
struct On<'a> {
    object: &'a ObjectRef,
    statement: &'a Statement,
    /// What its changes of type write.
    rewrites: Work,
}

impl<'a> On<'a> {
    fn type_change(&self, action: &'a A) -> Option<TypeChange<'a>> {
        let A::SetType { name, type_name, collation, using } = action else { return None };
        Some(TypeChange {
            table: &self.object.name,
            column: name,
            type_name,
            collation: collation.as_ref(),
            using: using.as_deref(),
            beside: self.rewrites,
        })
    }

    fn take(&self, claims: &mut Claims<'_, '_>, mut claim: Claim) {
        if self.statement.flags.only {
            claim = claim.without_children();
        }
        claims.take(&self.object.name, claim);
    }

    fn table(&self, claims: &mut Claims<'_, '_>, action: &A, span: Span) {
        let strongest = takes(AccessExclusive);
        match action {
            A::AddColumn { column, .. } => self.add_column(claims, column),
            A::AddConstraint(constraint) => self.add_constraint(claims, constraint),
            A::DropColumn { .. } | A::DropConstraint { .. } => {
                self.take(claims, strongest.descends());
                let with = "if a foreign key goes with it";
                self.take(claims, strongest.on(Referenced).because(with).perhaps());
                if matches!(action, A::DropColumn { .. }) {
                    let owns = "if the column owns one";
                    self.take(claims, strongest.on(Sequences).because(owns).perhaps());
                }
                if self.statement.flags.cascade {
                    self.take(claims, CASCADE);
                }
            }
            A::SetType { .. } => self.set_type(claims, action),
            A::SetNotNull(_) => {
                self.take(claims, strongest.descends().scans(PROOF).perhaps());
            }
            A::ValidateConstraint(_) => {
                self.take(claims, takes(ShareUpdateExclusive).descends().scans("every row is checked"));
                let key = "if it is a foreign key";
                self.take(claims, takes(super::LockMode::RowShare).on(Referenced).because(key).perhaps());
            }
            A::DropNotNull(_) | A::SetDefault(_) | A::DropDefault(_) | A::RenameColumn { .. } => {
                self.take(claims, strongest.descends());
            }
            A::RenameConstraint { .. } => {
                self.take(claims, strongest);
                let inherited = "if they have the constraint of it";
                self.take(claims, strongest.on(Children).because(inherited).perhaps());
            }
            A::SetSchema(_) => {
                self.take(claims, strongest);
                self.take(claims, strongest.on(Sequences).because("they move along"));
            }
            A::Trigger => {
                self.take(claims, takes(ShareRowExclusive));
                let cloned = "if they have the trigger too";
                self.take(claims, takes(ShareRowExclusive).on(Children).because(cloned).perhaps());
            }
            A::AttachPartition(partition) => {
                self.take(claims, takes(ShareUpdateExclusive));
                self.take(claims, takes(ShareUpdateExclusive).on(Indexes));
                self.take(claims, DEFAULT_PARTITION);
                let proof = "unless a valid constraint proves that its rows belong there";
                claims.take(partition, strongest.scans(proof).perhaps());
            }
            A::DetachPartition { name, concurrently: false } => {
                self.take(claims, strongest);
                self.take(claims, strongest.on(DefaultPartition));
                let cloned = "if triggers were cloned there";
                let before = strongest.because(cloned).perhaps();
                claims.take(name, if claims.may_be(14, u16::MAX) { strongest } else { before });
            }
            A::DetachPartition { name, .. } => {
                self.take(claims, takes(ShareUpdateExclusive));
                claims.take(name, strongest.because("for a moment, when all older transactions have ended"));
            }
            A::Other(words) => self.other(claims, words, span),
            _ => self.take(claims, strongest),
        }
    }

    fn set_type(&self, claims: &mut Claims<'_, '_>, action: &A) {
        let strongest = takes(AccessExclusive);
        let retyped = self.type_change(action).and_then(|change| claims.known().retyped(&change));
        let Retyped { rewrites, scans, keys } = retyped.unwrap_or(Retyped {
            rewrites: Work::Perhaps("unless the old type is stored alike and nothing gets shorter"),
            scans: Work::None,
            keys: None,
        });
        let claim = strongest.descends();
        self.take(claims, if rewrites == Work::None { claim.reads(scans) } else { claim.writes(rewrites) });
        for (table, check) in keys.iter().flatten() {
            claims.take(table, strongest.because("a foreign key on the column is made anew").reads(*check));
        }
        for reach in [Referenced, Referencing].into_iter().filter(|_| keys.is_none()) {
            let key = "if a foreign key on the column is made anew";
            self.take(claims, strongest.on(reach).scans(key).perhaps());
        }
    }

    fn add_column(&self, claims: &mut Claims<'_, '_>, column: &Column) {
        let default = column.default.as_deref().map(volatility);
        let claim = takes(AccessExclusive).descends();
        self.take(claims, claim);
        let brings = if column.type_name.is_empty() || is_builtin_type(&column.type_name) {
            Work::None
        } else {
            let known = claims.known().filled(&column.type_name, column.default.is_some());
            known.unwrap_or(Work::Perhaps("if the type is a domain with a constraint"))
        };
        if column.generated && !column.is_virtual {
            self.take(claims, claim.rewrites("every row gets a value of its own"));
        } else if default == Some(Volatility::Volatile) {
            self.take(claims, claim.rewrites("the default gives every row a value of its own"));
        } else if default == Some(Volatility::Unknown) {
            self.take(claims, claim.rewrites("if the default calls a volatile function").perhaps());
        }
        if brings != Work::None {
            self.take(claims, claim.writes(brings));
        }
        let checked =
            |constraint: &Constraint| matches!(constraint.kind, C::Check | C::Unique | C::PrimaryKey);
        if column.constraints.iter().any(checked) {
            self.take(claims, claim.scans("a constraint is checked"));
        } else if column.not_null && default.is_none() && !column.generated {
            self.take(claims, claim.scans("it must find no row"));
        }
        for parent in column.constraints.iter().filter_map(referenced) {
            let why = "a foreign key puts its triggers there";
            let mut other = takes(ShareRowExclusive).because(why);
            if default.is_some() {
                self.take(claims, takes(AccessExclusive).descends().scans(REFERS));
                other = other.scans(REFERS);
            }
            claims.take(parent, other);
        }
    }

    fn add_constraint(&self, claims: &mut Claims<'_, '_>, constraint: &Constraint) {
        let checks = !constraint.not_valid && !constraint.not_enforced;
        let strongest = takes(AccessExclusive);
        match &constraint.kind {
            C::ForeignKey(parent) => {
                let claim = takes(ShareRowExclusive).descends();
                let claim = if checks { claim.scans(REFERS) } else { claim };
                self.take(claims, claim);
                claims.take(parent, claim);
            }
            C::NotNull if checks => {
                self.take(claims, strongest.descends().scans(PROOF).perhaps());
            }
            C::Check if checks => {
                self.take(claims, strongest.descends().scans("every row is checked"));
            }
            C::Unique | C::PrimaryKey | C::Exclusion if !constraint.using_index => {
                self.take(claims, strongest.scans("an index is built"));
                let children = if claims.may_be(18, u16::MAX) { AccessExclusive } else { Share };
                self.take(claims, takes(children).on(Children).scans("an index is built"));
            }
            C::PrimaryKey => {
                let nullable = "unless the columns are NOT NULL already";
                self.take(claims, strongest.scans(nullable).perhaps());
            }
            C::Unique | C::Exclusion => self.take(claims, strongest),
            _ => self.take(claims, strongest.descends()),
        }
    }

    /// The actions known by their first words.
    fn other(&self, claims: &mut Claims<'_, '_>, words: &str, span: Span) {
        let (strongest, weak) = (takes(AccessExclusive), takes(ShareUpdateExclusive));
        match words {
            "set without cluster" | "cluster on" | "alter column set" | "alter column reset" => {
                self.take(claims, weak)
            }
            "alter column set statistics" => self.take(claims, weak.descends()),
            "set logged" | "set unlogged" => {
                let already = "unless it is so already";
                self.take(claims, strongest.rewrites(already).perhaps());
                if claims.may_be(15, u16::MAX) {
                    self.take(claims, strongest.on(Sequences).because(already).perhaps());
                }
            }
            "set tablespace" | "set access" => {
                self.take(claims, strongest.rewrites("unless it is there already").perhaps());
            }
            "alter column set expression" => {
                self.take(claims, strongest.descends().rewrites("unless the column is virtual").perhaps());
            }
            "alter column set generated" | "alter column restart" | "alter column restart with" => {
                self.take(claims, strongest);
                self.take(claims, takes(ShareRowExclusive).on(Sequences).perhaps());
            }
            "alter column add generated" => self.take(claims, strongest),
            "alter column drop identity" => {
                self.take(claims, strongest);
                self.take(claims, strongest.on(Sequences).because("the column's is dropped").perhaps());
            }
            "alter constraint"
            | "alter column drop expression"
            | "alter column set storage"
            | "alter column set compression" => {
                self.take(claims, strongest.descends());
            }
            "owner to" => {
                self.take(claims, strongest);
                self.take(claims, strongest.on(Sequences).because("they change hands along"));
                self.take(claims, strongest.on(Indexes));
            }
            "inherit" | "no inherit" | "of" => {
                self.take(claims, strongest);
                let mode = if words == "inherit" { ShareUpdateExclusive } else { AccessShare };
                for parent in self.statement.used_in(span) {
                    claims.take(&parent.name, takes(mode));
                }
            }
            // A materialized view moves to another schema or owner as a table does.
            _ if words.starts_with("set (") || words.starts_with("reset (") => {
                let for_catalogue = words.contains("user_catalog_table");
                self.take(claims, if for_catalogue { strongest } else { weak });
            }
            _ => self.take(claims, strongest),
        }
    }

    fn index(&self, claims: &mut Claims<'_, '_>, action: &A) {
        let (strongest, weak) = (takes(AccessExclusive), takes(ShareUpdateExclusive));
        match action {
            A::RenameTo(_) => self.take(claims, weak),
            A::AttachPartition(partition) => {
                self.take(claims, weak);
                claims.take(partition, strongest);
                self.take(claims, takes(AccessShare).on(Table));
                claims.take(partition, takes(AccessShare).on(Table));
            }
            A::Other(words) if words == "set tablespace" => {
                self.take(claims, strongest.rewrites("unless it is there already").perhaps());
            }
            A::Other(words) if words.starts_with("alter column") => self.take(claims, weak),
            A::Other(words) if words.starts_with("set (") || words.starts_with("reset (") => {
                let mut options =
                    words.trim_end_matches(')').split('(').skip(1).flat_map(|list| list.split(", "));
                let light = options.all(|option| matches!(option, "fillfactor" | "deduplicate_items"));
                self.take(claims, if light { weak } else { strongest });
            }
            _ => self.take(claims, strongest),
        }
    }

    fn sequence(&self, claims: &mut Claims<'_, '_>, action: &A) {
        match action {
            A::RenameTo(_) | A::SetSchema(_) => self.take(claims, takes(AccessExclusive)),
            A::Other(words) if words == "owner to" => self.take(claims, takes(AccessExclusive)),
            A::Other(words) if words == "set logged" || words == "set unlogged" => {
                self.take(claims, takes(AccessExclusive));
            }
            _ => {
                self.take(claims, takes(ShareRowExclusive));
                for column in self.statement.in_role(ObjectRole::Uses) {
                    if let Some(table) = &column.of {
                        claims.take(table, takes(AccessShare));
                    }
                }
            }
        }
    }

    /// A domain is checked in every table that has it.
    fn domain(&self, claims: &mut Claims<'_, '_>, action: &A) {
        let checks = match action {
            A::AddConstraint(constraint) => !constraint.not_valid,
            A::ValidateConstraint(_) => true,
            A::Other(words) => words == "set not",
            _ => false,
        };
        if checks {
            let why = "every table with a column of this type is checked";
            self.take(claims, takes(Share).on(Dependents).scans(why).perhaps());
        }
    }

    /// The attributes of a composite type, and with CASCADE the tables of that type.
    fn composite(&self, claims: &mut Claims<'_, '_>, action: &A) {
        let A::Other(words) = action else { return };
        if !words.ends_with(" attribute") {
            return;
        }
        self.take(claims, takes(AccessExclusive));
        let typed = takes(AccessExclusive).on(Dependents).because("every table of this type").perhaps();
        let alters = words == "alter attribute";
        self.take(claims, if alters { typed.rewrites("every table of this type") } else { typed });
    }
}

const PROOF: &str = "unless a valid constraint proves it";

const REFERS: &str = "every row must refer to one that exists";

const CASCADE: Claim = takes(AccessExclusive).on(Dependents).because("CASCADE").perhaps();

fn referenced(constraint: &Constraint) -> Option<&QualifiedName> {
    match &constraint.kind {
        C::ForeignKey(parent) => Some(parent),
        _ => None,
    }
}
