//! A schema as a list of objects that know each other by name: what an introspection of a database fills, and
//! what two schemas are compared by.

mod read;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::object::{DefaultGrant, Demand, Hold, Identity};
use crate::{
    name::{Ident, QualifiedName},
    sql::statement::ObjectKind as O,
};

/// What a database holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// PostgreSQL's major version; `None` when no server was asked.
    #[serde(default)]
    pub version: Option<u32>,
    /// The schemas in which a bare name is looked up.
    pub search_path: Vec<Ident>,
    /// Rights that objects yet to be made get, or do not get.
    #[serde(default)]
    pub default_grants: Vec<DefaultGrant>,
    /// In any order.
    pub entries: Vec<Entry>,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is.
    pub kind: O,
    /// With its schema, where it stands in one.
    pub name: QualifiedName,
    /// The relation, type or domain it hangs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<QualifiedName>,
    /// The comment on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// `role=RIGHT`, with `*` behind it where the role may pass it on; of others than the owner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// The extension that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Ident>,
    /// What its kind alone has.
    #[serde(default)]
    pub shape: Shape,
    /// What it cannot do without, beside what it hangs on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Needed>,
}

/// An object that another one cannot do without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needed {
    /// What it is.
    pub kind: O,
    /// With its schema, where it stands in one.
    pub name: QualifiedName,
    /// The relation, type or domain it hangs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<QualifiedName>,
    /// The argument types of a routine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Vec<String>>,
    /// What becomes of the one that needs it when it is dropped.
    pub how: Hold,
}

impl Needed {
    fn title(&self) -> String {
        title(self.kind, &self.name, self.of.as_ref(), self.arguments.as_deref())
    }
}

fn title(kind: O, name: &QualifiedName, of: Option<&QualifiedName>, arguments: Option<&[String]>) -> String {
    let arguments = arguments.map_or(String::new(), |arguments| format!("({})", arguments.join(", ")));
    let of = of.map_or(String::new(), |of| format!(" on {of}"));
    format!("{kind} {name}{arguments}{of}")
}

/// What only objects of one kind have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of the model's own objects, by name instead of number")]
pub enum Shape {
    #[default]
    Plain,
    Relation {
        rls: bool,
        forced: bool,
        partitioned: bool,
        partition: bool,
        parents: Vec<QualifiedName>,
        /// Its columns follow from a query and are not known.
        from_query: bool,
    },
    Column {
        /// Among the columns that are there, from 1.
        position: u32,
        /// Empty when it does not follow from the text.
        type_name: String,
        not_null: bool,
        default: Option<String>,
        identity: Option<Identity>,
        generated: bool,
        inherited: bool,
    },
    Constraint {
        demand: Demand,
        columns: Vec<Ident>,
        references: Option<QualifiedName>,
        valid: bool,
        index: Option<Ident>,
        inherited: bool,
        passes_on: bool,
    },
    Index {
        unique: bool,
        /// `None` for an expression.
        key: Vec<Option<Ident>>,
        partial: bool,
        method: String,
    },
    /// The table and column that own a sequence.
    Sequence(Option<(QualifiedName, Ident)>),
    Enum(Vec<String>),
    Domain {
        base: String,
        not_null: bool,
        default: Option<String>,
    },
    /// Its argument types.
    Routine(Vec<String>),
    Extension(Ident),
    Policy {
        command: String,
        permissive: bool,
        roles: Vec<Ident>,
    },
    /// The function it calls.
    Trigger(QualifiedName),
    /// The roles it is a member of, each with whether it may take in others.
    Role(BTreeMap<Ident, bool>),
}

impl Entry {
    /// What no two entries share: `table public.t`, `column a on public.t`, `function public.f(integer)`.
    pub fn title(&self) -> String {
        let arguments = match &self.shape {
            Shape::Routine(arguments) => Some(arguments.as_slice()),
            _ => None,
        };
        title(self.kind, &self.name, self.of.as_ref(), arguments)
    }

    /// Without what two readings say differently: the catalogue writes expressions anew and knows exactly what
    /// they need, and an extension brings its own comment. Nor with a type that one of them does not know.
    fn comparable(mut self, from_queries: &BTreeSet<QualifiedName>, untyped: &BTreeSet<String>) -> Self {
        self.needs.clear();
        let title = self.title();
        match &mut self.shape {
            Shape::Column { type_name, .. } if untyped.contains(&title) => type_name.clear(),
            Shape::Column { default: Some(text), .. } | Shape::Domain { default: Some(text), .. } => {
                text.clear()
            }
            Shape::Index { key, .. } if self.of.as_ref().is_some_and(|of| from_queries.contains(of)) => {
                key.fill(None);
            }
            Shape::Relation { from_query, .. } => *from_query = from_queries.contains(&self.name),
            Shape::Extension(_) => self.comment = None,
            _ => {}
        }
        self
    }

    /// Whether a relation's columns follow from a query and are not known.
    pub fn is_from_query(&self) -> bool {
        matches!(self.shape, Shape::Relation { from_query: true, .. })
    }

    /// Whether a column's type is not known.
    pub fn is_untyped(&self) -> bool {
        matches!(&self.shape, Shape::Column { type_name, .. } if type_name.is_empty())
    }
}

/// An object that two snapshots do not have alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// As [`Entry::title`] says it.
    pub title: String,
    /// In the first; `None` when it is not there.
    pub left: Option<Entry>,
    /// In the second.
    pub right: Option<Entry>,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.left, &self.right) {
            (Some(_), None) => write!(out, "{} is only in the first", self.title),
            (None, _) => write!(out, "{} is only in the second", self.title),
            (Some(left), Some(right)) => write!(out, "{}: {left:?} against {right:?}", self.title),
        }
    }
}

impl Snapshot {
    /// What differs, by title. Objects that an extension brought are left out, because they follow from its
    /// version, and so are columns and types that follow from a query and are not known.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let both = self.entries.iter().chain(&other.entries);
        let from_queries: BTreeSet<QualifiedName> =
            both.clone().filter(|entry| entry.is_from_query()).map(|entry| entry.name.clone()).collect();
        let untyped: BTreeSet<String> = both.filter(|entry| entry.is_untyped()).map(Entry::title).collect();
        let follows = |entry: &Entry| {
            entry.extension.is_some()
                || entry.kind == O::Column && entry.of.as_ref().is_some_and(|of| from_queries.contains(of))
        };
        let by_title = |snapshot: &Self| -> BTreeMap<String, Entry> {
            let own = snapshot.entries.iter().filter(|entry| !follows(entry));
            own.map(|entry| (entry.title(), entry.clone().comparable(&from_queries, &untyped))).collect()
        };
        let (left, mut right) = (by_title(self), by_title(other));
        let mut found = Vec::new();
        for (title, left) in left {
            let right = right.remove(&title);
            if right.as_ref() != Some(&left) {
                found.push(Difference { title, left: Some(left), right });
            }
        }
        found.extend(right.into_iter().map(|(title, right)| Difference {
            title,
            left: None,
            right: Some(right),
        }));
        found
    }
}
