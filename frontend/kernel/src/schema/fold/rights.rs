//! GRANT, REVOKE, ALTER DEFAULT PRIVILEGES and COMMENT.

use std::{collections::BTreeSet, sync::Arc};

use super::Fold;
use crate::{
    name::Ident,
    schema::{
        key::space,
        object::{DefaultGrant, Grant, Object, Oid},
    },
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        object_kind,
        statement::{ObjectKind as O, ObjectRole as Role},
        string_content,
    },
};

/// The version from which on tables have the right MAINTAIN.
const MAINTAIN_SINCE: u32 = 17;

/// What ALL stands for.
fn all_rights(kind: O) -> &'static [&'static str] {
    match kind {
        O::Sequence => &["SELECT", "UPDATE", "USAGE"],
        O::Function => &["EXECUTE"],
        O::Schema => &["CREATE", "USAGE"],
        O::Type | O::Language | O::ForeignDataWrapper | O::Server => &["USAGE"],
        O::Column => &["INSERT", "REFERENCES", "SELECT", "UPDATE"],
        _ => &["DELETE", "INSERT", "MAINTAIN", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"],
    }
}

/// What becomes of rights.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Given {
        /// WITH GRANT OPTION.
        option: bool,
    },
    Taken {
        /// GRANT OPTION FOR: the right itself stays.
        option: bool,
    },
}

/// The kind by whose rights an object is governed.
fn governed(kind: O) -> O {
    match kind {
        O::Sequence => O::Sequence,
        other => space(other),
    }
}

impl Fold<'_> {
    pub(super) fn grant(&mut self, mut cursor: Cursor<'_>, given: bool) {
        cursor.skip(1);
        let option = cursor.eat_all(&["grant", "option", "for"]);
        let start = cursor;
        cursor.skip_to_any(&["on", "to", "from"]);
        let rights = start.until(&cursor);
        // Without ON it is membership in roles.
        if !cursor.eat("on") {
            return self.membership(start, given);
        }
        let on = self.targets(&mut cursor);
        cursor.skip_to_any(&["to", "from"]);
        cursor.skip(1);
        let roles = roles(&mut cursor);
        self.look_up_roles(&roles);
        let turn = turn(given, option, cursor);
        for (oid, kind) in on {
            self.note(Role::Grants, oid);
            self.set_grants(oid, kind, rights, &roles, turn);
        }
    }

    /// Rights with columns are rights on columns; what is taken from a table is taken from its columns, too.
    fn set_grants(&mut self, oid: Oid, kind: O, mut rights: Cursor<'_>, roles: &[Ident], turn: Turn) {
        while let Some(mut right) = rights.list_item() {
            let start = right;
            while !right.is_empty() && !right.at(TokenKind::OpenParen) {
                right.skip(1);
            }
            let word = start.until(&right).folded().to_ascii_uppercase();
            let columns = right.group().map(super::definition::names);
            let on: Vec<(Oid, O)> = match columns {
                Some(columns) => {
                    let columns = columns.iter().filter_map(|column| self.schema.column(oid, column));
                    columns.map(|column| (column, O::Column)).collect()
                }
                None if kind == O::Table && matches!(turn, Turn::Taken { .. }) => {
                    let columns = self.schema.columns(oid).into_iter();
                    let granted = columns.filter(|(_, column)| !column.grants.is_empty());
                    granted.map(|(column, _)| (column, O::Column)).chain([(oid, kind)]).collect()
                }
                None => vec![(oid, kind)],
            };
            for (oid, kind) in on {
                let grants: Vec<Grant> = self.expanded(&word, kind, roles);
                if matches!(turn, Turn::Given { .. }) {
                    self.schema.note_roles(oid, roles);
                }
                self.change(oid, |object| {
                    for grant in grants {
                        match turn {
                            Turn::Given { option } => Grant { option, ..grant }.give(&mut object.grants),
                            Turn::Taken { option } => grant.take(&mut object.grants, option),
                        }
                    }
                });
            }
        }
    }

    fn expanded(&self, word: &str, kind: O, roles: &[Ident]) -> Vec<Grant> {
        let single = [word];
        let rights: &[&str] =
            if matches!(word, "ALL" | "ALL PRIVILEGES") { all_rights(kind) } else { single.as_slice() };
        let maintains = self.schema.version.is_none_or(|version| version >= MAINTAIN_SINCE);
        let rights = rights.iter().filter(|right| maintains || **right != "MAINTAIN");
        let grant =
            |role: &Ident, right: &str| Grant { role: role.clone(), right: right.to_owned(), option: false };
        rights.flat_map(|right| roles.iter().map(move |role| grant(role, right))).collect()
    }

    /// What stands between ON and TO, each with the kind by whose rights it is governed.
    fn targets(&mut self, cursor: &mut Cursor<'_>) -> Vec<(Oid, O)> {
        if cursor.eat("all") {
            let kind = plural(cursor);
            cursor.eat_all(&["in", "schema"]);
            let mut schemas = Vec::new();
            while let Some((schema, _)) = cursor.ident() {
                schemas.push(schema);
                if !cursor.eat_kind(TokenKind::Comma) {
                    break;
                }
            }
            return self.all_in(kind, &schemas);
        }
        let kind = object_kind(cursor).unwrap_or(O::Table);
        let mut found = Vec::new();
        loop {
            let (oid, name) = match space(kind) {
                O::Function => self.routine(cursor, kind),
                _ => match cursor.name() {
                    Some(named) => (self.find(kind, &named.name), named.name),
                    None => return found,
                },
            };
            match oid.and_then(|oid| Some((oid, self.schema.get(oid)?.kind))) {
                Some((oid, kind)) => found.push((oid, governed(kind))),
                None => self.missing(kind, &name),
            }
            if !cursor.eat_kind(TokenKind::Comma) {
                return found;
            }
        }
    }

    fn all_in(&self, kind: O, schemas: &[Ident]) -> Vec<(Oid, O)> {
        let has_rights = |object: &Object| object.kind != O::Index && governed(object.kind) == kind;
        let schemas: BTreeSet<&Ident> = schemas.iter().collect();
        let objects = schemas.into_iter().flat_map(|schema| self.schema.inside(schema));
        let found: BTreeSet<Oid> =
            objects.filter(|(_, object)| has_rights(object)).map(|(oid, _)| oid).collect();
        found.into_iter().map(|oid| (oid, kind)).collect()
    }

    // Rights of what is yet to be made ------------------------------------------------------------------

    pub(super) fn default_privileges(&mut self, mut cursor: Cursor<'_>) {
        cursor.skip(3);
        let mut schemas: Vec<Option<Ident>> = Vec::new();
        loop {
            if cursor.eat_all(&["in", "schema"]) {
                while let Some((schema, _)) = cursor.ident() {
                    schemas.push(Some(schema));
                    if !cursor.eat_kind(TokenKind::Comma) {
                        break;
                    }
                }
            } else if cursor.is_any(&["grant", "revoke"]) || cursor.is_empty() {
                break;
            } else {
                cursor.skip(1);
            }
        }
        if schemas.is_empty() {
            schemas.push(None);
        }
        let given = cursor.is("grant");
        cursor.skip(1);
        let option = cursor.eat_all(&["grant", "option", "for"]);
        let mut rights = cursor;
        cursor.skip_to_any(&["on"]);
        rights = rights.until(&cursor);
        cursor.skip(1);
        let kind = plural(&mut cursor);
        cursor.skip_to_any(&["to", "from"]);
        cursor.skip(1);
        let roles = roles(&mut cursor);
        self.look_up_roles(&roles);
        let turn = turn(given, option, cursor);
        while let Some(right) = rights.list_item() {
            for grant in self.expanded(&right.folded().to_ascii_uppercase(), kind, &roles) {
                for schema in &schemas {
                    let (schema, grant) = (schema.clone(), grant.clone());
                    self.set_default_grant(DefaultGrant { schema, kind, grant, given }, turn);
                }
            }
        }
    }

    fn set_default_grant(&mut self, mut wanted: DefaultGrant, turn: Turn) {
        let defaults = Arc::make_mut(&mut self.schema.default_grants);
        let passed_on = defaults.same(&wanted).is_some_and(|had| had.given && had.grant.option);
        match turn {
            Turn::Taken { option: true } => return defaults.without_option(&wanted),
            Turn::Given { option } => wanted.grant.option = option || passed_on,
            Turn::Taken { option: false } => {}
        }
        defaults.remove(&wanted);
        // A schema adds to the rights that hold everywhere and takes none of them away.
        if wanted.given || wanted.schema.is_none() {
            defaults.push(wanted);
        }
    }

    /// The rights a new object has before anybody grants one.
    pub(super) fn grants_by_default(&self, kind: O, schema: Option<&Ident>) -> BTreeSet<Grant> {
        let mut grants = BTreeSet::new();
        let public =
            |right: &str| Grant { role: Ident::exact("public"), right: right.to_owned(), option: false };
        match space(kind) {
            O::Function => grants.insert(public("EXECUTE")),
            O::Type => grants.insert(public("USAGE")),
            _ => false,
        };
        if kind == O::Index {
            return grants;
        }
        for default in self.schema.default_grants.of(governed(kind), schema) {
            let grant = default.grant.clone();
            if default.given {
                grant.give(&mut grants);
            } else {
                grant.take(&mut grants, false);
            }
        }
        grants
    }

    // Comments ----------------------------------------------------------------------------------------

    pub(super) fn comment(&mut self, mut cursor: Cursor<'_>) {
        cursor.skip(2);
        let Some(kind) = object_kind(&mut cursor) else { return };
        let Some(oid) = self.subject(&mut cursor, kind) else { return };
        cursor.eat("is");
        let text = cursor
            .peek()
            .filter(|token| token.kind == TokenKind::Text || token.kind == TokenKind::DollarText);
        let comment = text.map(|token| string_content(cursor.text_of(token))).filter(|text| !text.is_empty());
        self.schema.change(oid, |object| object.comment = comment);
        self.note(Role::Comments, oid);
    }

    /// What a comment is put on; that it is not there is noted.
    fn subject(&mut self, cursor: &mut Cursor<'_>, kind: O) -> Option<Oid> {
        match kind {
            O::Column => {
                let (column, table) = cursor.column()?;
                let table = table?;
                // The comment is the column's; its table may change meanwhile.
                let named = |kind| self.schema.lookup(self.session.path(), kind, &table);
                let holder = named(O::Table).or_else(|| named(O::Type));
                let found = holder.and_then(|holder| self.schema.column(holder, &column.name.name));
                if found.is_none() {
                    self.missing_member(kind, &column.name.name, &table);
                }
                found
            }
            O::Constraint | O::Policy | O::Trigger | O::Rule => {
                let name = cursor.name()?.name.name;
                cursor.eat("on");
                let holders = if cursor.eat("domain") { O::Domain } else { O::Table };
                let of = cursor.name()?.name;
                let holder = self.find(holders, &of);
                let found = holder.and_then(|holder| self.schema.member(holder, kind, &name));
                if found.is_none() {
                    self.missing_member(kind, &name, &of);
                }
                found
            }
            O::Operator | O::Cast => self.typed(cursor, kind),
            O::LargeObject | O::Transform | O::Database => None,
            _ => {
                let (found, name) = match space(kind) {
                    O::Function => self.routine(cursor, kind),
                    _ => {
                        let name = cursor.name()?.name;
                        (self.find(kind, &name), name)
                    }
                };
                if found.is_none() {
                    self.missing(kind, &name);
                }
                found
            }
        }
    }
}

/// `tables`, `sequences`, `functions` …: the kind, by whose rights they are governed.
fn plural(cursor: &mut Cursor<'_>) -> O {
    let word = cursor.word(0).to_ascii_lowercase();
    cursor.skip(1);
    match word.as_str() {
        "sequences" => O::Sequence,
        "functions" | "procedures" | "routines" => O::Function,
        "types" => O::Type,
        "schemas" => O::Schema,
        _ => O::Table,
    }
}

/// What GRANT or REVOKE does, by what stands behind its roles or before its rights.
fn turn(given: bool, option: bool, behind: Cursor<'_>) -> Turn {
    if given {
        Turn::Given { option: behind.are(&["with", "grant", "option"]) }
    } else {
        Turn::Taken { option }
    }
}

/// The roles behind TO or FROM.
pub(super) fn roles(cursor: &mut Cursor<'_>) -> Vec<Ident> {
    let mut found = Vec::new();
    loop {
        cursor.eat("group");
        let Some((role, _)) = cursor.ident() else { return found };
        found.push(role);
        if !cursor.eat_kind(TokenKind::Comma) {
            return found;
        }
    }
}
