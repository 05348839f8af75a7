//! A snapshot as a schema: names become numbers, in the order in which objects stand on each other.

use std::{collections::BTreeMap, sync::Arc};

use super::{Entry, Shape, Snapshot};
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        Schema,
        key::space,
        object::{Column, Constraint, Definition, Domain, Grant, Hold, Index, Object, Oid, Policy, Relation},
        types::{Reference, TypeBase, TypeUse},
    },
    sql::{cursor::Cursor, statement::ObjectKind as O, tokens, type_name::TypeName},
};

impl From<&Snapshot> for Schema {
    /// The start of a fold: what the snapshot does not hold is not there. An entry that hangs on nothing is
    /// left out.
    fn from(snapshot: &Snapshot) -> Self {
        let mut schema =
            Self { complete: true, search_path: snapshot.search_path.clone(), ..Self::default() };
        schema.default_grants = Arc::new(snapshot.default_grants.iter().cloned().collect());
        schema.version = snapshot.version;
        let public: Vec<Oid> = schema.objects().map(|(oid, _)| oid).collect();
        for oid in public {
            schema.take(oid);
        }
        let mut entries: Vec<&Entry> = snapshot.entries.iter().collect();
        entries.sort_by_key(|entry| (turn(entry.kind), place(entry)));
        let mut made = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(oid) = schema.take_in(entry) {
                made.push((oid, entry));
            }
        }
        // References may lead to what comes later, so they are drawn when all is there.
        let titles: BTreeMap<String, Oid> = made.iter().map(|(oid, entry)| (entry.title(), *oid)).collect();
        for (oid, entry) in made {
            schema.link(oid, entry);
            // All a sequence needs is its owner, and that may change.
            if entry.kind == O::Sequence {
                continue;
            }
            let needs: Vec<(Oid, Hold)> =
                entry.needs.iter().filter_map(|need| Some((*titles.get(&need.title())?, need.how))).collect();
            schema.change(oid, |object| {
                for (on, how) in needs.into_iter().filter(|(on, _)| *on != oid) {
                    object.needs([on], how);
                }
            });
        }
        schema
    }
}

/// When a kind is taken in: what others stand on comes first.
fn turn(kind: O) -> u8 {
    match space(kind) {
        O::Schema | O::Extension => 0,
        O::Type => 1,
        O::Table if kind == O::Index => 5,
        O::Table => 2,
        O::Column => 3,
        O::Function => 4,
        _ => 6,
    }
}

fn place(entry: &Entry) -> u32 {
    match entry.shape {
        Shape::Column { position, .. } => position,
        _ => 0,
    }
}

impl Schema {
    fn holder(&self, name: &QualifiedName) -> Option<Oid> {
        self.lookup(&[], O::Table, name).or_else(|| self.lookup(&[], O::Type, name))
    }

    fn take_in(&mut self, entry: &Entry) -> Option<Oid> {
        let of = match &entry.of {
            Some(of) => Some(self.holder(of)?),
            None => None,
        };
        let grant = |text: &String| {
            let (role, right) = text.rsplit_once('=')?;
            let (right, option) = right.strip_suffix('*').map_or((right, false), |right| (right, true));
            Some(Grant { role: Ident::exact(role), right: right.to_owned(), option })
        };
        let definition = self.definition(&entry.shape, of);
        let mut object = Object {
            of,
            comment: entry.comment.clone(),
            grants: entry.grants.iter().filter_map(grant).collect(),
            extension: entry.extension.clone(),
            ..Object::new(entry.kind, entry.name.schema.clone(), entry.name.name.clone())
        };
        match &definition {
            Definition::Routine(arguments) => {
                object.needs(arguments.iter().filter_map(Self::type_need), Hold::Stops)
            }
            Definition::Column(column) => {
                object.needs(Self::type_need(&column.type_use), Hold::Stops);
                let position = column.position;
                self.change(of?, |table| {
                    if let Definition::Relation(relation) = &mut table.definition {
                        relation.last_column = relation.last_column.max(position);
                    }
                });
            }
            Definition::Index(index) => object.needs(index.key.iter().flatten().copied(), Hold::Goes),
            Definition::Constraint(constraint) => {
                object.needs(constraint.columns.iter().copied(), Hold::Goes)
            }
            _ => {}
        }
        object.definition = definition;
        Some(self.insert(object))
    }

    fn definition(&self, shape: &Shape, of: Option<Oid>) -> Definition {
        let column = |name: &Ident| of.and_then(|of| self.column(of, name));
        match shape {
            Shape::Plain => Definition::Plain,
            Shape::Relation { rls, forced, partitioned, partition, from_query, .. } => {
                Definition::Relation(Relation {
                    rls: *rls,
                    forced: *forced,
                    partitioned: *partitioned,
                    partition: *partition,
                    from_query: *from_query,
                    ..Relation::default()
                })
            }
            Shape::Column { position, type_name, not_null, default, identity, generated, inherited } => {
                Definition::Column(Column {
                    position: *position,
                    type_use: self.type_of_text(type_name),
                    not_null: *not_null,
                    default: default.clone(),
                    identity: *identity,
                    generated: *generated,
                    inherited: *inherited,
                    not_null_name: None,
                })
            }
            Shape::Constraint { demand, columns, valid, inherited, passes_on, .. } => {
                Definition::Constraint(Constraint {
                    demand: *demand,
                    columns: columns.iter().filter_map(column).collect(),
                    references: None,
                    valid: *valid,
                    index: None,
                    inherited: *inherited,
                    passes_on: *passes_on,
                })
            }
            Shape::Index { unique, key, partial, method } => Definition::Index(Index {
                unique: *unique,
                key: key.iter().map(|part| part.as_ref().and_then(column)).collect(),
                partial: *partial,
                method: method.clone(),
            }),
            Shape::Sequence(_) => Definition::Sequence(None),
            Shape::Enum(labels) => Definition::Enum(labels.iter().map(String::as_str).collect()),
            Shape::Domain { base, not_null, default } => Definition::Domain(Domain {
                base: self.type_of_text(base),
                not_null: *not_null,
                default: default.clone(),
            }),
            Shape::Routine(arguments) => Definition::Routine(
                arguments.iter().map(|text| self.type_of_text(text).without_modifier()).collect(),
            ),
            Shape::Extension(schema) => Definition::Extension(schema.clone()),
            Shape::Policy { command, permissive, roles } => Definition::Policy(Policy {
                command: command.clone(),
                permissive: *permissive,
                roles: roles.iter().cloned().collect(),
            }),
            Shape::Role(member_of) => Definition::Role(member_of.clone()),
            Shape::Trigger(function) => Definition::Trigger(Reference::Outside(function.clone())),
        }
    }

    fn type_of_text(&self, text: &str) -> TypeUse {
        if text.is_empty() {
            return TypeUse { base: TypeBase::Unknown, modifier: String::new(), array: false };
        }
        let find = |name| self.type_named(&[], &name).map_or(Reference::Outside(name), Reference::Known);
        let tokens = tokens(text);
        match TypeName::read(&mut Cursor::new(text, &tokens, 0)) {
            Some(written) => TypeUse::new(written, find),
            None => {
                let base = TypeBase::Named(find(QualifiedName::from_sql(text)));
                TypeUse { base, modifier: String::new(), array: false }
            }
        }
    }

    /// Draws what an entry refers to by name.
    fn link(&mut self, oid: Oid, entry: &Entry) {
        let mut needs: Vec<(Oid, Hold)> = Vec::new();
        let mut definition = match self.get(oid) {
            Some(object) => object.definition.clone(),
            None => return,
        };
        match (&mut definition, &entry.shape) {
            (Definition::Relation(relation), Shape::Relation { parents, partition, .. }) => {
                relation.parents = parents.iter().filter_map(|parent| self.holder(parent)).collect();
                let how = if *partition { Hold::Goes } else { Hold::Stops };
                needs.extend(relation.parents.iter().map(|parent| (*parent, how)));
            }
            (Definition::Constraint(constraint), Shape::Constraint { references, index, .. }) => {
                let table = entry.of.clone().unwrap_or_default();
                let index = index
                    .as_ref()
                    .map(|name| QualifiedName { schema: table.schema.clone(), name: name.clone() });
                constraint.index = index.and_then(|index| self.lookup(&[], O::Index, &index));
                if let Some(target) = references {
                    let found = self.holder(target);
                    needs.extend(
                        found.filter(|found| Some(*found) != self.holder(&table)).map(|to| (to, Hold::Stops)),
                    );
                    constraint.references =
                        Some(found.map_or_else(|| Reference::Outside(target.clone()), Reference::Known));
                }
            }
            (Definition::Sequence(owner), Shape::Sequence(Some((table, column)))) => {
                *owner = self.holder(table).and_then(|table| self.column(table, column));
            }
            (Definition::Domain(domain), Shape::Domain { base, .. }) => {
                domain.base = self.type_of_text(base);
                needs.extend(Self::type_need(&domain.base).map(|base| (base, Hold::Stops)));
            }
            (Definition::Trigger(function), Shape::Trigger(name)) => {
                if let Some(found) = self.lookup(&[], O::Function, name) {
                    *function = Reference::Known(found);
                    needs.push((found, Hold::Stops));
                }
            }
            _ => return,
        }
        self.change(oid, |object| {
            object.definition = definition;
            for (on, how) in needs {
                object.needs([on], how);
            }
        });
    }
}
