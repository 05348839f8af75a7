//! One expression as it is written: the name PostgreSQL gives its column, and what decides its type.
//! It looks nothing up, and what it does not understand it does not guess.

mod operand;

use crate::{
    name::{Ident, QualifiedName},
    schema::naming,
    sql::{cursor::Cursor, lex::TokenKind, type_name::TypeName},
};
pub(super) use operand::QUERIES;
use operand::primary;

/// An expression.
pub(super) struct Term<'a> {
    pub(super) called: Called<'a>,
    pub(super) value: Value<'a>,
}

/// The name of an expression's column, as `FigureColname` of PostgreSQL's sources finds it.
pub(super) enum Called<'a> {
    /// None is found in it.
    Nothing,
    /// One that gives way to a better one: a cast's type, `case`.
    Weak(Ident),
    Name(Ident),
    /// That of a query's first column.
    Query(Cursor<'a>),
    Unknown,
}

/// What decides an expression's type.
#[derive(Clone)]
pub(super) enum Value<'a> {
    Unknown,
    /// A string or NULL: its surroundings decide.
    Open,
    /// One of PostgreSQL's own types.
    Own(&'static str),
    /// A type as written.
    Type(Cursor<'a>),
    /// A column, with what stands before it.
    Column(Vec<Ident>),
    /// A function of this name.
    Call(QualifiedName),
    /// The first column of a query.
    Query(Cursor<'a>),
    /// The type that all have in common: CASE, COALESCE.
    Common(Vec<Value<'a>>),
    /// Of numbers, by `+`, `-`, `*`, `/`.
    Sum(Vec<Value<'a>>),
    /// By `||`.
    Joined(Vec<Value<'a>>),
    /// AT TIME ZONE: with a zone it loses it, without it gets one.
    Zoned(Box<Value<'a>>),
}

/// Expressions in expressions deeper than this are not read.
const MAX_DEPTH: u8 = 24;

const BOOLEAN: Value<'_> = Value::Own("boolean");

/// Reads an expression and leaves what stands behind it.
pub(super) fn read<'a>(cursor: &mut Cursor<'a>) -> Option<Term<'a>> {
    expression(cursor, 0)
}

/// The name of the column of an expression, where one is found in it.
pub(super) fn name(cursor: Cursor<'_>) -> Option<Ident> {
    match whole(cursor, 0)?.called {
        Called::Weak(name) | Called::Name(name) => Some(name),
        Called::Nothing | Called::Query(_) | Called::Unknown => None,
    }
}

/// An expression that is all of `cursor`.
fn whole(mut cursor: Cursor<'_>, depth: u8) -> Option<Term<'_>> {
    expression(&mut cursor, depth).filter(|_| cursor.is_empty())
}

fn named<'a>(name: &str, value: Value<'a>) -> Term<'a> {
    Term { called: Called::Name(Ident::exact(name)), value }
}

fn nameless(value: Value<'_>) -> Term<'_> {
    Term { called: Called::Nothing, value }
}

// Operators -------------------------------------------------------------------------------------------

/// What stands between two operands, or behind the last one.
enum Infix<'a> {
    /// AND, OR, BETWEEN: nothing around it binds less tightly.
    Logical,
    /// IS, IN: true or false, unless an operator takes that up.
    Test,
    Operator(&'a str),
}

fn expression<'a>(cursor: &mut Cursor<'a>, depth: u8) -> Option<Term<'a>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut logical = negations(cursor);
    let first = operand(cursor, depth)?;
    let mut values = vec![first.value.clone()];
    let (mut tested, mut operators) = (false, Vec::new());
    while let Some((infix, binary)) = infix(cursor)? {
        match infix {
            Infix::Logical => logical = true,
            Infix::Test => tested = true,
            Infix::Operator(operator) => {
                tested = false;
                operators.push(operator);
            }
        }
        if binary {
            logical |= negations(cursor);
            values.push(operand(cursor, depth)?.value);
        }
    }
    if values.len() == 1 && !tested && !logical {
        return Some(first);
    }
    let all = |wanted: &[&str]| operators.iter().all(|operator| wanted.contains(operator));
    Some(nameless(if logical || tested {
        BOOLEAN
    } else if all(&["+", "-", "*", "/"]) {
        Value::Sum(values)
    } else if all(&["||"]) {
        Value::Joined(values)
    } else {
        Value::Unknown
    }))
}

fn negations(cursor: &mut Cursor<'_>) -> bool {
    let found = cursor.is("not");
    while cursor.eat("not") {}
    found
}

/// Passes what may stand behind an operand, and says whether another one follows. The outer `None` is for what
/// is not understood.
#[expect(clippy::option_option, reason = "the end of an expression is no failure")]
fn infix<'a>(cursor: &mut Cursor<'a>) -> Option<Option<(Infix<'a>, bool)>> {
    const OTHER: Infix<'_> = Infix::Operator("");
    if cursor.eat_any(&["and", "or"]) {
        return Some(Some((Infix::Logical, true)));
    }
    if cursor.eat("is") {
        cursor.eat("not");
        if cursor.eat_all(&["distinct", "from"]) {
            return Some(Some((Infix::Test, true)));
        }
        return cursor.eat_any(&["null", "true", "false", "unknown"]).then_some(Some((Infix::Test, false)));
    }
    if cursor.eat_any(&["isnull", "notnull"]) {
        return Some(Some((Infix::Test, false)));
    }
    if cursor.is("not")
        && ["in", "between", "like", "ilike", "similar"].iter().any(|word| cursor.is_at(1, word))
    {
        cursor.skip(1);
    }
    if cursor.eat("in") {
        return cursor.group().map(|_| Some((Infix::Test, false)));
    }
    if cursor.eat("between") {
        cursor.eat_any(&["symmetric", "asymmetric"]);
        return Some(Some((Infix::Logical, true)));
    }
    if cursor.eat_any(&["like", "ilike", "escape"]) || cursor.eat_all(&["similar", "to"]) {
        return Some(Some((OTHER, !any_or_all(cursor))));
    }
    if cursor.is("operator") && cursor.peek_at(1).is_some_and(|next| next.kind == TokenKind::OpenParen) {
        cursor.skip(1);
        cursor.step();
        return Some(Some((OTHER, !any_or_all(cursor))));
    }
    // OVERLAPS has a name of its own.
    if cursor.is("overlaps") {
        return None;
    }
    let operator = cursor.peek().filter(|token| token.kind == TokenKind::Operator);
    Some(operator.map(|token| {
        cursor.skip(1);
        let all = any_or_all(cursor);
        (if all { OTHER } else { Infix::Operator(cursor.text_of(token)) }, !all)
    }))
}

/// `any (…)`, `all (…)` in the place of an operand.
fn any_or_all(cursor: &mut Cursor<'_>) -> bool {
    let opens = cursor.peek_at(1).is_some_and(|next| next.kind == TokenKind::OpenParen);
    let found = opens && cursor.eat_any(&["any", "some", "all"]);
    if found {
        cursor.step();
    }
    found
}

fn operand<'a>(cursor: &mut Cursor<'a>, depth: u8) -> Option<Term<'a>> {
    let (mut signed, mut prefixed) = (false, false);
    while let Some(token) = cursor.peek().filter(|token| token.kind == TokenKind::Operator) {
        let sign = matches!(cursor.text_of(token), "+" | "-");
        (signed, prefixed) = (signed || sign, prefixed || !sign);
        cursor.skip(1);
    }
    // The smallest numbers have a type of their own.
    let smallest = cursor.at_text("2147483648") || cursor.at_text("9223372036854775808");
    let mut term = primary(cursor, depth)?;
    behind(cursor, &mut term)?;
    while cursor.eat_all(&["at", "time", "zone"]) {
        let mut zone = primary(cursor, depth)?;
        behind(cursor, &mut zone)?;
        if signed {
            return None;
        }
        term = named("timezone", Value::Zoned(Box::new(term.value)));
    }
    Some(match (prefixed, signed) {
        (true, _) => nameless(Value::Unknown),
        (false, true) if smallest => nameless(Value::Unknown),
        (false, true) => nameless(Value::Sum(vec![term.value])),
        (false, false) => term,
    })
}

/// Casts, subscripts, fields and COLLATE behind an operand.
fn behind<'a>(cursor: &mut Cursor<'a>, term: &mut Term<'a>) -> Option<()> {
    loop {
        if cursor.eat_text("::") {
            let written = type_here(cursor)?;
            cast(term, written);
        } else if cursor.at(TokenKind::OpenBracket) {
            cursor.step();
            term.value = Value::Unknown;
        } else if cursor.at(TokenKind::Dot) {
            cursor.skip(1);
            let (field, _) = cursor.ident()?;
            *term = Term { called: Called::Name(field), value: Value::Unknown };
        } else if cursor.eat("collate") {
            cursor.name()?;
        } else {
            return Some(());
        }
    }
}

/// Passes a type.
fn type_here<'a>(cursor: &mut Cursor<'a>) -> Option<Cursor<'a>> {
    let start = *cursor;
    TypeName::read(cursor)?;
    Some(start.until(cursor))
}

fn cast<'a>(term: &mut Term<'a>, written: Cursor<'a>) {
    term.value = Value::Type(written);
    if matches!(term.called, Called::Nothing | Called::Weak(_)) {
        term.called = naming::type_called(written).map_or(Called::Unknown, Called::Weak);
    }
}
