//! What depends on what: files on files and objects on objects, by what is made and what is used.
//! It judges no statement; it knows the set, and of a database what a snapshot says.
//!
//! ```text
//! asserted   the names that a validation looks for
//! object     names as keys, for whoever looks at single statements
//! footprint  what each file reads and writes
//! mention    what its text names beside
//! exchange   whether two files can change places
//! declared   `requires:` against what is used
//! order      an order that honours every need
//! triple     what a feature makes, its rollback drops, its validation asserts, its seeds fill
//! ```

mod asserted;
mod declared;
mod exchange;
mod footprint;
mod mention;
mod object;
mod order;
mod triple;

pub use exchange::Exchange;
pub use object::{Family, ObjectKey, key};
pub use order::{Cycle, Order, order};
pub use triple::{Coverage, Seed, coverage};

pub use crate::migration::{Step, steps};

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    migration::{Migration, MigrationSet},
    schema::{Oid, Schema},
    sql::statement::ObjectRole,
    text::Span,
};
use footprint::{Footprint, Reading, title};

/// The files of a set and what they need of each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// By path.
    pub nodes: Vec<Node>,
    /// By user, then by maker.
    pub edges: Vec<Edge>,
    /// Which object stands on which when all forward files have run.
    pub uses: Vec<Use>,
    /// What does not fit, by file and place.
    pub misfits: Vec<Misfit>,
    /// By path, as `nodes`.
    #[serde(skip)]
    footprints: Vec<Footprint>,
}

/// A file and what it brings into being.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Path below `migrations/`.
    pub path: String,
    /// `relation public.t`, in order of appearance; columns, and what comes by itself with a table, go without
    /// saying.
    pub makes: Vec<String>,
    /// Whether some of what it does is known only at run time.
    pub unknown: bool,
}

/// One file needs another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The path of the file that needs.
    pub from: String,
    /// The path of the file that is needed.
    pub to: String,
    /// Whether the header's `requires:` names it.
    pub declared: bool,
    /// What is used of it, as in [`Node::makes`]; empty when it is only declared.
    pub objects: Vec<String>,
}

/// One object stands on another; what hangs on a table counts as the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Use {
    /// The one that cannot do without.
    pub from: String,
    /// The one it stands on.
    pub to: String,
}

/// A use that does not fit the order, or a requirement that does not fit the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Misfit {
    /// A forward file uses what only a later one makes: it fails on an empty database.
    CreatedLater {
        /// The file that uses it.
        file: String,
        /// Where.
        span: Span,
        /// What.
        object: String,
        /// The first file that makes it.
        maker: String,
    },
    /// A forward file uses what neither the database nor an earlier file has. Without a snapshot it is never
    /// said: the database may have it.
    Missing {
        /// The file that uses it.
        file: String,
        /// Where.
        span: Span,
        /// What.
        object: String,
    },
    /// `requires:` names a file that the set does not hold.
    UnknownRequirement {
        /// The file that requires it.
        file: String,
        /// As written.
        stem: String,
    },
    /// It uses what another forward file makes, and `requires:` is there but does not lead to that file.
    Undeclared {
        /// The file that uses it.
        file: String,
        /// The file that it does not name.
        maker: String,
    },
    /// `requires:` of a forward file names one that it uses nothing of and that it could run before.
    Superfluous {
        /// The file that requires.
        file: String,
        /// The file that it names.
        required: String,
    },
}

impl Misfit {
    /// The file that it is about.
    pub fn file(&self) -> &str {
        match self {
            Self::CreatedLater { file, .. }
            | Self::Missing { file, .. }
            | Self::UnknownRequirement { file, .. }
            | Self::Undeclared { file, .. }
            | Self::Superfluous { file, .. } => file,
        }
    }
}

/// A sentence without its subject, which is the file.
impl fmt::Display for Misfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreatedLater { object, maker, .. } => {
                write!(out, "uses {object}, which only the later file {maker} makes")
            }
            Self::Missing { object, .. } => {
                write!(out, "uses {object}, which neither the database nor an earlier file has")
            }
            Self::UnknownRequirement { stem, .. } => {
                write!(out, "requires {stem}, which is no file of the set")
            }
            Self::Undeclared { maker, .. } => {
                write!(out, "uses what {maker} makes, and `requires:` does not lead there")
            }
            Self::Superfluous { required, .. } => {
                write!(out, "requires {required}, uses nothing of it, and could as well run before it")
            }
        }
    }
}

/// Reads what the files of a set make and use. Objects that no file makes are none of its business: they may
/// stand in the database already.
pub fn graph(set: &MigrationSet) -> Graph {
    graph_from(set, Schema::default())
}

/// Reads a set that is to run on a database that holds `start`.
pub fn graph_from(set: &MigrationSet, start: Schema) -> Graph {
    let reading = Reading::new(set, start);
    let mut graph = Graph { uses: uses(&reading.schema), ..Graph::default() };
    for (file, footprint) in set.files().iter().zip(&reading.footprints) {
        let (path, makes, unknown) = (file.path.clone(), footprint.makes.clone(), footprint.unknown);
        graph.nodes.push(Node { path, makes, unknown });
    }
    for at in 0..set.files().len() {
        connect(&mut graph, set, &reading, at);
    }
    graph.footprints = reading.footprints;
    graph
}

fn connect(graph: &mut Graph, set: &MigrationSet, reading: &Reading, at: usize) {
    let files = set.files();
    let (file, footprint) = (&files[at], &reading.footprints[at]);
    let mut needs = reading.needs(at);
    for problem in footprint.missing.iter().filter(|_| file.role.is_forward()) {
        let (path, span, object) = (file.path.clone(), problem.span, title(problem));
        match reading.made_later(&object, at) {
            Some(maker) => {
                needs.entry(maker).or_default().push(object.clone());
                let maker = files[maker].path.clone();
                graph.misfits.push(Misfit::CreatedLater { file: path, span, object, maker });
            }
            None if reading.schema.is_complete() => {
                graph.misfits.push(Misfit::Missing { file: path, span, object });
            }
            None => {}
        }
    }
    declared::check(graph, set, reading, at, &mut needs);
    let (required, _) = set.required_by(file);
    for (to, mut objects) in needs {
        let mut seen = BTreeSet::new();
        objects.retain(|object| seen.insert(object.clone()));
        let declared = required.iter().any(|required| required.path == files[to].path);
        let (from, to) = (file.path.clone(), files[to].path.clone());
        graph.edges.push(Edge { from, to, declared, objects });
    }
}

/// Which object stands on which.
fn uses(schema: &Schema) -> Vec<Use> {
    let mut found = BTreeSet::new();
    for (oid, _) in schema.objects() {
        let from = footprint::top(schema, oid);
        for to in schema.needs(oid).map(|need| footprint::top(schema, need)).filter(|to| *to != from) {
            let named = |oid: Oid| footprint::title_of(schema, oid);
            found.insert(Use { from: named(from), to: named(to) });
        }
    }
    found.into_iter().collect()
}

/// The objects a file has in this role, in statements that run with it.
pub fn file_objects(file: &Migration, role: ObjectRole) -> Vec<(ObjectKey, Span)> {
    let running = steps(file).into_iter().filter(|step| !step.deferred);
    let objects = running.flat_map(|step| step.statement.in_role(role));
    objects.map(|object| (key(object), object.span)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::SourceFile;

    fn set(files: &[(&str, &str)]) -> MigrationSet {
        MigrationSet::new(files.iter().copied().map(SourceFile::from))
    }

    #[test]
    fn edges_name_what_is_used() {
        let graph = graph(&set(&[
            ("1_a.sql", "create type mood as enum ('a'); create table t (id int);"),
            ("2_b.sql", "-- requires: 1_a\ncreate table u (m public.mood, t int references T);"),
        ]));
        assert_eq!(graph.nodes[0].makes, ["type public.mood", "relation public.t"]);
        assert_eq!(graph.edges.len(), 1);
        let edge = &graph.edges[0];
        assert_eq!((edge.from.as_str(), edge.to.as_str(), edge.declared), ("2_b.sql", "1_a.sql", true));
        assert_eq!(edge.objects.len(), 2, "{:?}", edge.objects);
        assert!(graph.misfits.is_empty(), "{:?}", graph.misfits);
    }

    #[test]
    fn the_elements_of_a_schema_are_made_in_it() {
        let graph = graph(&set(&[
            ("1_a.sql", "create schema s create view v as select a from u create table u (a int);"),
            ("2_b.sql", "alter table s.u add b int; select * from s.v;"),
            ("3_c.sql", "create schema if not exists s; create table if not exists s.u (a int);"),
        ]));
        assert_eq!(graph.nodes[0].makes, ["schema s", "relation s.u", "relation s.v"]);
        assert!(!graph.nodes[0].unknown);
        assert!(graph.misfits.is_empty(), "{graph:?}");
    }

    #[test]
    fn misfits_are_named() {
        let graph = graph(&set(&[
            ("1_a.sql", "alter table t add a int; select * from elsewhere;"),
            ("2_b.sql", "create table t ();"),
            ("3_c.sql", "-- requires: gone\ndrop table if exists t; comment on table t is 'x';"),
        ]));
        let later = Misfit::CreatedLater {
            file: "1_a.sql".into(),
            span: Span::new(12, 13),
            object: "relation public.t".into(),
            maker: "2_b.sql".into(),
        };
        assert_eq!(graph.misfits[0], later);
        assert_eq!(
            graph.misfits[1],
            Misfit::UnknownRequirement { file: "3_c.sql".into(), stem: "gone".into() }
        );
        assert_eq!(graph.misfits[2], Misfit::Undeclared { file: "3_c.sql".into(), maker: "2_b.sql".into() });
    }

    #[test]
    fn what_a_relation_has_or_had_by_then_is_no_misfit() {
        for (early, late) in [
            (
                "create table c as select 1 as x; alter table c drop column x;",
                "alter table c add column x text;",
            ),
            (
                "create table a (like pg_class); alter table a drop column relkind;",
                "alter table a add column relkind int;",
            ),
            (
                "create table a () inherits (elsewhere); comment on column a.k is 'x';",
                "alter table a add column k int;",
            ),
            ("create table a of row_type; comment on column a.k is 'x';", "alter table a add column k int;"),
            ("create view pg_temp.v as select 1 as one; drop view v;", "create view v as select 1 as one;"),
            ("create temp table v (a int); drop table v;", "create table v (b int);"),
        ] {
            let graph = graph(&set(&[("1_early.sql", early), ("2_late.sql", late)]));
            assert_eq!(graph.misfits, [], "{early} | {late}");
        }
    }
}
