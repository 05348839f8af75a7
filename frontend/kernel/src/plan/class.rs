//! How a statement meets transactions, as PostgreSQL 13 to 18 decide it.

use std::{collections::BTreeSet, ops::Bound};

use super::{procedures::Procedures, relations::Relations};
use crate::{
    migration::Migration,
    sql::{
        significant_tokens,
        statement::{
            ActionKind, Detail, Embedded, ObjectKind, ObjectRef, Statement,
            StatementKind::{Alter, Create, Drop, Other},
            Verb,
        },
        string_content,
    },
    text::Span,
};

/// What a set says of its statements beyond their own text.
pub(super) struct Beyond<'a> {
    pub(super) relations: Relations<'a>,
    pub(super) procedures: Procedures<'a>,
}

impl Beyond<'_> {
    /// The class of a statement of a file.
    pub(super) fn class(&self, statement: &Statement, file: &Migration, index: usize) -> Class {
        let outside = match statement.kind {
            Other(Verb::Call | Verb::Do) => self.procedures.commits(statement, file, index),
            // Each partition is worked on in a transaction of its own, since PostgreSQL 14 and 15.
            Other(Verb::Reindex | Verb::Cluster) => {
                statement.objects.iter().any(|object| self.relations.is_partitioned(&object.name))
            }
            _ => false,
        };
        if outside { Class::OutsideOnly } else { class(statement, &file.text) }
    }
}

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
    /// It asks for an isolation or access mode that a run's transactions do not have.
    Mode,
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

/// The class that a statement of `text` has by itself.
fn class(statement: &Statement, text: &str) -> Class {
    use ObjectKind as O;
    let flags = statement.flags;
    let outside = match statement.kind {
        Create(O::Index) | Drop(O::Index) => flags.concurrently,
        Other(Verb::Reindex) => {
            let all = |object: &ObjectRef| matches!(object.kind, O::Schema | O::Database);
            // `reindex system` need not name the database.
            flags.concurrently || statement.objects.first().is_none_or(all)
        }
        Create(O::Subscription) => {
            // Without a replication slot to make it may stand anywhere.
            !switches_off(statement, text, "connect") && !switches_off(statement, text, "create_slot")
        }
        Alter(O::Subscription) => {
            let words = words(statement, text);
            let publications = [" refresh ", " set publication ", " add publication ", " drop publication "];
            publications.iter().any(|action| words.contains(action))
                && !switches_off(statement, text, "refresh")
        }
        Alter(O::Database) => words(statement, text).contains(" set tablespace "),
        Create(O::Database | O::Tablespace)
        | Drop(O::Database | O::Tablespace | O::Subscription)
        | Alter(O::System)
        | Other(Verb::Vacuum) => true,
        // Without a table CLUSTER works on the whole database; of DISCARD only ALL ends the session's state.
        Other(Verb::Cluster) => statement.objects.is_empty(),
        Other(Verb::Discard) => words(statement, text).ends_with(" all "),
        _ => statement
            .actions()
            .iter()
            .any(|action| matches!(action.kind, ActionKind::DetachPartition { concurrently: true, .. })),
    };
    match statement.kind {
        _ if outside => Class::OutsideOnly,
        Other(Verb::Begin) if has_mode(statement, text) => Class::Mode,
        Other(Verb::Begin) => Class::Begin,
        Other(Verb::Copy) if flags.client => Class::ClientCopy,
        Other(Verb::Commit) if chains(statement, text) => Class::CommitAndChain,
        Other(Verb::Commit) => Class::Commit,
        Other(Verb::Rollback) => Class::Rollback,
        Other(Verb::PrepareTransaction | Verb::CommitPrepared | Verb::RollbackPrepared) => Class::Prepared,
        Other(Verb::SetTransaction) if words(statement, text).starts_with(" set session ") => Class::Any,
        Other(Verb::SetTransaction) if has_mode(statement, text) => Class::Mode,
        Other(Verb::Declare) if words(statement, text).contains(" with hold ") => Class::Any,
        Other(
            Verb::Lock
            | Verb::Savepoint
            | Verb::Release
            | Verb::RollbackTo
            | Verb::Declare
            | Verb::SetConstraints
            | Verb::SetTransaction,
        ) => Class::InsideOnly,
        Other(Verb::Set) if flags.local => Class::InsideOnly,
        _ => Class::Any,
    }
}

/// The statement's tokens in lower case, each with a space around it.
fn words(statement: &Statement, text: &str) -> String {
    format!(" {} ", significant_tokens(statement.span.of(text)).join(" "))
}

/// Whether BEGIN or SET TRANSACTION asks for more than every run's transactions are: READ COMMITTED and READ
/// WRITE.
fn has_mode(statement: &Statement, text: &str) -> bool {
    let mut words = words(statement, text).replace(" , ", " ");
    for usual in [" isolation level read committed ", " read write ", " not deferrable "] {
        words = words.replace(usual, " ");
    }
    let known = ["begin", "start", "set", "local", "transaction", "work"];
    words.split_whitespace().any(|word| !known.contains(&word))
}

fn chains(statement: &Statement, text: &str) -> bool {
    words(statement, text).ends_with(" and chain ")
}

/// Whether an option of a subscription says no, in any spelling of that.
fn switches_off(statement: &Statement, text: &str, option: &str) -> bool {
    let off = |value: &str| {
        let value = value.trim_matches('\'');
        value == "0" || value.eq_ignore_ascii_case("false") || value.eq_ignore_ascii_case("off")
    };
    let tokens = significant_tokens(statement.span.of(text));
    tokens.windows(3).any(|three| match three {
        [name, equals, value] => name == option && equals == "=" && off(value),
        _ => false,
    })
}

/// Whether a statement may want to stand outside of transactions, which the set need not show: what may commit is a CALL,
/// and a block that has one (what a block of PL/pgSQL makes at run time may not, 2D000 and 0A000); partitions may be worked
/// on one by one; and what is not known may be anything.
/// <https://www.postgresql.org/docs/current/plpgsql-transactions.html>
pub(super) fn may_want_none(statement: &Statement, text: &str) -> bool {
    match (&statement.detail, statement.kind) {
        (Detail::Do(body), _) => {
            let runs =
                |one: &Embedded| !one.dynamic && matches!(one.statement.kind, Other(Verb::Call | Verb::Do));
            body.controls_transaction
                || body.statements.iter().any(runs)
                || is_in_another_language(statement, text)
        }
        // Extensions have views of their own, by an option with a dot.
        (_, Create(ObjectKind::MaterializedView)) => {
            words(statement, text).split(" as ").next().is_some_and(|head| head.contains(" with ( "))
        }
        (_, kind) => matches!(
            kind,
            Other(Verb::Call | Verb::Do | Verb::Reindex | Verb::Cluster | Verb::Unknown)
                | Alter(ObjectKind::Subscription)
        ),
    }
}

/// Whether a DO block names a language, and not PL/pgSQL.
fn is_in_another_language(statement: &Statement, text: &str) -> bool {
    let tokens = significant_tokens(statement.span.of(text));
    let named = tokens.windows(2).find(|two| two[0] == "language").map(|two| two[1].as_str());
    named.is_some_and(|language| !matches!(language, "plpgsql" | "\"plpgsql\"" | "'plpgsql'"))
}

/// The label that an ALTER TYPE … ADD VALUE adds: until it is committed, using it fails (55P04).
pub(super) fn new_label(statement: &Statement) -> Option<&str> {
    match (&statement.kind, &statement.detail) {
        (Alter(ObjectKind::Type), Detail::Enum(labels)) => labels.first().map(String::as_str),
        _ => None,
    }
}

/// Labels that were added and must be committed before anything uses them.
#[derive(Default)]
pub(super) struct NewLabels<'a> {
    labels: BTreeSet<&'a str>,
    /// As they stand in a literal, with the quote that ends it; one that starts as another does is left out, so that
    /// the last one before a text in their order is the only one that the text can start with.
    written: BTreeSet<String>,
}

impl<'a> NewLabels<'a> {
    pub(super) fn extend(&mut self, labels: impl IntoIterator<Item = &'a str>) {
        for label in labels {
            self.labels.insert(label);
            let written = format!("{}'", label.replace('\'', "''"));
            if !self.starts(&written) {
                let longer =
                    self.written.range(written.clone()..).take_while(|one| one.starts_with(&written));
                let longer: Vec<String> = longer.cloned().collect();
                longer.iter().for_each(|one| _ = self.written.remove(one));
                self.written.insert(written);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether a text starts with one of them.
    fn starts(&self, text: &str) -> bool {
        let before = (Bound::Unbounded, Bound::Included(text));
        self.written.range::<str, _>(before).next_back().is_some_and(|last| text.starts_with(last.as_str()))
    }

    /// Whether running this statement may evaluate one of them. The body of a PL/pgSQL function is only kept, a
    /// comment is only text.
    pub(super) fn may_be_used(&self, statement: &Statement, text: &str) -> bool {
        if self.labels.is_empty()
            || new_label(statement).is_some()
            || matches!(statement.kind, Other(Verb::Comment) | Create(ObjectKind::Type))
        {
            return false;
        }
        let kept = match &statement.detail {
            Detail::Routine(routine) if routine.language == "plpgsql" => routine.body.as_ref(),
            _ => None,
        };
        let span = statement.span;
        let end = kept.map_or(span.end, |body| body.span.start);
        let behind = kept.map_or(span.end, |body| body.span.end);
        [Span::new(span.start, end), Span::new(behind, span.end)]
            .into_iter()
            .any(|part| self.are_mentioned(part.of(text)))
    }

    /// Whether one of them stands in `written` as a literal, whatever its quotes, or a function that lists all labels.
    fn are_mentioned(&self, written: &str) -> bool {
        let lower = written.to_ascii_lowercase();
        let lists_all = ["enum_range", "enum_last", "enum_first"].iter().any(|name| lower.contains(name));
        let is_label = |token: &String| {
            token.contains(['\'', '$']) && self.labels.contains(string_content(token).as_str())
        };
        lists_all
            || written.match_indices('\'').any(|(at, quote)| self.starts(&written[at + quote.len()..]))
            || significant_tokens(written).iter().any(is_label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql;

    #[test]
    fn what_may_want_no_transaction_is_known_or_unknown() {
        for (text, may) in [
            ("call p()", true),
            ("do $$ begin call p(); end $$", true),
            ("do $$ begin do 'begin commit; end'; end $$", true),
            ("do $$ begin commit; end $$", true),
            ("do language plpython3u $$ plpy.commit() $$", true),
            ("do $$ begin perform f(); execute 'call p()'; end $$", false),
            ("do language plpgsql $$ begin null; end $$", false),
            ("do $$ begin null; end $$ language 'plpgsql'", false),
            ("reindex table t", true),
            ("cluster t using i", true),
            ("alter subscription s set (failover = true)", true),
            ("create materialized view v with (timescaledb.continuous) as select 1", true),
            ("create materialized view v as select 1", false),
            ("frobnicate the database", true),
            ("set a = 1", false),
        ] {
            assert_eq!(may_want_none(&sql::parse(text).statements[0], text), may, "{text}");
        }
    }
}
