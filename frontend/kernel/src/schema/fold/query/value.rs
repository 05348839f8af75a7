//! The type of an expression, as far as the types of its columns and PostgreSQL's own decide it.

use super::{Output, Reader, Scope, Yields};
use crate::{
    name::QualifiedName,
    schema::{
        fold::term::Value,
        types::{Reference, TypeBase, TypeUse},
    },
};

/// Functions of PostgreSQL's own that return one type, whatever they are given.
const RETURNS: [(&str, &str); 31] = [
    ("array_length", "integer"),
    ("array_to_string", "text"),
    ("bool_and", "boolean"),
    ("bool_or", "boolean"),
    ("cardinality", "integer"),
    ("clock_timestamp", "timestamp with time zone"),
    ("concat", "text"),
    ("concat_ws", "text"),
    ("count", "bigint"),
    ("cume_dist", "double precision"),
    ("current_setting", "text"),
    ("dense_rank", "bigint"),
    ("every", "boolean"),
    ("format", "text"),
    ("gen_random_uuid", "uuid"),
    ("json_agg", "json"),
    ("json_build_array", "json"),
    ("json_build_object", "json"),
    ("jsonb_agg", "jsonb"),
    ("jsonb_build_array", "jsonb"),
    ("jsonb_build_object", "jsonb"),
    ("md5", "text"),
    ("now", "timestamp with time zone"),
    ("percent_rank", "double precision"),
    ("rank", "bigint"),
    ("row_number", "bigint"),
    ("row_to_json", "json"),
    ("statement_timestamp", "timestamp with time zone"),
    ("to_char", "text"),
    ("to_json", "json"),
    ("to_jsonb", "jsonb"),
];

const NUMBERS: [&str; 6] = ["smallint", "integer", "bigint", "numeric", "real", "double precision"];

/// One of PostgreSQL's own types.
pub(super) fn own(base: &'static str) -> Yields {
    Yields::Type(TypeUse { base: TypeBase::BuiltIn(base), modifier: String::new(), array: false })
}

/// The type in which two values of one column meet.
pub(super) fn common(left: &Yields, right: &Yields) -> Yields {
    match (left, right) {
        (Yields::Open, Yields::Open) => Yields::Open,
        (Yields::Type(left), Yields::Type(right)) if left == right => Yields::Type(left.clone()),
        // A length counts only where all have it.
        (Yields::Type(left), Yields::Type(right))
            if (&left.base, left.array) == (&right.base, right.array) =>
        {
            Yields::Type(left.clone().without_modifier())
        }
        // A string that meets a domain becomes what is below the domain.
        (Yields::Open, Yields::Type(other)) | (Yields::Type(other), Yields::Open)
            if matches!(other.base, TypeBase::BuiltIn(_)) =>
        {
            Yields::Type(other.clone().without_modifier())
        }
        _ => Yields::Unknown,
    }
}

impl Reader<'_, '_> {
    /// What an expression yields: with the name of a column only where it is a query's.
    pub(super) fn value(&mut self, value: &Value<'_>, scope: &Scope<'_>) -> Output {
        let mut output = Output { name: None, yields: Yields::Unknown, from: Vec::new() };
        match value {
            Value::Query(query) => {
                let first = self.query(*query, scope).and_then(|outputs| outputs.into_iter().next());
                return first.unwrap_or(output);
            }
            Value::Column(parts) => {
                if let Some(found) = scope.column(parts) {
                    output.yields = found.yields.clone();
                    output.from.clone_from(&found.from);
                }
            }
            other => output.yields = self.yields(other, scope),
        }
        output
    }

    fn yields(&mut self, value: &Value<'_>, scope: &Scope<'_>) -> Yields {
        match value {
            Value::Unknown => Yields::Unknown,
            Value::Open => Yields::Open,
            Value::Own(base) => own(base),
            Value::Type(written) => {
                let mut written = *written;
                match self.fold.type_use(&mut written) {
                    Some(TypeUse {
                        base: TypeBase::Named(Reference::Outside(_)) | TypeBase::Unknown,
                        ..
                    })
                    | None => Yields::Unknown,
                    Some(type_use) => Yields::Type(type_use),
                }
            }
            Value::Column(_) | Value::Query(_) => self.value(value, scope).yields,
            Value::Call(name) => self.call(name),
            Value::Common(values) => {
                let mut values = values.iter().map(|value| self.yields(value, scope));
                let first = values.next().unwrap_or(Yields::Unknown);
                values.fold(first, |found, other| common(&found, &other))
            }
            Value::Sum(values) => self.alike(values, scope, &NUMBERS),
            Value::Joined(values) => self.alike(values, scope, &["text"]),
            Value::Zoned(inner) => match self.yields(inner, scope) {
                Yields::Type(TypeUse { base: TypeBase::BuiltIn(base), array: false, .. }) => match base {
                    "timestamp with time zone" => own("timestamp without time zone"),
                    "timestamp without time zone" => own("timestamp with time zone"),
                    _ => Yields::Unknown,
                },
                _ => Yields::Unknown,
            },
        }
    }

    /// A routine of the database may stand for PostgreSQL's own.
    fn call(&self, name: &QualifiedName) -> Yields {
        let system = name.schema.as_ref().is_none_or(|schema| schema.as_str() == "pg_catalog");
        let returns = RETURNS.iter().find(|(called, _)| *called == name.name.as_str() && system);
        let path = self.fold.session.path();
        match returns {
            Some((_, base)) if self.fold.schema.routines(path, name).is_empty() => own(base),
            _ => Yields::Unknown,
        }
    }

    /// An operator of PostgreSQL's own that takes and returns one of these types; a string is taken for it, too.
    fn alike(&mut self, values: &[Value<'_>], scope: &Scope<'_>, types: &[&str]) -> Yields {
        let mut found: Option<&'static str> = None;
        for value in values {
            match self.yields(value, scope) {
                Yields::Type(TypeUse { base: TypeBase::BuiltIn(base), array: false, .. })
                    if types.contains(&base) && found.is_none_or(|found| found == base) =>
                {
                    found = Some(base);
                }
                Yields::Open if values.len() > 1 => {}
                _ => return Yields::Unknown,
            }
        }
        found.map_or(Yields::Unknown, own)
    }
}
