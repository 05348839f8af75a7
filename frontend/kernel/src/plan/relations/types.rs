//! Types to be compared: two that are equal here are one type. Nothing is asked of a schema.

use crate::{
    name::{Ident, QualifiedName},
    sql::{
        cursor::Cursor,
        tokens,
        type_name::{Base, TypeName, serial},
    },
};

/// A type as a column or a cast has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// Never that of a column.
    pub(super) base: Base,
    pub(super) modifier: Modifier,
    pub(super) array: bool,
}

/// What stands in parentheses, and the last of the fields of an interval: 0 for seconds, 5 for years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Modifier {
    pub(super) size: Option<i32>,
    pub(super) scale: Option<i32>,
    pub(super) last_field: Option<u8>,
}

impl Type {
    /// Reads a type to its end; `None` where that is not one that can be known from the text.
    pub(super) fn read(written: &str) -> Option<Self> {
        let tokens = tokens(written);
        let mut cursor = Cursor::new(written, &tokens, 0);
        let found = TypeName::read(&mut cursor).filter(|_| cursor.is_empty())?;
        let mut modifier = Modifier::of(&found)?;
        let base = match found.base {
            Base::OfColumn(..) => return None,
            Base::Own("numeric") => {
                modifier.scale = modifier.scale.or(modifier.size.map(|_| 0));
                Base::Own("numeric")
            }
            // It comes with an extension, in whatever schema that is.
            Base::Named(name) if name.name.as_str() == "citext" => Base::Own("citext"),
            Base::Named(name) if name.schema.is_none() => {
                serial(name.name.as_str()).map_or(Base::Named(name), Base::Own)
            }
            base => base,
        };
        Some(Self { base, modifier, array: found.array })
    }

    /// The same type of any length.
    pub(super) fn unlimited(self) -> Self {
        Self { modifier: Modifier::default(), ..self }
    }

    pub(super) fn is_alike(&self, other: &Self) -> bool {
        self.base == other.base && self.array == other.array
    }
}

impl Modifier {
    /// `None` where something else than numbers stands in the parentheses.
    fn of(found: &TypeName<'_>) -> Option<Self> {
        const FIELDS: [&str; 6] = ["second", "minute", "hour", "day", "month", "year"];
        let mut numbers = Vec::new();
        if let Some(mut group) = found.modifier {
            while let Some(item) = group.list_item() {
                numbers.push(item.text().parse().ok()?);
            }
        }
        let last = found.fields.word(found.fields.len().saturating_sub(1));
        let last_field = FIELDS.iter().position(|field| last.eq_ignore_ascii_case(field));
        Some(Self {
            size: numbers.first().copied(),
            scale: numbers.get(1).copied(),
            last_field: last_field.and_then(|field| u8::try_from(field).ok()),
        })
    }
}

/// A name by reference, with its schema.
pub(in crate::plan) type Name<'a> = (&'a str, &'a str);

/// A name, in the schema where a session looks first unless it says otherwise.
pub(in crate::plan) fn resolved(name: &QualifiedName) -> Name<'_> {
    (name.schema.as_ref().map_or("public", Ident::as_str), name.name.as_str())
}

/// The same, as others know it.
pub(super) fn qualified((schema, name): Name<'_>) -> QualifiedName {
    QualifiedName::new(Ident::exact(schema), Ident::exact(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_under_one_name() {
        for (written, base, size, scale, last_field) in [
            ("varchar(20)", "character varying", Some(20), None, None),
            ("character varying", "character varying", None, None, None),
            ("char", "character", Some(1), None, None),
            ("bpchar", "character", None, None, None),
            ("\"char\"", "\"char\"", None, None, None),
            ("numeric(10)", "numeric", Some(10), Some(0), None),
            ("decimal(5,2)", "numeric", Some(5), Some(2), None),
            ("float(24)", "real", None, None, None),
            ("double precision", "double precision", None, None, None),
            ("timestamp(3) with time zone", "timestamp with time zone", Some(3), None, None),
            ("time without time zone", "time without time zone", None, None, None),
            ("interval day to second(2)", "interval", Some(2), None, Some(0)),
            ("interval year", "interval", None, None, Some(5)),
            ("bit varying(4)", "bit varying", Some(4), None, None),
            ("bit", "bit", Some(1), None, None),
            ("bigserial", "bigint", None, None, None),
            ("pg_catalog.int8", "bigint", None, None, None),
            ("extensions.citext", "citext", None, None, None),
        ] {
            let modifier = Modifier { size, scale, last_field };
            let expected = Some(Type { base: Base::Own(base), modifier, array: false });
            assert_eq!(Type::read(written), expected, "{written}");
        }
        assert!(Type::read("int[3][]").is_some_and(|array| array.array));
        assert_eq!(Type::read("_int4"), Type::read("integer[]"));
        let named = Type::read("app.\"Mood\"").map(|mood| mood.base);
        assert_eq!(named, Some(Base::Named(QualifiedName::from_sql("app.\"Mood\""))));
        for unknown in ["", "t.c%type", "numeric({{ p }})", "float({{ p }})", "int + 1"] {
            assert_eq!(Type::read(unknown), None, "{unknown}");
        }
    }
}
