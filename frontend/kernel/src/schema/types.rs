//! Types as PostgreSQL prints them: `int4` is `integer`, `varchar(255)` is `character varying(255)`.
//! What is no type of PostgreSQL's own is looked up elsewhere, by whoever knows the schema.

use crate::{
    name::{Ident, QualifiedName},
    sql::{cursor::Cursor, lex::TokenKind},
};

use super::object::Oid;

/// An object that is known, or the name of one that the schema does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// An object of the schema.
    Known(Oid),
    /// As written, folded.
    Outside(QualifiedName),
}

/// A type as a column or an argument has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeUse {
    /// The type without modifier and brackets.
    pub base: TypeBase,
    /// `(255)`, `(10,2)`, or the fields of an interval; empty for none.
    pub modifier: String,
    /// Whether it is an array; PostgreSQL keeps no number of dimensions.
    pub array: bool,
}

/// What a type is without modifier and brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TypeBase {
    /// PostgreSQL's own, as it prints it: `timestamp with time zone`.
    BuiltIn(&'static str),
    /// A type, domain or table of the schema, or one that is not known.
    Named(Reference),
    /// It does not follow from the text: of a column of a query.
    Unknown,
}

impl TypeUse {
    /// As an argument has it: PostgreSQL drops the modifier.
    pub(super) fn without_modifier(self) -> Self {
        Self { modifier: String::new(), ..self }
    }

    /// As PostgreSQL prints it, with `name` for a named type.
    pub(super) fn print(&self, name: impl Fn(&Reference) -> QualifiedName, column: bool) -> String {
        let modifier = self.modifier.as_str();
        let base = match &self.base {
            // Without a length it is a type of its own, except where modifiers do not count.
            TypeBase::BuiltIn("character") if column && modifier.is_empty() => "bpchar".to_owned(),
            TypeBase::BuiltIn(base) => match base.split_once(' ') {
                Some((first @ ("time" | "timestamp"), zone)) => format!("{first}{modifier} {zone}"),
                _ => format!("{base}{modifier}"),
            },
            TypeBase::Named(reference) => format!("{}{modifier}", name(reference)),
            TypeBase::Unknown => String::new(),
        };
        if self.array { base + "[]" } else { base }
    }
}

/// Names that PostgreSQL prints in another way; the rest of [`OWN`] prints as it is.
const ALIASES: [(&str, &str); 23] = [
    ("bool", "boolean"),
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("dec", "numeric"),
    ("decimal", "numeric"),
    ("varchar", "character varying"),
    ("bpchar", "character"),
    ("char", "character"),
    ("nchar", "character"),
    ("varbit", "bit varying"),
    ("timestamptz", "timestamp with time zone"),
    ("timestamp", "timestamp without time zone"),
    ("timetz", "time with time zone"),
    ("time", "time without time zone"),
    ("smallint", "smallint"),
    ("integer", "integer"),
    ("bigint", "bigint"),
    ("real", "real"),
    ("boolean", "boolean"),
];

/// PostgreSQL's own types of one word, sorted.
const OWN: [&str; 88] = [
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
    "bit",
    "box",
    "bytea",
    "character",
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
    "pg_snapshot",
    "point",
    "polygon",
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
    "pg_node_tree",
];

/// Types that a well-known extension brings, with the extension.
pub(super) const OF_EXTENSIONS: [(&str, &[&str]); 9] = [
    ("citext", &["citext"]),
    ("cube", &["cube"]),
    ("hstore", &["hstore"]),
    ("isn", &["ean13", "isbn", "isbn13", "ismn", "ismn13", "issn", "issn13", "upc"]),
    ("ltree", &["lquery", "ltree", "ltxtquery"]),
    ("postgis", &["box2d", "box3d", "geography", "geometry"]),
    ("seg", &["seg"]),
    ("vector", &["halfvec", "sparsevec", "vector"]),
    ("pg_jsonschema", &[]),
];

/// PostgreSQL's own type of this name, as it prints it.
fn built_in(name: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, printed)| *printed);
    alias.or_else(|| OWN.iter().find(|own| **own == name).copied())
}

/// A type as it is written: PostgreSQL's own is recognised, any other is a name.
pub(super) struct Written {
    pub(super) type_use: TypeUse,
    /// `table.column%type`: the type is that of this column.
    pub(super) of_column: Option<(QualifiedName, Ident)>,
}

/// Reads a type. `None` where no type starts.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Written> {
    cursor.eat("setof");
    let mut of_column = None;
    let (base, mut modifier) = match words(cursor) {
        Some(found) => found,
        None => {
            let start = *cursor;
            let mut name = cursor.name()?.name;
            if cursor.at_text("%") && cursor.is_at(1, "type") {
                *cursor = start;
                let (column, table) = cursor.column()?;
                cursor.skip(2);
                of_column = Some((table?, column.name.name.clone()));
                name = column.name;
            }
            (named(name), String::new())
        }
    };
    let base = if base == TypeBase::BuiltIn("float") { float(cursor) } else { base };
    if let Some(written) = cursor.group() {
        let digits: String = written.text().split_whitespace().collect();
        let fields = if base == TypeBase::BuiltIn("interval") { modifier.as_str() } else { "" };
        modifier = format!("{fields}({digits})");
        if base == TypeBase::BuiltIn("numeric") && !modifier.contains(',') {
            modifier = modifier.replace(')', ",0)");
        }
    } else if modifier.is_empty() && matches!(base, TypeBase::BuiltIn("bit")) {
        modifier = "(1)".to_owned();
    }
    let base = with_zone(cursor, base);
    let mut array = false;
    let name = match base {
        TypeBase::Named(Reference::Outside(name)) if name.name.as_str().starts_with('_') => {
            // `_text` is the name of `text[]`.
            match built_in(&name.name.as_str()[1..]) {
                Some(element) => {
                    array = true;
                    TypeBase::BuiltIn(element)
                }
                None => TypeBase::Named(Reference::Outside(name)),
            }
        }
        base => base,
    };
    while cursor.at(TokenKind::OpenBracket) || cursor.eat("array") {
        array = true;
        if cursor.at(TokenKind::OpenBracket) {
            cursor.step();
        }
    }
    Some(Written { type_use: TypeUse { base: name, modifier, array }, of_column })
}

/// Types of several words, and words that are a type only outside quotes.
fn words(cursor: &mut Cursor<'_>) -> Option<(TypeBase, String)> {
    let base = |base| Some((TypeBase::BuiltIn(base), String::new()));
    if cursor.eat_all(&["double", "precision"]) {
        return base("double precision");
    }
    if cursor.eat("float") {
        return base("float");
    }
    if cursor.eat("interval") {
        const FIELDS: [&str; 7] = ["year", "month", "day", "hour", "minute", "second", "to"];
        let start = *cursor;
        while cursor.eat_any(&FIELDS) {}
        let fields = start.until(cursor).folded();
        let modifier = if fields.is_empty() { fields } else { format!(" {fields}") };
        return Some((TypeBase::BuiltIn("interval"), modifier));
    }
    let national = cursor.eat("national");
    if cursor.is_any(&["character", "char", "nchar", "bit"]) || national {
        let bit = cursor.is("bit");
        cursor.skip(1);
        let varying = cursor.eat("varying");
        return Some(match (bit, varying) {
            (true, true) => (TypeBase::BuiltIn("bit varying"), String::new()),
            (true, false) => (TypeBase::BuiltIn("bit"), String::new()),
            (false, true) => (TypeBase::BuiltIn("character varying"), String::new()),
            (false, false) => (TypeBase::BuiltIn("character"), "(1)".to_owned()),
        });
    }
    None
}

fn named(name: QualifiedName) -> TypeBase {
    let system = name.schema.as_ref().is_none_or(|schema| schema.as_str() == "pg_catalog");
    // The word `char` has been read; in quotes it is another type.
    if system && name.name.as_str() == "char" {
        return TypeBase::BuiltIn("\"char\"");
    }
    match built_in(name.name.as_str()).filter(|_| system) {
        Some(own) => TypeBase::BuiltIn(own),
        None => TypeBase::Named(Reference::Outside(name)),
    }
}

/// `float(24)` is real, `float(25)` is double precision.
fn float(cursor: &mut Cursor<'_>) -> TypeBase {
    let bits = cursor.group().and_then(|bits| bits.text().trim().parse::<u32>().ok());
    TypeBase::BuiltIn(if bits.is_some_and(|bits| bits <= 24) { "real" } else { "double precision" })
}

/// WITH or WITHOUT TIME ZONE behind a time.
fn with_zone(cursor: &mut Cursor<'_>, base: TypeBase) -> TypeBase {
    let with = cursor.eat_all(&["with", "time", "zone"]);
    if !with && !cursor.eat_all(&["without", "time", "zone"]) {
        return base;
    }
    match base {
        TypeBase::BuiltIn("timestamp without time zone") if with => {
            TypeBase::BuiltIn("timestamp with time zone")
        }
        TypeBase::BuiltIn("time without time zone") if with => TypeBase::BuiltIn("time with time zone"),
        base => base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_print_as_postgres_prints_them() {
        for (written, printed) in [
            ("int4", "integer"),
            ("VARCHAR(255)", "character varying(255)"),
            ("char", "character(1)"),
            ("bpchar", "bpchar"),
            ("\"char\"", "\"char\""),
            ("character varying", "character varying"),
            ("national character (3)", "character(3)"),
            ("numeric(10)", "numeric(10,0)"),
            ("decimal(5, 2)[]", "numeric(5,2)[]"),
            ("float(24)", "real"),
            ("float", "double precision"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("timestamptz(0)", "timestamp(0) with time zone"),
            ("time", "time without time zone"),
            ("interval day to second(2)", "interval day to second(2)"),
            ("bit", "bit(1)"),
            ("bit varying(4)", "bit varying(4)"),
            ("int[3][3]", "integer[]"),
            ("text array[4]", "text[]"),
            ("_int4", "integer[]"),
            ("pg_catalog.int8", "bigint"),
            ("app.\"Mood\"", "app.\"Mood\""),
            ("extensions.vector(3)", "extensions.vector(3)"),
        ] {
            let tokens = crate::sql::tokens(written);
            let mut cursor = Cursor::new(written, &tokens, 0);
            let read = read(&mut cursor).unwrap();
            let name = |reference: &Reference| match reference {
                Reference::Outside(name) => name.clone(),
                Reference::Known(_) => QualifiedName::default(),
            };
            assert_eq!(read.type_use.print(name, true), printed, "{written}");
            assert!(cursor.is_empty(), "{written}");
        }
    }
}
