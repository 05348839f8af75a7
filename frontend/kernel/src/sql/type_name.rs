//! A type as SQL writes it: `int4`, `character varying(20)`, `interval day to second(2)[]`, `app.mood`.
//! PostgreSQL's own go by one name each. What any other name stands for depends on a schema, and is not asked here.

use super::{
    cursor::Cursor,
    lex::{Token, TokenKind},
};
use crate::name::{Ident, QualifiedName};

/// A type as a column, an argument or a cast has it.
pub(crate) struct TypeName<'a> {
    pub(crate) base: Base,
    /// `day to second` of an interval; empty for none.
    pub(crate) fields: Cursor<'a>,
    /// What stands in parentheses.
    pub(crate) modifier: Option<Cursor<'a>>,
    /// Whether it is an array; PostgreSQL keeps no number of dimensions.
    pub(crate) array: bool,
}

/// What a type is without modifier and brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// PostgreSQL's own, as it prints it: `timestamp with time zone`.
    Own(&'static str),
    /// Any other, as written.
    Named(QualifiedName),
    /// `table.column%type`: the type of this column.
    OfColumn(QualifiedName, Ident),
}

/// Of `char` and `bit` without a length, which is then 1.
const ONE: &[Token] = &[Token { kind: TokenKind::Number, start: 0, end: 1 }];

impl<'a> TypeName<'a> {
    /// Reads a type and passes it. `None` where none starts.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let mut found = match Self::of_words(cursor) {
            Some(found) => found,
            None => Self::of_name(cursor)?,
        };
        found.modifier = cursor.group().or(found.modifier);
        if cursor.eat_all(&["with", "time", "zone"]) {
            match &mut found.base {
                Base::Own(time @ "time without time zone") => *time = "time with time zone",
                Base::Own(time @ "timestamp without time zone") => *time = "timestamp with time zone",
                _ => {}
            }
        } else {
            cursor.eat_all(&["without", "time", "zone"]);
        }
        while cursor.at(TokenKind::OpenBracket) || cursor.eat("array") {
            found.array = true;
            if cursor.at(TokenKind::OpenBracket) {
                cursor.step();
            }
        }
        Some(found)
    }

    fn of(base: Base) -> Self {
        Self { base, fields: Cursor::new("", &[], 0), modifier: None, array: false }
    }

    /// Types of several words, and words that are a type only outside quotes.
    fn of_words(cursor: &mut Cursor<'a>) -> Option<Self> {
        const FIELDS: [&str; 7] = ["year", "month", "day", "hour", "minute", "second", "to"];
        let own = |printed| Self::of(Base::Own(printed));
        if cursor.eat_all(&["double", "precision"]) {
            return Some(own("double precision"));
        }
        if cursor.eat("float") {
            return Some(own(float(cursor)));
        }
        if cursor.eat("interval") {
            let start = *cursor;
            while cursor.eat_any(&FIELDS) {}
            return Some(Self { fields: start.until(cursor), ..own("interval") });
        }
        let national = cursor.eat("national");
        if !national && !cursor.is_any(&["character", "char", "nchar", "bit"]) {
            return None;
        }
        let bit = cursor.is("bit");
        cursor.skip(1);
        Some(match (bit, cursor.eat("varying")) {
            (true, true) => own("bit varying"),
            (false, true) => own("character varying"),
            (true, false) => Self { modifier: Some(Cursor::new("1", ONE, 0)), ..own("bit") },
            (false, false) => Self { modifier: Some(Cursor::new("1", ONE, 0)), ..own("character") },
        })
    }

    fn of_name(cursor: &mut Cursor<'a>) -> Option<Self> {
        let start = *cursor;
        let name = cursor.name()?.name;
        if cursor.at_text("%") && cursor.is_at(1, "type") {
            *cursor = start;
            let (column, table) = cursor.column()?;
            cursor.skip(2);
            return Some(Self::of(Base::OfColumn(table?, column.name.name)));
        }
        if name.schema.as_ref().is_none_or(|schema| schema.as_str() == "pg_catalog") {
            let called = name.name.as_str();
            if let Some(printed) = own(called) {
                return Some(Self::of(Base::Own(printed)));
            }
            // `_text` is the name of `text[]`.
            if let Some(printed) = called.strip_prefix('_').and_then(own) {
                return Some(Self { array: true, ..Self::of(Base::Own(printed)) });
            }
        }
        Some(Self::of(Base::Named(name)))
    }
}

/// `float(24)` is real, `float(25)` is double precision. What is no number stays where it is.
fn float(cursor: &mut Cursor<'_>) -> &'static str {
    let mut behind = *cursor;
    let bits = behind.group().and_then(|bits| bits.text().parse::<u32>().ok());
    if bits.is_some() {
        *cursor = behind;
    }
    if bits.is_some_and(|bits| bits <= 24) { "real" } else { "double precision" }
}

/// The type that `bigserial` stands for in the definition of a column, where a sequence comes with it.
#[inline]
pub(crate) fn serial(name: &str) -> Option<&'static str> {
    Some(match name {
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        "smallserial" | "serial2" => "smallint",
        _ => return None,
    })
}

/// PostgreSQL's own type of this name, as it prints it. Of `char` only the one in quotes comes here.
fn own(name: &str) -> Option<&'static str> {
    Some(match name {
        "bool" => "boolean",
        "bpchar" => "character",
        "char" => "\"char\"",
        "dec" | "decimal" => "numeric",
        "float4" => "real",
        "float8" => "double precision",
        "int" | "int4" => "integer",
        "int2" => "smallint",
        "int8" => "bigint",
        "time" => "time without time zone",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        "timetz" => "time with time zone",
        "varbit" => "bit varying",
        "varchar" => "character varying",
        _ => return OWN.binary_search(&name).ok().map(|at| OWN[at]),
    })
}

/// Those of one word that PostgreSQL prints as they are called, sorted.
const OWN: [&str; 92] = [
    "any",
    "anyarray",
    "anycompatible",
    "anycompatiblearray",
    "anycompatiblemultirange",
    "anycompatiblenonarray",
    "anycompatiblerange",
    "anyelement",
    "anyenum",
    "anymultirange",
    "anynonarray",
    "anyrange",
    "bigint",
    "bit",
    "boolean",
    "box",
    "bytea",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "date",
    "datemultirange",
    "daterange",
    "event_trigger",
    "fdw_handler",
    "gtsvector",
    "index_am_handler",
    "inet",
    "int2vector",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "integer",
    "internal",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "language_handler",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "pg_node_tree",
    "pg_snapshot",
    "point",
    "polygon",
    "real",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdatabase",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "smallint",
    "table_am_handler",
    "text",
    "tid",
    "trigger",
    "tsm_handler",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "unknown",
    "uuid",
    "void",
    "xid",
    "xid8",
    "xml",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::tokens;

    #[test]
    fn own_types_are_found_by_their_names() {
        for called in OWN {
            assert_eq!(own(called), Some(called));
        }
    }

    #[test]
    fn a_type_is_passed_and_nothing_behind_it() {
        for (written, base, rest) in [
            ("double precision default 0", Base::Own("double precision"), "default 0"),
            ("float(25) not null", Base::Own("double precision"), "not null"),
            ("float(n)[], a int", Base::Own("double precision"), ", a int"),
            ("time (3) without time zone)", Base::Own("time without time zone"), ")"),
            ("national char varying(9) check (true)", Base::Own("character varying"), "check (true)"),
            ("text array[3] = b", Base::Own("text"), "= b"),
            ("pg_catalog._bool 'x'", Base::Own("boolean"), "'x'"),
            ("\"interval\" 'x'", Base::Own("interval"), "'x'"),
            ("app.text, b", Base::Named(QualifiedName::from_sql("app.text")), ", b"),
            ("\"float\"", Base::Named(QualifiedName::from_sql("float")), ""),
            (
                "app.t.c%type := 1",
                Base::OfColumn(QualifiedName::from_sql("app.t"), Ident::from_sql("c")),
                ":= 1",
            ),
        ] {
            let tokens = tokens(written);
            let mut cursor = Cursor::new(written, &tokens, 0);
            let found = TypeName::read(&mut cursor).map(|found| found.base);
            assert_eq!((found, cursor.text()), (Some(base), rest), "{written}");
        }
        for written in ["", "(int)", "c%type"] {
            let tokens = tokens(written);
            assert!(TypeName::read(&mut Cursor::new(written, &tokens, 0)).is_none(), "{written}");
        }
    }
}
