//! Statements to objects: each file is read as in a session of its own, statement by statement.
//!
//! A statement in a function's body does not run with the file and makes nothing. One that may not run (in IF,
//! a loop, a handler or psql's `\if`) is taken to run, and what it makes is marked; what it would make a second time is
//! taken to be there by the look that guards it.

mod alter;
mod alter_table;
mod constraint;
mod create;
mod definition;
mod drop;
mod index;
mod operator;
mod partition;
mod query;
mod rights;
mod role;
mod routine;
mod table;
mod term;
mod transaction;
mod view;

use std::{borrow::Cow, cell::RefCell, collections::BTreeSet, sync::Arc};

use crate::{
    migration::{Migration, Step, steps},
    name::{Ident, QualifiedName},
    sql::{
        cursor::Cursor,
        lex::Token,
        statement::{
            Detail, ObjectKind as O, ObjectRef, ObjectRole as Role, Statement,
            StatementKind::{self, Alter, Create, Drop, Other},
            Verb,
        },
        type_name::{Base, TypeName},
    },
    text::Span,
};

use super::{
    Effect, Problem, ProblemKind, Schema,
    expression::{Mentions, mentions},
    key::in_schema,
    object::{Need, Object, Oid, Place},
    session::Session,
    types::{Reference, TypeUse},
};

/// Which of the routines of one name is called is not known, so all of them are needed; no more than nobody has.
const NAMESAKES: usize = 100;

/// The schema of temporary objects, which end with the file.
pub(super) const TEMPORARY: &str = "pg_temp";

struct Fold<'s> {
    schema: &'s mut Schema,
    session: Session,
    place: Place,
    conditional: bool,
    /// The names in the statement that is read, and where they stand; by name once somebody has asked.
    written: Vec<(Ident, Span)>,
    is_sorted: bool,
    /// What the statement looks for by name, found or not. Looking is no change, so it is kept in a cell.
    looked_up: RefCell<Vec<Result<Oid, (O, QualifiedName)>>>,
    /// What ROLLBACK returns to: the transaction's begin, then its savepoints.
    saved: Vec<transaction::Saved>,
    /// Whether the file has a ROLLBACK at all.
    rolls_back: bool,
}

pub(super) fn apply(schema: &mut Schema, file: &Migration) {
    let session = Session::new(schema.search_path.clone());
    let place = Place { file: Arc::from(file.path.as_str()), span: Span::default() };
    let (written, saved) = (Vec::new(), Vec::new());
    let steps = steps(file);
    let is_rollback =
        |step: &Step<'_>| matches!(step.statement.kind, Other(Verb::Rollback | Verb::RollbackTo));
    let rolls_back = steps.iter().any(is_rollback);
    let looked_up = RefCell::default();
    let mut fold = Fold {
        schema,
        session,
        place,
        conditional: false,
        written,
        is_sorted: false,
        looked_up,
        saved,
        rolls_back,
    };
    let mut tokens = Vec::new();
    for step in steps.iter().filter(|step| !step.deferred) {
        fold.place.span = step.statement.span;
        let objects = step.statement.objects.iter();
        fold.written.clear();
        fold.is_sorted = false;
        fold.written.extend(objects.map(|object| (object.name.name.clone(), object.span)));
        fold.conditional = step.conditional || step.guarded;
        fold.session.within(step.body.and_then(|body| body.schema.as_ref()));
        fold.statement(step, &file.text, &mut tokens);
        fold.note_looked_up();
    }
    fold.session.within(None);
    fold.end_of_file();
}

/// The statement's own text: in a quoted body, a doubled quote stands for one.
fn text_of<'a>(step: &Step<'_>, text: &'a str) -> Cow<'a, str> {
    let written = step.statement.span.of(text);
    let literal = match step.body {
        Some(body) if !step.dynamic => body.span.start,
        Some(_) => text.get(..step.statement.span.start).unwrap_or_default().trim_end().len(),
        None => return Cow::Borrowed(written),
    };
    let quoted = literal > 0 && text.as_bytes().get(literal - 1) == Some(&b'\'');
    if quoted && written.contains("''") {
        Cow::Owned(written.replace("''", "'"))
    } else {
        Cow::Borrowed(written)
    }
}

fn is_bare_routine(object: &ObjectRef) -> bool {
    object.name.schema.is_none() && super::key::space(object.kind) == O::Function
}

/// Statements that are often long and leave the schema as it is.
const fn changes_only_rows(kind: StatementKind) -> bool {
    matches!(
        kind,
        Other(Verb::Copy | Verb::Delete | Verb::Insert | Verb::Merge | Verb::Update | Verb::Values)
    )
}

impl Fold<'_> {
    /// Reads one statement; the list of tokens is only lent.
    fn statement(&mut self, step: &Step<'_>, text: &str, tokens: &mut Vec<Token>) {
        let statement = step.statement;
        let written = text_of(step, text);
        let unknown = statement.body().is_some_and(|body| !body.unknown_dynamic.is_empty());
        if unknown && !matches!(statement.detail, Detail::Routine(_)) {
            self.schema.unknown.push(self.place.clone());
        }
        // A template of format(): its names are put in at run time.
        if step.dynamic && written.contains('%') {
            return self.schema.unknown.push(self.place.clone());
        }
        self.uses(statement);
        if changes_only_rows(statement.kind) {
            return;
        }
        tokens.clear();
        tokens.extend(crate::sql::meaning(&written));
        let cursor = Cursor::new(&written, tokens, 0);
        match statement.kind {
            Create(kind) => self.create(cursor, statement, kind),
            Alter(kind) => {
                self.look_up_owner(cursor);
                self.alter(cursor, statement, kind);
            }
            Drop(kind) => self.drop(cursor, statement, kind),
            Other(Verb::CreateTableAs | Verb::SelectInto) => self.table_from_query(cursor, statement),
            Other(Verb::Set | Verb::Reset) => self.set(cursor, statement),
            Other(Verb::Select) => {
                self.needed(&mentions(cursor));
                self.set_config(cursor);
            }
            Other(Verb::Grant) => self.grant(cursor, true),
            Other(Verb::Revoke) => self.grant(cursor, false),
            Other(Verb::Comment) => self.comment(cursor),
            Other(Verb::ImportForeignSchema) => self.schema.unknown.push(self.place.clone()),
            Other(verb) => self.transaction(verb, cursor),
        }
    }

    /// Notes what a statement reads or fills, and what of it is not there.
    fn uses(&mut self, statement: &Statement) {
        let makes: BTreeSet<&QualifiedName> =
            statement.in_role(Role::Makes).map(|object| &object.name).collect();
        let other = matches!(statement.kind, Other(_));
        for object in &statement.objects {
            let wanted = object.role == Role::Uses || object.role == Role::Changes && other;
            // A table may refer to itself.
            if wanted && !makes.contains(&object.name) {
                self.use_of(object, statement.flags.if_exists);
            }
        }
        // The text of a routine in SQL is checked when it is made.
        if let Detail::Routine(routine) = &statement.detail
            && routine.language != "plpgsql"
            && let Some(body) = &routine.body
        {
            for inner in &body.statements {
                for object in inner.statement.objects.iter().filter(|object| object.role != Role::Makes) {
                    self.use_of(object, true);
                }
            }
        }
    }

    fn use_of(&mut self, object: &ObjectRef, lenient: bool) {
        let found = match &object.of {
            Some(of) => {
                let holder = self.find(O::Table, of).or_else(|| self.find(O::Type, of));
                holder.and_then(|holder| self.schema.member(holder, object.kind, &object.name.name))
            }
            None => self.find(object.kind, &object.name),
        };
        match found {
            Some(oid) => self.note(object.role, oid),
            // A bare function may be PostgreSQL's own.
            None if lenient || object.of.is_some() || is_bare_routine(object) => {}
            None => self.missing(object.kind, &object.name),
        }
    }

    // Finding -----------------------------------------------------------------------------------------

    fn find(&self, kind: O, name: &QualifiedName) -> Option<Oid> {
        let found = self.schema.lookup(self.session.path(), kind, name);
        self.looked_up.borrow_mut().push(found.ok_or_else(|| (kind, name.clone())));
        found
    }

    /// Whether a relation of this name stands in a schema; a name that is chosen depends on it.
    fn is_taken(&self, schema: &Ident, name: &Ident) -> bool {
        let taken = self.schema.has_relation(schema, name);
        if taken {
            self.find(O::Table, &QualifiedName::new(schema.clone(), name.clone()));
        }
        taken
    }

    /// A relation by its name.
    fn relation(&self, name: &QualifiedName) -> Option<Oid> {
        self.find(O::Table, name)
    }

    /// Where a new object of this name goes.
    fn place_for(&self, name: &QualifiedName) -> Ident {
        if let Some(schema) = &name.schema {
            return schema.clone();
        }
        let is_there = |schema: &&Ident| {
            let name = QualifiedName::bare((*schema).clone());
            !self.schema.complete || self.schema.lookup(&[], O::Schema, &name).is_some()
        };
        self.session.path().iter().find(is_there).cloned().unwrap_or_else(|| Ident::exact("public"))
    }

    /// Where what a statement makes goes.
    fn home(&self, statement: &Statement, name: &QualifiedName) -> Ident {
        if statement.flags.temporary { Ident::exact(TEMPORARY) } else { self.place_for(name) }
    }

    /// Reads a type and finds what it names.
    fn type_use(&self, cursor: &mut Cursor<'_>) -> Option<TypeUse> {
        cursor.eat("setof");
        let written = TypeName::read(cursor)?;
        if let Base::OfColumn(table, column) = &written.base
            && let Some(column) = self.relation(table).and_then(|table| self.schema.column(table, column))
            && let Some(super::Definition::Column(column)) =
                self.schema.get(column).map(|column| &column.definition)
        {
            return Some(column.type_use.clone());
        }
        Some(TypeUse::new(written, |name| self.type_reference(name)))
    }

    fn type_reference(&self, name: QualifiedName) -> Reference {
        let found = self.schema.type_named(self.session.path(), &name);
        self.looked_up.borrow_mut().push(found.ok_or_else(|| (O::Type, name.clone())));
        found.map_or(Reference::Outside(name), Reference::Known)
    }

    /// What an expression needs beside columns: functions, types, sequences.
    fn needed(&self, mentions: &Mentions) -> Vec<Oid> {
        let path = self.session.path();
        let namesakes = |name| self.schema.routines(path, name).into_iter().take(NAMESAKES);
        let calls = mentions.calls.iter().flat_map(namesakes);
        let types = mentions.types.iter().filter_map(|name| self.schema.type_named(path, name));
        let relations = mentions.relations.iter().filter_map(|name| self.relation(name));
        let found: Vec<Oid> = calls.chain(types).chain(relations).collect();
        self.looked_up.borrow_mut().extend(found.iter().copied().map(Ok));
        found
    }

    /// The columns of a table that an expression names, and what else it needs.
    fn read_expression(&self, table: Oid, expression: Cursor<'_>) -> (Vec<Oid>, Vec<Oid>) {
        let mentions = mentions(expression);
        let mut seen = BTreeSet::new();
        let columns = mentions.columns.iter().filter_map(|mention| self.schema.column(table, &mention.name));
        let columns = columns.filter(|column| seen.insert(*column)).collect();
        (columns, self.needed(&mentions))
    }

    // Noting ------------------------------------------------------------------------------------------

    fn note(&mut self, role: Role, on: Oid) {
        self.schema.effects.push(Effect { place: self.place.clone(), role, on });
    }

    fn note_looked_up(&mut self) {
        for looked_up in self.looked_up.take() {
            match looked_up {
                Ok(oid) => self.note(Role::Uses, oid),
                Err((kind, name)) => {
                    let schema = in_schema(kind).then(|| self.place_for(&name));
                    self.schema.sought.push((kind, QualifiedName { schema, name: name.name }));
                }
            }
        }
    }

    fn make(&mut self, object: Object) -> Oid {
        let grants = self.grants_by_default(object.kind, object.schema.as_ref());
        let made = Some(self.place.clone());
        let oid = self.schema.insert(Object { made, grants, conditional: self.conditional, ..object });
        self.note(Role::Makes, oid);
        let Schema { objects, effects, .. } = &mut *self.schema;
        let needs = objects.get(oid).map_or(&[][..], |object| &object.needs);
        let uses = |need: &Need| Effect { place: self.place.clone(), role: Role::Uses, on: need.on };
        effects.extend(needs.iter().map(uses));
        oid
    }

    fn change(&mut self, oid: Oid, change: impl FnOnce(&mut Object)) {
        let place = self.place.clone();
        self.schema.change(oid, |object| {
            change(object);
            if object.changed.last() != Some(&place) {
                object.changed.push(place);
            }
        });
        self.note(Role::Changes, oid);
    }

    /// The statement makes what is there. `IF NOT EXISTS`, or a look before it, keeps it from failing.
    fn exists(&mut self, kind: O, oid: Oid, guarded: bool) {
        self.note(Role::Uses, oid);
        if guarded || self.conditional {
            return;
        }
        let of = self.schema.get(oid).and_then(|object| object.of).map(|of| self.schema.qualified(of));
        let name = self.schema.qualified(oid);
        self.problem(ProblemKind::Exists, kind, name, of);
    }

    fn missing(&mut self, kind: O, name: &QualifiedName) {
        let schema = name.schema.as_ref().map_or("", |schema| schema.as_str());
        let system = matches!(schema, "pg_catalog" | "information_schema" | "pg_temp");
        let catalogue = schema.is_empty() && name.name.as_str().starts_with("pg_");
        if system || catalogue || !(in_schema(kind) || kind == O::Schema) {
            return;
        }
        let schema = in_schema(kind).then(|| self.place_for(name));
        self.problem(ProblemKind::Missing, kind, QualifiedName { schema, name: name.name.clone() }, None);
    }

    fn missing_member(&mut self, kind: O, name: &Ident, of: &QualifiedName) {
        // It may be one of those that are not known.
        let holder = self.schema.lookup(self.session.path(), O::Table, of);
        if kind == O::Column && holder.is_some_and(|of| self.is_from_query(of)) {
            return;
        }
        let of = QualifiedName { schema: Some(self.place_for(of)), name: of.name.clone() };
        self.problem(ProblemKind::Missing, kind, QualifiedName::bare(name.clone()), Some(of));
    }

    fn problem(&mut self, kind: ProblemKind, object: O, name: QualifiedName, of: Option<QualifiedName>) {
        let (place, conditional) = (self.place.clone(), self.conditional);
        if !std::mem::replace(&mut self.is_sorted, true) {
            // Where one stands twice, the first place counts.
            self.written.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        let first = self.written.partition_point(|(written, _)| *written < name.name);
        let written = self.written.get(first).filter(|(written, _)| *written == name.name);
        let span = written.map_or(place.span, |(_, span)| *span);
        self.schema.problems.push(Problem { place, kind, object, name, of, span, conditional });
    }
}
