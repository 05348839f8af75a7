//! Lock modes, which conflict, and which statement takes which: data, not code that guesses.
//! It reads no text and asks no database; it looks at the statement model, and says where that is not enough.
//!
//! ```text
//! claim    what one row of the tables says
//! table    a row per kind of statement and object
//! action   a row per action of ALTER TABLE and its kin
//! default  whether a new column writes every row
//! known    what is known beside the text
//! ```

mod action;
mod claim;
mod default;
mod known;
mod mode;
mod table;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::statement::Statement;
use crate::{name::QualifiedName, words::words};
use claim::Claims;
pub use default::{Volatility, volatility};
use known::Nothing;
pub use known::{Known, Retyped, TypeChange, Work};
pub use mode::LockMode;

words! {
    /// Which relations a lock is on, seen from the object that the statement names. All but the first may be
    /// none or many; the statement does not name them.
    #[derive(Default)]
    Reach {
        /// The object itself.
        #[default]
        Itself = "itself",
        /// Its partitions, and the tables that inherit from it.
        Children = "children",
        /// The table that it partitions.
        Parent = "parent",
        /// The default partition beside or below it.
        DefaultPartition = "default_partition",
        /// The table that it is an index or a statistics object of.
        Table = "table",
        /// Its indexes.
        Indexes = "indexes",
        /// The sequences that its columns own.
        Sequences = "sequences",
        /// The tables that its foreign keys refer to.
        Referenced = "referenced",
        /// The tables whose foreign keys refer to it; where a lock rewrites them, at any remove.
        Referencing = "referencing",
        /// What a view reads.
        Beneath = "beneath",
        /// Whatever depends on it.
        Dependents = "dependents",
        /// Nobody can tell from the text.
        Unknown = "unknown",
    }
}

/// A lock that a statement takes, and what it does while it holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// How strong.
    pub mode: LockMode,
    /// As written: a table, an index, a view, a sequence, or what `reach` starts from.
    pub object: QualifiedName,
    /// Which relations, seen from the object.
    #[serde(default)]
    pub reach: Reach,
    /// Its partitions and the tables that inherit from it are locked as well.
    #[serde(default)]
    pub descends: bool,
    /// The statement writes the relation anew while it holds the lock.
    pub rewrites: bool,
    /// The statement reads all rows while it holds the lock. What a query reads is not meant: it holds up
    /// nobody.
    pub scans: bool,
    /// Whether the text decides it. What the database decides is stated at its strongest.
    #[serde(default = "certain")]
    pub certain: bool,
    /// Why, where mode and object do not say it; when it is not certain, what it depends on.
    #[serde(default)]
    pub reason: Cow<'static, str>,
}

/// Plans of earlier releases say nothing of certainty.
const fn certain() -> bool {
    true
}

impl Lock {
    /// The relations in words: `t`, `the table of t_a_idx`.
    pub fn subject(&self) -> String {
        let (before, after) = match self.reach {
            Reach::Itself => ("", ""),
            Reach::Children => ("the partitions and children of ", ""),
            Reach::Parent => ("the table that ", " is a partition of"),
            Reach::DefaultPartition => ("the default partition beside ", ""),
            Reach::Table => ("the table of ", ""),
            Reach::Indexes => ("the indexes of ", ""),
            Reach::Sequences => ("the sequences of ", ""),
            Reach::Referenced => ("the tables ", " refers to"),
            // Emptied, they take along what refers to them.
            Reach::Referencing if self.rewrites => ("the tables that refer to ", ", and to these in turn"),
            Reach::Referencing => ("the tables that refer to ", ""),
            Reach::Beneath => ("the tables ", " reads"),
            Reach::Dependents => ("what depends on ", ""),
            Reach::Unknown => return "tables the text does not name".to_owned(),
        };
        format!("{before}{}{after}", self.object)
    }

    /// Makes it stand for `other` too, a lock on the same relation: the strongest of both, and why.
    pub fn join(&mut self, other: &Self) {
        let weight = |lock: &Self| (lock.rewrites, lock.scans, lock.mode, lock.certain);
        let heavy = if weight(other) > weight(self) { other.clone() } else { self.clone() };
        *self = Self {
            mode: self.mode.max(other.mode),
            descends: self.descends || other.descends,
            rewrites: self.rewrites || other.rewrites,
            scans: self.scans || other.scans,
            ..heavy
        };
    }

    /// Whether people want to hear of it: it is certain and has a name, or it can hold up writers or other changes
    /// of the schema.
    pub fn is_notable(&self) -> bool {
        self.reach == Reach::Itself && self.certain || self.mode > LockMode::RowExclusive
    }

    /// What it does besides keeping others away; empty when nothing.
    pub const fn work(&self) -> &'static str {
        match (self.rewrites, self.scans) {
            (true, _) => "rewrites the table",
            (false, true) => "reads the whole table",
            (false, false) => "",
        }
    }
}

/// `ACCESS EXCLUSIVE on t, rewrites the table: every row gets a value of its own`.
impl fmt::Display for Lock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let work = self.work();
        // Of the named object it is the work that depends on the database, of the others the lock.
        let in_doubt = |doubted: bool| if !self.certain && doubted { "perhaps " } else { "" };
        let of_work = self.reach == Reach::Itself && !work.is_empty();
        write!(out, "{}{} on {}", in_doubt(!of_work), self.mode, self.subject())?;
        if self.descends {
            out.write_str(" and its partitions")?;
        }
        if !work.is_empty() {
            write!(out, ", {}{work}", in_doubt(of_work))?;
        }
        if self.reason.is_empty() { Ok(()) } else { write!(out, ": {}", self.reason) }
    }
}

/// The locks a statement takes on relations that exist before it, strongest first, on a server of this major
/// version, 13 to 18; without one, the strongest of any. Embedded statements of a DO block count as the
/// block's own.
///
/// Every claim is checked against `pg_locks`, relfilenodes and scan counters of a server. Left out are locks on
/// the system's catalogue, locks on indexes that a lock on their table covers, and what rows drag along when a
/// query reads or changes them through views, triggers, functions and defaults: never more than ROW EXCLUSIVE,
/// unless they run statements of their own.
pub fn locks(statement: &Statement, server: Option<u16>) -> Vec<Lock> {
    locks_given(statement, server, &mut Nothing)
}

/// The same in the light of what is `known` beside the text, which the statement then passes.
pub fn locks_given<'s>(
    statement: &'s Statement,
    server: Option<u16>,
    known: &mut dyn Known<'s>,
) -> Vec<Lock> {
    let mut claims = Claims::new(server, known);
    claims.add(statement);
    claims.into_locks()
}
