//! What depends on what: files on files, by the objects they make and use.
//! It judges no statement; it knows the set and nothing of a database.

mod object;
mod order;

pub use crate::migration::{Step, steps};
pub use object::{Family, ObjectKey, key, type_key};
pub use order::{Cycle, Order, order};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    migration::{Migration, MigrationSet},
    sql::statement::{ActionKind, Column, Detail, ObjectRole, Statement},
    text::Span,
};

/// The files of a set and what they need of each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// By path.
    pub nodes: Vec<Node>,
    /// By user, then by maker.
    pub edges: Vec<Edge>,
    /// What does not fit, by file and place.
    pub misfits: Vec<Misfit>,
}

/// A file and what it brings into being.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Path below `migrations/`.
    pub path: String,
    /// `table public.t`, in order of appearance.
    pub makes: Vec<String>,
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
}

/// Reads what the files of a set make and use. Objects that no file makes are none of its business: they may
/// stand in the database already.
pub fn graph(set: &MigrationSet) -> Graph {
    let files = set.files();
    let mut graph = Graph::default();
    let mut makers: BTreeMap<ObjectKey, usize> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        let mut makes = Vec::new();
        for (object, _) in file_objects(file, ObjectRole::Makes) {
            if file.role.is_forward() {
                makers.entry(object.clone()).or_insert(at);
            }
            makes.push(object.to_string());
        }
        graph.nodes.push(Node { path: file.path.clone(), makes });
    }
    for at in 0..files.len() {
        connect(&mut graph, set, at, &makers);
    }
    graph
}

fn connect(graph: &mut Graph, set: &MigrationSet, at: usize, makers: &BTreeMap<ObjectKey, usize>) {
    let files = set.files();
    let file = &files[at];
    let mut needs: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (object, span) in used(file) {
        let Some(&maker) = makers.get(&object).filter(|maker| **maker != at) else { continue };
        let name = object.to_string();
        if file.role.is_forward() && maker > at {
            let (path, maker) = (file.path.clone(), files[maker].path.clone());
            graph.misfits.push(Misfit::CreatedLater { file: path, span, object: name.clone(), maker });
        }
        let objects = needs.entry(maker).or_default();
        if !objects.contains(&name) {
            objects.push(name);
        }
    }
    let (required, unknown) = set.required_by(file);
    for stem in unknown {
        let (file, stem) = (file.path.clone(), stem.to_owned());
        graph.misfits.push(Misfit::UnknownRequirement { file, stem });
    }
    let reached = reachable(set, file);
    if file.header.requires.is_some() {
        for maker in needs.keys().filter(|maker| !reached.contains(&files[**maker].path.as_str())) {
            let (file, maker) = (file.path.clone(), files[*maker].path.clone());
            graph.misfits.push(Misfit::Undeclared { file, maker });
        }
    }
    for required in &required {
        if let Some(place) = files.iter().position(|file| file.path == required.path) {
            needs.entry(place).or_default();
        }
    }
    for (to, objects) in needs {
        let declared = required.iter().any(|required| required.path == files[to].path);
        let (from, to) = (file.path.clone(), files[to].path.clone());
        graph.edges.push(Edge { from, to, declared, objects });
    }
}

/// The paths that `requires:` leads to, directly or through others.
fn reachable<'set>(set: &'set MigrationSet, file: &'set Migration) -> Vec<&'set str> {
    let mut found: Vec<&str> = Vec::new();
    let mut open = vec![file];
    while let Some(next) = open.pop() {
        for required in set.required_by(next).0 {
            if !found.contains(&required.path.as_str()) {
                found.push(&required.path);
                open.push(required);
            }
        }
    }
    found
}

/// The objects a file has in this role, in statements that run with it.
pub fn file_objects(file: &Migration, role: ObjectRole) -> Vec<(ObjectKey, Span)> {
    let running = steps(file).into_iter().filter(|step| !step.deferred);
    let objects = running.flat_map(|step| step.statement.in_role(role));
    objects.map(|object| (key(object), object.span)).collect()
}

/// What a file needs to find: everything it names but does not make, and the types of its columns.
fn used(file: &Migration) -> Vec<(ObjectKey, Span)> {
    let mut found = Vec::new();
    for step in steps(file).into_iter().filter(|step| !step.deferred) {
        // IF EXISTS and to_regclass() look whether something is there; they do not need it.
        if step.conditional || step.statement.flags.if_exists {
            continue;
        }
        for object in step.statement.objects.iter().filter(|object| object.role != ObjectRole::Makes) {
            found.push((key(object), object.span));
        }
        for column in columns(step.statement) {
            found.extend(type_key(&column.type_name).map(|key| (key, column.span)));
        }
    }
    found
}

fn columns(statement: &Statement) -> Vec<&Column> {
    match &statement.detail {
        Detail::CreateTable(table) => table.columns.iter().collect(),
        Detail::AlterTable(actions) => actions
            .iter()
            .filter_map(|action| match &action.kind {
                ActionKind::AddColumn { column, .. } => Some(column),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::SourceFile;

    fn set(files: &[(&str, &str)]) -> MigrationSet {
        let file = |(path, text): &(&str, &str)| SourceFile { path: (*path).into(), text: (*text).into() };
        MigrationSet::new(files.iter().map(file))
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
}
