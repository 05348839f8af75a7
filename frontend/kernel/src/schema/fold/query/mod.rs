//! The columns of a query: their names as PostgreSQL gives them, their types where they follow from the text and
//! from the relations that are known. What does not follow is unknown.

mod from;
mod value;

use std::{cell::OnceCell, collections::BTreeMap};

use super::{
    Fold,
    term::{self, Called, QUERIES},
};
use crate::{
    name::{Ident, QualifiedName},
    schema::{
        object::{Definition, Oid},
        types::{TypeBase, TypeUse},
    },
    sql::{cursor::Cursor, lex::TokenKind, statement::Statement},
};
use from::{Columns, Source};

/// A query, read.
pub(super) struct Query {
    /// `None` when it is not known how many there are.
    pub(super) columns: Option<Vec<Output>>,
    /// Where the `*` stand that were resolved.
    pub(super) stars: Vec<usize>,
    /// The columns that they and NATURAL JOIN stand for.
    pub(super) needs: Vec<Oid>,
}

/// A column of a query.
#[derive(Clone)]
pub(super) struct Output {
    /// `None` when it does not follow from the text.
    pub(super) name: Option<Ident>,
    pub(super) yields: Yields,
    /// The columns of relations that it is.
    from: Vec<Oid>,
}

/// The type of a column of a query.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Yields {
    Unknown,
    /// A string or NULL: `text`, unless another query of the same column says more.
    Open,
    Type(TypeUse),
}

/// `None` when it is not known how many there are.
type Outputs = Option<Vec<Output>>;

/// Queries in queries deeper than this, and more of them in one statement than that, are not read.
const MAX_DEPTH: u8 = 16;
const MAX_QUERIES: u16 = 400;

struct Reader<'f, 's> {
    fold: &'f Fold<'s>,
    stars: Vec<usize>,
    needs: Vec<Oid>,
    depth: u8,
    queries: u16,
}

/// What names mean in a query.
struct Scope<'o> {
    around: Option<&'o Scope<'o>>,
    /// The common tables of its WITH.
    tables: Vec<(Ident, Outputs)>,
    sources: Vec<Source>,
    /// The first source of each name.
    named: BTreeMap<Ident, usize>,
    /// What `*` stands for.
    star: Option<Columns>,
    /// Where it is not known: the columns of the sources that are.
    known: OnceCell<Columns>,
}

impl<'o> Scope<'o> {
    fn within(around: Option<&'o Self>) -> Self {
        Self {
            around,
            tables: Vec::new(),
            sources: Vec::new(),
            named: BTreeMap::new(),
            star: Some(Columns::default()),
            known: OnceCell::new(),
        }
    }
}

impl Fold<'_> {
    /// The columns of the query that starts here.
    pub(super) fn query(&self, cursor: Cursor<'_>, statement: &Statement) -> Query {
        let mut reader = Reader { fold: self, stars: Vec::new(), needs: Vec::new(), depth: 0, queries: 0 };
        let columns =
            if statement.flags.templated { None } else { reader.query(cursor, &Scope::within(None)) };
        Query { columns, stars: reader.stars, needs: reader.needs }
    }

    /// The same of CREATE RECURSIVE VIEW, whose query reads the view under its name.
    pub(super) fn recursive_query(&self, view: &Ident, names: &[Ident], cursor: Cursor<'_>) -> Query {
        let mut reader = Reader { fold: self, stars: Vec::new(), needs: Vec::new(), depth: 0, queries: 0 };
        let columns = reader.common_table(view, names, cursor, true, &Scope::within(None));
        Query { columns, stars: reader.stars, needs: reader.needs }
    }
}

impl<'f> Reader<'f, '_> {
    /// A query from its first word or parenthesis.
    fn query(&mut self, cursor: Cursor<'_>, around: &Scope<'_>) -> Outputs {
        self.enter(|reader| reader.query_here(cursor, around, false))
    }

    fn enter(&mut self, read: impl FnOnce(&mut Self) -> Outputs) -> Outputs {
        if self.depth >= MAX_DEPTH || self.queries >= MAX_QUERIES {
            return None;
        }
        self.depth += 1;
        self.queries += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// `first`: only what stands before UNION, which decides the columns of a table that reads itself.
    fn query_here(&mut self, mut cursor: Cursor<'_>, around: &Scope<'_>, first: bool) -> Outputs {
        let mut scope = Scope::within(Some(around));
        if cursor.eat("with") && !self.with(&mut cursor, &mut scope) {
            return None;
        }
        let mut outputs = self.branch(next_branch(&mut cursor), &scope)?;
        while cursor.eat_any(&["union", "intersect", "except"]) {
            cursor.eat_any(&["all", "distinct"]);
            let branch = next_branch(&mut cursor);
            if first {
                continue;
            }
            let other = self.branch(branch, &scope)?;
            if other.len() != outputs.len() {
                return None;
            }
            for (output, other) in outputs.iter_mut().zip(other) {
                output.yields = value::common(&output.yields, &other.yields);
                output.from.extend(other.from);
            }
        }
        for output in outputs.iter_mut().filter(|output| output.yields == Yields::Open) {
            // What reads itself may settle it in another way.
            output.yields = if first { Yields::Unknown } else { value::own("text") };
        }
        Some(outputs)
    }

    // WITH --------------------------------------------------------------------------------------------

    fn with(&mut self, cursor: &mut Cursor<'_>, scope: &mut Scope<'_>) -> bool {
        let recursive = cursor.eat("recursive");
        loop {
            let Some((name, _)) = cursor.ident() else { return false };
            let names = cursor.group().map(super::definition::names).unwrap_or_default();
            cursor.eat("as");
            cursor.eat("not");
            cursor.eat("materialized");
            let Some(body) = cursor.group() else { return false };
            let outputs = self.common_table(&name, &names, body, recursive, scope);
            scope.tables.push((name, outputs));
            if !cursor.eat_kind(TokenKind::Comma) {
                // SEARCH and CYCLE add columns of their own.
                return cursor.is_any(&QUERIES) || cursor.at(TokenKind::OpenParen);
            }
        }
    }

    fn common_table(
        &mut self,
        name: &Ident,
        names: &[Ident],
        body: Cursor<'_>,
        recursive: bool,
        scope: &Scope<'_>,
    ) -> Outputs {
        let is_name = |token| Ident::from_sql(body.text_of(token)) == *name;
        let itself = recursive && body.tokens().iter().any(|token| is_name(*token));
        let outputs = self.enter(|reader| reader.query_here(body, scope, itself));
        renamed(outputs, names)
    }

    // SELECT, VALUES, TABLE ---------------------------------------------------------------------------

    /// One query without UNION and its like around it.
    fn branch(&mut self, mut cursor: Cursor<'_>, scope: &Scope<'_>) -> Outputs {
        if cursor.at(TokenKind::OpenParen) {
            let inside = cursor.group()?;
            let tail = ["order", "limit", "offset", "fetch", "for", "with"];
            return (cursor.is_empty() || cursor.is_any(&tail)).then(|| self.query(inside, scope))?;
        }
        if cursor.eat("values") {
            return self.values(cursor, scope);
        }
        if cursor.eat("table") {
            cursor.eat("only");
            let named = cursor.name()?;
            return self.relation(&named.name, scope);
        }
        cursor.eat("select").then(|| self.select(cursor, scope))?
    }

    fn values(&mut self, mut cursor: Cursor<'_>, scope: &Scope<'_>) -> Outputs {
        let mut outputs: Outputs = None;
        loop {
            let mut row = cursor.group()?;
            let mut read = Vec::new();
            while let Some(item) = row.list_item() {
                let output = self.expression(item, scope);
                let name = Some(Ident::exact(format!("column{}", read.len() + 1)));
                read.push(Output { name, from: Vec::new(), ..output });
            }
            match &mut outputs {
                None => outputs = Some(read),
                Some(outputs) if outputs.len() == read.len() => {
                    for (output, other) in outputs.iter_mut().zip(read) {
                        output.yields = value::common(&output.yields, &other.yields);
                    }
                }
                Some(_) => return None,
            }
            if !cursor.eat_kind(TokenKind::Comma) {
                return outputs;
            }
        }
    }

    fn select(&mut self, mut cursor: Cursor<'_>, around: &Scope<'_>) -> Outputs {
        if cursor.eat("distinct") && cursor.eat("on") {
            cursor.step();
        }
        cursor.eat("all");
        let mut targets = targets(&mut cursor);
        cursor.skip_to_any(&["from"]);
        let mut scope = Scope::within(Some(around));
        if cursor.eat("from") {
            self.from(cursor, &mut scope);
        }
        let mut outputs = Vec::new();
        while let Some(target) = targets.list_item() {
            self.target(target, &scope, &mut outputs)?;
        }
        Some(outputs)
    }

    /// `None` when it may be any number of columns.
    fn target(&mut self, target: Cursor<'_>, scope: &Scope<'_>, outputs: &mut Vec<Output>) -> Option<()> {
        let mut ahead = target;
        if ahead.eat_text("*") && ahead.is_empty() {
            let star = self.expanded(scope.star.as_ref(), outputs)?;
            self.stars.extend(target.peek().map(|star| star.start));
            self.needs.extend(star.iter().flat_map(|output| &output.from));
            outputs.extend(star);
            return Some(());
        }
        let mut ahead = target;
        if let Some(named) = ahead.name()
            && ahead.eat_kind(TokenKind::Dot)
            && ahead.eat_text("*")
        {
            let source = scope.source(&named.name.name)?;
            let columns = self.expanded(source.columns.as_ref(), outputs)?;
            self.needs.extend(columns.iter().flat_map(|output| &output.from));
            outputs.extend(columns);
            return ahead.is_empty().then_some(());
        }
        // `(row).*`
        let last = target.tokens().len().checked_sub(2).and_then(|at| target.peek_at(at));
        if last.is_some_and(|token| token.kind == TokenKind::Dot) && target.text().ends_with('*') {
            return None;
        }
        outputs.push(self.expression(target, scope));
        Some(())
    }

    /// What a `*` stands for, as long as PostgreSQL takes so many columns.
    fn expanded(&self, star: Option<&Columns>, outputs: &[Output]) -> Outputs {
        const MOST: usize = 1664;
        let star = star.filter(|_| outputs.len() <= MOST)?;
        Some(star.list().to_vec())
    }

    /// An expression, with AS or without.
    fn expression(&mut self, target: Cursor<'_>, scope: &Scope<'_>) -> Output {
        let mut rest = target;
        let Some(read) = term::read(&mut rest) else { return unread(target) };
        let aliased = rest.eat("as") || !rest.is_empty();
        let alias = if aliased { rest.ident().map(|(name, _)| name) } else { None };
        if !rest.is_empty() || aliased && alias.is_none() {
            return unread(target);
        }
        let output = self.value(&read.value, scope);
        let called = match read.called {
            _ if alias.is_some() => alias,
            Called::Nothing => Some(Ident::exact("?column?")),
            Called::Weak(name) | Called::Name(name) => Some(name),
            Called::Query(_) => output.name,
            Called::Unknown => None,
        };
        Output { name: called, ..output }
    }

    /// The columns of a common table or of a relation that is known.
    fn relation(&self, name: &QualifiedName, scope: &Scope<'_>) -> Outputs {
        if name.schema.is_none()
            && let Some(outputs) = scope.table(&name.name)
        {
            return outputs.clone();
        }
        let schema = &*self.fold.schema;
        let oid = self.fold.relation(name)?;
        let object = schema.get(oid)?;
        let Definition::Relation(relation) = &object.definition else { return None };
        if relation.from_query {
            return None;
        }
        let columns = schema.columns(oid).into_iter().filter_map(|(oid, object)| match &object.definition {
            Definition::Column(column) => {
                let yields = match column.type_use.base {
                    TypeBase::Unknown => Yields::Unknown,
                    _ => Yields::Type(column.type_use.clone()),
                };
                Some(Output { name: Some(object.name.clone()), yields, from: vec![oid] })
            }
            _ => None,
        });
        Some(columns.collect())
    }
}

/// What is not understood has the name that AS gives it at its end.
fn unread(target: Cursor<'_>) -> Output {
    let mut last = target;
    last.skip(target.len().saturating_sub(2));
    let name = last.eat("as").then(|| last.ident()).flatten().map(|(name, _)| name);
    Output { name, yields: Yields::Unknown, from: Vec::new() }
}

/// Passes a query up to the UNION or its like that follows.
fn next_branch<'a>(cursor: &mut Cursor<'a>) -> Cursor<'a> {
    let start = *cursor;
    cursor.skip_to_any(&["union", "intersect", "except"]);
    start.until(cursor)
}

/// Passes the list behind SELECT.
fn targets<'a>(cursor: &mut Cursor<'a>) -> Cursor<'a> {
    const BEHIND: [&str; 12] = [
        "into", "from", "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for",
        "with",
    ];
    let start = *cursor;
    while !cursor.is_empty() {
        // Any word may be a name here, FROM a part of a comparison, WITH one of a type.
        if cursor.eat("as") || cursor.at(TokenKind::Dot) {
            cursor.skip(1);
        } else if !cursor.eat_all(&["distinct", "from"]) && !cursor.eat_all(&["with", "time", "zone"]) {
            if cursor.is_any(&BEHIND) {
                break;
            }
            cursor.step();
        }
    }
    start.until(cursor)
}

/// The first columns under other names.
fn renamed(outputs: Outputs, names: &[Ident]) -> Outputs {
    let mut outputs = outputs?;
    if names.len() > outputs.len() {
        return None;
    }
    for (output, name) in outputs.iter_mut().zip(names) {
        output.name = Some(name.clone());
    }
    Some(outputs)
}
