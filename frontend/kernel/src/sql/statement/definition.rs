//! What statements define: tables with columns and constraints, the actions of ALTER TABLE, policies.

use crate::{
    name::{Ident, QualifiedName},
    text::Span,
};

/// The columns and constraints of a CREATE TABLE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// In order.
    pub columns: Vec<Column>,
    /// Table constraints; those of a column stand with it.
    pub constraints: Vec<Constraint>,
    /// `partition by`.
    pub partitioned: bool,
    /// `partition of`: the parent.
    pub partition_of: Option<QualifiedName>,
    /// `inherits`: the parents.
    pub inherits: Vec<QualifiedName>,
}

/// A column of CREATE TABLE or ADD COLUMN. A domain has the same parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// The whole definition.
    pub span: Span,
    /// The type as written, lower case, single spaces.
    pub type_name: String,
    /// `collate …`.
    pub collation: Option<QualifiedName>,
    /// `not null` or a primary key.
    pub not_null: bool,
    /// The text of its default expression.
    pub default: Option<String>,
    /// Identity, `generated … stored`, serial types.
    pub generated: bool,
    /// `generated … virtual`: computed when it is read.
    pub is_virtual: bool,
    /// Its own constraints.
    pub constraints: Vec<Constraint>,
}

/// A constraint of a table or a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Its name, when written.
    pub name: Option<Ident>,
    /// The whole definition.
    pub span: Span,
    /// What it demands.
    pub kind: ConstraintKind,
    /// `not valid`.
    pub not_valid: bool,
    /// `not enforced`.
    pub not_enforced: bool,
    /// `using index`.
    pub using_index: bool,
    /// Constrained columns, where they are plain names.
    pub columns: Vec<Ident>,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are PostgreSQL's own terms")]
pub enum ConstraintKind {
    PrimaryKey,
    Unique,
    Check,
    NotNull,
    Exclusion,
    /// The table it refers to.
    ForeignKey(QualifiedName),
}

/// One action of an ALTER TABLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableAction {
    /// From its first to its last token.
    pub span: Span,
    /// What it does.
    pub kind: ActionKind,
}

/// What an action of ALTER TABLE does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// `add [column] [if not exists]`.
    AddColumn {
        /// The column; outline only (name) when its definition was not read.
        column: Column,
        /// `if not exists`.
        if_not_exists: bool,
    },
    /// `drop [column] [if exists] … [cascade]`.
    DropColumn {
        /// The column.
        name: Ident,
        /// `if exists`.
        if_exists: bool,
    },
    /// `alter column … type …`.
    SetType {
        /// The column.
        name: Ident,
        /// The new type as written, lower case, single spaces.
        type_name: String,
        /// `collate …`.
        collation: Option<QualifiedName>,
        /// The expression of `using …` as written.
        using: Option<String>,
    },
    /// `alter column … set not null`.
    SetNotNull(Ident),
    /// `alter column … drop not null`.
    DropNotNull(Ident),
    /// `alter column … set default`.
    SetDefault(Ident),
    /// `alter column … drop default`.
    DropDefault(Ident),
    /// `add [constraint …]`.
    AddConstraint(Constraint),
    /// `drop constraint [if exists] …`.
    DropConstraint {
        /// The constraint.
        name: Ident,
        /// `if exists`.
        if_exists: bool,
    },
    /// `validate constraint …`.
    ValidateConstraint(Ident),
    /// `enable row level security`.
    EnableRls,
    /// `disable row level security`.
    DisableRls,
    /// `force row level security` or its `no` form.
    ForceRls(bool),
    /// `rename column … to …`.
    RenameColumn {
        /// The old name.
        from: Ident,
        /// The new name.
        to: Ident,
    },
    /// `rename to …`.
    RenameTo(Ident),
    /// `rename constraint … to …`.
    RenameConstraint {
        /// The old name.
        from: Ident,
        /// The new name.
        to: Ident,
    },
    /// `set schema …`.
    SetSchema(Ident),
    /// `attach partition …`.
    AttachPartition(QualifiedName),
    /// `detach partition … [concurrently]`.
    DetachPartition {
        /// The partition.
        name: QualifiedName,
        /// `concurrently`.
        concurrently: bool,
    },
    /// Enable or disable a trigger.
    Trigger,
    /// Any other action; its first words, lower case: `owner to`, `set (fillfactor)`.
    Other(String),
}

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `all`, `select`, `insert`, `update` or `delete`.
    pub command: String,
    /// Lower case; empty means public.
    pub roles: Vec<String>,
    /// Where its `using` expression stands, without the parentheses.
    pub using: Option<Span>,
    /// Where its `with check` expression stands, without the parentheses.
    pub check: Option<Span>,
}
