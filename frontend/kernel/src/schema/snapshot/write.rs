//! A schema as a snapshot: numbers become names.

use super::{Entry, Needed, Shape, Snapshot};
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        Schema,
        object::{Column, Constraint, Definition, Demand, Need, Object, Oid},
    },
};

impl Schema {
    /// The objects by name.
    pub fn snapshot(&self) -> Snapshot {
        let entries = self.objects().map(|(_, object)| self.entry(object)).collect();
        let default_grants = self.default_grants.clone();
        Snapshot { version: self.version, search_path: self.search_path.clone(), default_grants, entries }
    }

    fn entry(&self, object: &Object) -> Entry {
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
            shape: self.shape(object),
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

    /// A column's place among those that are there, from 1.
    fn rank(&self, table: Option<Oid>, column: &Column) -> u32 {
        let columns = table.map(|table| self.columns(table)).unwrap_or_default();
        let before = columns.iter().filter(|(_, other)| match &other.definition {
            Definition::Column(other) => other.position < column.position,
            _ => false,
        });
        u32::try_from(before.count()).unwrap_or(u32::MAX).saturating_add(1)
    }

    fn shape(&self, object: &Object) -> Shape {
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
                position: self.rank(object.of, column),
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
            Definition::Enum(labels) => Shape::Enum(labels.clone()),
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
