//! The statement model: what the rest of the kernel knows of a statement.
//! It holds no parser and no syntax tree; `classify` and `ast` fill it.

mod body;
mod definition;
mod meta;
mod reading;
mod shift;

pub use body::{Body, Embedded, Handler, Raise, Routine};
pub(crate) use meta::Branch;
pub use meta::{Include, MetaCommand};
pub use reading::Reading;

pub use definition::{ActionKind, Column, Constraint, ConstraintKind, Policy, Table, TableAction};

use std::fmt;

use serde::{Serialize, Serializer};

use super::lock::LockMode;
use crate::{name::QualifiedName, text::Span, words::words};

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
    /// How much of it sqlparser read; `None` while it was not asked.
    pub reading: Option<Reading>,
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

    /// The objects it names inside this stretch of the text.
    pub fn named_in(&self, span: Span) -> &[ObjectRef] {
        let from = self.objects.partition_point(|object| object.span.start < span.start);
        let to = self.objects.partition_point(|object| object.span.start < span.end);
        self.objects.get(from..to).unwrap_or_default()
    }

    /// Of those the ones that it reads or refers to: what one of many actions is about.
    pub(crate) fn used_in(&self, span: Span) -> impl Iterator<Item = &ObjectRef> {
        self.named_in(span).iter().filter(|object| object.role == ObjectRole::Uses)
    }

    /// The PL/pgSQL (or SQL) body it carries, or the elements of the schema it makes.
    pub fn body(&self) -> Option<&Body> {
        match &self.detail {
            Detail::Do(body) | Detail::Schema(body) => Some(body),
            Detail::Routine(routine) => routine.body.as_ref(),
            _ => None,
        }
    }

    fn body_mut(&mut self) -> Option<&mut Body> {
        match &mut self.detail {
            Detail::Do(body) | Detail::Schema(body) => Some(body),
            Detail::Routine(routine) => routine.body.as_mut(),
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
    /// `stdin` or `stdout` (COPY): the rows are the client's to send or to take.
    pub client: bool,
    /// A template's placeholder or directive stands in it: `{{ … }}`, `${…}`, `{% … %}`. What PostgreSQL will
    /// see is not known.
    pub templated: bool,
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
    /// The actions of an ALTER of an index, a view, a sequence, a type or a domain, as far as it has the grammar
    /// of ALTER TABLE.
    Alter(Vec<TableAction>),
    /// CREATE FUNCTION or PROCEDURE.
    Routine(Routine),
    /// DO.
    Do(Body),
    /// CREATE SCHEMA with elements.
    Schema(Body),
    /// CREATE POLICY.
    Policy(Policy),
    /// CREATE INDEX: its columns or expressions as written.
    Index(Vec<String>),
    /// CREATE DOMAIN: its base type, default and constraints.
    Domain(Column),
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
    /// A meta-command of psql.
    Psql(MetaCommand),
}
