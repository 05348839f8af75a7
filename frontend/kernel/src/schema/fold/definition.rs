//! Columns, constraints and index keys as they are written. What their names mean is not asked here.

use super::term;
use crate::{
    name::{Ident, QualifiedName},
    schema::object::{Demand, Identity},
    sql::{
        cursor::{Cursor, Named},
        lex::TokenKind,
    },
};

/// A column definition.
pub(super) struct ColumnText<'a> {
    pub(super) name: Ident,
    /// Empty for the columns of typed tables.
    pub(super) type_name: Cursor<'a>,
    pub(super) not_null: bool,
    pub(super) not_null_name: Option<Ident>,
    pub(super) default: Option<Cursor<'a>>,
    pub(super) generated: Option<Cursor<'a>>,
    pub(super) identity: Option<Identity>,
    /// The name that the author gives the sequence of an identity column.
    pub(super) sequence: Option<QualifiedName>,
    pub(super) constraints: Vec<ConstraintText<'a>>,
}

/// A constraint of a table, a column or a domain.
#[derive(Clone)]
pub(super) struct ConstraintText<'a> {
    pub(super) name: Option<Ident>,
    pub(super) demand: Demand,
    /// The key of a primary key, unique or exclusion constraint; the columns of a foreign key.
    pub(super) key: Vec<KeyText<'a>>,
    pub(super) include: Vec<Ident>,
    pub(super) expression: Option<Cursor<'a>>,
    pub(super) references: Option<QualifiedName>,
    pub(super) referenced: Vec<Ident>,
    pub(super) valid: bool,
    pub(super) inherits: bool,
    pub(super) using_index: Option<Ident>,
    /// The method of its index; a B-tree when none is written.
    pub(super) method: Option<String>,
    /// NULLS NOT DISTINCT, DEFERRABLE and their like: two constraints that differ in them are two.
    pub(super) manner: String,
}

/// One part of an index's key.
#[derive(Clone)]
pub(super) struct KeyText<'a> {
    /// A plain column.
    pub(super) column: Option<Ident>,
    /// Anything else.
    pub(super) expression: Option<Cursor<'a>>,
    /// Its part in a default name.
    pub(super) called: Ident,
}

impl<'a> ConstraintText<'a> {
    pub(super) fn new(name: Option<Ident>, demand: Demand) -> Self {
        Self {
            name,
            demand,
            key: Vec::new(),
            include: Vec::new(),
            expression: None,
            references: None,
            referenced: Vec::new(),
            valid: true,
            inherits: true,
            using_index: None,
            method: None,
            manner: String::new(),
        }
    }

    /// The columns of its key; `None` for expressions.
    pub(super) fn columns(&self) -> impl Iterator<Item = Option<&Ident>> {
        self.key.iter().map(|part| part.column.as_ref())
    }
}

/// Words that start a constraint or an option of a column and end its type or default.
const COLUMN_PARTS: [&str; 17] = [
    "constraint",
    "not",
    "null",
    "check",
    "default",
    "generated",
    "unique",
    "primary",
    "references",
    "collate",
    "deferrable",
    "initially",
    "storage",
    "compression",
    "options",
    "using",
    "enforced",
];

/// Reads a column definition. `typed` says whether a type stands behind the name.
pub(super) fn column<'a>(mut cursor: Cursor<'a>, typed: bool) -> Option<ColumnText<'a>> {
    let (name, _) = cursor.ident()?;
    let start = cursor;
    if typed {
        cursor.skip_to_any(&COLUMN_PARTS);
    } else {
        cursor.eat_all(&["with", "options"]);
    }
    let type_name = if typed { start.until(&cursor) } else { cursor.take(0) };
    Some(parts(name, type_name, cursor))
}

/// Reads what stands behind a domain's type: the same as behind a column's.
pub(super) fn domain<'a>(cursor: Cursor<'a>) -> ColumnText<'a> {
    parts(Ident::default(), cursor.take(0), cursor)
}

fn parts<'a>(name: Ident, type_name: Cursor<'a>, mut cursor: Cursor<'a>) -> ColumnText<'a> {
    let mut column = ColumnText {
        name,
        type_name,
        not_null: false,
        not_null_name: None,
        default: None,
        generated: None,
        identity: None,
        sequence: None,
        constraints: Vec::new(),
    };
    while !cursor.is_empty() {
        part(&mut cursor, &mut column);
    }
    column
}

fn part<'a>(cursor: &mut Cursor<'a>, column: &mut ColumnText<'a>) {
    let name = if cursor.eat("constraint") { cursor.ident().map(|(name, _)| name) } else { None };
    if cursor.eat_all(&["not", "null"]) {
        column.not_null = true;
        column.not_null_name = name;
    } else if cursor.eat("default") {
        let start = *cursor;
        cursor.step();
        cursor.skip_to_any(&COLUMN_PARTS);
        column.default = Some(start.until(cursor));
    } else if cursor.eat("generated") {
        let by_default = cursor.eat_all(&["by", "default"]);
        cursor.skip_to_any(&["as"]);
        cursor.eat("as");
        if cursor.eat("identity") {
            column.identity = Some(if by_default { Identity::ByDefault } else { Identity::Always });
            column.sequence = cursor.group().and_then(sequence_name);
        } else {
            column.generated = cursor.group();
            cursor.eat_any(&["stored", "virtual"]);
        }
    } else if let Some(demand) = demand(cursor) {
        let mut constraint = ConstraintText::new(name, demand);
        if matches!(demand, Demand::PrimaryKey | Demand::Unique | Demand::ForeignKey) {
            constraint.key.push(plain(column.name.clone()));
        }
        body(cursor, &mut constraint);
        while manner(cursor, &mut constraint) {}
        column.constraints.push(constraint);
    } else {
        cursor.step();
    }
}

/// `(sequence name s.n …)` behind IDENTITY.
pub(super) fn sequence_name(mut options: Cursor<'_>) -> Option<QualifiedName> {
    options.skip_to_any(&["sequence"]);
    options.eat_all(&["sequence", "name"]).then(|| options.name()).flatten().map(|named| named.name)
}

/// The word that says what a constraint demands.
fn demand(cursor: &mut Cursor<'_>) -> Option<Demand> {
    if cursor.eat_all(&["primary", "key"]) {
        Some(Demand::PrimaryKey)
    } else if cursor.eat("unique") {
        Some(Demand::Unique)
    } else if cursor.eat("check") {
        Some(Demand::Check)
    } else if cursor.eat("exclude") {
        Some(Demand::Exclusion)
    } else if cursor.eat_all(&["foreign", "key"]) || cursor.is("references") {
        Some(Demand::ForeignKey)
    } else {
        None
    }
}

/// What a table constraint is: one with a name of its own, or NOT NULL, which stands with its column.
pub(super) enum TableConstraint<'a> {
    Constraint(Box<ConstraintText<'a>>),
    NotNull { column: Ident, name: Option<Ident> },
}

/// Whether a table element is a constraint; anything else is a column.
pub(super) fn is_constraint(cursor: &Cursor<'_>) -> bool {
    let opens = |at: usize| cursor.peek_at(at).is_some_and(|token| token.kind == TokenKind::OpenParen);
    cursor.is("constraint")
        || cursor.are(&["primary", "key"])
        || cursor.are(&["foreign", "key"])
        || cursor.is("unique")
        || cursor.is("check") && opens(1)
        || cursor.is("exclude") && (opens(1) || cursor.is_at(1, "using"))
        || cursor.are(&["not", "null"])
}

/// Reads a table constraint, from its name or first word to the end of `cursor`.
pub(super) fn constraint<'a>(mut cursor: Cursor<'a>) -> Option<TableConstraint<'a>> {
    let name = if cursor.eat("constraint") { cursor.ident().map(|(name, _)| name) } else { None };
    if cursor.eat_all(&["not", "null"]) {
        let (column, _) = cursor.ident()?;
        return Some(TableConstraint::NotNull { column, name });
    }
    let mut read = ConstraintText::new(name, demand(&mut cursor)?);
    body(&mut cursor, &mut read);
    while !cursor.is_empty() {
        if !manner(&mut cursor, &mut read) {
            cursor.step();
        }
    }
    Some(TableConstraint::Constraint(Box::new(read)))
}

/// What stands directly behind the word: the expression, the key, the table referred to.
fn body<'a>(cursor: &mut Cursor<'a>, read: &mut ConstraintText<'a>) {
    if read.demand == Demand::Check {
        read.expression = cursor.group();
        return;
    }
    if cursor.eat("nulls") {
        read.manner.push_str(if cursor.eat("not") { "nulls not distinct " } else { "" });
        cursor.eat("distinct");
    }
    if cursor.are(&["using", "index"]) && !cursor.is_at(2, "tablespace") {
        cursor.skip(2);
        read.using_index = cursor.ident().map(|(name, _)| name);
    } else if cursor.eat("using") {
        read.method = Some(cursor.word(0).to_ascii_lowercase());
        cursor.skip(1);
    }
    if let Some(group) = cursor.group() {
        read.key = key(group);
    }
    if cursor.eat("include") {
        read.include = cursor.group().map(names).unwrap_or_default();
    }
    if read.demand == Demand::ForeignKey && cursor.eat("references") {
        read.references = cursor.name().map(|named| named.name);
        read.referenced = cursor.group().map(names).unwrap_or_default();
        actions(cursor);
    }
}

/// Passes one of the words behind a constraint; `false` where none stands.
fn manner(cursor: &mut Cursor<'_>, read: &mut ConstraintText<'_>) -> bool {
    let start = *cursor;
    if cursor.eat_all(&["not", "valid"]) {
        read.valid = false;
    } else if cursor.eat_all(&["no", "inherit"]) {
        read.inherits = false;
    } else if cursor.eat_all(&["not", "deferrable"])
        || cursor.eat("deferrable")
        || cursor.eat_all(&["initially", "deferred"])
        || cursor.eat_all(&["initially", "immediate"])
    {
        read.manner.push_str(&start.until(cursor).folded());
    } else if cursor.eat_all(&["not", "enforced"]) {
        read.valid = false;
    } else if cursor.eat_all(&["using", "index", "tablespace"]) {
        cursor.skip(1);
    } else if cursor.eat("with") {
        cursor.group();
    } else {
        return cursor.eat("enforced");
    }
    true
}

/// MATCH, ON DELETE, ON UPDATE of a foreign key.
fn actions(cursor: &mut Cursor<'_>) {
    loop {
        if cursor.eat("match") {
            cursor.skip(1);
        } else if cursor.is("on") && (cursor.is_at(1, "delete") || cursor.is_at(1, "update")) {
            cursor.skip(2);
            if cursor.eat_any(&["set", "no"]) {
                cursor.skip(1);
                cursor.group();
            } else {
                cursor.skip(1);
            }
        } else {
            return;
        }
    }
}

/// The plain names of a list.
pub(super) fn names(mut list: Cursor<'_>) -> Vec<Ident> {
    let mut found = Vec::new();
    while let Some(mut item) = list.list_item() {
        found.extend(item.ident().map(|(name, _)| name));
    }
    found
}

fn plain<'a>(name: Ident) -> KeyText<'a> {
    KeyText { column: Some(name.clone()), expression: None, called: name }
}

/// The parts of an index's key.
pub(super) fn key<'a>(mut list: Cursor<'a>) -> Vec<KeyText<'a>> {
    let mut parts = Vec::new();
    while let Some(item) = list.list_item() {
        parts.push(key_part(item));
    }
    parts
}

fn key_part<'a>(item: Cursor<'a>) -> KeyText<'a> {
    let mut rest = item;
    if let Some(mut inside) = rest.group() {
        // A column in parentheses is a plain column.
        let (whole, alone) = (inside, inside.len() == 1);
        if let Some((name, _)) = inside.ident().filter(|_| alone) {
            return plain(name);
        }
        let called = term::name(whole).unwrap_or_else(|| Ident::exact("expr"));
        return KeyText { column: None, expression: Some(item.until(&rest)), called };
    }
    let Some(Named { name: QualifiedName { name: last, .. }, .. }) = rest.name() else {
        return KeyText { column: None, expression: Some(item), called: Ident::exact("expr") };
    };
    if rest.at(TokenKind::OpenParen) {
        rest.step();
        return KeyText { column: None, expression: Some(item.until(&rest)), called: last };
    }
    plain(last)
}
