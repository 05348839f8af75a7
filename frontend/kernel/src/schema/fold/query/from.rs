//! FROM: what is read, and what `*` and the names of columns mean there.

use super::{Output, Outputs, Reader, Scope, Yields, renamed, value};
use crate::{
    name::Ident,
    schema::fold::{definition::names, term::QUERIES},
    sql::{cursor::Cursor, lex::TokenKind},
};

/// One thing that is read.
pub(super) struct Source {
    /// As it is called here.
    name: Option<Ident>,
    pub(super) columns: Outputs,
}

/// Words that stand behind a table and are no alias.
const BEHIND: [&str; 10] =
    ["join", "inner", "left", "right", "full", "cross", "natural", "on", "using", "tablesample"];

impl<'o> Scope<'o> {
    fn outwards(&self) -> impl Iterator<Item = &Scope<'o>> {
        std::iter::successors(Some(self), |scope| scope.around)
    }

    /// A common table.
    pub(super) fn table(&self, name: &Ident) -> Option<&Outputs> {
        let mut tables = self.outwards().flat_map(|scope| scope.tables.iter().rev());
        tables.find(|(table, _)| table == name).map(|(_, outputs)| outputs)
    }

    /// What is read under this name.
    pub(super) fn source(&self, name: &Ident) -> Option<&Source> {
        let mut sources = self.outwards().flat_map(|scope| &scope.sources);
        sources.find(|source| source.name.as_ref() == Some(name))
    }

    /// A column by its name, or by the name of what is read and its own.
    pub(super) fn column(&self, parts: &[Ident]) -> Option<&Output> {
        let (name, before) = parts.split_last()?;
        let named = |output: &&Output| output.name.as_ref() == Some(name);
        if let Some(source) = before.last() {
            return self.source(source)?.columns.as_ref()?.iter().find(named);
        }
        for scope in self.outwards() {
            if let Some(star) = &scope.star {
                let mut found = star.iter().filter(named);
                if let Some(output) = found.next() {
                    return found.next().is_none().then_some(output);
                }
            } else {
                // What is not known may hold it.
                let known = scope.sources.iter().filter_map(|source| source.columns.as_ref());
                let mut found = known.flatten().filter(named);
                let output = found.next()?;
                return found.next().is_none().then_some(output);
            }
        }
        None
    }
}

impl Reader<'_, '_> {
    /// The list behind FROM, up to what follows it.
    pub(super) fn from(&mut self, mut cursor: Cursor<'_>, scope: &mut Scope<'_>) {
        const AFTER: [&str; 9] =
            ["where", "group", "having", "window", "order", "limit", "offset", "fetch", "for"];
        let start = cursor;
        while !cursor.is_empty() && !cursor.is_any(&AFTER) {
            if cursor.is("with") && !cursor.is_at(1, "ordinality") {
                break;
            }
            cursor.step();
        }
        let mut list = start.until(&cursor);
        let mut star: Outputs = Some(Vec::new());
        // What stands here may already look at what stands before it.
        scope.star = None;
        while let Some(mut item) = list.list_item() {
            let columns = self.joined(&mut item, scope);
            star = beside(star, columns);
        }
        scope.star = star;
    }

    fn joined(&mut self, cursor: &mut Cursor<'_>, scope: &mut Scope<'_>) -> Outputs {
        let mut star = self.source(cursor, scope);
        loop {
            let natural = cursor.eat("natural");
            let cross = cursor.eat("cross");
            cursor.eat_any(&["inner", "left", "right", "full"]);
            cursor.eat("outer");
            if !cursor.eat("join") {
                return star;
            }
            let right = self.source(cursor, scope);
            if natural {
                let shared = shared(&star, &right);
                star = shared.and_then(|shared| {
                    let merged = merged(star, right, &shared)?;
                    let common = merged.iter().take(shared.len());
                    self.needs.extend(common.flat_map(|output| &output.from));
                    Some(merged)
                });
            } else if cursor.eat("using") {
                let shared = cursor.group().map(names).unwrap_or_default();
                star = merged(star, right, &shared);
                if cursor.eat("as") {
                    cursor.skip(1);
                }
            } else if cursor.eat("on") {
                star = beside(star, right);
                pass_condition(cursor);
            } else if cross {
                star = beside(star, right);
            } else {
                // `a join b join c on … on …`: the inner join comes first.
                star = None;
            }
        }
    }

    /// A table, a query, a call, or joins in parentheses.
    fn source(&mut self, cursor: &mut Cursor<'_>, scope: &mut Scope<'_>) -> Outputs {
        cursor.eat("only");
        cursor.eat("lateral");
        let mut own = None;
        let mut joins = false;
        let columns = if let Some(mut inside) = cursor.group() {
            if inside.is_any(&QUERIES) || is_query(inside) {
                self.query(inside, scope)
            } else {
                joins = true;
                self.joined(&mut inside, scope)
            }
        } else if cursor.eat_all(&["rows", "from"]) {
            cursor.step();
            None
        } else {
            let named = cursor.name()?;
            own = Some(named.name.name.clone());
            if cursor.at(TokenKind::OpenParen) {
                cursor.step();
                None
            } else {
                cursor.eat_text("*");
                self.relation(&named.name, scope)
            }
        };
        let ordinality = cursor.eat_all(&["with", "ordinality"]);
        let alias = if cursor.eat("as") || !cursor.is_any(&BEHIND) { cursor.ident() } else { None };
        let listed = cursor.group().map(names).unwrap_or_default();
        let columns = renamed(columns, &listed).filter(|_| !ordinality);
        if cursor.eat("tablesample") {
            cursor.name();
            cursor.step();
            if cursor.eat("repeatable") {
                cursor.step();
            }
        }
        let name = alias.map(|(alias, _)| alias).or(own);
        // The tables of a join in parentheses stand for themselves.
        if !joins || name.is_some() {
            scope.sources.push(Source { name, columns: columns.clone() });
        }
        columns
    }
}

/// Whether what stands here in parentheses is a query: `(select …) union …`.
fn is_query(mut inside: Cursor<'_>) -> bool {
    let mut peeled = inside;
    while peeled.eat_kind(TokenKind::OpenParen) {}
    let behind = ["union", "intersect", "except", "order", "limit", "offset", "fetch"];
    inside.group().is_some() && peeled.is_any(&QUERIES) && (inside.is_empty() || inside.is_any(&behind))
}

/// Passes what stands behind ON.
fn pass_condition(cursor: &mut Cursor<'_>) {
    const JOINS: [&str; 7] = ["join", "inner", "left", "right", "full", "cross", "natural"];
    while !cursor.is_empty() {
        // `left(a, 1)` is a call.
        let calls = cursor.peek_at(1).is_some_and(|next| next.kind == TokenKind::OpenParen);
        if cursor.is_any(&JOINS) && !calls {
            return;
        }
        let field = cursor.at(TokenKind::Dot);
        cursor.step();
        if field {
            cursor.skip(1);
        }
    }
}

fn beside(left: Outputs, right: Outputs) -> Outputs {
    let mut columns = left?;
    columns.extend(right?);
    Some(columns)
}

/// The names that both sides of NATURAL JOIN have.
fn shared(left: &Outputs, right: &Outputs) -> Option<Vec<Ident>> {
    let (left, right) = (left.as_ref()?, right.as_ref()?);
    let mut shared = Vec::new();
    for output in left {
        let name = output.name.clone()?;
        if right.iter().any(|other| other.name.as_ref() == Some(&name)) {
            shared.push(name);
        }
    }
    right.iter().all(|output| output.name.is_some()).then_some(shared)
}

/// The columns of a join with USING: those of both sides come first, and once.
fn merged(left: Outputs, right: Outputs, names: &[Ident]) -> Outputs {
    let (mut left, mut right) = (left?, right?);
    let mut columns = Vec::new();
    for name in names {
        let take = |side: &mut Vec<Output>| {
            let at = side.iter().position(|output| output.name.as_ref() == Some(name))?;
            Some(side.remove(at))
        };
        let (mut one, other) = (take(&mut left)?, take(&mut right)?);
        one.yields = match (&one.yields, &other.yields) {
            (one, other) if one == other => one.clone(),
            (Yields::Unknown, _) | (_, Yields::Unknown) => Yields::Unknown,
            (one, other) => value::common(one, other),
        };
        one.from.extend(other.from);
        columns.push(one);
    }
    columns.extend(left);
    columns.extend(right);
    Some(columns)
}
