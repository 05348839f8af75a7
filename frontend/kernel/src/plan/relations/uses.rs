//! Which indexes and constraints use a column, and what becomes of them when its type changes.
//! It asks only when a type changes; until then the statements are kept as they are.

use super::{
    catalog::Catalog,
    change::expression,
    table::TableKind,
    types::{Type, qualified},
};
use crate::{
    name::{Ident, QualifiedName},
    sql::{
        cursor::Cursor,
        lex::TokenKind,
        lock::{Known, Retyped, TypeChange, Work},
        statement::{Constraint, ConstraintKind, Detail, Statement},
        tokens,
    },
};

/// An index or a constraint of a table.
pub(super) struct Use<'a> {
    /// The statement that made it: it calls columns as they were called then.
    pub(super) since: usize,
    pub(super) name: Option<&'a Ident>,
    /// It may be gone.
    pub(super) in_doubt: bool,
    pub(super) of: UseOf<'a>,
}

pub(super) enum UseOf<'a> {
    /// CREATE INDEX: its keys as written, and the statement where it has a condition.
    Index {
        keys: &'a [String],
        condition: &'a str,
        only: bool,
    },
    /// The index of a primary key, a unique or an exclusion constraint.
    Key {
        constraint: &'a Constraint,
        text: &'a str,
    },
    Check {
        text: &'a str,
        valid: bool,
    },
    ForeignKey {
        constraint: &'a Constraint,
        text: &'a str,
        to: usize,
        valid: bool,
    },
}

/// How an index or a constraint uses a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mention {
    /// By its name alone, with the default collation.
    Plain,
    /// By its name, with a collation of the index's own.
    Collated,
    /// In an expression or a condition.
    Inside,
}

impl Use<'_> {
    pub(super) fn foreign_key_to(&self) -> Option<usize> {
        match self.of {
            UseOf::ForeignKey { to, .. } => Some(to),
            _ => None,
        }
    }

    pub(super) fn refers_to(&self, table: &QualifiedName) -> bool {
        match &self.of {
            UseOf::ForeignKey { constraint, .. } => {
                matches!(&constraint.kind, ConstraintKind::ForeignKey(to) if to == table)
            }
            _ => false,
        }
    }

    /// VALIDATE CONSTRAINT.
    pub(super) fn validate(&mut self, called: &Ident) {
        let named = self.name == Some(called);
        match &mut self.of {
            UseOf::Check { valid, .. } | UseOf::ForeignKey { valid, .. } if named => *valid = true,
            _ => {}
        }
    }

    pub(super) fn mentions(&self, column: &Ident) -> bool {
        self.mention(column).is_some()
    }

    fn mention(&self, column: &Ident) -> Option<Mention> {
        match &self.of {
            UseOf::Index { keys, condition, .. } => {
                let mut found: Vec<Mention> = keys.iter().filter_map(|key| in_key(key, column)).collect();
                let mut tail = *condition;
                if let Some(at) = tail.to_ascii_lowercase().rfind("where") {
                    tail = &tail[at..];
                }
                found.extend(inside(tail, column).then_some(Mention::Inside));
                strongest(&found)
            }
            UseOf::Key { constraint, text } => {
                if constraint.kind == ConstraintKind::Exclusion {
                    let tokens = tokens(text);
                    let mut cursor = Cursor::new(text, &tokens, 0);
                    cursor.skip_to_any(&["exclude"]);
                    while !cursor.is_empty() && !cursor.at(TokenKind::OpenParen) {
                        cursor.skip(1);
                    }
                    let mut found = Vec::new();
                    let mut group = cursor.group().unwrap_or(cursor.take(0));
                    while let Some(item) = group.list_item() {
                        found.extend(in_key(item.text(), column));
                    }
                    found.extend(inside(cursor.text(), column).then_some(Mention::Inside));
                    return strongest(&found);
                }
                constraint.columns.contains(column).then_some(Mention::Plain)
            }
            UseOf::Check { text, .. } => inside(text, column).then_some(Mention::Inside),
            UseOf::ForeignKey { constraint, .. } => {
                constraint.columns.contains(column).then_some(Mention::Plain)
            }
        }
    }
}

fn strongest(found: &[Mention]) -> Option<Mention> {
    let any = |wanted| found.contains(&wanted).then_some(wanted);
    any(Mention::Inside).or_else(|| any(Mention::Collated)).or_else(|| any(Mention::Plain))
}

/// How a key of an index uses a column: `a`, `a desc`, `a text_pattern_ops`, `lower(a)`.
fn in_key(key: &str, column: &Ident) -> Option<Mention> {
    let tokens = tokens(key);
    let mut cursor = Cursor::new(key, &tokens, 0);
    let alone = cursor.ident().is_some_and(|(name, _)| name == *column)
        && !cursor.at(TokenKind::OpenParen)
        && !cursor.at(TokenKind::Dot);
    if alone {
        return Some(if cursor.is("collate") { Mention::Collated } else { Mention::Plain });
    }
    inside(key, column).then_some(Mention::Inside)
}

/// Whether an expression names a column. A word before a parenthesis calls a function, one behind `::` or before a
/// literal is a type.
fn inside(expression: &str, column: &Ident) -> bool {
    if expression.is_empty() {
        return false;
    }
    let tokens = tokens(expression);
    tokens.iter().enumerate().any(|(at, token)| {
        let text = |at: usize| tokens.get(at).map(|token| token.span().of(expression));
        let next = tokens.get(at + 1).map(|token| token.kind);
        matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
            && Ident::from_sql(token.span().of(expression)) == *column
            && !matches!(next, Some(TokenKind::OpenParen | TokenKind::Text | TokenKind::Dot))
            && at.checked_sub(1).and_then(text) != Some("::")
    })
}

/// The columns that a foreign key refers to; empty for those of the primary key.
fn referred_columns(text: &str) -> Vec<Ident> {
    let tokens = tokens(text);
    let mut cursor = Cursor::new(text, &tokens, 0);
    cursor.skip_to_any(&["references"]);
    cursor.skip(1);
    cursor.name();
    let mut columns = Vec::new();
    let mut group = cursor.group().unwrap_or(cursor.take(0));
    while let Some(mut item) = group.list_item() {
        columns.extend(item.ident().map(|(name, _)| name));
    }
    columns
}

const CHECKED: Work = Work::Certain("a constraint on the column is checked again");
const REBUILT: Work = Work::Certain("an index on the column is built anew");
const REFERS: Work = Work::Certain("a foreign key on the column is checked again");

/// How a column is used, from one change of its type to the next.
struct Change<'c> {
    column: &'c Ident,
    /// Whether the statement writes every row.
    rewrites: Work,
    /// Whether operators stay.
    operators: Work,
    collation: bool,
}

impl<'a> Catalog<'a> {
    /// What the uses of a column in one table come to when no row is written.
    fn scans(&self, table: usize, change: &Change<'_>) -> Work {
        let mut scans = Work::None;
        // The indexes of partitions are made again with that of the table they are partitions of.
        let partitioned = self.tables[table].kind == TableKind::Partitioned;
        for one in &self.tables[table].uses {
            let Some(mention) = self.mention(table, one, change.column) else { continue };
            let work = match (&one.of, mention) {
                (UseOf::Check { valid: true, .. }, _) => CHECKED,
                (UseOf::ForeignKey { valid: true, .. }, _) => in_doubt(again(change.operators, REFERS)),
                (UseOf::Check { .. } | UseOf::ForeignKey { .. }, _) => Work::None,
                (UseOf::Index { only: true, .. }, _) if partitioned => in_doubt(REBUILT),
                (_, Mention::Inside) => REBUILT,
                _ if partitioned => REBUILT,
                (_, Mention::Plain) if change.collation => REBUILT,
                (_, Mention::Collated) if change.collation => in_doubt(REBUILT),
                _ => change.operators,
            };
            scans = scans.max(if one.in_doubt { in_doubt(work) } else { work });
        }
        for (_, one) in self.referring(table, change.column) {
            if matches!(one.of, UseOf::ForeignKey { valid: true, .. }) {
                scans = scans.max(again(change.operators, REFERS));
            }
        }
        scans
    }

    fn mention(&self, table: usize, one: &Use<'_>, column: &Ident) -> Option<Mention> {
        one.mention(self.called(table, one, column)?)
    }

    /// What a column was called when an index or a constraint was made, if it was there.
    fn called(&self, table: usize, one: &Use<'_>, column: &Ident) -> Option<&'a Ident> {
        self.column(table, column)?.name_at(one.since)
    }

    /// The foreign keys of other tables that refer to a column.
    fn referring(&self, table: usize, column: &Ident) -> Vec<(usize, &Use<'a>)> {
        let mut found = Vec::new();
        for other in &self.tables[table].referencing {
            for one in &self.tables[*other].uses {
                let UseOf::ForeignKey { text, to, .. } = &one.of else { continue };
                if *to != table {
                    continue;
                }
                let columns = referred_columns(text);
                let refers = match self.primary_key(table).filter(|_| columns.is_empty()) {
                    Some(key) => self.mention(table, key, column).is_some(),
                    None => self
                        .called(table, one, column)
                        .is_some_and(|called| columns.is_empty() || columns.contains(called)),
                };
                if refers {
                    found.push((*other, one));
                }
            }
        }
        found
    }

    fn primary_key(&self, table: usize) -> Option<&Use<'a>> {
        self.tables[table].uses.iter().find(|one| {
            matches!(&one.of, UseOf::Key { constraint, .. } if constraint.kind == ConstraintKind::PrimaryKey)
        })
    }

    /// The tables at the other ends of the column's foreign keys; `None` when one may be gone.
    fn keys(&self, family: &[usize], change: &Change<'_>) -> Option<Vec<(QualifiedName, Work)>> {
        let mut found: Vec<(usize, Work)> = Vec::new();
        let mut add = |other: usize, one: &Use<'_>, operators: Work| {
            let valid = matches!(one.of, UseOf::ForeignKey { valid: true, .. });
            let check = if valid { again(change.rewrites.max(operators), REFERS) } else { Work::None };
            let partition = |table: &usize| *table == other || self.tables[*table].is_partition;
            let tables = self.family(other).into_iter().filter(partition);
            found.extend(tables.filter(|table| !family.contains(table)).map(|table| (table, check)));
            (!one.in_doubt).then_some(())
        };
        for table in family {
            for one in &self.tables[*table].uses {
                if let Some(other) =
                    one.foreign_key_to().filter(|_| self.mention(*table, one, change.column).is_some())
                {
                    // Another type may compare with the same operators, by a cast.
                    add(other, one, in_doubt(change.operators))?;
                }
            }
            for (other, one) in self.referring(*table, change.column) {
                add(other, one, change.operators)?;
            }
        }
        Some(found.into_iter().map(|(table, check)| (qualified(self.tables[table].name), check)).collect())
    }
}

/// The same work, as sure as what causes it.
fn again(cause: Work, work: Work) -> Work {
    match cause {
        Work::None => Work::None,
        Work::Perhaps(_) => in_doubt(work),
        Work::Certain(_) => work,
    }
}

fn in_doubt(work: Work) -> Work {
    match work {
        Work::Certain(reason) => Work::Perhaps(reason),
        other => other,
    }
}

impl<'a> Known<'a> for Catalog<'a> {
    fn retyped(&self, change: &TypeChange<'_>) -> Option<Retyped> {
        let table = self.table(change.table)?;
        let of = &self.tables[table];
        if of.kind == TableKind::Foreign {
            return Some(Retyped { keys: Some(Vec::new()), ..Retyped::default() });
        }
        let column = self.column(table, change.column)?;
        let old = Type::read(column.type_name?)?;
        let new = Type::read(change.type_name)?;
        let rewrites = match change.using.map(|using| expression(&self.types, using, change.column, &old)) {
            None => self.types.cast(&old, &new),
            Some(Ok(found)) => found.work.max(self.types.cast(&found.of, &new)),
            Some(Err(work)) => work,
        };
        let operators = self.types.keeps_index(&old, &new);
        let collation = column.collation != change.collation;
        let (column, any) = (change.column, rewrites.max(change.beside));
        let change = Change { column, rewrites: any, operators, collation };
        let family = self.family(table);
        let complete = family.iter().all(|one| self.tables[*one].complete);
        let mut scans = self.scans(table, &change);
        for one in family.iter().skip(1) {
            // What a partition has beside its parent is read there alone.
            scans = scans.max(in_doubt(self.scans(*one, &change)));
        }
        if !complete {
            scans = scans.max(Work::Perhaps("if an index or a constraint on the column is made anew"));
        }
        let keys = if complete { self.keys(&family, &change) } else { None };
        Some(Retyped { rewrites, scans, keys })
    }

    fn filled(&self, type_name: &str, own_default: bool) -> Option<Work> {
        self.types.filled(type_name, own_default)
    }

    fn pass(&mut self, statement: &'a Statement, conditional: bool) {
        if !matches!(statement.detail, Detail::Do(_) | Detail::Schema(_)) {
            self.follow_one(statement, conditional);
        }
    }
}
