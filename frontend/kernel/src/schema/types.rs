//! Types as a schema has them, and as PostgreSQL prints them: `int4` is `integer`, `varchar(255)` is
//! `character varying(255)`. What a name stands for is looked up elsewhere, by whoever knows the schema.

use crate::{
    name::QualifiedName,
    sql::{
        lex::TokenKind,
        type_name::{Base, TypeName},
    },
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
    /// A type as it is written, with what `find` knows by its name.
    pub(super) fn new(written: TypeName<'_>, find: impl FnOnce(QualifiedName) -> Reference) -> Self {
        let (modifier, array) = (modifier(&written), written.array);
        let base = match written.base {
            Base::Own(own) => TypeBase::BuiltIn(own),
            Base::Named(name) => TypeBase::Named(find(name)),
            Base::OfColumn(_, column) => TypeBase::Named(Reference::Outside(QualifiedName::bare(column))),
        };
        Self { base, modifier, array }
    }

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
            TypeBase::BuiltIn("bit") if column && modifier.is_empty() => "\"bit\"".to_owned(),
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

/// A modifier as PostgreSQL prints it: without spaces in the parentheses, and a number with a scale.
fn modifier(written: &TypeName<'_>) -> String {
    let mut modifier = String::new();
    if !written.fields.is_empty() {
        modifier = format!(" {}", written.fields.folded());
    }
    if let Some(inside) = written.modifier {
        let tokens = inside.tokens();
        modifier.push('(');
        modifier.extend(tokens.iter().map(|token| inside.text_of(*token)));
        if written.base == Base::Own("numeric") && !tokens.iter().any(|token| token.kind == TokenKind::Comma)
        {
            modifier.push_str(",0");
        }
        modifier.push(')');
    }
    modifier
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{cursor::Cursor, tokens};

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
            ("numeric(5 /* all */, 2)", "numeric(5,2)"),
            ("float(24)", "real"),
            ("float", "double precision"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("timestamptz(0)", "timestamp(0) with time zone"),
            ("time", "time without time zone"),
            ("interval day to second(2)", "interval day to second(2)"),
            ("bit", "bit(1)"),
            ("\"bit\"", "\"bit\""),
            ("bit varying(4)", "bit varying(4)"),
            ("int[3][3]", "integer[]"),
            ("text array[4]", "text[]"),
            ("_int4", "integer[]"),
            ("app._int4", "app._int4"),
            ("pg_catalog.int8", "bigint"),
            ("app.\"Mood\"", "app.\"Mood\""),
            ("extensions.vector(3)", "extensions.vector(3)"),
        ] {
            let tokens = tokens(written);
            let mut cursor = Cursor::new(written, &tokens, 0);
            let read = TypeUse::new(TypeName::read(&mut cursor).unwrap(), Reference::Outside);
            let name = |reference: &Reference| match reference {
                Reference::Outside(name) => name.clone(),
                Reference::Known(_) => QualifiedName::default(),
            };
            assert_eq!(read.print(name, true), printed, "{written}");
            assert!(cursor.is_empty(), "{written}");
        }
    }
}
