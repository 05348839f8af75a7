//! The words that name a kind of object, as CREATE, ALTER, DROP, COMMENT and GRANT write them.

use crate::sql::{
    cursor::Cursor,
    statement::ObjectKind::{self, *},
};

/// Longest first where one starts with another.
const KINDS: [(&[&str], ObjectKind); 53] = [
    (&["table"], Table),
    (&["index"], Index),
    (&["function"], Function),
    (&["policy"], Policy),
    (&["trigger"], Trigger),
    (&["view"], View),
    (&["type"], Type),
    (&["column"], Column),
    (&["constraint"], Constraint),
    (&["extension"], Extension),
    (&["schema"], Schema),
    (&["sequence"], Sequence),
    (&["materialized", "view"], MaterializedView),
    (&["procedure"], Procedure),
    (&["routine"], Routine),
    (&["domain"], Domain),
    (&["role"], Role),
    (&["user", "mapping"], UserMapping),
    (&["user"], Role),
    (&["group"], Role),
    (&["access", "method"], AccessMethod),
    (&["aggregate"], Aggregate),
    (&["cast"], Cast),
    (&["collation"], Collation),
    (&["conversion"], Conversion),
    (&["database"], Database),
    (&["default", "privileges"], DefaultPrivileges),
    (&["event", "trigger"], EventTrigger),
    (&["foreign", "data", "wrapper"], ForeignDataWrapper),
    (&["foreign", "table"], ForeignTable),
    (&["foreign", "server"], Server),
    (&["procedural", "language"], Language),
    (&["language"], Language),
    (&["large", "object"], LargeObject),
    (&["operator", "class"], OperatorClass),
    (&["operator", "family"], OperatorFamily),
    (&["operator"], Operator),
    (&["owned"], Owned),
    (&["parameter"], Parameter),
    (&["publication"], Publication),
    (&["rule"], Rule),
    (&["server"], Server),
    (&["statistics"], Statistics),
    (&["subscription"], Subscription),
    (&["system"], System),
    (&["tablespace"], Tablespace),
    (&["text", "search", "configuration"], TextSearchConfiguration),
    (&["text", "search", "dictionary"], TextSearchDictionary),
    (&["text", "search", "parser"], TextSearchParser),
    (&["text", "search", "template"], TextSearchTemplate),
    (&["transform"], Transform),
    (&["trusted", "language"], Language),
    (&["trusted", "procedural", "language"], Language),
];

/// Passes the words of a kind.
pub(crate) fn kind(cursor: &mut Cursor<'_>) -> Option<ObjectKind> {
    let found = KINDS.iter().find(|(words, _)| cursor.are(words))?;
    cursor.skip(found.0.len());
    Some(found.1)
}

/// Kinds whose name is followed by the types of its arguments.
pub(super) const fn has_arguments(kind: ObjectKind) -> bool {
    matches!(kind, Function | Procedure | Routine | Aggregate | Operator)
}

/// Kinds that live on a table: `… ON table`.
pub(super) const fn stands_on_table(kind: ObjectKind) -> bool {
    matches!(kind, Trigger | Policy | Rule)
}
