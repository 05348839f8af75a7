//! FROM: what is read, and what `*` and the names of columns mean there.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
};

use super::{Output, Outputs, Reader, Scope, Yields, renamed, value};
use crate::{
    name::Ident,
    schema::fold::{definition::names, term::QUERIES},
    sql::{cursor::Cursor, lex::TokenKind},
};

/// One thing that is read.
pub(super) struct Source {
    pub(super) columns: Option<Columns>,
}

/// Columns that are found by name.
#[derive(Default)]
pub(super) struct Columns {
    list: Vec<Output>,
    /// The first of each name, and whether it is the only one; made when somebody asks.
    places: OnceCell<BTreeMap<Ident, (usize, bool)>>,
}

impl Columns {
    fn new(list: Vec<Output>) -> Self {
        Self { list, places: OnceCell::new() }
    }

    pub(super) fn list(&self) -> &[Output] {
        &self.list
    }

    /// The first of a name, and whether it is the only one.
    fn named(&self, name: &Ident) -> Option<(&Output, bool)> {
        let places = self.places.get_or_init(|| {
            let mut places: BTreeMap<Ident, (usize, bool)> = BTreeMap::new();
            for (place, output) in self.list.iter().enumerate() {
                let Some(name) = &output.name else { continue };
                places.entry(name.clone()).and_modify(|(_, alone)| *alone = false).or_insert((place, true));
            }
            places
        });
        let (place, alone) = places.get(name)?;
        Some((self.list.get(*place)?, *alone))
    }
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
        self.outwards().find_map(|scope| scope.sources.get(*scope.named.get(name)?))
    }

    fn push(&mut self, name: Option<Ident>, columns: Outputs) {
        if let Some(name) = name {
            self.named.entry(name).or_insert(self.sources.len());
        }
        self.sources.push(Source { columns: columns.map(Columns::new) });
        self.known.take();
    }

    /// A column by its name, or by the name of what is read and its own.
    pub(super) fn column(&self, parts: &[Ident]) -> Option<&Output> {
        let (name, before) = parts.split_last()?;
        if let Some(source) = before.last() {
            return self.source(source)?.columns.as_ref()?.named(name).map(|(output, _)| output);
        }
        for scope in self.outwards() {
            if let Some(star) = &scope.star {
                if let Some((output, alone)) = star.named(name) {
                    return alone.then_some(output);
                }
            } else {
                // What is not known may hold it.
                let (output, alone) = scope.known_columns().named(name)?;
                return alone.then_some(output);
            }
        }
        None
    }

    fn known_columns(&self) -> &Columns {
        self.known.get_or_init(|| {
            let known = self.sources.iter().filter_map(|source| source.columns.as_ref());
            Columns::new(known.flat_map(|columns| columns.list.iter().cloned()).collect())
        })
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
        scope.star = star.map(Columns::new);
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
            scope.push(name, columns.clone());
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
    let names: Option<BTreeSet<&Ident>> = right.iter().map(|output| output.name.as_ref()).collect();
    let own: Option<Vec<&Ident>> = left.iter().map(|output| output.name.as_ref()).collect();
    let (names, own) = names.zip(own)?;
    Some(own.into_iter().filter(|name| names.contains(name)).cloned().collect())
}

/// The columns of a join with USING: those of both sides come first, and once.
fn merged(left: Outputs, right: Outputs, names: &[Ident]) -> Outputs {
    let (mut left, mut right) = (Side::of(left?), Side::of(right?));
    let mut columns = Vec::new();
    for name in names {
        let (mut one, other) = (left.take(name)?, right.take(name)?);
        one.yields = match (&one.yields, &other.yields) {
            (one, other) if one == other => one.clone(),
            (Yields::Unknown, _) | (_, Yields::Unknown) => Yields::Unknown,
            (one, other) => value::common(one, other),
        };
        one.from.extend(other.from);
        columns.push(one);
    }
    columns.extend(left.list.into_iter().flatten());
    columns.extend(right.list.into_iter().flatten());
    Some(columns)
}

/// One side of a join with USING, of which columns are taken by name.
struct Side {
    list: Vec<Option<Output>>,
    places: BTreeMap<Ident, VecDeque<usize>>,
}

impl Side {
    fn of(outputs: Vec<Output>) -> Self {
        let mut places: BTreeMap<Ident, VecDeque<usize>> = BTreeMap::new();
        for (place, output) in outputs.iter().enumerate() {
            if let Some(name) = &output.name {
                places.entry(name.clone()).or_default().push_back(place);
            }
        }
        Self { list: outputs.into_iter().map(Some).collect(), places }
    }

    /// The first of this name that is left.
    fn take(&mut self, name: &Ident) -> Option<Output> {
        self.list.get_mut(self.places.get_mut(name)?.pop_front()?)?.take()
    }
}
