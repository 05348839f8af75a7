//! What a schema is made of: objects, each with its definition, what it needs, and where it was made.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{name::Ident, sql::statement::ObjectKind, text::Span};

use super::{
    labels::Labels,
    types::{Reference, TypeUse},
};

/// A number that stands for an object for as long as it lives, whatever it is called, as PostgreSQL's OIDs do.
/// It is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Oid(pub(super) u32);

/// A statement of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's path in its set.
    pub file: Arc<str>,
    /// The statement.
    pub span: Span,
}

/// One object of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// The schema it stands in; `None` for kinds that stand in none or hang on another object.
    pub schema: Option<Ident>,
    /// Its own name.
    pub name: Ident,
    /// The relation, type or domain it belongs to and goes with.
    pub of: Option<Oid>,
    /// What its kind alone has.
    pub definition: Definition,
    /// The comment on it.
    pub comment: Option<String>,
    /// Rights of others than its owner.
    pub grants: BTreeSet<Grant>,
    /// The extension that brought it.
    pub extension: Option<Ident>,
    /// The statement that made it; `None` when it was there before.
    pub made: Option<Place>,
    /// Statements that changed it, in order.
    pub changed: Vec<Place>,
    /// Whether it was made where it may not have run: in IF, CASE, a loop, a handler, a block whose errors are
    /// caught, or behind psql's `\if`.
    pub conditional: bool,
    /// What it cannot do without, beside `of`.
    pub(super) needs: Vec<Need>,
}

/// One right of one role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Grant {
    /// The role; `public` is everybody.
    pub role: Ident,
    /// Upper case, as the catalogue prints it: `SELECT`.
    pub right: String,
    /// WITH GRANT OPTION: the role may pass it on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub option: bool,
}

impl Grant {
    /// Adds it to others: a right that is there with its option keeps it.
    pub(super) fn give(self, grants: &mut BTreeSet<Self>) {
        if self.option {
            grants.remove(&Self { option: false, ..self.clone() });
            grants.insert(self);
        } else if !grants.contains(&Self { option: true, ..self.clone() }) {
            grants.insert(self);
        }
    }

    /// Takes it from others, or of it the option alone.
    pub(super) fn take(self, grants: &mut BTreeSet<Self>, option: bool) {
        let plain = Self { option: false, ..self };
        let passed_on = grants.remove(&Self { option: true, ..plain.clone() });
        if !option {
            grants.remove(&plain);
        } else if passed_on {
            grants.insert(plain);
        }
    }
}

/// A right that new objects of a kind get or do not get.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DefaultGrant {
    /// Where; everywhere when `None`.
    pub schema: Option<Ident>,
    /// A table, a sequence, a function, a type or a schema.
    pub kind: ObjectKind,
    /// The right.
    #[serde(flatten)]
    pub grant: Grant,
    /// Or else taken away.
    pub given: bool,
}

/// Something an object cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) on: Oid,
    pub(super) how: Hold,
}

crate::words::words! {
    /// What becomes of the one that needs when the other is dropped.
    Hold {
        /// It goes along.
        Goes = "goes",
        /// It stops the drop, and goes along with CASCADE.
        Stops = "stops",
        /// Its default stops the drop, and goes with CASCADE; the column stays.
        Default = "default",
    }
}

/// What only objects of one kind have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    /// Nothing that is modelled.
    Plain,
    /// Tables and views.
    Relation(Relation),
    /// Columns of tables, attributes of composite types.
    Column(Column),
    /// Constraints of tables and domains.
    Constraint(Constraint),
    /// Indexes.
    Index(Index),
    /// The column that owns a sequence.
    Sequence(Option<Oid>),
    /// The labels of an enum.
    Enum(Labels),
    /// Domains.
    Domain(Domain),
    /// The types that tell a routine from its namesakes, all but OUT arguments; those of an operator and of a cast.
    Routine(Vec<TypeUse>),
    /// The schema an extension's objects stand in.
    Extension(Ident),
    /// Policies.
    Policy(Policy),
    /// The function a trigger calls.
    Trigger(Reference),
    /// The roles that a role is a member of, each with whether it may take in others.
    Role(BTreeMap<Ident, bool>),
}

/// A table or view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// Whether row level security is on.
    pub rls: bool,
    /// Whether it also binds the owner.
    pub forced: bool,
    /// `partition by`: it holds no rows itself.
    pub partitioned: bool,
    /// The tables it inherits from or is a partition of.
    pub parents: Vec<Oid>,
    /// Whether it is a partition.
    pub partition: bool,
    /// Its columns follow from a query, or from what the schema does not hold, and are not all known.
    pub from_query: bool,
    pub(super) last_column: u32,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// From 1 in order of creation; numbers of dropped columns are not used again.
    pub position: u32,
    /// Its type.
    pub type_use: TypeUse,
    /// NOT NULL, by itself or by a primary key.
    pub not_null: bool,
    /// The text of its default or of what it is generated from.
    pub default: Option<String>,
    /// `generated … as identity`: `always` or `by default`.
    pub identity: Option<Identity>,
    /// `generated always as (…)`.
    pub generated: bool,
    /// A parent has it, too.
    pub inherited: bool,
    /// Its NOT NULL constraint's name, when the author gave one.
    pub(super) not_null_name: Option<Ident>,
}

/// Who may write an identity column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// The sequence alone.
    Always,
    /// The sequence where no value is given.
    ByDefault,
}

crate::words::words! {
    /// What a constraint demands.
    #[expect(missing_docs, reason = "the variants are PostgreSQL's own terms")]
    Demand {
        PrimaryKey = "primary_key", Unique = "unique", Check = "check", ForeignKey = "foreign_key",
        Exclusion = "exclusion", Trigger = "trigger",
    }
}

/// A constraint. NOT NULL stands with its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// What it demands.
    pub demand: Demand,
    /// The columns it constrains; for CHECK, those its expression names.
    pub columns: Vec<Oid>,
    /// The table that a foreign key refers to.
    pub references: Option<Reference>,
    /// `false` after NOT VALID.
    pub valid: bool,
    /// The index behind a primary key, a unique or an exclusion constraint.
    pub index: Option<Oid>,
    /// It comes from a parent table.
    pub inherited: bool,
    /// Tables that inherit have it, too; `false` after NO INHERIT.
    pub passes_on: bool,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// UNIQUE.
    pub unique: bool,
    /// Its key: a column, or `None` for an expression.
    pub key: Vec<Option<Oid>>,
    /// It covers some rows only.
    pub partial: bool,
    /// `btree`, `gin` …
    pub method: String,
}

impl Index {
    /// The columns of its key.
    pub(super) fn columns(&self) -> Vec<Oid> {
        self.key.iter().flatten().copied().collect()
    }
}

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The type below it.
    pub base: TypeUse,
    /// NOT NULL.
    pub not_null: bool,
    /// The text of its default.
    pub default: Option<String>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `all`, `select`, `insert`, `update` or `delete`.
    pub command: String,
    /// `permissive`, the default, or else restrictive.
    pub permissive: bool,
    /// For whom; `public` is everybody.
    pub roles: BTreeSet<Ident>,
}
