//! Roles and who is a member of which. Rights, policies and memberships know a role by its name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Fold, rights::roles};
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        ProblemKind,
        object::{Definition, Grant, Object, Oid},
    },
    sql::{
        cursor::Cursor,
        statement::{ObjectKind as O, ObjectRole as Role, Statement},
    },
};

impl Fold<'_> {
    pub(super) fn create_role(&mut self, mut cursor: Cursor<'_>, statement: &Statement) {
        let Some(oid) = self.plain(statement, O::Role, Definition::Role(BTreeMap::new())) else { return };
        let own = self.schema.qualified(oid).name;
        cursor.skip(2);
        cursor.ident();
        while !cursor.is_empty() {
            if cursor.eat_all(&["in", "role"]) || cursor.eat_all(&["in", "group"]) {
                for role in roles(&mut cursor) {
                    self.join(&own, &role, false);
                }
            } else if cursor.is_any(&["role", "user", "admin"]) {
                let admin = cursor.is("admin");
                cursor.skip(1);
                for member in roles(&mut cursor) {
                    self.join(&member, &own, admin);
                }
            } else {
                cursor.step();
            }
        }
    }

    pub(super) fn alter_role(&mut self, mut cursor: Cursor<'_>, statement: &Statement) {
        let named =
            statement.objects.iter().find(|object| matches!(object.role, Role::Changes | Role::Renames));
        let Some(oid) = named.and_then(|named| self.find(O::Role, &named.name)) else { return };
        self.change(oid, |_| {});
        let before = self.schema.qualified(oid).name;
        cursor.skip(2);
        cursor.ident();
        if cursor.eat_all(&["rename", "to"]) {
            if let Some((after, _)) = cursor.ident() {
                self.rename_role(oid, &before, &after);
            }
        } else if cursor.is_at(1, "user") && cursor.is_any(&["add", "drop"]) {
            let adds = cursor.is("add");
            cursor.skip(2);
            for member in roles(&mut cursor) {
                if adds {
                    self.join(&member, &before, false);
                } else {
                    self.part(&member, &before);
                }
            }
        }
    }

    /// GRANT and REVOKE of roles, from behind the word.
    pub(super) fn membership(&mut self, mut cursor: Cursor<'_>, given: bool) {
        let admin = cursor.eat_all(&["admin", "option", "for"]);
        // Whether a member inherits or may take on the role is not modelled.
        let other = ["inherit", "set"].iter().any(|option| cursor.are(&[option, "option", "for"]));
        if other {
            return;
        }
        let granted = roles(&mut cursor);
        cursor.skip_to_any(&["to", "from"]);
        cursor.skip(1);
        let members = roles(&mut cursor);
        self.look_up_roles(&granted);
        self.look_up_roles(&members);
        let mut option = None;
        if cursor.eat("with") {
            while let Some(mut item) = cursor.list_item() {
                if item.eat("admin") {
                    option = Some(item.is_any(&["option", "true"]));
                }
            }
        }
        for role in &granted {
            for member in &members {
                match (given, admin) {
                    (true, _) => {
                        self.join(member, role, option == Some(true));
                        if option == Some(false) {
                            self.set_admin(member, role, false);
                        }
                    }
                    (false, true) => self.set_admin(member, role, false),
                    (false, false) => self.part(member, role),
                }
            }
        }
    }

    /// Notes that a statement counts on these roles, whoever has made them.
    pub(super) fn look_up_roles(&self, roles: &[Ident]) {
        for role in roles {
            self.find(O::Role, &QualifiedName::bare(role.clone()));
        }
    }

    /// OWNER TO.
    pub(super) fn look_up_owner(&self, mut cursor: Cursor<'_>) {
        cursor.skip_to_any(&["owner"]);
        if cursor.eat_all(&["owner", "to"]) {
            self.look_up_roles(&roles(&mut cursor));
        }
    }

    /// Makes `member` a member of `role`; who may take in others already, still may.
    fn join(&mut self, member: &Ident, role: &Ident, admin: bool) {
        if let Some(oid) = self.schema.find(O::Role, &QualifiedName::bare(member.clone())) {
            self.schema.note_roles(oid, [role]);
        }
        self.with_memberships(member, |memberships| {
            *memberships.entry(role.clone()).or_default() |= admin;
        });
    }

    fn part(&mut self, member: &Ident, role: &Ident) {
        self.with_memberships(member, |memberships| {
            memberships.remove(role);
        });
    }

    fn set_admin(&mut self, member: &Ident, role: &Ident, admin: bool) {
        self.with_memberships(member, |memberships| {
            memberships.entry(role.clone()).and_modify(|had| *had = admin);
        });
    }

    fn with_memberships(&mut self, member: &Ident, change: impl FnOnce(&mut BTreeMap<Ident, bool>)) {
        let Some(oid) = self.schema.find(O::Role, &QualifiedName::bare(member.clone())) else {
            return;
        };
        self.change(oid, |object| {
            if let Definition::Role(memberships) = &mut object.definition {
                change(memberships);
            }
        });
    }

    /// Whoever knows a role by its name learns the new one.
    fn rename_role(&mut self, oid: Oid, before: &Ident, after: &Ident) {
        self.change(oid, |object| object.name = after.clone());
        for naming in self.naming(before) {
            self.schema.note_roles(naming, [after]);
        }
        self.everywhere(before, |object| {
            let granted: Vec<Grant> = grants_of(object, before).cloned().collect();
            for mut grant in granted {
                object.grants.remove(&grant);
                grant.role = after.clone();
                object.grants.insert(grant);
            }
            match &mut object.definition {
                Definition::Role(memberships) => {
                    let admin = memberships.remove(before);
                    memberships.extend(admin.map(|admin| (after.clone(), admin)));
                }
                Definition::Policy(policy) => {
                    let named = policy.roles.remove(before);
                    policy.roles.extend(named.then(|| after.clone()));
                }
                _ => {}
            }
        });
        Arc::make_mut(&mut self.schema.default_grants).rename_role(before, after);
    }

    /// Changes every object that names a role.
    fn everywhere(&mut self, role: &Ident, change: impl Fn(&mut Object)) {
        for oid in self.naming(role) {
            self.schema.change(oid, &change);
        }
    }

    /// The objects that name a role, oldest first.
    fn naming(&self, role: &Ident) -> Vec<Oid> {
        let noted = self.schema.naming_roles.get(role).into_iter().flatten().copied();
        noted.filter(|oid| self.schema.get(*oid).is_some_and(|object| names(object, role))).collect()
    }

    /// Memberships end with a role; its rights and policies keep it from being dropped.
    pub(super) fn leave_roles(&mut self, going: &[Oid]) {
        let going: BTreeSet<Ident> = going.iter().map(|oid| self.schema.qualified(*oid).name).collect();
        let mut held = Vec::new();
        for role in &going {
            let is_role = |oid: &Oid| self.schema.get(*oid).is_some_and(|object| object.kind == O::Role);
            held.extend(self.naming(role).into_iter().filter(|oid| !is_role(oid)));
            self.everywhere(role, |object| {
                if let Definition::Role(memberships) = &mut object.definition {
                    memberships.remove(role);
                }
            });
        }
        for oid in held {
            let Some(object) = self.schema.get(oid) else { continue };
            let (kind, of) = (object.kind, object.of.map(|of| self.schema.qualified(of)));
            self.problem(ProblemKind::Needed, kind, self.schema.qualified(oid), of);
        }
    }

    /// DROP OWNED: the rights of roles go, and what they own, which is not modelled.
    pub(super) fn drop_owned(&mut self, statement: &Statement) {
        let mut dropped = Vec::new();
        for role in statement.in_role(Role::Drops).map(|role| &role.name.name) {
            let naming = self.naming(role);
            self.everywhere(role, |object| {
                let granted: Vec<Grant> = grants_of(object, role).cloned().collect();
                granted.iter().for_each(|grant| _ = object.grants.remove(grant));
                if let Definition::Policy(policy) = &mut object.definition {
                    policy.roles.remove(role);
                }
            });
            Arc::make_mut(&mut self.schema.default_grants).remove_role(role);
            let for_nobody = |object: &Object| match &object.definition {
                Definition::Policy(policy) => policy.roles.is_empty(),
                _ => false,
            };
            let is_for_nobody = |oid: &Oid| self.schema.get(*oid).is_some_and(for_nobody);
            dropped.extend(naming.into_iter().filter(is_for_nobody));
        }
        self.remove(&dropped, true);
        self.schema.unknown.push(self.place.clone());
    }
}

/// Whether an object gives a role rights, stands for it as a policy, or is a member of it.
fn names(object: &Object, role: &Ident) -> bool {
    grants_of(object, role).next().is_some()
        || match &object.definition {
            Definition::Role(memberships) => memberships.contains_key(role),
            Definition::Policy(policy) => policy.roles.contains(role),
            _ => false,
        }
}

/// The rights that an object gives a role.
fn grants_of<'o>(object: &'o Object, role: &Ident) -> impl Iterator<Item = &'o Grant> {
    let first = Grant { role: role.clone(), right: String::new(), option: false };
    object.grants.range(&first..).take_while(move |grant| grant.role == first.role)
}
