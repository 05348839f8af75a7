//! A schema as a snapshot: numbers become names.

use std::collections::BTreeMap;

use super::{Entry, Needed, Shape, Snapshot};
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        Schema,
        object::{Constraint, Definition, Demand, Need, Object, Oid},
    },
};

impl Schema {
    /// The objects by name.
    pub fn snapshot(&self) -> Snapshot {
        let ranks = self.ranks();
        let entries = self.objects().map(|(oid, object)| self.entry(object, ranks.get(&oid))).collect();
        let default_grants = self.default_grants.iter().cloned().collect();
        Snapshot { version: self.version, search_path: self.search_path.clone(), default_grants, entries }
    }

    fn entry(&self, object: &Object, rank: Option<&u32>) -> Entry {
        Entry {
            kind: object.kind,
            name: QualifiedName { schema: object.schema.clone(), name: object.name.clone() },
            of: object.of.map(|of| self.qualified(of)),
            comment: object.comment.clone(),
            grants: object
                .grants
                .iter()
                .map(|grant| {
                    let option = if grant.option { "*" } else { "" };
                    format!("{}={}{option}", grant.role.as_str(), grant.right)
                })
                .collect(),
            extension: object.extension.clone(),
            shape: self.shape(object, rank.copied().unwrap_or(1)),
            needs: object.needs.iter().filter_map(|need| self.needed(*need)).collect(),
        }
    }

    fn needed(&self, need: Need) -> Option<Needed> {
        let object = self.get(need.on)?;
        let arguments = match &object.definition {
            Definition::Routine(arguments) => Some(self.arguments_text(arguments)),
            _ => None,
        };
        Some(Needed {
            kind: object.kind,
            name: self.qualified(need.on),
            of: object.of.map(|of| self.qualified(of)),
            arguments,
            how: need.how,
        })
    }

    /// The place of each column among those of its table that are there, from 1.
    fn ranks(&self) -> BTreeMap<Oid, u32> {
        let mut tables: BTreeMap<Oid, Vec<(u32, Oid)>> = BTreeMap::new();
        for (oid, object) in self.objects() {
            if let (Some(table), Definition::Column(column)) = (object.of, &object.definition) {
                tables.entry(table).or_default().push((column.position, oid));
            }
        }
        let mut ranks = BTreeMap::new();
        for columns in tables.values_mut() {
            columns.sort_unstable();
            ranks.extend((1..).zip(columns).map(|(rank, (_, column))| (*column, rank)));
        }
        ranks
    }

    fn shape(&self, object: &Object, rank: u32) -> Shape {
        let name = |oid: &Oid| self.qualified(*oid).name;
        match &object.definition {
            Definition::Plain => Shape::Plain,
            Definition::Relation(relation) => Shape::Relation {
                rls: relation.rls,
                forced: relation.forced,
                partitioned: relation.partitioned,
                partition: relation.partition,
                parents: relation.parents.iter().map(|parent| self.qualified(*parent)).collect(),
                from_query: relation.from_query,
            },
            Definition::Column(column) => Shape::Column {
                position: rank,
                type_name: self.type_text(&column.type_use),
                not_null: column.not_null,
                default: column.default.clone(),
                identity: column.identity,
                generated: column.generated,
                inherited: column.inherited,
            },
            Definition::Constraint(constraint) => self.constraint_shape(constraint),
            Definition::Index(index) => Shape::Index {
                unique: index.unique,
                key: index.key.iter().map(|part| part.as_ref().map(name)).collect(),
                partial: index.partial,
                method: index.method.clone(),
            },
            Definition::Sequence(owner) => {
                let table = |column: &Oid| self.get(*column).and_then(|column| column.of);
                let owner =
                    owner.as_ref().and_then(|column| Some((self.qualified(table(column)?), name(column))));
                Shape::Sequence(owner)
            }
            Definition::Enum(labels) => Shape::Enum(labels.iter().map(str::to_owned).collect()),
            Definition::Domain(domain) => Shape::Domain {
                base: self.type_text(&domain.base),
                not_null: domain.not_null,
                default: domain.default.clone(),
            },
            Definition::Routine(arguments) => Shape::Routine(self.arguments_text(arguments)),
            Definition::Extension(schema) => Shape::Extension(schema.clone()),
            Definition::Policy(policy) => Shape::Policy {
                command: policy.command.clone(),
                permissive: policy.permissive,
                roles: policy.roles.iter().cloned().collect(),
            },
            Definition::Role(member_of) => Shape::Role(member_of.clone()),
            Definition::Trigger(function) => Shape::Trigger(self.referred(function)),
        }
    }

    fn constraint_shape(&self, constraint: &Constraint) -> Shape {
        let name = |oid: &Oid| self.qualified(*oid).name;
        let mut columns: Vec<Ident> = constraint.columns.iter().map(name).collect();
        // The catalogue keeps the columns of an expression in no order of the author's.
        if constraint.demand == Demand::Check {
            columns.sort();
        }
        Shape::Constraint {
            demand: constraint.demand,
            columns,
            references: constraint.references.as_ref().map(|to| self.referred(to)),
            valid: constraint.valid,
            index: constraint.index.as_ref().map(name),
            inherited: constraint.inherited,
            passes_on: constraint.passes_on,
        }
    }
}
