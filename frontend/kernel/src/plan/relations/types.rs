//! Types by name: PostgreSQL's own under one name each, any other as it is called. Nothing is asked of a schema.

use crate::{
    name::{Ident, QualifiedName},
    sql::{cursor::Cursor, lex::TokenKind, tokens},
};

/// A type as a column or a cast has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) base: Base,
    pub(super) modifier: Modifier,
    pub(super) array: bool,
}

/// A type without modifier and brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// PostgreSQL's own, by its name in the catalogue: `int4`.
    Own(&'static str),
    /// Any other, as written.
    Named(QualifiedName),
}

/// What stands in parentheses, and the last of the fields of an interval: 0 for seconds, 5 for years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Modifier {
    pub(super) size: Option<i32>,
    pub(super) scale: Option<i32>,
    pub(super) last_field: Option<u8>,
}

impl Modifier {
    fn of_size(size: i32) -> Self {
        Self { size: Some(size), ..Self::default() }
    }
}

impl Type {
    /// Reads a type to its end; `None` where that is not one that can be known from the text.
    pub(super) fn read(written: &str) -> Option<Self> {
        let tokens = tokens(written);
        let mut cursor = Cursor::new(written, &tokens, 0);
        let found = Self::at(&mut cursor)?;
        cursor.is_empty().then_some(found)
    }

    fn at(cursor: &mut Cursor<'_>) -> Option<Self> {
        let (base, preset) = base(cursor)?;
        let mut modifier = preset;
        if let Some(mut group) = cursor.group() {
            let mut numbers = Vec::new();
            while let Some(item) = group.list_item() {
                numbers.push(item.text().trim().parse().ok()?);
            }
            (modifier.size, modifier.scale) = (numbers.first().copied(), numbers.get(1).copied());
        }
        let zone = cursor.eat_all(&["with", "time", "zone"]);
        if !zone {
            cursor.eat_all(&["without", "time", "zone"]);
        }
        let base = match base {
            Base::Own("timestamp") if zone => Base::Own("timestamptz"),
            Base::Own("time") if zone => Base::Own("timetz"),
            Base::Own("float") => {
                let single = modifier.size.take().is_some_and(|bits| bits <= 24);
                Base::Own(if single { "float4" } else { "float8" })
            }
            Base::Own("numeric") => {
                modifier.scale = modifier.scale.or(modifier.size.map(|_| 0));
                base
            }
            base => base,
        };
        let mut array = false;
        while cursor.at(TokenKind::OpenBracket) || cursor.eat("array") {
            array = true;
            if cursor.at(TokenKind::OpenBracket) {
                cursor.step();
            }
        }
        Some(Self { base, modifier, array })
    }

    /// The same type of any length.
    pub(super) fn unlimited(self) -> Self {
        Self { modifier: Modifier::default(), ..self }
    }

    pub(super) fn is_alike(&self, other: &Self) -> bool {
        self.base == other.base && self.array == other.array
    }
}

fn base(cursor: &mut Cursor<'_>) -> Option<(Base, Modifier)> {
    let own = |name| Some((Base::Own(name), Modifier::default()));
    if cursor.eat_all(&["double", "precision"]) {
        return own("float8");
    }
    if cursor.eat("interval") {
        const FIELDS: [&str; 6] = ["second", "minute", "hour", "day", "month", "year"];
        let mut last_field = None;
        while let Some(field) = FIELDS.iter().position(|field| cursor.is(field)) {
            last_field = u8::try_from(field).ok();
            cursor.skip(1);
            cursor.eat("to");
        }
        return Some((Base::Own("interval"), Modifier { last_field, ..Modifier::default() }));
    }
    let national = cursor.eat("national");
    if national || cursor.is_any(&["character", "char", "nchar", "bit"]) {
        let bit = cursor.is("bit");
        cursor.skip(1);
        return match (bit, cursor.eat("varying")) {
            (true, true) => own("varbit"),
            (false, true) => own("varchar"),
            (true, false) => Some((Base::Own("bit"), Modifier::of_size(1))),
            (false, false) => Some((Base::Own("bpchar"), Modifier::of_size(1))),
        };
    }
    let named = cursor.name()?.name;
    let system = named.schema.as_ref().is_none_or(|schema| schema.as_str() == "pg_catalog");
    let name = named.name.as_str();
    // The word `char` has been read; in quotes it is another type.
    if let Some(known) = catalogued(name).filter(|_| system) {
        return own(known);
    }
    // It comes with an extension, in whatever schema that is.
    if name == "citext" { own("citext") } else { Some((Base::Named(named), Modifier::default())) }
}

/// The name in the catalogue of a type that PostgreSQL brings.
fn catalogued(name: &str) -> Option<&'static str> {
    const ALIASES: [(&str, &str); 15] = [
        ("bigint", "int8"),
        ("bigserial", "int8"),
        ("boolean", "bool"),
        ("dec", "numeric"),
        ("decimal", "numeric"),
        ("float", "float"),
        ("int", "int4"),
        ("integer", "int4"),
        ("real", "float4"),
        ("serial", "int4"),
        ("serial2", "int2"),
        ("serial4", "int4"),
        ("serial8", "int8"),
        ("smallint", "int2"),
        ("smallserial", "int2"),
    ];
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, known)| *known);
    alias.or_else(|| OWN.iter().find(|own| **own == name).copied())
}

const OWN: [&str; 72] = [
    "bool",
    "box",
    "bpchar",
    "bytea",
    "char",
    "cid",
    "cidr",
    "circle",
    "date",
    "datemultirange",
    "daterange",
    "float4",
    "float8",
    "inet",
    "int2",
    "int2vector",
    "int4",
    "int4multirange",
    "int4range",
    "int8",
    "int8multirange",
    "int8range",
    "json",
    "jsonb",
    "jsonpath",
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
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "text",
    "tid",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "uuid",
    "varbit",
    "varchar",
    "xid",
    "xid8",
    "xml",
];

/// A name by reference, with its schema.
pub(in crate::plan) type Name<'a> = (&'a str, &'a str);

/// A name, in the schema where a session looks first unless it says otherwise.
pub(in crate::plan) fn resolved(name: &QualifiedName) -> Name<'_> {
    (name.schema.as_ref().map_or("public", Ident::as_str), name.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_under_one_name() {
        for (written, base, size, scale, last_field) in [
            ("varchar(20)", "varchar", Some(20), None, None),
            ("character varying", "varchar", None, None, None),
            ("char", "bpchar", Some(1), None, None),
            ("bpchar", "bpchar", None, None, None),
            ("\"char\"", "char", None, None, None),
            ("numeric(10)", "numeric", Some(10), Some(0), None),
            ("decimal(5,2)", "numeric", Some(5), Some(2), None),
            ("float(24)", "float4", None, None, None),
            ("double precision", "float8", None, None, None),
            ("timestamp(3) with time zone", "timestamptz", Some(3), None, None),
            ("time without time zone", "time", None, None, None),
            ("interval day to second(2)", "interval", Some(2), None, Some(0)),
            ("interval year", "interval", None, None, Some(5)),
            ("bit varying(4)", "varbit", Some(4), None, None),
            ("bit", "bit", Some(1), None, None),
            ("bigserial", "int8", None, None, None),
            ("pg_catalog.int8", "int8", None, None, None),
            ("extensions.citext", "citext", None, None, None),
        ] {
            let modifier = Modifier { size, scale, last_field };
            let expected = Some(Type { base: Base::Own(base), modifier, array: false });
            assert_eq!(Type::read(written), expected, "{written}");
        }
        assert!(Type::read("int[3][]").is_some_and(|array| array.array));
        let named = Type::read("app.\"Mood\"").map(|mood| mood.base);
        assert_eq!(named, Some(Base::Named(QualifiedName::from_sql("app.\"Mood\""))));
        for unknown in ["", "t.c%type", "numeric({{ p }})", "int + 1"] {
            assert_eq!(Type::read(unknown), None, "{unknown}");
        }
    }
}
