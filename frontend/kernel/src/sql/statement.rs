//! The statement model: what the rest of the kernel knows of a statement.
//! It holds no parser and no syntax tree; `classify` and `ast` fill it.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::lock::LockMode;
use crate::{
    name::{Ident, QualifiedName},
    text::Span,
    words::words,
};

/// One statement of a file, or one embedded in a PL/pgSQL body. Spans are offsets into the whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From its first to its last token, without the terminating `;` and without trivia around it.
    pub span: Span,
    /// What it does, known for every statement from its tokens.
    pub kind: StatementKind,
    /// The objects it names, in order of appearance.
    pub objects: Vec<ObjectRef>,
    /// Words that change its meaning.
    pub flags: Flags,
    /// What only some kinds have.
    pub detail: Detail,
    /// How much of it was read.
    pub reading: Reading,
}

impl Statement {
    /// The first object it has in this role.
    pub fn first(&self, role: ObjectRole) -> Option<&ObjectRef> {
        self.objects.iter().find(|object| object.role == role)
    }

    /// The objects it has in this role.
    pub fn in_role(&self, role: ObjectRole) -> impl Iterator<Item = &ObjectRef> {
        self.objects.iter().filter(move |object| object.role == role)
    }

    /// The PL/pgSQL (or SQL) body it carries.
    pub fn body(&self) -> Option<&Body> {
        match &self.detail {
            Detail::Do(body) => Some(body),
            Detail::Routine(routine) => routine.body.as_ref(),
            _ => None,
        }
    }

    /// The actions of an ALTER TABLE; empty for all else.
    pub fn actions(&self) -> &[TableAction] {
        match &self.detail {
            Detail::AlterTable(actions) => actions,
            _ => &[],
        }
    }
}

/// What a statement does. Prints as in `studio inspect`: `create_table`, `drop_index`, `do`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// `create … <object>`.
    Create(ObjectKind),
    /// `alter … <object>`.
    Alter(ObjectKind),
    /// `drop … <object>`.
    Drop(ObjectKind),
    /// Everything that is no create, alter or drop.
    Other(Verb),
}

impl fmt::Display for StatementKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(object) => write!(out, "create_{object}"),
            Self::Alter(object) => write!(out, "alter_{object}"),
            Self::Drop(object) => write!(out, "drop_{object}"),
            Self::Other(verb) => verb.fmt(out),
        }
    }
}

impl Serialize for StatementKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

words! {
    /// The kinds of objects a statement can name.
    #[expect(missing_docs, reason = "the variants are PostgreSQL's own terms")]
    ObjectKind {
        AccessMethod = "access_method", Aggregate = "aggregate", Cast = "cast", Collation = "collation",
        Column = "column", Constraint = "constraint", Conversion = "conversion", Database = "database",
        DefaultPrivileges = "default_privileges", Domain = "domain", EnumValue = "enum_value",
        EventTrigger = "event_trigger", Extension = "extension",
        ForeignDataWrapper = "foreign_data_wrapper", ForeignTable = "foreign_table",
        Function = "function", Index = "index", Language = "language", LargeObject = "large_object",
        MaterializedView = "materialized_view", Operator = "operator",
        OperatorClass = "operator_class", OperatorFamily = "operator_family", Owned = "owned",
        Parameter = "parameter", Policy = "policy", Procedure = "procedure", Publication = "publication",
        Role = "role", Routine = "routine", Rule = "rule", Schema = "schema", Sequence = "sequence",
        Server = "server", Statistics = "statistics", Subscription = "subscription", System = "system",
        Table = "table", Tablespace = "tablespace", TextSearchConfiguration = "text_search_configuration",
        TextSearchDictionary = "text_search_dictionary", TextSearchParser = "text_search_parser",
        TextSearchTemplate = "text_search_template", Transform = "transform", Trigger = "trigger",
        Type = "type", UserMapping = "user_mapping", View = "view",
    }
}

words! {
    /// The statements that are no create, alter or drop.
    #[expect(missing_docs, reason = "the variants are PostgreSQL's own terms")]
    Verb {
        Analyze = "analyze", Begin = "begin", Call = "call", Checkpoint = "checkpoint",
        Close = "close", Cluster = "cluster", Comment = "comment", Commit = "commit",
        CommitPrepared = "commit_prepared", Copy = "copy", CreateTableAs = "create_table_as",
        Deallocate = "deallocate", Declare = "declare", Delete = "delete", Discard = "discard",
        Do = "do", Execute = "execute", Explain = "explain", Fetch = "fetch", Grant = "grant",
        ImportForeignSchema = "import_foreign_schema", Insert = "insert", Listen = "listen",
        Load = "load", Lock = "lock", Merge = "merge", Move = "move", Notify = "notify",
        Prepare = "prepare", PrepareTransaction = "prepare_transaction",
        /// A psql meta-command such as `\i`; never sent to a server.
        Psql = "psql",
        ReassignOwned = "reassign_owned", RefreshMaterializedView = "refresh_materialized_view",
        Reindex = "reindex", Release = "release", Reset = "reset", Revoke = "revoke",
        Rollback = "rollback", RollbackPrepared = "rollback_prepared", RollbackTo = "rollback_to",
        Savepoint = "savepoint", SecurityLabel = "security_label", Select = "select",
        SelectInto = "select_into", Set = "set", SetConstraints = "set_constraints",
        SetTransaction = "set_transaction", Show = "show", Table = "table", Truncate = "truncate",
        Unlisten = "unlisten", Update = "update", Vacuum = "vacuum", Values = "values",
        /// The first words belong to no statement of PostgreSQL 13 to 18.
        Unknown = "unknown",
    }
}

words! {
    /// What a statement does to an object it names.
    ObjectRole {
        /// Brings it into being.
        Makes = "makes",
        /// Alters it, or alters rows in it.
        Changes = "changes",
        /// Reads or refers to it.
        Uses = "uses",
        /// Removes it.
        Drops = "drops",
        /// Gives it another name or schema; this is the old name, the new one is made.
        Renames = "renames",
        /// Grants or revokes rights on it.
        Grants = "grants",
        /// Comments on it.
        Comments = "comments",
    }
}

/// An object as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectRef {
    /// What happens to it.
    pub role: ObjectRole,
    /// What it is.
    pub kind: ObjectKind,
    /// As written, folded; without a schema when none was written.
    pub name: QualifiedName,
    /// The table (or view, type, domain) it belongs to: of an index, trigger, policy, rule, constraint,
    /// column or enum value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<QualifiedName>,
    /// Where the name stands.
    #[serde(flatten)]
    pub span: Span,
}

/// Words that change the meaning of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the statement, present or not")]
pub struct Flags {
    /// `if exists`.
    pub if_exists: bool,
    /// `if not exists`.
    pub if_not_exists: bool,
    /// `or replace`.
    pub or_replace: bool,
    /// `concurrently`.
    pub concurrently: bool,
    /// `cascade`.
    pub cascade: bool,
    /// `only`.
    pub only: bool,
    /// `unique`.
    pub unique: bool,
    /// `temporary`, `temp` or a schema `pg_temp`.
    pub temporary: bool,
    /// A `where` clause at the top level (DELETE, UPDATE, partial index).
    pub has_where: bool,
    /// `on conflict` (INSERT).
    pub on_conflict: bool,
    /// `local` (SET LOCAL).
    pub local: bool,
    /// `with no data` (materialized views, CREATE TABLE AS).
    pub no_data: bool,
    /// `for update`, `for share` and their kin (SELECT).
    pub row_lock: bool,
    /// `full` (VACUUM).
    pub full: bool,
}

/// What only some kinds of statements have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Nothing beyond objects and flags.
    #[default]
    None,
    /// CREATE TABLE.
    CreateTable(Table),
    /// The actions of an ALTER TABLE, in order.
    AlterTable(Vec<TableAction>),
    /// CREATE FUNCTION or PROCEDURE.
    Routine(Routine),
    /// DO.
    Do(Body),
    /// CREATE POLICY.
    Policy(Policy),
    /// CREATE INDEX: its columns or expressions as written.
    Index(Vec<String>),
    /// CREATE TYPE … AS ENUM: its labels. ALTER TYPE … ADD VALUE: the one new label.
    Enum(Vec<String>),
    /// LOCK TABLE: the mode it asks for.
    Lock(LockMode),
    /// SET, RESET: the setting's name and its value as written.
    Setting {
        /// Lower case.
        name: String,
        /// As written; empty for RESET and DEFAULT.
        value: String,
    },
}

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
}

/// A column of CREATE TABLE or ADD COLUMN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// The whole definition.
    pub span: Span,
    /// The type as written, lower case, single spaces.
    pub type_name: String,
    /// `not null` or a primary key.
    pub not_null: bool,
    /// The text of its default expression.
    pub default: Option<String>,
    /// Identity, `generated … stored`, serial types.
    pub generated: bool,
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
        /// `using …`.
        using: bool,
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
    /// Enable or disable a trigger or a rule.
    Trigger,
    /// Any other action; its first words, lower case.
    Other(String),
}

/// A function or procedure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routine {
    /// Lower case; empty when not written.
    pub language: String,
    /// `security definer`.
    pub security_definer: bool,
    /// `set search_path …` or `set search_path from current` in its definition.
    pub sets_search_path: bool,
    /// Argument types as written, joined by `, `.
    pub arguments: String,
    /// Its body, when it is PL/pgSQL or SQL.
    pub body: Option<Body>,
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

/// What a PL/pgSQL or SQL body holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The text between the quotes.
    pub span: Span,
    /// SQL statements in it, in order.
    pub statements: Vec<Embedded>,
    /// Exception handlers.
    pub handlers: Vec<Handler>,
    /// RAISE statements.
    pub raises: Vec<Raise>,
    /// EXECUTE of something that cannot be known from the text.
    pub unknown_dynamic: Vec<Span>,
    /// COMMIT or ROLLBACK inside.
    pub controls_transaction: bool,
}

/// A statement inside a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The statement.
    pub statement: Statement,
    /// Inside IF, CASE, a loop or an exception handler: it may not run.
    pub conditional: bool,
    /// Inside a BEGIN block that has an EXCEPTION section: its error may be caught.
    pub guarded: bool,
    /// From `execute '…'` or `execute format('…')`: known with less confidence.
    pub dynamic: bool,
}

/// An exception handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// From WHEN to the last token of its statements.
    pub span: Span,
    /// Lower case: `others`, `duplicate_object`, `sqlstate '42P07'`.
    pub conditions: Vec<String>,
    /// Whether one of its statements is RAISE EXCEPTION or a bare RAISE.
    pub raises_again: bool,
}

/// A RAISE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    /// From RAISE to its last token.
    pub span: Span,
    /// Lower case; `exception` when none is written.
    pub level: String,
    /// The format string without quotes; empty for a bare RAISE.
    pub message: String,
    /// Inside a handler.
    pub in_handler: bool,
}

/// How much of a statement was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// sqlparser gave a tree.
    Parsed,
    /// A tree was possible after clauses sqlparser does not know were blanked.
    ParsedInPart,
    /// Kind, objects and flags from tokens only. It never means "fine" and never "wrong".
    OutlineOnly,
    /// Too deep or too long to be parsed safely.
    TooComplex,
}
