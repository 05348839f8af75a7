//! Which indexes and constraints use a column, and what becomes of them when its type changes.
//! It asks only when a type changes; until then the statements are kept as they are.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    catalog::Catalog,
    change::expression,
    table::{Column, TableKind},
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

/// How an index or a constraint uses a column, the weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mention {
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

    pub(super) fn is_primary_key(&self) -> bool {
        matches!(&self.of, UseOf::Key { constraint, .. } if constraint.kind == ConstraintKind::PrimaryKey)
    }

    /// VALIDATE CONSTRAINT.
    pub(super) fn validate(&mut self) {
        if let UseOf::Check { valid, .. } | UseOf::ForeignKey { valid, .. } = &mut self.of {
            *valid = true;
        }
    }

    /// The columns that it names, each with how it does.
    pub(super) fn columns(&self) -> BTreeMap<Ident, Mention> {
        let mut found = BTreeMap::new();
        match &self.of {
            UseOf::Index { keys, condition, .. } => {
                keys.iter().for_each(|key| in_key(key, &mut found));
                let start = condition.to_ascii_lowercase().rfind("where").unwrap_or_default();
                inside(&condition[start..], &mut found);
            }
            UseOf::Key { constraint, text } if constraint.kind == ConstraintKind::Exclusion => {
                let tokens = tokens(text);
                let mut cursor = Cursor::new(text, &tokens, 0);
                cursor.skip_to_any(&["exclude"]);
                while !cursor.is_empty() && !cursor.at(TokenKind::OpenParen) {
                    cursor.skip(1);
                }
                let mut group = cursor.group().unwrap_or(cursor.take(0));
                while let Some(item) = group.list_item() {
                    in_key(item.text(), &mut found);
                }
                inside(cursor.text(), &mut found);
            }
            UseOf::Key { constraint, .. } | UseOf::ForeignKey { constraint, .. } => {
                found.extend(constraint.columns.iter().map(|column| (column.clone(), Mention::Plain)));
            }
            UseOf::Check { text, .. } => inside(text, &mut found),
        }
        found
    }
}

/// The strongest way counts.
fn mention(found: &mut BTreeMap<Ident, Mention>, column: Ident, how: Mention) {
    let known = found.entry(column).or_insert(how);
    *known = how.max(*known);
}

/// How a key of an index uses columns: `a`, `a desc`, `a text_pattern_ops`, `lower(a)`.
fn in_key(key: &str, found: &mut BTreeMap<Ident, Mention>) {
    let tokens = tokens(key);
    let mut cursor = Cursor::new(key, &tokens, 0);
    let first = cursor.ident().map(|(name, _)| name);
    let alone = first.filter(|_| !cursor.at(TokenKind::OpenParen) && !cursor.at(TokenKind::Dot));
    let mut others = BTreeMap::new();
    inside(key, &mut others);
    if let Some(column) = alone {
        others.insert(column, if cursor.is("collate") { Mention::Collated } else { Mention::Plain });
    }
    others.into_iter().for_each(|(column, how)| mention(found, column, how));
}

/// The names in an expression that may be columns. A word before a parenthesis calls a function, one behind `::` or
/// before a literal is a type.
fn inside(expression: &str, found: &mut BTreeMap<Ident, Mention>) {
    let tokens = tokens(expression);
    for (at, token) in tokens.iter().enumerate() {
        let text = |at: usize| tokens.get(at).map(|token| token.span().of(expression));
        let next = tokens.get(at + 1).map(|token| token.kind);
        if matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
            && !matches!(next, Some(TokenKind::OpenParen | TokenKind::Text | TokenKind::Dot))
            && at.checked_sub(1).and_then(text) != Some("::")
        {
            mention(found, Ident::from_sql(token.span().of(expression)), Mention::Inside);
        }
    }
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

/// The foreign keys that refer to a table, each by the table that has it and its number there.
#[derive(Default)]
pub(super) struct Referred {
    keys: Vec<(usize, usize)>,
    /// So many of them have been read for the columns that they refer to.
    read: usize,
    by_column: BTreeMap<Ident, Vec<(usize, usize)>>,
    /// Those that refer to the primary key.
    bare: Vec<(usize, usize)>,
}

impl Referred {
    pub(super) fn push(&mut self, table: usize, number: usize) {
        self.keys.push((table, number));
    }

    /// All that ever referred to it.
    pub(super) fn into_keys(self) -> Vec<(usize, usize)> {
        self.keys
    }
}

/// How a column is used, from one change of its type to the next.
struct Change {
    /// Whether the statement writes every row.
    rewrites: Work,
    /// Whether operators stay.
    operators: Work,
    collation: bool,
}

/// A table of those that have a column, and what uses it there.
struct InTable {
    table: usize,
    /// Its own indexes and constraints, by number.
    uses: Vec<(usize, Mention)>,
    /// Foreign keys of tables that refer to the column, by number.
    referring: Vec<(usize, usize)>,
}

impl<'a> Catalog<'a> {
    /// What uses a column in one table.
    fn in_table(&mut self, table: usize, column: &Ident) -> InTable {
        let names = self.column(table, column).map(Column::names).unwrap_or_default();
        let uses = self.tables[table].uses.of_column(&names);
        let referring = self.referring(table, column, &names, &uses);
        InTable { table, uses, referring }
    }

    /// What the uses of a column in one table come to when no row is written.
    fn scans(&self, InTable { table, uses, referring }: &InTable, change: &Change) -> Work {
        let mut scans = Work::None;
        let of = &self.tables[*table];
        // The indexes of partitions are made again with that of the table they are partitions of.
        let partitioned = of.kind == TableKind::Partitioned;
        for (number, mention) in uses {
            let Some(one) = of.uses.get(*number) else { continue };
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
            scans = scans.max(if of.uses.is_in_doubt(*number) { in_doubt(work) } else { work });
        }
        for (other, number) in referring {
            if let Some(Use { of: UseOf::ForeignKey { valid: true, .. }, .. }) =
                self.tables[*other].uses.get(*number)
            {
                scans = scans.max(again(change.operators, REFERS));
            }
        }
        scans
    }

    /// The foreign keys of other tables that refer to a column of these names, which has these uses in its table.
    fn referring(
        &mut self,
        table: usize,
        column: &Ident,
        names: &[(&Ident, usize, usize)],
        uses: &[(usize, Mention)],
    ) -> Vec<(usize, usize)> {
        let mut referred = std::mem::take(&mut self.tables[table].referred);
        let there = |(other, number): &(usize, usize)| self.tables[*other].uses.get(*number);
        let Referred { keys, read, by_column, bare } = &mut referred;
        for key in keys.iter().skip(*read) {
            let Some(Use { of: UseOf::ForeignKey { text, .. }, .. }) = there(key) else { continue };
            let columns = referred_columns(text);
            if columns.is_empty() {
                bare.push(*key);
            }
            for column in columns {
                by_column.entry(column).or_default().push(*key);
            }
        }
        *read = keys.len();
        let mut found = Vec::new();
        for (name, from, until) in names {
            let Some(keys) = by_column.get_mut(*name) else { continue };
            keys.retain(|key| there(key).is_some());
            let then =
                |key: &&(usize, usize)| there(key).is_some_and(|one| (*from..*until).contains(&one.since));
            found.extend(keys.iter().filter(then));
        }
        bare.retain(|key| there(key).is_some());
        let primary_key = self.tables[table].uses.primary_key();
        let refers = |key: &&(usize, usize)| match primary_key {
            Some(primary_key) => uses.iter().any(|(number, _)| *number == primary_key),
            None => {
                let column = self.column(table, column);
                column.zip(there(key)).is_some_and(|(column, one)| column.was_there(one.since))
            }
        };
        found.extend(bare.iter().filter(refers));
        self.tables[table].referred = referred;
        found
    }

    /// The tables at the other ends of the column's foreign keys; `None` when one may be gone.
    fn keys(&self, family: &[InTable], change: &Change) -> Option<Vec<(QualifiedName, Work)>> {
        let own: BTreeSet<usize> = family.iter().map(|one| one.table).collect();
        let mut found: Vec<(usize, Work)> = Vec::new();
        let mut add = |other: usize, (table, number): (usize, usize), operators: Work| {
            let uses = &self.tables[table].uses;
            let valid =
                matches!(uses.get(number), Some(Use { of: UseOf::ForeignKey { valid: true, .. }, .. }));
            let check = if valid { again(change.rewrites.max(operators), REFERS) } else { Work::None };
            let partition = |table: &usize| *table == other || self.tables[*table].is_partition;
            let tables = self.family(other).into_iter().filter(partition);
            found.extend(tables.filter(|table| !own.contains(table)).map(|table| (table, check)));
            (!uses.is_in_doubt(number)).then_some(())
        };
        for InTable { table, uses, referring } in family {
            for (number, _) in uses {
                if let Some(other) = self.tables[*table].uses.get(*number).and_then(Use::foreign_key_to) {
                    // Another type may compare with the same operators, by a cast.
                    add(other, (*table, *number), in_doubt(change.operators))?;
                }
            }
            for (other, number) in referring {
                add(*other, (*other, *number), change.operators)?;
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
    fn retyped(&mut self, change: &TypeChange<'_>) -> Option<Retyped> {
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
        let change = Change { rewrites: any, operators, collation };
        let family = self.family(table);
        let complete = family.iter().all(|one| self.tables[*one].complete);
        let family: Vec<InTable> = family.into_iter().map(|one| self.in_table(one, column)).collect();
        let mut scans = Work::None;
        for one in &family {
            let work = self.scans(one, &change);
            // What a partition has beside its parent is read there alone.
            scans = scans.max(if one.table == table { work } else { in_doubt(work) });
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
